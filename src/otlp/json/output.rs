//! A bounded buffer of protobuf fields, whose messages get their lengths when they end.

use crate::otlp::json::JsonError;
use crate::otlp::writer;

pub(super) struct Output {
    bytes: Vec<u8>,
    bytes_max: usize,
    /// The error behind a stop that the JSON library reports as its own.
    pub(super) failure: Option<JsonError>,
}

/// Where a message begins whose length is not known yet.
#[derive(Clone, Copy)]
pub(super) struct Start(usize);

impl Output {
    /// `expected` is a guess of the size, in bytes.
    pub(super) fn new(bytes_max: usize, expected: usize) -> Self {
        Self { bytes: Vec::with_capacity(expected.min(bytes_max)), bytes_max, failure: None }
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Asks for room; `false` when the bound would be passed.
    pub(super) fn has_room(&mut self, bytes: usize) -> bool {
        let fits = self.bytes.len().saturating_add(bytes) <= self.bytes_max;
        if !fits {
            self.failure = Some(JsonError::TooLarge(self.bytes_max));
        }
        fits
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
