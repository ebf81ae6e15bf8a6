//! What is sent at once: whole records, or pieces of one that is too large.

use std::collections::VecDeque;

use bytes::Bytes;

use crate::model::signal::Signal;
use crate::otlp::frame;
use crate::push::queue::ledger::Record;

/// A record, or a piece of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    /// Place of its record in the batch.
    pub(crate) record: usize,
    /// Points, spans or log records.
    pub(crate) items: u64,
    /// When its record came, on the monotonic clock.
    pub(crate) received_ms: i64,
    /// A request by itself.
    pub(crate) body: Bytes,
}

/// What one request sends.
pub(crate) type Job = Vec<Part>;

/// The jobs of a batch of records: one, unless a single record is larger than a request may be.
pub(crate) fn plan(signal: Signal, records: &[Record], bytes_max: usize) -> VecDeque<Job> {
    let whole = |(place, record): (usize, &Record)| Part {
        record: place,
        items: record.items,
        received_ms: record.received_ms,
        body: record.body.clone(),
    };
    let parts: Job = records.iter().enumerate().map(whole).collect();
    match parts.as_slice() {
        [one] if one.body.len() > bytes_max => cut(signal, one, bytes_max).into_iter().map(|part| vec![part]).collect(),
        _ => VecDeque::from([parts]),
    }
}

/// Two smaller jobs; none when there is one item that cannot be made smaller.
pub(crate) fn halve(signal: Signal, mut job: Job) -> Option<(Job, Job)> {
    if job.len() > 1 {
        let rest = job.split_off(job.len() / 2);
        return Some((job, rest));
    }
    let part = job.pop()?;
    let [first, rest] = frame::halve(signal, &part.body).ok().flatten()?;
    let piece = |items: u64, body: Vec<u8>| vec![Part { items, body: body.into(), ..part.clone() }];
    let first_items = (first.items as u64).min(part.items);
    Some((piece(first_items, first.body), piece(part.items - first_items, rest.body)))
}

/// Pieces that fit into one request each, where they can be made; their items add up to those of the whole.
fn cut(signal: Signal, part: &Part, bytes_max: usize) -> Vec<Part> {
    let Ok(pieces) = frame::split(signal, &part.body, bytes_max, usize::MAX) else { return vec![part.clone()] };
    let mut left = part.items;
    let last = pieces.len().saturating_sub(1);
    let piece = |(place, piece): (usize, frame::Piece)| {
        let items = if place == last { left } else { left.min(piece.items as u64) };
        left -= items;
        Part { items, body: piece.body.into(), ..part.clone() }
    };
    pieces.into_iter().enumerate().map(piece).collect()
}
