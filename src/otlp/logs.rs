//! Log records, in place.

use crate::otlp::attributes::{AnyValue, Attributes};
use crate::otlp::envelope::{Messages, Scope};
use crate::otlp::reader::{Value, text};

impl<'a> Scope<'a> {
    /// The log records of a `ScopeLogs`.
    pub const fn log_records(&self) -> LogRecords<'a> {
        LogRecords { entries: self.entries() }
    }
}

/// The log records of a scope.
#[derive(Clone, Debug)]
pub struct LogRecords<'a> {
    entries: Messages<'a>,
}

impl<'a> Iterator for LogRecords<'a> {
    type Item = LogRecord<'a>;

    fn next(&mut self) -> Option<LogRecord<'a>> {
        self.entries.next().map(LogRecord::parse)
    }
}

/// One log record or event.
#[derive(Clone, Copy, Debug)]
pub struct LogRecord<'a> {
    /// When it happened, nanoseconds since the Unix epoch; 0 when unknown.
    pub time_unix_nano: u64,
    /// When it was seen, nanoseconds since the Unix epoch.
    pub observed_time_unix_nano: u64,
    /// OTLP `SeverityNumber`, 1 to 24; 0 when unset; others may come.
    pub severity_number: i32,
    /// The severity as the source names it.
    pub severity_text: &'a str,
    /// Name of the event; empty for a plain log record.
    pub event_name: &'a str,
    /// The body.
    pub body: AnyValue<'a>,
    /// 16 bytes, or empty.
    pub trace_id: &'a [u8],
    /// 8 bytes, or empty.
    pub span_id: &'a [u8],
    /// Attributes of the record.
    pub attributes: Attributes<'a>,
}

impl<'a> LogRecord<'a> {
    /// Reads the body of a `LogRecord` message.
    pub fn parse(message: &'a [u8]) -> Self {
        let mut record = Self {
            time_unix_nano: 0,
            observed_time_unix_nano: 0,
            severity_number: 0,
            severity_text: "",
            event_name: "",
            body: AnyValue::Empty,
            trace_id: &[],
            span_id: &[],
            attributes: Attributes::default(),
        };
        record.attributes = Attributes::read(message, 6, |number, value| match (number, value) {
            (1, Value::Fixed64(time)) => record.time_unix_nano = time,
            (2, Value::Varint(number)) => record.severity_number = number as i32,
            (3, Value::Bytes(bytes)) => record.severity_text = text(bytes),
            (5, Value::Bytes(bytes)) => record.body = record.body.merged(bytes),
            (9, Value::Bytes(bytes)) => record.trace_id = bytes,
            (10, Value::Bytes(bytes)) => record.span_id = bytes,
            (11, Value::Fixed64(time)) => record.observed_time_unix_nano = time,
            (12, Value::Bytes(bytes)) => record.event_name = text(bytes),
            _ => {}
        });
        record
    }
}
