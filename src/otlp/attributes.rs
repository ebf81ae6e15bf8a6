//! Attributes: key-value pairs and their values, in place.

use crate::otlp::reader::{Extent, Reader, Select, Value, text};

/// A value of an attribute, or the body of a log record.
#[derive(Clone, Copy, Debug)]
pub enum AnyValue<'a> {
    /// No value is set.
    Empty,
    /// Text.
    Str(&'a str),
    /// A truth value.
    Bool(bool),
    /// A signed integer.
    Int(i64),
    /// A floating-point number; NaN and infinities occur.
    Double(f64),
    /// Opaque bytes.
    Bytes(&'a [u8]),
    /// A list of values.
    Array(Values<'a>),
    /// A map.
    KvList(Map<'a>),
}

impl<'a> AnyValue<'a> {
    /// Reads the body of an `AnyValue` message. The last member of the oneof wins; a list given twice in a row is one list.
    #[inline]
    pub fn parse(message: &'a [u8]) -> Self {
        if let [0x0a, length, string @ ..] = message
            && usize::from(*length) == string.len()
            && *length < 0x80
        {
            return Self::Str(text(string));
        }
        Self::parse_fields(message)
    }

    fn parse_fields(message: &'a [u8]) -> Self {
        let mut reader = Reader::new(message);
        let mut value = Self::Empty;
        loop {
            let before = reader.rest();
            let Ok(Some(field)) = reader.next_field() else { return value };
            value = match (field.number, field.value) {
                (1, Value::Bytes(bytes)) => Self::Str(text(bytes)),
                (2, Value::Varint(number)) => Self::Bool(number != 0),
                (3, Value::Varint(number)) => Self::Int(number as i64),
                (4, Value::Fixed64(bits)) => Self::Double(f64::from_bits(bits)),
                (5, Value::Bytes(_)) => match value {
                    Self::Array(_) => value,
                    _ => Self::Array(Values { run: before }),
                },
                (6, Value::Bytes(_)) => match value {
                    Self::KvList(_) => value,
                    _ => Self::KvList(Map { run: before }),
                },
                (7, Value::Bytes(bytes)) => Self::Bytes(bytes),
                (8, Value::Varint(_)) => Self::Empty,
                _ => value,
            };
        }
    }

    /// What a second occurrence of the same singular field makes of this value: protobuf merges the two messages. (Two lists
    /// in two occurrences are not joined here; the later one is shown. No exporter writes that.)
    #[inline]
    pub(crate) fn merged(self, message: &'a [u8]) -> Self {
        match Self::parse(message) {
            Self::Empty => self,
            later => later,
        }
    }
}

/// An array value; iterate over it for its elements.
#[derive(Clone, Copy, Debug)]
pub struct Values<'a> {
    /// The value's message, from where the member begins that holds the list.
    run: &'a [u8],
}

impl<'a> IntoIterator for Values<'a> {
    type Item = AnyValue<'a>;
    type IntoIter = Elements<'a>;

    fn into_iter(self) -> Elements<'a> {
        Elements { select: Select::nested(self.run, 5, 1) }
    }
}

/// The elements of an array value.
#[derive(Clone, Debug)]
pub struct Elements<'a> {
    select: Select<'a>,
}

impl<'a> Iterator for Elements<'a> {
    type Item = AnyValue<'a>;

    fn next(&mut self) -> Option<AnyValue<'a>> {
        self.select.next_bytes().map(AnyValue::parse)
    }
}

/// A map, in the order in which it was written; keys may repeat. Iterate over it for its pairs.
#[derive(Clone, Copy, Debug)]
pub struct Map<'a> {
    /// The value's message, from where the member begins that holds the map.
    run: &'a [u8],
}

impl<'a> IntoIterator for Map<'a> {
    type Item = KeyValue<'a>;
    type IntoIter = Pairs<'a>;

    fn into_iter(self) -> Pairs<'a> {
        Pairs { select: Select::nested(self.run, 6, 1) }
    }
}

/// One attribute.
#[derive(Clone, Copy, Debug)]
pub struct KeyValue<'a> {
    /// The key; may be empty.
    pub key: &'a str,
    /// The value.
    pub value: AnyValue<'a>,
}

impl<'a> KeyValue<'a> {
    /// Reads the body of a `KeyValue` message.
    #[inline]
    pub fn parse(message: &'a [u8]) -> Self {
        if let Some((key, value)) = plain_pair(message) {
            return Self { key: text(key), value: AnyValue::parse(value) };
        }
        let mut reader = Reader::new(message);
        let mut pair = Self { key: "", value: AnyValue::Empty };
        while let Ok(Some(field)) = reader.next_field() {
            match (field.number, field.value) {
                (1, Value::Bytes(bytes)) => pair.key = text(bytes),
                (2, Value::Bytes(bytes)) => pair.value = pair.value.merged(bytes),
                _ => {}
            }
        }
        pair
    }
}

/// Key and value bodies of a `KeyValue` written the way every exporter writes it: key, then value, nothing else, both shorter
/// than 128 bytes. `None` means "read it field by field".
#[inline]
pub(crate) fn plain_pair(message: &[u8]) -> Option<(&[u8], &[u8])> {
    let [0x0a, key_length, rest @ ..] = message else { return None };
    let (key, rest) = rest.split_at_checked(usize::from(*key_length))?;
    let [0x12, value_length, value @ ..] = rest else { return None };
    let plain = (*key_length | *value_length) < 0x80 && usize::from(*value_length) == value.len();
    plain.then_some((key, value))
}

/// The attributes of a resource, scope, point, span or log record: iterate over it (it is `Copy`)
/// for the pairs, in order; keys may repeat.
#[derive(Clone, Copy, Debug, Default)]
pub struct Attributes<'a> {
    select: Select<'a>,
    raw: Option<&'a [u8]>,
}

impl<'a> Attributes<'a> {
    /// Field `number` of each message that is field `outer_number` of `message`.
    pub(crate) const fn nested(message: &'a [u8], outer_number: u32, number: u32) -> Self {
        Self { select: Select::nested(message, outer_number, number), raw: None }
    }

    /// Passes over a message once: what is field `number` are its attributes, and every other field goes to `each`.
    #[expect(
        clippy::inline_always,
        reason = "as in the reader: a field read through calls costs twice as much as one read in place"
    )]
    #[inline(always)]
    pub(crate) fn read(message: &'a [u8], number: u32, mut each: impl FnMut(u32, Value<'a>)) -> Self {
        let mut extent = Extent::default();
        let mut reader = Reader::new(message);
        loop {
            let before = reader.rest();
            let Ok(Some(field)) = reader.next_field() else { break };
            match field.value {
                Value::Bytes(_) if field.number == number => extent.add(before, reader.rest()),
                value => each(field.number, value),
            }
        }
        let raw = extent.is_contiguous().then(|| extent.bytes());
        Self { select: Select::field(extent.bytes(), number), raw }
    }

    /// All attributes as one run of bytes (keys, lengths and bodies), when they stand side by side, as every exporter writes
    /// them. Equal runs are equal attribute sets (the opposite does not hold: order and encoding may differ). Empty when there
    /// is none; `None` when other fields stand between: compare the [`Attributes::bodies`] then.
    #[inline]
    pub const fn raw(&self) -> Option<&'a [u8]> {
        self.raw
    }

    /// The undecoded body of each `KeyValue` message.
    pub const fn bodies(&self) -> Bodies<'a> {
        Bodies { select: self.select }
    }

    /// The last value of `key`, or `None`: the first pass over few attributes is cheaper than an index.
    pub fn get(&self, key: &str) -> Option<AnyValue<'a>> {
        self.into_iter().filter(|pair| pair.key == key).map(|pair| pair.value).last()
    }
}

impl<'a> IntoIterator for Attributes<'a> {
    type Item = KeyValue<'a>;
    type IntoIter = Pairs<'a>;

    #[inline]
    fn into_iter(self) -> Pairs<'a> {
        Pairs { select: self.select }
    }
}

/// The attributes one by one.
#[derive(Clone, Debug)]
pub struct Pairs<'a> {
    select: Select<'a>,
}

impl<'a> Iterator for Pairs<'a> {
    type Item = KeyValue<'a>;

    #[inline]
    fn next(&mut self) -> Option<KeyValue<'a>> {
        self.select.next_bytes().map(KeyValue::parse)
    }
}

/// The undecoded bodies of attributes.
#[derive(Clone, Debug)]
pub struct Bodies<'a> {
    select: Select<'a>,
}

impl<'a> Iterator for Bodies<'a> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        self.select.next_bytes()
    }
}
