//! Spans, in place.

use crate::otlp::attributes::Attributes;
use crate::otlp::envelope::{Messages, Scope};
use crate::otlp::reader::{Reader, Value, text};

impl<'a> Scope<'a> {
    /// The spans of a `ScopeSpans`.
    pub const fn spans(&self) -> Spans<'a> {
        Spans { entries: self.entries() }
    }
}

/// The spans of a scope.
#[derive(Clone, Debug)]
pub struct Spans<'a> {
    entries: Messages<'a>,
}

impl<'a> Iterator for Spans<'a> {
    type Item = Span<'a>;

    fn next(&mut self) -> Option<Span<'a>> {
        self.entries.next().map(Span::parse)
    }
}

/// One span.
#[derive(Clone, Copy, Debug, Default)]
pub struct Span<'a> {
    /// 16 bytes when valid.
    pub trace_id: &'a [u8],
    /// 8 bytes when valid.
    pub span_id: &'a [u8],
    /// 8 bytes; empty for a root span.
    pub parent_span_id: &'a [u8],
    /// W3C trace state.
    pub trace_state: &'a str,
    /// The operation.
    pub name: &'a str,
    /// OTLP `SpanKind`, 0 to 5; others may come.
    pub kind: i32,
    /// Start, nanoseconds since the Unix epoch; 0 when unset.
    pub start_time_unix_nano: u64,
    /// End, nanoseconds since the Unix epoch; may lie before the start.
    pub end_time_unix_nano: u64,
    /// OTLP `StatusCode`: 0 unset, 1 ok, 2 error; others may come.
    pub status_code: i32,
    /// Text of the status.
    pub status_message: &'a str,
    /// Attributes of the span.
    pub attributes: Attributes<'a>,
}

impl<'a> Span<'a> {
    /// Reads the body of a `Span` message.
    pub fn parse(message: &'a [u8]) -> Self {
        let mut span = Self::default();
        span.attributes = Attributes::read(message, 9, |number, value| match (number, value) {
            (1, Value::Bytes(bytes)) => span.trace_id = bytes,
            (2, Value::Bytes(bytes)) => span.span_id = bytes,
            (3, Value::Bytes(bytes)) => span.trace_state = text(bytes),
            (4, Value::Bytes(bytes)) => span.parent_span_id = bytes,
            (5, Value::Bytes(bytes)) => span.name = text(bytes),
            (6, Value::Varint(number)) => span.kind = number as i32,
            (7, Value::Fixed64(time)) => span.start_time_unix_nano = time,
            (8, Value::Fixed64(time)) => span.end_time_unix_nano = time,
            (15, Value::Bytes(bytes)) => span.read_status(bytes),
            _ => {}
        });
        span
    }

    fn read_status(&mut self, status: &'a [u8]) {
        let mut reader = Reader::new(status);
        while let Ok(Some(field)) = reader.next_field() {
            match (field.number, field.value) {
                (2, Value::Bytes(bytes)) => self.status_message = text(bytes),
                (3, Value::Varint(number)) => self.status_code = number as i32,
                _ => {}
            }
        }
    }

    /// End minus start, in nanoseconds; 0 when the end lies before the start.
    pub const fn duration_ns(&self) -> u64 {
        self.end_time_unix_nano.saturating_sub(self.start_time_unix_nano)
    }
}
