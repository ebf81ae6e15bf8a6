//! The OTLP messages as data: one table, used by the pre-scan and by both directions of OTLP/JSON. Numbers, names and types
//! are those of opentelemetry-proto 1.10; what a test finds there and not here fails it.

/// How a field's value is written.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// Varint, `true` or `false` in JSON.
    Bool,
    /// Varint, signed 32 bits.
    Int32,
    /// Varint, signed 32 bits; in JSON an integer, never a name (J2).
    Enum,
    /// Varint, 32 bits.
    Uint32,
    /// Varint in zigzag form, signed 32 bits.
    Sint32,
    /// Varint, signed 64 bits; a string in JSON (J5).
    Int64,
    /// Varint, 64 bits; a string in JSON.
    Uint64,
    /// Four bytes.
    Fixed32,
    /// Eight bytes; a string in JSON.
    Fixed64,
    /// Eight bytes, signed; a string in JSON.
    Sfixed64,
    /// Eight bytes.
    Double,
    /// UTF-8.
    String,
    /// Any bytes; base64 in JSON (J8).
    Bytes,
    /// An id of this many bytes or none at all; hexadecimal in JSON (J1).
    Id(usize),
    /// A message.
    Message(&'static Message),
}

/// The wire types as numbers in a field key.
pub const VARINT: u32 = 0;
/// Eight bytes.
pub const FIXED64: u32 = 1;
/// A length and so many bytes.
pub const DELIMITED: u32 = 2;
/// Four bytes.
pub const FIXED32: u32 = 5;

impl Kind {
    /// The wire type of one value of this kind (packed lists are [`DELIMITED`] instead).
    pub const fn wire_type(self) -> u32 {
        match self {
            Self::Bool | Self::Int32 | Self::Enum | Self::Uint32 | Self::Sint32 | Self::Int64 | Self::Uint64 => VARINT,
            Self::Fixed64 | Self::Sfixed64 | Self::Double => FIXED64,
            Self::Fixed32 => FIXED32,
            Self::String | Self::Bytes | Self::Id(_) | Self::Message(_) => DELIMITED,
        }
    }
}

/// How often a field may stand in a message, and whether its default is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Label {
    /// Once; the default is the same as absence.
    Single,
    /// Once; absence differs from the default.
    Optional,
    /// A list.
    Repeated,
    /// A member of the message's only oneof.
    Oneof,
}

/// One field.
#[derive(Debug)]
pub struct Field {
    /// Field number.
    pub number: u32,
    /// Name in JSON.
    pub name: &'static str,
    /// Type.
    pub kind: Kind,
    /// Cardinality.
    pub label: Label,
}

/// Largest field number in the table.
const NUMBER_MAX: usize = 16;

/// One message type.
#[derive(Debug)]
pub struct Message {
    /// Name, for error texts.
    pub name: &'static str,
    /// The fields, by rising number. (Twice a reference: messages contain each other, and only addresses may be circular.)
    pub fields: &'static &'static [Field],
    /// What one such message counts as.
    pub role: Role,
    by_number: [u8; NUMBER_MAX + 1],
}

/// What a message counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Part of something.
    Part,
    /// A data point, span or log record.
    Item,
    /// A key-value pair, which the pre-scan reads by a shorter way.
    Pair,
}

impl Message {
    /// The field with this number.
    #[inline]
    pub fn field(&self, number: u32) -> Option<&'static Field> {
        let place = *self.by_number.get(number as usize)?;
        self.fields.get(usize::from(place).wrapping_sub(1))
    }

    /// The field with this JSON name.
    pub fn named(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    #[expect(clippy::indexing_slicing, reason = "runs at compile time, where an overrun is a compile error")]
    const fn new(name: &'static str, role: Role, fields: &'static &'static [Field], numbers: &[usize]) -> Self {
        let mut by_number = [0; NUMBER_MAX + 1];
        let mut place = 0;
        while place < numbers.len() {
            by_number[numbers[place]] = place as u8 + 1;
            place += 1;
        }
        Self { name, fields, role, by_number }
    }
}

macro_rules! messages {
    ($($name:ident: $title:literal, $role:ident { $($number:literal $json:literal $label:ident $kind:expr;)* })*) => { $(
        #[doc = concat!("`", $title, "`.")]
        pub static $name: Message = {
            static FIELDS: &[Field] = &[$(Field { number: $number, name: $json, kind: $kind, label: Label::$label }),*];
            Message::new($title, Role::$role, &FIELDS, &[$($number),*])
        };
    )* };
}

pub mod tables;

/// The request message of a signal.
pub const fn request(signal: crate::model::signal::Signal) -> &'static Message {
    match signal {
        crate::model::signal::Signal::Metrics => &tables::METRICS_REQUEST,
        crate::model::signal::Signal::Traces => &tables::TRACES_REQUEST,
        crate::model::signal::Signal::Logs => &tables::LOGS_REQUEST,
    }
}
