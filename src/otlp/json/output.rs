//! A bounded buffer of protobuf fields, whose messages get their lengths when they end.

use crate::otlp::json::{JsonError, Room};
use crate::otlp::writer;

/// Least room that is asked for.
const ROOM_BYTES_MIN: usize = 4 * 1024;

pub(super) struct Output<'r> {
    bytes: Vec<u8>,
    bytes_max: usize,
    room: Room<'r>,
    /// The error behind a stop that the JSON library reports as its own.
    pub(super) failure: Option<JsonError>,
}

/// Where a message begins whose length is not known yet.
#[derive(Clone, Copy)]
pub(super) struct Start(usize);

impl<'r> Output<'r> {
    pub(super) fn new(bytes_max: usize, room: Room<'r>) -> Self {
        Self { bytes: Vec::new(), bytes_max, room, failure: None }
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Makes room; `false` when the bound would be passed, or the caller has none.
    pub(super) fn has_room(&mut self, bytes: usize) -> bool {
        let wanted = self.bytes.len().saturating_add(bytes);
        if wanted > self.bytes_max {
            self.failure = Some(JsonError::TooLarge(self.bytes_max));
            return false;
        }
        wanted <= self.bytes.capacity() || self.grow(wanted)
    }

    /// Doubles the buffer, as the vector would, once the caller has agreed.
    #[cold]
    fn grow(&mut self, wanted: usize) -> bool {
        let capacity = self.bytes.capacity();
        let larger = capacity.saturating_mul(2).max(ROOM_BYTES_MIN).min(self.bytes_max).max(wanted);
        let agreed = (self.room)(larger - capacity);
        if agreed {
            self.bytes.reserve_exact(larger - self.bytes.len());
        } else {
            self.failure = Some(JsonError::NoRoom);
        }
        agreed
    }

    pub(super) fn raw(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Begins a field of wire type 2, with one byte kept free for its length.
    pub(super) fn begin(&mut self, number: u32) -> Start {
        writer::key(&mut self.bytes, number, crate::otlp::schema::DELIMITED);
        self.bytes.push(0);
        Start(self.bytes.len())
    }

    /// Ends the field: writes its length, and moves its body when the length takes more than a byte.
    pub(super) fn end(&mut self, start: Start) {
        let end = self.bytes.len();
        let length = (end - start.0) as u64;
        let extra = writer::varint_length(length) - 1;
        if extra > 0 {
            self.bytes.resize(end + extra, 0);
            self.bytes.copy_within(start.0..end, start.0 + extra);
        }
        let mut rest = length;
        for byte in self.bytes.iter_mut().skip(start.0 - 1).take(extra + 1) {
            *byte = rest as u8 & 0x7f | 0x80;
            rest >>= 7;
        }
        if let Some(last) = self.bytes.get_mut(start.0 + extra - 1) {
            *last &= 0x7f;
        }
    }
}
