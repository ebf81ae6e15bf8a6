//! Protobuf fields read from a slice, without allocation: checked varints and lengths, no groups.
#![expect(
    clippy::inline_always,
    reason = "measured: a field read through calls costs twice as much as one read in place"
)]

/// Why bytes are not a protobuf message of the expected type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// The bytes end inside a field.
    #[error("the message ends inside a field")]
    Truncated,
    /// A varint is longer than ten bytes or larger than 64 bits.
    #[error("a varint is longer than 64 bits")]
    Varint,
    /// A field key is larger than 32 bits.
    #[error("a field key is larger than 32 bits")]
    Key,
    /// Field number 0, which no message may use.
    #[error("field number 0")]
    FieldZero,
    /// Wire type 6 or 7, which do not exist.
    #[error("unknown wire type {0}")]
    WireType(u8),
    /// A group (wire types 3 and 4); OTLP has none, and none is accepted in unknown fields either.
    #[error("a group, which OTLP does not use")]
    Group,
    /// A length that reaches beyond the end of the enclosing message.
    #[error("a length reaches beyond the end of its message")]
    Length,
    /// A known field came with a wire type that its declared type does not have.
    #[error("field {0} has the wrong wire type")]
    Mismatch(u32),
    /// A string field that is not UTF-8.
    #[error("a string is not valid UTF-8")]
    Utf8,
}

/// The value of one field, by wire type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// Wire type 0.
    Varint(u64),
    /// Wire type 1: fixed64, sfixed64 (reinterpret) or double (`f64::from_bits`).
    Fixed64(u64),
    /// Wire type 2: string, bytes, message or packed numbers.
    Bytes(&'a [u8]),
    /// Wire type 5: fixed32.
    Fixed32(u32),
}

/// One field of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// Field number, 1 to 2^29 - 1.
    pub number: u32,
    /// The value as it stands on the wire.
    pub value: Value<'a>,
}

/// Reads the fields of one message in the order in which they stand.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// A reader over the body of a message (without its own key and length).
    pub const fn new(message: &'a [u8]) -> Self {
        Self { rest: message }
    }

    /// What has not been read yet.
    pub const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The next field, or `None` at the end of the message.
    ///
    /// # Errors
    /// A [`WireError`] when the bytes are not a field. The reader then stands at an undefined place inside the message.
    #[inline(always)]
    pub fn next_field(&mut self) -> Result<Option<Field<'a>>, WireError> {
        let Some((&first, after)) = self.rest.split_first() else { return Ok(None) };
        let key = if first < 0x80 {
            self.rest = after;
            u32::from(first)
        } else {
            u32::try_from(self.varint()?).map_err(|_| WireError::Key)?
        };
        let number = key >> 3;
        let value = match key & 7 {
            0 => Value::Varint(self.varint()?),
            1 => Value::Fixed64(self.fixed64()?),
            2 => Value::Bytes(self.delimited()?),
            5 => Value::Fixed32(self.fixed32()?),
            3 | 4 => return Err(WireError::Group),
            other => return Err(WireError::WireType(other as u8)),
        };
        if number == 0 {
            return Err(WireError::FieldZero);
        }
        Ok(Some(Field { number, value }))
    }

    /// The next field together with all its bytes, key included; `None` at the end.
    ///
    /// # Errors
    /// As [`Reader::next_field`].
    #[inline]
    pub fn next_raw(&mut self) -> Result<Option<(Field<'a>, &'a [u8])>, WireError> {
        let before = self.rest;
        let Some(field) = self.next_field()? else { return Ok(None) };
        let raw = before.get(..before.len() - self.rest.len()).unwrap_or_default();
        Ok(Some((field, raw)))
    }

    /// A varint: at most ten bytes, at most 64 bits.
    ///
    /// # Errors
    /// [`WireError::Truncated`], [`WireError::Varint`].
    #[inline(always)]
    pub fn varint(&mut self) -> Result<u64, WireError> {
        match self.rest {
            [first, after @ ..] if *first < 0x80 => {
                self.rest = after;
                Ok(u64::from(*first))
            }
            [first, second, after @ ..] if *second < 0x80 => {
                self.rest = after;
                Ok(u64::from(*first & 0x7f) | u64::from(*second) << 7)
            }
            _ => self.varint_long(),
        }
    }

    #[cold]
    fn varint_long(&mut self) -> Result<u64, WireError> {
        let mut value = 0u64;
        for (index, byte) in self.rest.iter().take(10).enumerate() {
            if index == 9 && *byte > 1 {
                return Err(WireError::Varint);
            }
            value |= u64::from(*byte & 0x7f) << (7 * index);
            if *byte < 0x80 {
                self.rest = self.rest.get(index + 1..).unwrap_or_default();
                return Ok(value);
            }
        }
        Err(if self.rest.len() < 10 { WireError::Truncated } else { WireError::Varint })
    }

    /// Eight bytes, little endian.
    ///
    /// # Errors
    /// [`WireError::Truncated`].
    #[inline(always)]
    pub fn fixed64(&mut self) -> Result<u64, WireError> {
        let (value, after) = self.rest.split_first_chunk::<8>().ok_or(WireError::Truncated)?;
        self.rest = after;
        Ok(u64::from_le_bytes(*value))
    }

    #[inline(always)]
    fn fixed32(&mut self) -> Result<u32, WireError> {
        let (value, after) = self.rest.split_first_chunk::<4>().ok_or(WireError::Truncated)?;
        self.rest = after;
        Ok(u32::from_le_bytes(*value))
    }

    #[inline(always)]
    fn delimited(&mut self) -> Result<&'a [u8], WireError> {
        let length = usize::try_from(self.varint()?).map_err(|_| WireError::Length)?;
        let (value, after) = self.rest.split_at_checked(length).ok_or(WireError::Length)?;
        self.rest = after;
        Ok(value)
    }
}

/// Text of a string field; bytes that are not UTF-8 (which a scanned request does not have) read as the empty string.
#[inline]
#[expect(unsafe_code, reason = "half the time of a walk went into checking short ASCII strings byte by byte")]
pub fn text(bytes: &[u8]) -> &str {
    if is_ascii(bytes) {
        // SAFETY: bytes below 0x80 are UTF-8, each by itself.
        return unsafe { str::from_utf8_unchecked(bytes) };
    }
    str::from_utf8(bytes).unwrap_or_default()
}

/// A protobuf `sint32` from its varint.
pub(crate) const fn zigzag(number: u64) -> i32 {
    let number = number as u32;
    (number >> 1) as i32 ^ -((number & 1) as i32)
}

/// Whether all bytes are below 0x80. Faster than the standard library's for the short strings of attributes: whole words, of
/// which the last may overlap the one before.
#[inline]
pub(crate) fn is_ascii(bytes: &[u8]) -> bool {
    const HIGH_BITS: u64 = 0x8080_8080_8080_8080;
    if let Some(last) = bytes.last_chunk::<8>() {
        let words = bytes.as_chunks::<8>().0.iter();
        let all = words.fold(u64::from_ne_bytes(*last), |all, word| all | u64::from_ne_bytes(*word));
        return all & HIGH_BITS == 0;
    }
    if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        return (u32::from_ne_bytes(*first) | u32::from_ne_bytes(*last)) & HIGH_BITS as u32 == 0;
    }
    bytes.iter().all(|byte| *byte < 0x80)
}

/// The occurrences of one field inside a message, or of one field inside each occurrence of another: protobuf merges
/// singular messages that appear twice, so their repeated fields run on over all of them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Select<'a> {
    outer: Reader<'a>,
    outer_number: u32,
    inner: Reader<'a>,
    number: u32,
}

impl<'a> Select<'a> {
    /// All occurrences of field `number` in `message`.
    pub const fn field(message: &'a [u8], number: u32) -> Self {
        Self { outer: Reader::new(&[]), outer_number: 0, inner: Reader::new(message), number }
    }

    /// All occurrences of field `number` in the messages that are field `outer_number` of `message`.
    pub const fn nested(message: &'a [u8], outer_number: u32, number: u32) -> Self {
        Self { outer: Reader::new(message), outer_number, inner: Reader::new(&[]), number }
    }

    /// The next occurrence that is a message, string or bytes; others are passed over.
    #[inline(always)]
    pub fn next_bytes(&mut self) -> Option<&'a [u8]> {
        loop {
            if let Value::Bytes(bytes) = self.next_value()? {
                return Some(bytes);
            }
        }
    }

    /// The next occurrence, or `None` at the end of the message.
    #[inline(always)]
    pub fn next_value(&mut self) -> Option<Value<'a>> {
        loop {
            while let Ok(Some(field)) = self.inner.next_field() {
                if field.number == self.number {
                    return Some(field.value);
                }
            }
            self.inner = Reader::new(&[]);
            let field = self.outer.next_field().ok()??;
            if let (true, Value::Bytes(bytes)) = (field.number == self.outer_number, field.value) {
                self.inner = Reader::new(bytes);
            }
        }
    }
}

/// Where the occurrences of a repeated field stand in a message: the bytes from the first to the end of the last.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Extent<'a> {
    start: &'a [u8],
    end_rest: usize,
    taken: usize,
}

impl<'a> Extent<'a> {
    /// Notes one occurrence; `before` and `after` are what remained of the message before and after it was read.
    #[inline]
    pub(crate) fn add(&mut self, before: &'a [u8], after: &'a [u8]) {
        if self.taken == 0 {
            self.start = before;
        }
        self.taken += before.len() - after.len();
        self.end_rest = after.len();
    }

    /// From the first occurrence to the end of the last; other fields may stand between.
    #[inline]
    pub(crate) fn bytes(&self) -> &'a [u8] {
        self.start.get(..self.start.len().saturating_sub(self.end_rest)).unwrap_or_default()
    }

    /// Whether nothing else stands between the occurrences.
    #[inline]
    pub(crate) fn is_contiguous(&self) -> bool {
        self.taken == self.bytes().len()
    }
}

#[cfg(test)]
mod tests;
