//! Points that come late, twice, from two writers, or with a date of their own (conformance X6, H).

use super::*;
use crate::limits::EXPORT_INTERVAL_MAX_MS;

fn at(start_ns: u64, time_ns: u64) -> Head {
    Head { flags: 0, start_ns, time_ns }
}

/// H: what is older than the last point is refused: taken, a counter would seem to have been reset. A new start is not late.
#[test]
fn late_points_are_refused() {
    for kind in [COUNTER, GAUGE] {
        let mut bench = Bench::new();
        bench.send_at("a", kind, &[], &at(1, 20), 9.0).unwrap();
        assert_eq!(bench.send_at("a", kind, &[], &at(1, 10), 5.0), Err(reason::OUT_OF_ORDER));
        bench.send_at("a", kind, &[], &at(1, 20), 9.0).unwrap();
        bench.send_at("a", kind, &[], &at(1, 0), 10.0).unwrap();
        bench.send_at("a", kind, &[], &at(15, 18), 2.0).unwrap();
        assert!(bench.all()[0].ends_with(" 2"), "{:?}", bench.all());
    }
    let mut bench = Bench::new();
    histogram(&mut bench, Temporality::Cumulative, 20, &[1.0], &[4, 1]).unwrap();
    let late = histogram(&mut bench, Temporality::Cumulative, 10, &[1.0], &[4, 0]);
    assert_eq!(late, Err(reason::OUT_OF_ORDER));
    assert_eq!(bench.all(), ["h{} [1.0] [4, 1] 5 Some(1.5)"]);
}

/// H: two writers of one stream are noted: totals by an older start, deltas by an interval that was counted in part.
#[test]
fn overlaps_are_noted() {
    let mut bench = Bench::new();
    bench.send_at("a", COUNTER, &[], &at(5, 20), 9.0).unwrap();
    bench.send_at("a", COUNTER, &[], &at(2, 21), 90.0).unwrap();
    bench.send_at("d", DELTA, &[], &at(0, 20), 9.0).unwrap();
    bench.send_at("d", DELTA, &[], &at(10, 30), 9.0).unwrap();
    assert_eq!(bench.caps.notes.get("overlapped"), 2);
    let metric = bench.metric("h", Kind::Histogram(Temporality::Delta));
    for head in [at(0, 20), at(10, 30)] {
        let (bounds, counts) = ([1.0].into_iter(), [1u64, 2].into_iter());
        let point = HistogramPoint { count: 3, sum: None, bounds, counts };
        bench.table.histogram(metric, std::iter::empty(), &head, &point).unwrap();
    }
    assert_eq!(bench.caps.notes.get("overlapped"), 3);
}

/// H: a delta from the year 2554 does not silence its series for good: once it was refused for as long as an outage lasts, the
/// sender's clock was set, and counting goes on from there.
#[test]
fn a_date_in_the_future_passes() {
    let mut bench = Bench::new();
    bench.send_at("d", DELTA, &[], &at(0, u64::MAX), 1.0).unwrap();
    bench.table.begin(10_000);
    assert_eq!(bench.send_at("d", DELTA, &[], &at(10, 20), 1.0), Err(reason::OUT_OF_ORDER));
    bench.table.begin(EXPORT_INTERVAL_MAX_MS + 1);
    bench.send_at("d", DELTA, &[], &at(20, 30), 1.0).unwrap();
    assert_eq!(bench.send_at("d", DELTA, &[], &at(20, 30), 1.0), Err(reason::OUT_OF_ORDER), "sent twice");
    bench.send_at("d", DELTA, &[], &at(30, 40), 1.0).unwrap();
    assert_eq!(bench.all(), ["d_total{} 3"]);
}

/// An outage is not the rhythm of a metric: what is not reported after it vanishes as soon as ever.
#[test]
fn an_outage_keeps_no_series() {
    let mut bench = Bench::new();
    for at_ms in [0, 10_000, 20_000, 30_000, 280_000] {
        bench.table.begin(at_ms);
        bench.send("a", GAUGE, &list(&[("n", "stays")]), 1.0).unwrap();
        if at_ms < 280_000 {
            bench.send("a", GAUGE, &list(&[("n", "goes")]), 1.0).unwrap();
        }
    }
    assert_eq!(bench.all(), ["a{n=\"stays\"} 1"]);
}

/// A delta that takes away is no count: a total that only grows would fall.
#[test]
fn negative_deltas_are_refused() {
    let mut bench = Bench::new();
    bench.send("d", DELTA, &[], 3.0).unwrap();
    for value in [-1.0, f64::NEG_INFINITY] {
        assert_eq!(bench.send("d", DELTA, &[], value), Err("negative_counter"));
    }
    assert_eq!(bench.all(), ["d_total{} 3"]);
}

/// T4: quantiles that print the same would be one series twice.
#[test]
fn a_quantile_stands_once() {
    let mut bench = Bench::new();
    let metric = bench.metric("s", Kind::Summary);
    let other_nan = f64::from_bits(f64::NAN.to_bits() | 1);
    let quantiles = [(0.5, 1.0), (f64::NAN, 2.0), (other_nan, 3.0), (0.5, 4.0)].into_iter();
    let point = SummaryPoint { count: 1, sum: 1.0, quantiles };
    bench.table.summary(metric, std::iter::empty(), &Head::default(), &point).unwrap();
    assert_eq!(bench.all(), ["s{} [(0.5, 1.0), (NaN, 2.0)] 1 1"]);
}
