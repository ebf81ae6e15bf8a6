use std::fmt::Write as _;

use proptest::prelude::*;

use crate::model::signal::Signal;
use crate::otlp::json::{JsonError, decode, encode};
use crate::otlp::samples::{Decoded, full, signal_and_request, signals};
use crate::otlp::scan::scan;

const BYTES_MAX: usize = 1 << 20;

fn metrics(text: &str) -> Result<Vec<u8>, JsonError> {
    decode(Signal::Metrics, text.as_bytes(), BYTES_MAX)
}

/// The text of a gauge with one point.
fn point(fields: &str) -> String {
    format!(
        r#"{{"resourceMetrics":[{{"scopeMetrics":[{{"metrics":[{{"gauge":{{"dataPoints":[{{{fields}}}]}}}}]}}]}}]}}"#
    )
}

/// The text of one span.
fn span(fields: &str) -> String {
    format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{{fields}}}]}}]}}]}}"#)
}

/// The text of a log record with this body.
fn log(body: &str) -> String {
    format!(r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{{"body":{body}}}]}}]}}]}}"#)
}

/// What prost finds in `a` and `b` is the same.
fn assert_same(signal: Signal, a: &str, b: &str) {
    let read = |text: &str| {
        let bytes = decode(signal, text.as_bytes(), BYTES_MAX).unwrap_or_else(|error| panic!("{text}: {error}"));
        Decoded::decode(signal, &bytes).unwrap().encode()
    };
    assert_eq!(read(a), read(b), "{a} {b}");
}

fn assert_refused(signal: Signal, text: &str) {
    let read = decode(signal, text.as_bytes(), BYTES_MAX);
    assert!(matches!(read, Err(JsonError::Malformed(_))), "{text}: {read:?}");
}

proptest! {
    /// J12: a request as JSON and back is the same request for prost.
    #[test]
    fn text_and_back_is_the_same((signal, request) in signal_and_request()) {
        let text = encode(signal, &request).unwrap();
        let back = decode(signal, &text, BYTES_MAX);
        prop_assert!(back.is_ok(), "{:?} {}", back, String::from_utf8_lossy(&text));
        let back = Decoded::decode(signal, &back.unwrap()).unwrap();
        prop_assert_eq!(back.encode(), Decoded::decode(signal, &request).unwrap().encode());
    }

    /// F22: any bytes: no panic in either direction.
    #[test]
    fn any_bytes_do_not_panic(signal in signals(), bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode(signal, &bytes, BYTES_MAX);
        let _ = encode(signal, &bytes);
    }

    /// F22: a request with a few characters changed decodes to bytes that pass the pre-scan, or is refused.
    #[test]
    fn mutated_text_gives_valid_bytes_or_none(
        (signal, request) in signal_and_request(),
        edits in proptest::collection::vec((any::<prop::sample::Index>(), prop::sample::select(b"{}[]\",:0e.\\nul".to_vec())), 1..4),
    ) {
        let mut text = encode(signal, &request).unwrap();
        for (place, byte) in edits {
            let place = place.index(text.len());
            text[place] = byte;
        }
        if let Ok(bytes) = decode(signal, &text, BYTES_MAX) {
            prop_assert!(scan(signal, &bytes, usize::MAX).is_ok());
            prop_assert!(Decoded::decode(signal, &bytes).is_ok());
        }
    }

    /// The output never grows beyond the caller's bound.
    #[test]
    fn output_is_bounded((signal, request) in signal_and_request(), bytes_max in 0usize..500) {
        match decode(signal, &encode(signal, &request).unwrap(), bytes_max) {
            Ok(bytes) => prop_assert!(bytes.len() <= bytes_max),
            Err(error) => prop_assert!(matches!(error, JsonError::TooLarge(_)), "{error}"),
        }
    }
}

/// J4, J12: every field of every message survives both ways, and our text means the same to opentelemetry-proto's own reader.
#[test]
fn every_field_survives() {
    for signal in Signal::ALL {
        let request = full::request(signal);
        let bytes = request.encode();
        assert!(scan(signal, &bytes, 100).is_ok());
        let text = encode(signal, &bytes).unwrap();
        let back = decode(signal, &text, BYTES_MAX).unwrap();
        assert_eq!(Decoded::decode(signal, &back).unwrap(), request);
    }
    let bytes = full::request(Signal::Traces).encode();
    let text = String::from_utf8(encode(Signal::Traces, &bytes).unwrap()).unwrap();
    // It reads no empty value, no pair without a key, and bytes as a list of numbers.
    let text = text.replace(",{}]}}", "]}}").replace(r#"{"keyStrindex""#, r#"{"key":"","keyStrindex""#);
    let text = text.replace(r#"{"bytesValue":"AP/+Pj8="}"#, r#"{"boolValue":true}"#);
    let theirs = Decoded::Traces(serde_json::from_str(&text).unwrap());
    let ours = decode(Signal::Traces, text.as_bytes(), BYTES_MAX).unwrap();
    assert_eq!(theirs, Decoded::decode(Signal::Traces, &ours).unwrap());
}

/// J1: ids are hexadecimal in any case, of full length or empty.
#[test]
fn ids_are_hexadecimal() {
    let id = "5B8EFFF798038103D269B633813FC60C";
    assert_same(
        Signal::Traces,
        &span(&format!(r#""traceId":"{id}""#)),
        &span(&format!(r#""traceId":"{}""#, id.to_lowercase())),
    );
    assert_same(Signal::Traces, &span(r#""traceId":"","spanId":"""#), &span(""));
    for wrong in [
        "5b",
        "5B8EFFF798038103D269B633813FC60",
        "5B8EFFF798038103D269B633813FC60CAA",
        "zz8efff798038103d269b633813fc60c",
    ] {
        assert_refused(Signal::Traces, &span(&format!(r#""traceId":"{wrong}""#)));
    }
    assert_refused(Signal::Traces, &span(r#""spanId":"eee19b7ec3c1b17""#));
    assert_refused(Signal::Traces, &span(r#""spanId":"+e19b7ec3c1b1740""#));
}

/// J2: enum values are integers; unknown ones pass; names are refused.
#[test]
fn enums_are_integers() {
    assert_same(Signal::Traces, &span(r#""kind":99"#), &span(r#""kind":99.0"#));
    let text = encode(Signal::Traces, &decode(Signal::Traces, span(r#""kind":99"#).as_bytes(), 100).unwrap()).unwrap();
    assert_eq!(String::from_utf8(text).unwrap(), span(r#""kind":99"#));
    for wrong in [r#""SPAN_KIND_SERVER""#, r#""2""#, "2.5", "4294967296", "true"] {
        assert_refused(Signal::Traces, &span(&format!(r#""kind":{wrong}"#)));
    }
}

/// J3, J4: unknown fields are passed over, also deep ones and names in `snake_case`.
#[test]
fn unknown_fields_are_ignored() {
    let unknown = r#""asDouble":1,"new":{"a":[1,{"b":null}]},"as_int":"5","time_unix_nano":7,"":"x""#;
    assert_same(Signal::Metrics, &point(unknown), &point(r#""asDouble":1"#));
}

/// J5, J10: 64-bit integers as strings or numbers, with exponents, and as strings out.
#[test]
fn integers_in_every_form() {
    for form in
        ["1000000000000000000", "\"1000000000000000000\"", "1e18", "\"1e18\"", "1.0E+18", "\"1000000000000000000.0\""]
    {
        assert_same(Signal::Metrics, &point(&format!(r#""asInt":{form}"#)), &point(r#""asInt":"1000000000000000000""#));
    }
    let ends = point(r#""asInt":"-9223372036854775808","timeUnixNano":"18446744073709551615""#);
    assert_same(
        Signal::Metrics,
        &ends,
        &ends.replace("\"-", "-").replace("808\"", "808").replace("\"18446744073709551615\"", "18446744073709551615"),
    );
    let wrong = [
        "1.5",
        "\"1.5\"",
        "1e19",
        "9223372036854775808",
        "-9223372036854775809",
        "-9223372036854775808.0",
        "\"\"",
        "\"-\"",
        "\"0x1\"",
        "\"NaN\"",
        "\"1e400\"",
        "true",
        "[1]",
        "{}",
    ];
    for wrong in wrong {
        assert_refused(Signal::Metrics, &point(&format!(r#""asInt":{wrong}"#)));
    }
    for wrong in ["-1", "18446744073709551616", "\"-1\""] {
        assert_refused(Signal::Metrics, &point(&format!(r#""timeUnixNano":{wrong}"#)));
    }
    assert_refused(Signal::Metrics, &point(r#""flags":4294967296"#));
}

/// J6: doubles as numbers, numeric strings and the three words; H: −0 stays −0, huge numbers are refused.
#[test]
fn doubles_in_every_form() {
    for (form, same) in
        [("\"5.5\"", "5.5"), ("5", "5.0"), ("\"-1e3\"", "-1000"), ("18446744073709551616", "1.8446744073709552e19")]
    {
        assert_same(
            Signal::Metrics,
            &point(&format!(r#""asDouble":{form}"#)),
            &point(&format!(r#""asDouble":{same}"#)),
        );
    }
    for (form, bits) in
        [("\"NaN\"", f64::NAN), ("\"Infinity\"", f64::INFINITY), ("\"-Infinity\"", f64::NEG_INFINITY), ("-0.0", -0.0)]
    {
        let bytes = metrics(&point(&format!(r#""asDouble":{form}"#))).unwrap();
        assert!(bytes.ends_with(&bits.to_le_bytes()), "{form}");
        assert_eq!(
            String::from_utf8(encode(Signal::Metrics, &bytes).unwrap()).unwrap(),
            point(&format!(r#""asDouble":{form}"#))
        );
    }
    for exact in [0.188_235_294_117_647_06, 3.5e-318, 1.797_693_134_862_315_7e308, 0.1 + 0.2] {
        for form in [format!("{exact:?}"), format!("\"{exact:?}\"")] {
            let bytes = metrics(&point(&format!(r#""asDouble":{form}"#))).unwrap();
            assert!(bytes.ends_with(&f64::to_le_bytes(exact)), "{form}");
        }
    }
    for wrong in
        ["\"nan\"", "\"inf\"", "\"+1\"", "\"infinity\"", "\"\"", "\" 1\"", "1e400", "\"1e400\"", "NaN", "false", "{}"]
    {
        assert_refused(Signal::Metrics, &point(&format!(r#""asDouble":{wrong}"#)));
    }
}

/// J6, J12: a double of seventeen digits arrives as the nearest one, as a number and as a string.
#[test]
fn doubles_are_exact() {
    for text in ["0.010468229000000065", "0.3065102400000003", "1.7976931348623157e308", "5e-324", "9007199254740993"] {
        let exact: f64 = text.parse().unwrap();
        for form in [text.to_owned(), format!("\"{text}\"")] {
            let bytes = metrics(&point(&format!(r#""asDouble":{form}"#))).unwrap();
            assert!(bytes.ends_with(&exact.to_le_bytes()), "{form}");
        }
    }
}

/// J7, J9: `null` and a missing list are defaults; `null` is no member of a oneof.
#[test]
fn null_is_absence() {
    assert_same(
        Signal::Metrics,
        &point(r#""attributes":null,"timeUnixNano":null,"asInt":null,"asDouble":2"#),
        &point(r#""asDouble":2"#),
    );
    assert_same(Signal::Metrics, r#"{"resourceMetrics":null}"#, "{}");
    assert_same(
        Signal::Traces,
        &span(r#""name":null,"traceId":null,"kind":null,"status":null,"flags":null"#),
        &span(""),
    );
    assert_same(Signal::Logs, &log(r#"{"stringValue":null}"#), &log("{}"));
    assert_refused(Signal::Metrics, r#"{"resourceMetrics":[null]}"#);
    assert_refused(Signal::Metrics, "null");
}

/// J8: bytes are base64 in both alphabets, padded or not.
#[test]
fn bytes_are_base64() {
    for form in ["-_7_", "+/7/", "+/7/"] {
        assert_same(Signal::Logs, &log(&format!(r#"{{"bytesValue":"{form}"}}"#)), &log(r#"{"bytesValue":"+/7/"}"#));
    }
    for form in ["AP8", "AP8=", "AP9="] {
        assert_same(Signal::Logs, &log(&format!(r#"{{"bytesValue":"{form}"}}"#)), &log(r#"{"bytesValue":"AP8="}"#));
    }
    let long = format!(r#"{{"bytesValue":"{}"}}"#, "AAAA".repeat(10_000));
    assert_same(Signal::Logs, &log(&long), &log(&long));
    for wrong in ["A", "A*==", "-/AA", "AA AA"] {
        assert_refused(Signal::Logs, &log(&format!(r#"{{"bytesValue":"{wrong}"}}"#)));
    }
}

/// J11: a repeated key or a second member of a oneof is refused.
#[test]
fn duplicates_are_refused() {
    assert_refused(Signal::Traces, &span(r#""name":"a","name":"a""#));
    assert_refused(Signal::Traces, &span(r#""name":null,"name":"a""#));
    assert_refused(Signal::Metrics, r#"{"resourceMetrics":[],"resourceMetrics":[]}"#);
    assert_refused(Signal::Metrics, &point(r#""asInt":1,"asDouble":1"#));
    assert_refused(Signal::Logs, &log(r#"{"stringValue":"","arrayValue":{}}"#));
}

/// A list where a value belongs and the other way round is refused; empty lists and objects are not.
#[test]
fn shapes_are_checked() {
    for wrong in [
        r#"{"resourceMetrics":{}}"#,
        r#"{"resourceMetrics":5}"#,
        r#"{"resourceMetrics":[[]]}"#,
        "[]",
        "5",
        "\"text\"",
        "",
    ] {
        assert_refused(Signal::Metrics, wrong);
    }
    assert_refused(Signal::Traces, &span(r#""name":5"#));
    assert_refused(Signal::Traces, &span(r#""name":["a"]"#));
    assert_same(Signal::Logs, &log(r#"{"arrayValue":{}}"#), &log(r#"{"arrayValue":{"values":[]}}"#));
}

/// H: 5,000 levels of `AnyValue`, open brackets without end, in known and unknown fields: an error, no overflow of the stack.
#[test]
fn deep_nesting_is_refused() {
    for (open, close) in [(r#"{"arrayValue":{"values":["#, "]}}"), (r#"{"kvlistValue":{"values":[{"value":"#, "}]}}")] {
        assert_refused(Signal::Logs, &log(&format!("{}{{}}{}", open.repeat(5_000), close.repeat(5_000))));
        assert_refused(Signal::Logs, &open.repeat(5_000));
    }
    let deep = format!(r#"{{"unknown":{}}}"#, "[".repeat(1_000_000));
    assert_refused(Signal::Logs, &deep);
    let levels = |count| log(&format!("{}{{}}{}", r#"{"arrayValue":{"values":["#.repeat(count), "]}}".repeat(count)));
    assert!(decode(Signal::Logs, levels(38).as_bytes(), BYTES_MAX).is_ok());
}

/// H: lone surrogates, invalid UTF-8, raw control characters and trailing garbage are refused; escapes and NUL are kept.
#[test]
fn text_is_checked() {
    for wrong in [r#""\ud800""#, r#""\udc00x""#, "\"\u{1}\"", r#""\x""#, r#""open"#] {
        assert_refused(Signal::Traces, &span(&format!(r#""name":{wrong}"#)));
    }
    assert!(matches!(decode(Signal::Traces, b"{\"a\":\"\xff\"}", BYTES_MAX), Err(JsonError::Utf8)));
    assert_refused(Signal::Traces, "{} x");
    assert_same(
        Signal::Traces,
        &span(r#""name":"\u00e9\ud83d\ude00\u0000\n""#),
        &span("\"name\":\"é😀\\u0000\\u000a\""),
    );
    assert_same(Signal::Traces, &span(r#""na\u006de":"a""#), &span(r#""name":"a""#));
}

/// Values that packing makes longer than their text stop at the bound, before the memory is taken.
#[test]
fn growth_stops_at_the_bound() {
    let mut counts = String::from("0");
    for _ in 0..100_000 {
        let _ = write!(counts, ",0");
    }
    let text = format!(
        r#"{{"resourceMetrics":[{{"scopeMetrics":[{{"metrics":[{{"histogram":{{"dataPoints":[{{"bucketCounts":[{counts}]}}]}}}}]}}]}}]}}"#
    );
    assert!(metrics(&text).is_ok_and(|bytes| bytes.len() > 800_000));
    assert!(matches!(decode(Signal::Metrics, text.as_bytes(), 700_000), Err(JsonError::TooLarge(700_000))));
}
