use proptest::prelude::*;

use crate::limits::DEPTH_MAX;
use crate::model::signal::Signal;
use crate::otlp::reader::WireError;
use crate::otlp::samples::{Decoded, signal_and_request, signals};
use crate::otlp::scan::{ScanError, parts_max, scan};

const ITEMS_MAX: usize = 10_000;

/// The pre-scan and prost agree, but for what the pre-scan refuses on purpose.
fn agrees(signal: Signal, bytes: &[u8]) -> Result<(), TestCaseError> {
    let decoded = Decoded::decode(signal, bytes);
    match scan(signal, bytes, ITEMS_MAX) {
        Ok(found) => {
            let decoded = decoded.map_err(|error| TestCaseError::fail(format!("scan accepts, prost: {error}")))?;
            // A kind of metric that another one replaced was scanned all the same.
            prop_assert!(found.items >= decoded.items());
        }
        Err(ScanError::Malformed(WireError::Group)) => {}
        Err(ScanError::Malformed(error)) => prop_assert!(decoded.is_err(), "prost accepts, scan: {error}"),
        Err(error) => prop_assert!(false, "{error}"),
    }
    Ok(())
}

proptest! {
    /// G11, F22: any bytes get the same verdict from prost.
    #[test]
    fn agrees_with_prost_on_arbitrary_bytes(signal in signals(), bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        agrees(signal, &bytes)?;
    }

    /// G11, F22: a valid request with a few bytes changed, inserted or cut gets the same verdict from prost.
    #[test]
    fn agrees_with_prost_on_mutated_requests(
        (signal, mut bytes) in signal_and_request(),
        edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0u8..4), 0..4),
    ) {
        for (place, byte, edit) in edits {
            let place = place.index(bytes.len() + 1);
            match edit {
                0 => bytes.insert(place, byte),
                1 => bytes.truncate(place),
                _ => if let Some(at) = bytes.get_mut(place) { *at = byte },
            }
        }
        agrees(signal, &bytes)?;
    }

    /// Every valid request passes, and its items are counted as prost counts them.
    #[test]
    fn valid_requests_pass((signal, bytes) in signal_and_request()) {
        let found = scan(signal, &bytes, ITEMS_MAX);
        prop_assert!(found.is_ok(), "{found:?}");
        agrees(signal, &bytes)?;
    }
}

fn wrap(number: u8, body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    prost::encoding::bytes::encode(u32::from(number), &body.to_vec(), &mut out);
    out
}

/// A request of one span whose only attribute nests arrays, so that the innermost message stands `depth` deep.
fn nested(depth: u32) -> Vec<u8> {
    let mut body = Vec::new();
    for level in (6..=depth).rev() {
        body = wrap(if level % 2 == 0 { 5 } else { 1 }, &body);
    }
    for number in [2, 9, 2, 2, 1] {
        body = wrap(number, &body);
    }
    body
}

/// H: an `AnyValue` 20,000 deep is refused without recursion to the end; the deepest permitted one is what prost still takes.
#[test]
fn depth_is_limited() {
    for depth in [DEPTH_MAX, DEPTH_MAX - 1] {
        assert!(scan(Signal::Traces, &nested(depth), ITEMS_MAX).is_ok(), "{depth}");
        assert!(Decoded::decode(Signal::Traces, &nested(depth)).is_ok(), "{depth}");
    }
    for depth in [DEPTH_MAX + 1, DEPTH_MAX + 2, 20_000] {
        assert_eq!(scan(Signal::Traces, &nested(depth), ITEMS_MAX), Err(ScanError::TooDeep), "{depth}");
    }
}

/// H: 32 M empty submessages are refused, at whatever level of the request they stand; the bound is relative to the items.
#[test]
fn empty_submessages_are_refused() {
    let empty = [0x12, 0x00].repeat(2_000_000);
    let refused = ScanError::TooManyParts(parts_max(ITEMS_MAX));
    assert_eq!(scan(Signal::Traces, &empty, ITEMS_MAX), Err(refused));
    assert_eq!(scan(Signal::Traces, &wrap(1, &empty), ITEMS_MAX), Err(refused));
    assert_eq!(scan(Signal::Traces, &wrap(1, &wrap(2, &empty)), ITEMS_MAX), Err(ScanError::TooManyItems(ITEMS_MAX)));
    assert_eq!(scan(Signal::Metrics, &wrap(1, &wrap(2, &empty)), ITEMS_MAX), Err(refused));
}

/// H: 10,000 attributes on one point pass, even where few items are permitted.
#[test]
fn many_attributes_pass() {
    let attribute = wrap(9, &[0x0a, 1, b'k', 0x12, 3, 0x0a, 1, b'v']);
    let span = wrap(1, &wrap(2, &wrap(2, &attribute.repeat(10_000))));
    let found = scan(Signal::Traces, &span, 1).unwrap();
    assert_eq!((found.items, found.parts), (1, 20_003));
}

/// H: lengths of 2^31, truncated varints, wrong wire types, group tags and field 0 are malformed, each with its reason.
#[test]
fn malformed_requests_say_why() {
    let cases: [(&[u8], WireError); 9] = [
        (&[0x0a, 0x80, 0x80, 0x80, 0x80, 0x08], WireError::Length),
        (&[0x0a, 0x80], WireError::Truncated),
        (&[0x10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02], WireError::Varint),
        (&[0x08, 0x01], WireError::Mismatch(1)),
        (&[0x0b, 0x0c], WireError::Group),
        (&[0x02, 0x00], WireError::FieldZero),
        (&[0x0f], WireError::WireType(7)),
        (&[0x11, 1, 2, 3], WireError::Truncated),
        (&[0x0a, 0x03, 0x1a, 0x01, 0xff], WireError::Utf8),
    ];
    for (bytes, reason) in cases {
        assert_eq!(scan(Signal::Metrics, bytes, ITEMS_MAX), Err(ScanError::Malformed(reason)), "{bytes:?}");
    }
}

/// G6: an empty request is valid. Items are refused one past the limit.
#[test]
fn items_are_limited() {
    assert_eq!(scan(Signal::Logs, &[], 0).unwrap().items, 0);
    let records = |count| wrap(1, &wrap(2, &wrap(2, &[]).repeat(count)));
    assert_eq!(scan(Signal::Logs, &records(7), 7).unwrap().items, 7);
    assert_eq!(scan(Signal::Logs, &records(8), 7), Err(ScanError::TooManyItems(7)));
}
