//! Protobuf to text, driven by the table: the fields of a message in the table's order, each found by passing over the others.

use base64::Engine as _;

use crate::limits::DEPTH_MAX;
use crate::otlp::reader::{Reader, Value, WireError, zigzag};
use crate::otlp::scan::ScanError;
use crate::otlp::schema::{DELIMITED, Field, Kind, Label, Message, VARINT};

pub(super) fn message(out: &mut Vec<u8>, message: &'static Message, body: &[u8], depth: u32) -> Result<(), ScanError> {
    if depth > DEPTH_MAX {
        return Err(ScanError::TooDeep);
    }
    let present = Present::read(message, body)?;
    out.push(b'{');
    let empty = out.len();
    for field in message.fields.iter().filter(|field| present.has(field)) {
        let before = out.len();
        if before > empty {
            out.push(b',');
        }
        out.push(b'"');
        out.extend_from_slice(field.name.as_bytes());
        out.extend_from_slice(b"\":");
        let encoder = Encoder { out, field, depth };
        let written = match (field.label, field.kind) {
            (Label::Repeated, _) => encoder.list(body)?,
            (Label::Oneof, Kind::Message(child)) => encoder.merged(child, present.member_run(body))?,
            (_, Kind::Message(child)) => encoder.merged(child, body)?,
            (Label::Single | Label::Optional | Label::Oneof, _) => encoder.last(body)?,
        };
        if !written {
            out.truncate(before);
        }
    }
    out.push(b'}');
    Ok(())
}

/// Which known fields a message has, and where the winning member of its oneof begins.
struct Present {
    numbers: u32,
    member: u32,
    member_rest: usize,
}

impl Present {
    fn read(message: &'static Message, body: &[u8]) -> Result<Self, WireError> {
        let mut present = Self { numbers: 0, member: 0, member_rest: 0 };
        let mut reader = Reader::new(body);
        loop {
            let rest = reader.rest().len();
            let Some(field) = reader.next_field()? else { return Ok(present) };
            let Some(known) = message.field(field.number) else { continue };
            present.numbers |= 1 << field.number;
            if known.label == Label::Oneof && present.member != field.number {
                present.numbers &= !(1 << present.member) | 1 << field.number;
                present.member = field.number;
                present.member_rest = rest;
            }
        }
    }

    const fn has(&self, field: &Field) -> bool {
        self.numbers & 1 << field.number != 0
    }

    /// The message from where the winning member of the oneof begins.
    fn member_run<'a>(&self, body: &'a [u8]) -> &'a [u8] {
        body.get(body.len() - self.member_rest..).unwrap_or_default()
    }
}

struct Encoder<'o> {
    out: &'o mut Vec<u8>,
    field: &'static Field,
    depth: u32,
}

impl Encoder<'_> {
    /// A message: all its occurrences are one, because protobuf merges by concatenation.
    fn merged(self, child: &'static Message, body: &[u8]) -> Result<bool, ScanError> {
        let mut first: &[u8] = &[];
        let mut joined: Vec<u8> = Vec::new();
        let mut reader = Reader::new(body);
        let mut count = 0usize;
        while let Some(field) = reader.next_field()? {
            if field.number != self.field.number {
                continue;
            }
            let Value::Bytes(bytes) = field.value else { return Err(WireError::Mismatch(field.number).into()) };
            match count {
                0 => first = bytes,
                1 => joined = [first, bytes].concat(),
                _ => joined.extend_from_slice(bytes),
            }
            count += 1;
        }
        let body = if count > 1 { joined.as_slice() } else { first };
        message(self.out, child, body, self.depth + 1)?;
        Ok(true)
    }

    /// A scalar: its last occurrence. `false` when it is a default that is not written.
    fn last(mut self, body: &[u8]) -> Result<bool, ScanError> {
        let mut last = None;
        let mut reader = Reader::new(body);
        while let Some(field) = reader.next_field()? {
            if field.number == self.field.number {
                last = Some(field.value);
            }
        }
        let Some(value) = last else { return Ok(false) };
        let default = matches!(value, Value::Varint(0) | Value::Fixed64(0) | Value::Fixed32(0) | Value::Bytes([]));
        if default && self.field.label == Label::Single {
            return Ok(false);
        }
        self.scalar(value)?;
        Ok(true)
    }

    fn list(mut self, body: &[u8]) -> Result<bool, ScanError> {
        self.out.push(b'[');
        let empty = self.out.len();
        let mut reader = Reader::new(body);
        while let Some(field) = reader.next_field()? {
            if field.number != self.field.number {
                continue;
            }
            match (field.value, self.field.kind) {
                (Value::Bytes(bytes), Kind::Message(child)) => {
                    self.comma(empty);
                    message(self.out, child, bytes, self.depth + 1)?;
                }
                (Value::Bytes(packed), kind) if kind.wire_type() != DELIMITED => self.packed(packed, empty)?,
                (value, _) => {
                    self.comma(empty);
                    self.scalar(value)?;
                }
            }
        }
        let has_elements = self.out.len() > empty;
        self.out.push(b']');
        Ok(has_elements)
    }

    fn packed(&mut self, packed: &[u8], empty: usize) -> Result<(), WireError> {
        let mut reader = Reader::new(packed);
        while !reader.rest().is_empty() {
            let value = match self.field.kind.wire_type() {
                VARINT => Value::Varint(reader.varint()?),
                _ => Value::Fixed64(reader.fixed64()?),
            };
            self.comma(empty);
            self.scalar(value)?;
        }
        Ok(())
    }

    fn comma(&mut self, empty: usize) {
        if self.out.len() > empty {
            self.out.push(b',');
        }
    }

    fn scalar(&mut self, value: Value<'_>) -> Result<(), WireError> {
        match (self.field.kind, value) {
            (Kind::Bool, Value::Varint(number)) => {
                self.out.extend_from_slice(if number == 0 { b"false" } else { b"true" });
            }
            (Kind::Int32 | Kind::Enum, Value::Varint(number)) => self.number(number as i32),
            (Kind::Uint32, Value::Varint(number)) => self.number(number as u32),
            (Kind::Sint32, Value::Varint(number)) => self.number(zigzag(number)),
            (Kind::Fixed32, Value::Fixed32(number)) => self.number(number),
            (Kind::Int64, Value::Varint(number)) | (Kind::Sfixed64, Value::Fixed64(number)) => {
                self.quoted(number as i64);
            }
            (Kind::Uint64, Value::Varint(number)) | (Kind::Fixed64, Value::Fixed64(number)) => self.quoted(number),
            (Kind::Double, Value::Fixed64(bits)) => self.double(f64::from_bits(bits)),
            (Kind::String, Value::Bytes(bytes)) => {
                let text = str::from_utf8(bytes).map_err(|_| WireError::Utf8)?;
                // Writing text to a vector has no way to fail.
                let _ = serde_json::to_writer(&mut *self.out, text);
            }
            (Kind::Bytes, Value::Bytes(bytes)) => {
                let text = base64::engine::general_purpose::STANDARD.encode(bytes);
                self.quoted_text(text.as_bytes());
            }
            (Kind::Id(_), Value::Bytes(bytes)) => self.hexadecimal(bytes),
            _ => return Err(WireError::Mismatch(self.field.number)),
        }
        Ok(())
    }

    fn number(&mut self, number: impl itoa::Integer) {
        self.out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
    }

    fn quoted(&mut self, number: impl itoa::Integer) {
        self.quoted_text(itoa::Buffer::new().format(number).as_bytes());
    }

    fn quoted_text(&mut self, plain: &[u8]) {
        self.out.push(b'"');
        self.out.extend_from_slice(plain);
        self.out.push(b'"');
    }

    fn double(&mut self, number: f64) {
        if number.is_nan() {
            self.quoted_text(b"NaN");
        } else if number.is_infinite() {
            self.quoted_text(if number > 0.0 { b"Infinity" } else { b"-Infinity" });
        } else {
            self.out.extend_from_slice(zmij::Buffer::new().format_finite(number).as_bytes());
        }
    }

    fn hexadecimal(&mut self, bytes: &[u8]) {
        self.out.push(b'"');
        for byte in bytes {
            for half in [byte >> 4, byte & 15] {
                self.out.push(if half < 10 { b'0' + half } else { b'a' - 10 + half });
            }
        }
        self.out.push(b'"');
    }
}
