//! Totals and deltas, restarts, and several points on one field.

use crate::config::mappings::{Aggregate, Entity, Key, MappingRule};
use crate::state::store::tests::{Bench, CUMULATIVE, DELTA, SHOP, counter, gauge, point, timed};

const API: &[(&str, &str)] = &[("component.name", "api")];

fn items(bench: &Bench) -> u64 {
    bench.store.snapshot().components[0].items_processed
}

/// X6: the same counts by total and by delta come to the same.
#[test]
fn totals_and_deltas_agree() {
    let (totals, deltas) = (Bench::new(), Bench::new());
    let mut total = 0.0;
    for (step, amount) in [5.0, 0.0, 12.0, 3.0].into_iter().enumerate() {
        total += amount;
        let time = 100 + 10 * step as u64;
        let point = |temporality, value, start| {
            vec![counter("component.items_processed", temporality, vec![timed(API, value, start, time)])]
        };
        assert_eq!(totals.export(SHOP, point(CUMULATIVE, total, 90)), 0);
        assert_eq!(deltas.export(SHOP, point(DELTA, amount, time - 10)), 0);
        assert_eq!(items(&totals), items(&deltas));
    }
    assert_eq!(items(&totals), 20);
}

/// A delta that was sent twice counts once; a total that comes late is not taken; both are told.
#[test]
fn overlaps_are_counted() {
    let bench = Bench::new();
    let delta = || vec![counter("component.items_processed", DELTA, vec![timed(API, 5.0, 100, 110)])];
    assert_eq!(bench.export(SHOP, delta()), 0);
    assert_eq!(bench.export(SHOP, delta()), 1);
    assert_eq!(items(&bench), 5);
    assert_eq!(bench.store.accounting().unreadable.get("out_of_order"), 1);
    let total = |value, time| vec![counter("component.errors", CUMULATIVE, vec![timed(API, value, 100, time)])];
    assert_eq!(bench.export(SHOP, total(9.0, 120)), 0);
    assert_eq!(bench.export(SHOP, total(8.0, 110)), 1);
    assert_eq!(bench.store.snapshot().components[0].errors, 9);
    assert_eq!(bench.store.snapshot().instances[0].restarts, 0);
}

/// H: a delta from a far future does not silence its counter for good.
#[test]
fn a_date_in_the_future_passes() {
    let bench = Bench::new();
    let delta = |start, time| vec![counter("component.items_processed", DELTA, vec![timed(API, 5.0, start, time)])];
    assert_eq!(bench.export(SHOP, delta(0, 18_000_000_000)), 0);
    bench.after(10);
    assert_eq!(bench.export(SHOP, delta(100, 110)), 1);
    bench.after(300);
    assert_eq!((bench.export(SHOP, delta(400, 410)), bench.export(SHOP, delta(400, 410))), (0, 1));
    assert_eq!(items(&bench), 10);
}

/// A restart, by a new start or a total that fell, resets; all counters together are one restart.
#[test]
fn restarts_reset() {
    let bench = Bench::new();
    let round = |start, time, value| {
        let names = ["component.items_processed", "component.errors"];
        names.map(|name| counter(name, CUMULATIVE, vec![timed(API, value, start, time)])).into()
    };
    bench.export(SHOP, round(100, 110, 50.0));
    bench.after(10);
    bench.export(SHOP, round(115, 120, 70.0));
    assert_eq!((items(&bench), bench.store.snapshot().instances[0].restarts), (70, 1));
    bench.after(60);
    bench.export(SHOP, round(0, 180, 7.0));
    let snapshot = bench.store.snapshot();
    assert_eq!((snapshot.components[0].items_processed, snapshot.instances[0].restarts), (7, 2));
    assert_eq!(snapshot.components[0].items_recent, 7, "what came after it");
}

/// Errors by type are summed, again and again; a type that is no longer reported takes its share along.
#[test]
fn several_points_on_one_field() {
    let bench = Bench::new();
    let errors = |types: &[(&str, f64)]| {
        let of = |(kind, value): &(&str, f64)| point(&[("component.name", "api"), ("error.type", *kind)], *value);
        vec![counter("component.errors", CUMULATIVE, types.iter().map(of).collect())]
    };
    for _ in 0..3 {
        bench.export(SHOP, errors(&[("timeout", 3.0), ("refused", 4.0)]));
        bench.store.tick();
        bench.after(10);
    }
    assert_eq!(bench.store.snapshot().components[0].errors, 7);
    for _ in 0..5 {
        bench.export(SHOP, errors(&[("timeout", 5.0)]));
        bench.store.tick();
        bench.after(10);
    }
    assert_eq!(bench.store.snapshot().components[0].errors, 5);
}

/// The rule's aggregate: sum, greatest, last; and its scale.
#[test]
fn aggregates() {
    let spaces = || {
        ["new", "old"].iter().zip([30.0, 20.0]).map(|(space, value)| point(&[("id", "w1"), ("space", space)], value))
    };
    for (aggregate, expected) in [(Aggregate::Sum, 100), (Aggregate::Max, 60), (Aggregate::Last, 40)] {
        let rule = MappingRule {
            metric: "heap.*.used".to_owned(),
            conditions: Vec::new(),
            entity: Entity::Worker,
            key: Key::Attribute("id".to_owned()),
            labels: Vec::new(),
            field: "memory_heap_used".to_owned(),
            state: None,
            scale: 2.0,
            aggregate,
        };
        let bench = Bench::with(|options| options.mappings = vec![rule]);
        for _ in 0..2 {
            bench.export(SHOP, vec![gauge("heap.v8.used", spaces().collect())]);
            assert_eq!(bench.store.snapshot().workers[0].memory_heap_used, Some(expected), "{aggregate:?}");
        }
        assert_eq!(bench.store.snapshot().instances[0].series, 2, "the configuration's metrics stay series");
    }
}

/// The last 60 s, in the store's own words: the whole life while younger, steady between exports.
#[test]
fn recent_counts() {
    let bench = Bench::new();
    let round = |seconds: u64| {
        let time = 1_000 + seconds;
        vec![counter("component.items_processed", CUMULATIVE, vec![timed(API, seconds as f64 * 5.0, 1_000, time)])]
    };
    bench.export(SHOP, round(20));
    let young = &bench.store.snapshot().components[0];
    assert_eq!((young.items_recent, young.recent_s), (100, 20.0));
    for step in 3..=20 {
        bench.after(10);
        bench.export(SHOP, round(step * 10));
        bench.store.tick();
    }
    bench.after(9);
    let old = &bench.store.snapshot().components[0];
    assert_eq!((old.items_recent, old.recent_s), (300, 60.0));
}
