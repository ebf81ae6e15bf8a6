use proptest::prelude::*;

use crate::otlp::reader::{Field, Reader, Select, Value, WireError, is_ascii, text};

proptest! {
    /// Any bytes: the reader ends, never panics, and what it reads is inside the message.
    #[test]
    fn any_bytes_end(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
        let mut reader = Reader::new(&bytes);
        let mut raw_length = 0;
        while let Ok(Some((_, raw))) = reader.next_raw() {
            raw_length += raw.len();
            prop_assert_eq!(raw_length + reader.rest().len(), bytes.len());
        }
    }

    /// G11: text is what the standard library calls UTF-8; at every length, with a high bit at every place.
    #[test]
    fn text_is_utf8(mut bytes in proptest::collection::vec(0u8..0x80, 0..40), high in any::<prop::sample::Index>(), byte: u8) {
        prop_assert!(is_ascii(&bytes));
        prop_assert_eq!(text(&bytes), str::from_utf8(&bytes).unwrap());
        bytes.push(0);
        let place = high.index(bytes.len());
        bytes[place] = byte;
        prop_assert_eq!(is_ascii(&bytes), byte < 0x80);
        prop_assert_eq!(text(&bytes), str::from_utf8(&bytes).unwrap_or_default());
    }

    /// A varint that prost wrote reads back as itself, and one byte less of it is truncated.
    #[test]
    fn varints_read_back(value: u64) {
        let mut bytes = Vec::new();
        prost::encoding::encode_varint(value, &mut bytes);
        prop_assert_eq!(Reader::new(&bytes).varint(), Ok(value));
        bytes.pop();
        prop_assert_eq!(Reader::new(&bytes).varint(), Err(WireError::Truncated));
    }
}

/// A varint of eleven bytes, or of ten with more than 64 bits, is refused.
#[test]
fn long_varints_are_refused() {
    assert_eq!(Reader::new(&[0xff; 11]).varint(), Err(WireError::Varint));
    assert_eq!(Reader::new(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]).varint(), Ok(u64::MAX));
    assert_eq!(
        Reader::new(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02]).varint(),
        Err(WireError::Varint)
    );
}

/// A key beyond 32 bits is refused; the largest field number is read.
#[test]
fn keys_have_32_bits() {
    let largest = Field { number: (1 << 29) - 1, value: Value::Varint(1) };
    assert_eq!(Reader::new(&[0xf8, 0xff, 0xff, 0xff, 0x0f, 1]).next_field(), Ok(Some(largest)));
    assert_eq!(Reader::new(&[0xf8, 0xff, 0xff, 0xff, 0x1f, 1]).next_field(), Err(WireError::Key));
}

/// A repeated field runs on over all occurrences of the message that holds it.
#[test]
fn selection_runs_over_all_occurrences() {
    let message = [0x0a, 4, 0x18, 1, 0x18, 2, 0x10, 9, 0x0a, 0, 0x0a, 2, 0x18, 3];
    let mut select = Select::nested(&message, 1, 3);
    let found: Vec<_> = std::iter::from_fn(|| select.next_value()).collect();
    assert_eq!(found, [Value::Varint(1), Value::Varint(2), Value::Varint(3)]);
}
