//! The table: identity, labels, caps, overflow, staleness (conformance E, H).

mod order;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue, KeyValueList};
use proptest::prelude::*;
use prost::Message;

use super::*;
use crate::limits::{LABEL_BYTES_MAX, LABELS_MAX};

const GAUGE: Kind = Kind::Gauge;
const COUNTER: Kind = Kind::Sum { temporality: Temporality::Cumulative, is_monotonic: true };
const DELTA: Kind = Kind::Sum { temporality: Temporality::Delta, is_monotonic: true };

fn raw(key: &str, value: Any) -> Vec<u8> {
    let value = Some(AnyValue { value: Some(value) });
    KeyValue { key: key.to_owned(), value, ..KeyValue::default() }.encode_to_vec()
}

fn text(key: &str, value: &str) -> Vec<u8> {
    raw(key, Any::StringValue(value.to_owned()))
}

fn list(pairs: &[(&str, &str)]) -> Vec<Vec<u8>> {
    pairs.iter().map(|(key, value)| text(key, value)).collect()
}

struct Bench {
    table: SeriesTable,
    caps: Arc<SeriesCaps>,
}

impl Bench {
    fn with_caps(caps: Arc<SeriesCaps>) -> Self {
        let mut table = SeriesTable::new(caps.clone());
        table.begin(0);
        Self { table, caps }
    }

    fn new() -> Self {
        Self::with_caps(SeriesCaps::new(1_000))
    }

    fn metric(&mut self, name: &str, kind: Kind) -> MetricId {
        let scope = self.table.scope(&Scope { name: "", version: "", schema_url: "", attributes: std::iter::empty() });
        self.table.metric(&scope, &Metric { name, unit: "", description: "", kind })
    }

    fn send(&mut self, name: &str, kind: Kind, attributes: &[Vec<u8>], value: f64) -> Result<(), &'static str> {
        self.send_at(name, kind, attributes, &Head::default(), value)
    }

    fn send_at(
        &mut self,
        name: &str,
        kind: Kind,
        attributes: &[Vec<u8>],
        head: &Head,
        value: f64,
    ) -> Result<(), &'static str> {
        let metric = self.metric(name, kind);
        self.table.number(metric, attributes.iter().map(Vec::as_slice), head, Number::Float(value))
    }

    /// Every series as `name{labels} value`, sorted.
    fn all(&self) -> Vec<String> {
        let mut all: Vec<String> = Vec::new();
        for (_, family) in self.table.families() {
            for series in family.series() {
                let value = match series.value {
                    Value::Number(number) => number.total().as_f64().to_string(),
                    Value::Histogram(one) => {
                        format!("{:?} {:?} {} {:?}", one.bounds, one.counts, one.count, one.sum)
                    }
                    Value::Exponential(one) => {
                        format!("{:?} {} {:?}", one.buckets().collect::<Vec<_>>(), one.count, one.sum)
                    }
                    Value::Summary(one) => format!("{:?} {} {}", one.quantiles, one.count, one.sum),
                };
                all.push(format!("{}{{{}}} {value}", family.name().text, series.labels));
            }
        }
        all.sort();
        all
    }
}

/// The order of attributes does not matter, and a later point replaces the earlier.
#[test]
fn finds_a_series_whatever_the_order() {
    let mut bench = Bench::new();
    bench.send("a", GAUGE, &list(&[("x", "1"), ("y", "2")]), 1.0).unwrap();
    bench.send("a", GAUGE, &list(&[("y", "2"), ("x", "1")]), 2.0).unwrap();
    assert_eq!(bench.all(), ["a{x=\"1\",y=\"2\"} 2"]);
}

/// X8, X9 and H: labels that collide, duplicates, reserved names, values of every type, hostile text.
#[test]
fn renders_labels() {
    let mut bench = Bench::new();
    let value = |value| AnyValue { value: Some(value) };
    let array = ArrayValue { values: vec![value(Any::IntValue(1)), value(Any::StringValue("a\"b".to_owned()))] };
    let pair = KeyValue { key: "k".to_owned(), value: Some(value(Any::BoolValue(true))), ..KeyValue::default() };
    let attributes = [
        text("a.b", "2"),
        text("a-b", "1"),
        text("le", "0.5"),
        text("job", "mine"),
        text("__name__", "evil"),
        text("hostile", "a\"} 1\nevil 1\0\u{202e}\\"),
        text("twice", "first"),
        text("twice", "last"),
        raw("int", Any::IntValue(-3)),
        raw("float", Any::DoubleValue(1.0)),
        raw("nan", Any::DoubleValue(f64::NAN)),
        raw("bool", Any::BoolValue(false)),
        raw("bytes", Any::BytesValue(vec![1, 2, 3])),
        raw("array", Any::ArrayValue(array)),
        raw("map", Any::KvlistValue(KeyValueList { values: vec![pair] })),
    ];
    bench.send("m", GAUGE, &attributes, 1.0).unwrap();
    insta::assert_snapshot!(bench.all().join("\n"));
}

/// Different attributes whose labels read the same would be one series twice: the later is refused.
#[test]
fn refuses_labels_that_collide() {
    let mut bench = Bench::new();
    bench.send("a", GAUGE, &list(&[("x.y", "1")]), 1.0).unwrap();
    assert_eq!(bench.send("a", GAUGE, &list(&[("x_y", "1")]), 2.0), Err(reason::LABEL_COLLISION));
    assert_eq!(bench.all(), ["a{x_y=\"1\"} 1"]);
}

/// H: long labels are cut between characters, surplus ones left out; both are noted.
#[test]
fn cuts_what_is_too_long() {
    let mut bench = Bench::new();
    let many: Vec<Vec<u8>> = (0..LABELS_MAX + 5).map(|number| text(&format!("k{number}"), "v")).collect();
    bench.send("many", GAUGE, &many, 1.0).unwrap();
    bench.send("long", GAUGE, &[text("k", &"é".repeat(LABEL_BYTES_MAX))], 1.0).unwrap();
    let all = bench.all();
    assert_eq!(all[0].len(), "long{k=\"\"} 1".len() + LABEL_BYTES_MAX);
    assert_eq!(all[1].matches('=').count(), LABELS_MAX);
    assert_eq!((bench.caps.notes.get("labels_left_out"), bench.caps.notes.get("label_truncated")), (1, 1));
}

/// X1: one name, one TYPE, over all instances; the later is refused, told, and may come once the first is gone.
#[test]
fn keeps_the_first_type() {
    let caps = SeriesCaps::new(100);
    let (mut one, mut other) = (Bench::with_caps(caps.clone()), Bench::with_caps(caps.clone()));
    one.send("a", GAUGE, &[], 1.0).unwrap();
    let histogram = other.metric("a", Kind::Summary);
    let empty = SummaryPoint { count: 0, sum: 0.0, quantiles: std::iter::empty() };
    let refused = other.table.summary(histogram, std::iter::empty(), &Head::default(), &empty);
    assert_eq!(refused, Err(reason::TYPE_CONFLICT));
    assert_eq!(caps.conflicts(), [("a".into(), "gauge", "summary")]);
    drop(one);
    let summary = other.metric("a", Kind::Summary);
    assert_eq!(other.table.summary(summary, std::iter::empty(), &Head::default(), &empty), Ok(()));
    // The samples of a summary are names too.
    assert_eq!(other.send("a_count", GAUGE, &[], 1.0), Err(reason::TYPE_CONFLICT));
}

/// H: an empty name, and a delta that is not monotonic, are refused point by point.
#[test]
fn refuses_what_has_no_form() {
    let mut bench = Bench::new();
    assert_eq!(bench.send("", GAUGE, &[], 1.0), Err(reason::NO_NAME));
    let delta = Kind::Sum { temporality: Temporality::Delta, is_monotonic: false };
    assert_eq!(bench.send("a", delta, &[], 1.0), Err(reason::DELTA_NOT_MONOTONIC));
    assert_eq!(bench.send("a", COUNTER, &[], f64::NAN), Err(reason::NAN_COUNTER));
    assert_eq!(bench.all(), Vec::<String>::new());
}

/// H: beyond the cap of a metric new series fold into its overflow series; known ones are not touched.
#[test]
fn folds_what_is_too_many() {
    let mut bench = Bench::with_caps(SeriesCaps::with_limits(100, 100, 2));
    for round in 1..=2u64 {
        bench.table.begin(round * 1_000);
        for series in 0..5 {
            let attributes = list(&[("n", &series.to_string())]);
            let head = Head { flags: 0, start_ns: round, time_ns: round + 1 };
            for (name, kind) in [("gauge", GAUGE), ("sum", COUNTER), ("delta", DELTA)] {
                bench.send_at(name, kind, &attributes, &head, 10.0 * round as f64).unwrap();
            }
        }
    }
    insta::assert_snapshot!(bench.all().join("\n"));
    assert_eq!(bench.caps.overflowed.load(Ordering::Relaxed), 18);
}

/// The caps in all hold for series and bytes, count families too, and all room comes back.
#[test]
fn counts_what_is_held() {
    let caps = SeriesCaps::with_limits(10, 10, 10);
    let mut bench = Bench::with_caps(caps.clone());
    for series in 0..50 {
        bench.send("a", GAUGE, &list(&[("n", &series.to_string())]), 1.0).unwrap();
    }
    assert_eq!(caps.series(), 10);
    assert!(caps.bytes() <= 10 * crate::limits::SERIES_BYTES);
    assert_eq!(bench.send("b", GAUGE, &[], 1.0), Err(reason::SERIES_LIMIT));
    drop(bench);
    assert_eq!((caps.series(), caps.bytes()), (0, 0));
}

/// X15: `NoRecordedValue` removes a series; silence of three intervals does, while the instance goes on; deltas stay.
#[test]
fn forgets_what_vanished() {
    let mut bench = Bench::new();
    for at_ms in [0, 10_000, 20_000] {
        bench.table.begin(at_ms);
        bench.send("a", COUNTER, &list(&[("n", "stays")]), 1.0).unwrap();
        bench.send("d", DELTA, &list(&[("n", "stays")]), 1.0).unwrap();
        if at_ms == 0 {
            bench.send("a", COUNTER, &list(&[("n", "goes")]), 1.0).unwrap();
            bench.send("a", COUNTER, &list(&[("n", "ends")]), 1.0).unwrap();
        }
    }
    bench.send_at("a", COUNTER, &list(&[("n", "ends")]), &Head { flags: 1, ..Head::default() }, 0.0).unwrap();
    assert_eq!(bench.all(), ["a_total{n=\"goes\"} 1", "a_total{n=\"stays\"} 1", "d_total{n=\"stays\"} 3"]);
    for at_ms in [30_000, 40_000] {
        assert_eq!(bench.table.sweep(at_ms - 10_000, 100), 0);
        bench.table.begin(at_ms);
        bench.send("a", COUNTER, &list(&[("n", "stays")]), 1.0).unwrap();
    }
    // Not shown any more, although not swept yet.
    assert_eq!(bench.all(), ["a_total{n=\"stays\"} 1", "d_total{n=\"stays\"} 3"]);
    assert_eq!(bench.table.sweep(40_000, 100), 1);
    assert_eq!(bench.table.len(), 2);
}

/// A sweep in small steps removes everything, gives all room back, and the table can be filled again.
#[test]
fn sweeps_step_by_step() {
    let mut bench = Bench::new();
    for at_ms in [0, 1_000] {
        bench.table.begin(at_ms);
        for series in 0..100 {
            bench.send(&format!("m{}", series % 7), GAUGE, &list(&[("n", &series.to_string())]), 1.0).unwrap();
        }
    }
    let steps: Vec<usize> = (0..60).map(|_| bench.table.sweep(60_000, 3)).collect();
    assert_eq!(steps.iter().sum::<usize>(), 100);
    assert!(steps.iter().all(|step| *step <= 3));
    assert_eq!((bench.caps.series(), bench.caps.bytes()), (0, 0));
    bench.table.begin(70_000);
    bench.send("m0", GAUGE, &[], 1.0).unwrap();
    assert_eq!(bench.all(), ["m0{} 1"]);
}

fn histogram(
    bench: &mut Bench,
    temporality: Temporality,
    time_ns: u64,
    bounds: &[f64],
    counts: &[u64],
) -> Result<(), &'static str> {
    let metric = bench.metric("h", Kind::Histogram(temporality));
    let point = HistogramPoint {
        count: counts.iter().sum(),
        sum: Some(1.5),
        bounds: bounds.iter().copied(),
        counts: counts.iter().copied(),
    };
    let head = Head { flags: 0, start_ns: 0, time_ns };
    bench.table.histogram(metric, std::iter::empty(), &head, &point)
}

/// X6, H: histograms accumulate; bad ones are refused and leave what is held alone; other bounds begin anew.
#[test]
fn accumulates_histograms() {
    let mut bench = Bench::new();
    let delta = Temporality::Delta;
    histogram(&mut bench, delta, 1, &[1.0, 2.0], &[1, 0, 2]).unwrap();
    histogram(&mut bench, delta, 2, &[1.0, 2.0], &[1, 1, 1]).unwrap();
    assert_eq!(histogram(&mut bench, delta, 2, &[1.0, 2.0], &[1, 1, 1]), Err(reason::OUT_OF_ORDER));
    assert_eq!(histogram(&mut bench, delta, 3, &[2.0, 1.0], &[1, 1, 1]), Err(reason::BAD_BOUNDS));
    assert_eq!(histogram(&mut bench, delta, 3, &[1.0, f64::NAN], &[1, 1, 1]), Err(reason::BAD_BOUNDS));
    assert_eq!(histogram(&mut bench, delta, 3, &[1.0, 2.0], &[1, 1]), Err(reason::BAD_COUNTS));
    assert_eq!(bench.all(), ["h{} [1.0, 2.0] [2, 1, 3] 6 Some(3.0)"]);
    histogram(&mut bench, delta, 4, &[5.0], &[1, 1]).unwrap();
    assert_eq!(bench.all(), ["h{} [5.0] [1, 1] 2 Some(1.5)"]);
    let mut bench = Bench::new();
    histogram(&mut bench, Temporality::Cumulative, 1, &[1.0], &[4, 0]).unwrap();
    histogram(&mut bench, Temporality::Cumulative, 2, &[1.0], &[4, 1]).unwrap();
    assert_eq!(bench.all(), ["h{} [1.0] [4, 1] 5 Some(1.5)"]);
}

fn exponential(bench: &mut Bench, scale: i32, offset: i32, counts: &[u64]) -> Result<(), &'static str> {
    let metric = bench.metric("e", Kind::ExponentialHistogram(Temporality::Delta));
    let point = ExponentialPoint {
        count: 0,
        sum: Some(1.0),
        scale,
        zero_count: 1,
        zero_threshold: 0.0,
        positive_offset: offset,
        positive: counts.iter().copied(),
        negative_offset: 0,
        negative: [2u64].into_iter(),
    };
    bench.table.exponential(metric, std::iter::empty(), &Head::default(), &point)
}

/// X14: folded into powers of √2, merged over scales, counts kept whatever happens to the bounds.
#[test]
fn folds_exponential_histograms() {
    let mut bench = Bench::new();
    // Scale 3: 8 buckets a doubling; buckets 0..8 cover (1, 2].
    exponential(&mut bench, 3, 0, &[1, 1, 1, 1, 1, 1, 1, 1]).unwrap();
    exponential(&mut bench, 0, 1, &[5]).unwrap();
    insta::assert_snapshot!(bench.all().join("\n"));
    assert_eq!(exponential(&mut bench, 21, 0, &[1]), Err(reason::BAD_SCALE));
    exponential(&mut bench, 20, i32::MAX, &[1]).unwrap();
    exponential(&mut bench, -10, i32::MIN, &[1]).unwrap();
    let all = bench.all();
    assert!(all[0].contains("] 27 "), "{all:?}");
}

proptest! {
    /// H: any attributes at all: one line of label text, and the same series again from the same bytes.
    #[test]
    fn any_attributes(pairs in proptest::collection::vec((any::<String>(), any::<String>()), 0..8)) {
        let mut bench = Bench::new();
        let attributes: Vec<Vec<u8>> = pairs.iter().map(|(key, value)| text(key, value)).collect();
        bench.send("a", GAUGE, &attributes, 1.0).unwrap();
        bench.send("a", GAUGE, &attributes, 2.0).unwrap();
        let all = bench.all();
        prop_assert_eq!(all.len(), 1);
        prop_assert!(!all[0].contains('\n'));
    }

    /// X14: whatever the buckets, bounds grow, counts grow, and the last is no more than the count.
    #[test]
    fn any_exponential_histogram(
        points in proptest::collection::vec((-10..=20i32, any::<i32>(), proptest::collection::vec(0..9u64, 0..200)), 1..5),
    ) {
        let mut bench = Bench::new();
        let mut total = 0;
        for (scale, offset, counts) in &points {
            exponential(&mut bench, *scale, *offset, counts).unwrap();
            total += counts.iter().sum::<u64>() + 3;
        }
        for (_, family) in bench.table.families() {
            for series in family.series() {
                let Value::Exponential(one) = series.value else { panic!("no exponential histogram") };
                prop_assert_eq!(one.count, total);
                let buckets: Vec<(f64, u64)> = one.buckets().collect();
                prop_assert!(buckets.is_sorted_by(|left, right| left.0 < right.0 && left.1 <= right.1));
                prop_assert!(buckets.last().is_none_or(|last| last.1 <= total));
                prop_assert!(buckets.len() <= 2 * crate::limits::EXPONENTIAL_BUCKETS_MAX + 1);
            }
        }
    }
}
