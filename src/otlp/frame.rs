//! Batches and pieces of requests, made by copying bytes and writing lengths anew. Nothing is decoded, so unknown fields
//! survive and every value stays the bytes that its sender wrote.

mod split;

use crate::model::signal::Signal;
use crate::otlp::frame::split::{Boundary, Container, Limits, Splitter, count};
use crate::otlp::reader::WireError;

/// A part of a request, itself a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// An `Export…ServiceRequest`.
    pub body: Vec<u8>,
    /// Data points, spans or log records in it, as they stand in the bytes.
    pub items: usize,
}

/// Joins requests of one signal into one: their repeated fields run on. The result has all resources of all bodies in order.
pub fn concat<'a>(bodies: impl IntoIterator<Item = &'a [u8], IntoIter: Clone>) -> Vec<u8> {
    let bodies = bodies.into_iter();
    let mut joined = Vec::with_capacity(bodies.clone().map(<[u8]>::len).sum());
    for body in bodies {
        joined.extend_from_slice(body);
    }
    joined
}

/// Data points, spans or log records of a request, by passing over lengths only.
///
/// # Errors
/// [`WireError`] when the body is not protobuf; a scanned body always is.
pub fn items(signal: Signal, body: &[u8]) -> Result<usize, WireError> {
    count(signal, Some(Container::Request), body)
}

/// Cuts a request into pieces of at most `bytes_max` bytes and `items_max` items, at resource boundaries where possible, then
/// inside a resource: scopes, metrics, points; spans; log records. Each piece repeats the resource, scope and metric that its
/// items belong to, with unknown fields. Order is kept.
///
/// A piece is larger than `bytes_max` only when it cannot be cut: a single item, a metric whose data is given twice, or a
/// resource, scope or metric whose own fields take more than half of `bytes_max`, because repeating those would multiply the
/// bytes. What comes out is therefore at most about four times what went in, however it was built (for item limits that
/// are no smaller than the bytes limit). A body that fits comes back as its only piece.
///
/// # Errors
/// [`WireError`] when the body is not protobuf; a scanned body always is.
pub fn split(signal: Signal, body: &[u8], bytes_max: usize, items_max: usize) -> Result<Vec<Piece>, WireError> {
    let items = items(signal, body)?;
    if body.len() <= bytes_max && items <= items_max {
        return Ok(vec![Piece { body: body.to_vec(), items }]);
    }
    let limits = Limits { bytes_max, items_max: items_max.max(1), boundary: Boundary::Preferred };
    Splitter::run(signal, body, limits)
}

/// Cuts a request in two with half of the items each, as an answer to 413. `None` when there is nothing to cut: one item,
/// none at all, or items that cannot be separated (see [`split`]).
///
/// # Errors
/// [`WireError`] when the body is not protobuf; a scanned body always is.
pub fn halve(signal: Signal, body: &[u8]) -> Result<Option<[Piece; 2]>, WireError> {
    let items = items(signal, body)?;
    if items < 2 {
        return Ok(None);
    }
    let limits = Limits { bytes_max: usize::MAX, items_max: items.div_ceil(2), boundary: Boundary::Ignored };
    let mut pieces = Splitter::run(signal, body, limits)?.into_iter();
    let Some(first) = pieces.next() else { return Ok(None) };
    let rest: Vec<Piece> = pieces.collect();
    let items = rest.iter().map(|piece| piece.items).sum();
    if first.items == 0 || items == 0 {
        return Ok(None);
    }
    Ok(Some([first, Piece { body: concat(rest.iter().map(|piece| piece.body.as_slice())), items }]))
}

#[cfg(test)]
mod tests;
