//! The pre-scan: one pass over bytes that nobody trusts yet, without allocation. It accepts what a protobuf library accepts
//! (lengths, wire types of known fields, UTF-8 of strings), except groups, too deep nesting and too many parts, and counts.

use crate::limits::DEPTH_MAX;
use crate::model::signal::Signal;
use crate::otlp::attributes::plain_pair;
use crate::otlp::reader::{Reader, Value, WireError, is_ascii};
use crate::otlp::schema::{Field, Kind, Label, Message, Role, VARINT, request};

/// What the pre-scan found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scan {
    /// Data points, spans or log records.
    pub items: usize,
    /// Messages of any kind below the request, and fields that the table does not know.
    pub parts: usize,
}

/// Why a request is refused before anything is done with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScanError {
    /// Not protobuf of this type: `INVALID_ARGUMENT`, 400.
    #[error("malformed request: {0}")]
    Malformed(#[from] WireError),
    /// Messages are nested deeper than [`DEPTH_MAX`].
    #[error("messages are nested more than {DEPTH_MAX} deep")]
    TooDeep,
    /// More items than the caller allows.
    #[error("more than {0} items in one request")]
    TooManyItems(usize),
    /// More messages and unknown fields than [`parts_max`] of the caller's items.
    #[error("more than {0} messages and unknown fields in one request")]
    TooManyParts(usize),
}

/// Parts that a request may have whatever its items: a single point with ten thousand attributes must pass.
const PARTS_MIN: usize = 65_536;
/// Parts for each permitted item: the item itself and fifteen attributes of two messages each, with room for their envelope.
const PARTS_PER_ITEM: usize = 32;

/// Most messages and unknown fields in a request of at most `items_max` items: 32 an item, and never less than 65,536. Without
/// this bound two bytes of an empty message cost a library that decodes them a hundred times as much memory.
pub const fn parts_max(items_max: usize) -> usize {
    let wanted = items_max.saturating_mul(PARTS_PER_ITEM);
    if wanted < PARTS_MIN { PARTS_MIN } else { wanted }
}

/// Checks the bytes of an `Export…ServiceRequest` and counts its items. An empty request is valid and has none.
///
/// # Errors
/// [`ScanError`]: the request must be refused for good (it is never worth a retry).
pub fn scan(signal: Signal, request_bytes: &[u8], items_max: usize) -> Result<Scan, ScanError> {
    let mut scanner = Scanner { items: 0, items_max, parts: 0, parts_max: parts_max(items_max) };
    scanner.message(request_bytes, request(signal), 0)?;
    Ok(Scan { items: scanner.items, parts: scanner.parts })
}

struct Scanner {
    items: usize,
    items_max: usize,
    parts: usize,
    parts_max: usize,
}

impl Scanner {
    fn message(&mut self, bytes: &[u8], message: &'static Message, depth: u32) -> Result<(), ScanError> {
        let mut reader = Reader::new(bytes);
        while let Some(field) = reader.next_field()? {
            let Some(known) = message.field(field.number) else {
                self.part()?;
                continue;
            };
            match (field.value, known.kind) {
                (Value::Bytes(body), Kind::Message(child)) => self.child(body, child, depth + 1)?,
                (Value::Bytes(body), Kind::String) => utf8(body)?,
                (Value::Bytes(_), Kind::Bytes | Kind::Id(_)) => {}
                (value, _) => number(value, known)?,
            }
        }
        Ok(())
    }

    #[inline]
    fn child(&mut self, body: &[u8], message: &'static Message, depth: u32) -> Result<(), ScanError> {
        if depth > DEPTH_MAX {
            return Err(ScanError::TooDeep);
        }
        self.part()?;
        match message.role {
            Role::Pair if depth < DEPTH_MAX && is_plain(body) => {
                self.parts += 1;
                return Ok(());
            }
            Role::Item => {
                self.items += 1;
                if self.items > self.items_max {
                    return Err(ScanError::TooManyItems(self.items_max));
                }
            }
            Role::Part | Role::Pair => {}
        }
        self.message(body, message, depth)
    }

    #[inline]
    fn part(&mut self) -> Result<(), ScanError> {
        self.parts += 1;
        if self.parts > self.parts_max { Err(ScanError::TooManyParts(self.parts_max)) } else { Ok(()) }
    }
}

/// Whether a key-value pair is in the usual form with an ASCII key and a short ASCII string as its value: nothing is left to
/// check in it then. Nine of ten attributes are.
#[inline]
fn is_plain(pair: &[u8]) -> bool {
    let Some((_, [0x0a, length, string @ ..])) = plain_pair(pair) else { return false };
    usize::from(*length) == string.len() && is_ascii(pair)
}

#[inline]
fn utf8(bytes: &[u8]) -> Result<(), WireError> {
    if is_ascii(bytes) || str::from_utf8(bytes).is_ok() { Ok(()) } else { Err(WireError::Utf8) }
}

/// Checks the wire type of a number, and the insides of a packed list.
#[inline]
fn number(value: Value<'_>, field: &Field) -> Result<(), WireError> {
    let wire_type = field.kind.wire_type();
    match (value, wire_type) {
        (Value::Varint(_), 0) | (Value::Fixed64(_), 1) | (Value::Fixed32(_), 5) => Ok(()),
        (Value::Bytes(packed), 0 | 1 | 5) if field.label == Label::Repeated => packed_list(packed, wire_type),
        _ => Err(WireError::Mismatch(field.number)),
    }
}

fn packed_list(packed: &[u8], wire_type: u32) -> Result<(), WireError> {
    if wire_type == VARINT {
        let mut reader = Reader::new(packed);
        while !reader.rest().is_empty() {
            reader.varint()?;
        }
        return Ok(());
    }
    let width = if wire_type == crate::otlp::schema::FIXED64 { 8 } else { 4 };
    if packed.len().is_multiple_of(width) { Ok(()) } else { Err(WireError::Truncated) }
}

#[cfg(test)]
mod tests;
