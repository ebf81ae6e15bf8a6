//! Text to protobuf, driven by the table: `serde_json` reads, the visitors write fields as they come.

use std::fmt;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::limits::DEPTH_MAX;
use crate::otlp::json::number::Scalar;
use crate::otlp::json::output::Output;
use crate::otlp::json::{JsonError, Room};
use crate::otlp::schema::{Field, Kind, Label, Message};
use crate::otlp::writer;

const BASE64: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, BASE64);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, BASE64);

pub(super) fn decode(
    message: &'static Message,
    text: &str,
    bytes_max: usize,
    room: Room<'_>,
) -> Result<Vec<u8>, JsonError> {
    let mut output = Output::new(bytes_max, room);
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let read = MessageSeed { output: &mut output, message, depth: 0 }
        .deserialize(&mut deserializer)
        .and_then(|()| deserializer.end());
    match (output.failure.take(), read) {
        (Some(failure), _) => Err(failure),
        (None, Err(error)) => Err(error.into()),
        (None, Ok(())) => {
            // The lengths of messages are written after the last check for room.
            let bytes = output.into_bytes();
            if bytes.len() > bytes_max { Err(JsonError::TooLarge(bytes_max)) } else { Ok(bytes) }
        }
    }
}

/// Reads the object of a message whose field has begun.
struct MessageSeed<'o, 'r> {
    output: &'o mut Output<'r>,
    message: &'static Message,
    depth: u32,
}

impl<'de> DeserializeSeed<'de> for MessageSeed<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for MessageSeed<'_, '_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "an object ({})", self.message.name)
    }

    // Without this the error would hold a copy of the text, however long.
    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        Err(E::custom(format_args!("found a string, expected {}", &self as &dyn serde::de::Expected)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        if self.depth > DEPTH_MAX {
            self.output.failure = Some(JsonError::TooDeep);
            return Err(Error::custom("too deep"));
        }
        let mut seen = 0u32;
        let mut member: Option<&'static str> = None;
        while let Some(named) = map.next_key_seed(NameSeed { message: self.message })? {
            let Some(field) = named else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let bit = 1u32 << field.number;
            if seen & bit != 0 {
                return Err(Error::custom(format_args!("{}.{} stands twice", self.message.name, field.name)));
            }
            seen |= bit;
            let output = &mut *self.output;
            let value = map.next_value_seed(FieldVisitor { output, field, depth: self.depth, place: Place::Field })?;
            if (field.label, value) == (Label::Oneof, Presence::Set)
                && let Some(other) = member.replace(field.name)
            {
                let name = self.message.name;
                return Err(Error::custom(format_args!("{name} has both {other} and {}", field.name)));
            }
        }
        Ok(())
    }
}

/// Looks a key up in the table without copying it.
struct NameSeed {
    message: &'static Message,
}

impl<'de> DeserializeSeed<'de> for NameSeed {
    type Value = Option<&'static Field>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for NameSeed {
    type Value = Option<&'static Field>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a key")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.message.named(name))
    }
}

/// Whether a field had a value or `null`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Presence {
    Set,
    Null,
}

/// Where a value stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// The value of a key.
    Field,
    /// An element of a list that writes a field for each.
    Element,
    /// An element of a packed list, written without a key.
    Packed,
}

/// Reads one value and writes it.
struct FieldVisitor<'o, 'r> {
    output: &'o mut Output<'r>,
    field: &'static Field,
    depth: u32,
    place: Place,
}

impl<'de> DeserializeSeed<'de> for FieldVisitor<'_, '_> {
    type Value = Presence;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Presence, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for FieldVisitor<'_, '_> {
    type Value = Presence;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = self.field.label == Label::Repeated && self.place == Place::Field;
        write!(formatter, "{} for {}", if list { "a list" } else { wanted(self.field.kind) }, self.field.name)
    }

    fn visit_unit<E: Error>(self) -> Result<Presence, E> {
        match self.place {
            Place::Field => Ok(Presence::Null),
            Place::Element | Place::Packed => Err(E::custom(format_args!("null in the list {}", self.field.name))),
        }
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Presence, E> {
        self.scalar(Scalar::Bool(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Presence, E> {
        self.scalar(Scalar::Unsigned(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Presence, E> {
        self.scalar(Scalar::Signed(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Presence, E> {
        self.scalar(Scalar::Float(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Presence, E> {
        self.scalar(Scalar::Text(value))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, map: A) -> Result<Presence, A::Error> {
        let Kind::Message(message) = self.field.kind else { return Err(self.unexpected("an object")) };
        if self.field.label == Label::Repeated && self.place == Place::Field {
            return Err(self.unexpected("an object"));
        }
        self.room(8)?;
        let start = self.output.begin(self.field.number);
        MessageSeed { output: &mut *self.output, message, depth: self.depth + 1 }.visit_map(map)?;
        self.output.end(start);
        Ok(Presence::Set)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Presence, A::Error> {
        if self.field.label != Label::Repeated || self.place != Place::Field {
            return Err(self.unexpected("a list"));
        }
        let packed = !matches!(self.field.kind, Kind::Message(_) | Kind::String | Kind::Bytes | Kind::Id(_));
        let place = if packed { Place::Packed } else { Place::Element };
        let before = self.output.raw().len();
        let start = packed.then(|| self.output.begin(self.field.number));
        let mut count = 0usize;
        while list
            .next_element_seed(FieldVisitor { output: &mut *self.output, field: self.field, depth: self.depth, place })?
            .is_some()
        {
            count += 1;
        }
        match start {
            Some(_) if count == 0 => self.output.raw().truncate(before),
            Some(start) => self.output.end(start),
            None => {}
        }
        Ok(Presence::Set)
    }
}

impl FieldVisitor<'_, '_> {
    fn unexpected<E: Error>(&self, found: &str) -> E {
        E::custom(format_args!("found {found}, expected {}", self as &dyn serde::de::Expected))
    }

    /// Stops when `bytes` more would pass the caller's bound.
    fn room<E: Error>(&mut self, bytes: usize) -> Result<(), E> {
        if self.output.has_room(bytes) { Ok(()) } else { Err(E::custom("too large")) }
    }

    fn scalar<E: Error>(mut self, value: Scalar<'_>) -> Result<Presence, E> {
        if self.field.label == Label::Repeated && self.place == Place::Field {
            return Err(self.unexpected(value.shape()));
        }
        self.room(16)?;
        let field = self.field;
        let written = match (field.kind, value) {
            (Kind::String, Scalar::Text(text)) => {
                self.room(text.len())?;
                self.text(text);
                true
            }
            (Kind::Id(length), Scalar::Text(text)) => self.id(text, length),
            (Kind::Bytes, Scalar::Text(text)) => {
                self.room(text.len())?;
                self.base64(text)
            }
            (Kind::Bool, Scalar::Bool(value)) => self.varint(u64::from(value)),
            (Kind::Int32, _) | (Kind::Enum, Scalar::Unsigned(_) | Scalar::Signed(_) | Scalar::Float(_)) => {
                self.ranged(value, |number: i32| i64::from(number) as u64)
            }
            (Kind::Uint32, _) => self.ranged(value, |number: u32| u64::from(number)),
            (Kind::Sint32, _) => self.ranged(value, |number: i32| u64::from((number << 1 ^ number >> 31) as u32)),
            (Kind::Int64, _) => self.ranged(value, |number: i64| number as u64),
            (Kind::Uint64, _) => self.ranged(value, |number: u64| number),
            (Kind::Fixed32, _) => value.integer().and_then(|number| u32::try_from(number).ok()).is_some_and(|number| {
                self.fixed(&number.to_le_bytes(), number == 0);
                true
            }),
            (Kind::Fixed64, _) => value.integer().and_then(|number| u64::try_from(number).ok()).is_some_and(|number| {
                self.fixed(&number.to_le_bytes(), number == 0);
                true
            }),
            (Kind::Sfixed64, _) => {
                value.integer().and_then(|number| i64::try_from(number).ok()).is_some_and(|number| {
                    self.fixed(&number.to_le_bytes(), number == 0);
                    true
                })
            }
            (Kind::Double, _) => value.double().is_some_and(|number| {
                self.fixed(&number.to_bits().to_le_bytes(), number.to_bits() == 0);
                true
            }),
            (Kind::String | Kind::Id(_) | Kind::Bytes | Kind::Bool | Kind::Enum | Kind::Message(_), _) => false,
        };
        if written { Ok(Presence::Set) } else { Err(self.unexpected(value.shape())) }
    }

    /// Whether a default needs no bytes here.
    fn omits_default(&self) -> bool {
        self.field.label == Label::Single
    }

    fn key(&mut self) {
        if self.place != Place::Packed {
            writer::key(self.output.raw(), self.field.number, self.field.kind.wire_type());
        }
    }

    fn varint(&mut self, number: u64) -> bool {
        if number != 0 || !self.omits_default() {
            self.key();
            writer::varint(self.output.raw(), number);
        }
        true
    }

    fn ranged<T: TryFrom<i128>>(&mut self, value: Scalar<'_>, bits: impl Fn(T) -> u64) -> bool {
        match value.integer().map(T::try_from) {
            Some(Ok(number)) => self.varint(bits(number)),
            Some(Err(_)) | None => false,
        }
    }

    fn fixed(&mut self, bytes: &[u8], is_default: bool) {
        if !is_default || !self.omits_default() {
            self.key();
            self.output.raw().extend_from_slice(bytes);
        }
    }

    fn text(&mut self, text: &str) {
        if !text.is_empty() || !self.omits_default() {
            writer::delimited(self.output.raw(), self.field.number, text.as_bytes());
        }
    }

    fn id(&mut self, text: &str, length: usize) -> bool {
        if text.is_empty() {
            return true;
        }
        if text.len() != length * 2 {
            return false;
        }
        self.key();
        writer::varint(self.output.raw(), length as u64);
        for pair in text.as_bytes().chunks_exact(2) {
            let digits = pair.iter().try_fold(0, |value, digit| Some(value << 4 | char::from(*digit).to_digit(16)?));
            let Some(byte) = digits else { return false };
            self.output.raw().push(byte as u8);
        }
        true
    }

    fn base64(&mut self, text: &str) -> bool {
        let engine = if text.contains(['-', '_']) { URL_SAFE } else { STANDARD };
        let start = self.output.begin(self.field.number);
        if engine.decode_vec(text, self.output.raw()).is_err() {
            return false;
        }
        self.output.end(start);
        true
    }
}

const fn wanted(kind: Kind) -> &'static str {
    match kind {
        Kind::Bool => "a boolean",
        Kind::Enum => "an integer (names of enum values are not OTLP/JSON)",
        Kind::Int32 | Kind::Sint32 => "an integer of 32 bits",
        Kind::Uint32 | Kind::Fixed32 => "an unsigned integer of 32 bits",
        Kind::Int64 | Kind::Sfixed64 => "an integer of 64 bits",
        Kind::Uint64 | Kind::Fixed64 => "an unsigned integer of 64 bits",
        Kind::Double => "a number",
        Kind::String => "a string",
        Kind::Bytes => "a base64 string",
        Kind::Id(16) => "32 hexadecimal digits or none",
        Kind::Id(_) => "16 hexadecimal digits or none",
        Kind::Message(_) => "an object",
    }
}
