//! Hostile input (conformance H) and laws.

use std::sync::atomic::Ordering;

use proptest::prelude::*;

use crate::limits::{INSTANCES_MAX, LABEL_BYTES_MAX};
use crate::model::signal::Signal;
use crate::state::store::tests::{
    Bench, CUMULATIVE, DELTA, SHOP, breaker_status, counter, gauge, point, request, worker_status,
};

/// What cannot be read is counted by reason and told to the sender; the rest is read.
#[test]
fn unreadable_points_are_counted() {
    let name = [("component.name", "api")];
    let mut empty = point(&name, 0.0);
    empty.value = None;
    let mut nameless = gauge("", vec![point(&[], 1.0)]);
    nameless.description = "nobody".to_owned();
    let up_down = |metric: &mut opentelemetry_proto::tonic::metrics::v1::Metric| {
        if let Some(opentelemetry_proto::tonic::metrics::v1::metric::Data::Sum(sum)) = &mut metric.data {
            sum.is_monotonic = false;
        }
    };
    let mut delta_gauge = counter("pool.size", DELTA, vec![point(&[("pool.name", "main")], 1.0)]);
    up_down(&mut delta_gauge);
    let cases = [
        (gauge("component.last_activity", vec![point(&[], 1.0), point(&[("component.name", "")], 1.0)]), "no_key", 2),
        (gauge("component.last_activity", vec![point(&name, f64::NAN)]), "not_finite", 1),
        (counter("component.errors", CUMULATIVE, vec![point(&name, f64::INFINITY)]), "not_finite", 1),
        (counter("component.errors", CUMULATIVE, vec![point(&name, -1.0)]), "negative_counter", 1),
        (gauge("component.last_activity", vec![empty]), "no_value", 1),
        (gauge("component.status", vec![point(&[name[0], ("component.state", "odd")], 1.0)]), "unknown_state", 1),
        (gauge("component.status", vec![point(&[name[0], ("component.state", "odd")], 0.0)]), "unknown_state", 0),
        (gauge("pool.worker.count", vec![point(&[("pool.name", "a")], 1.0)]), "no_rule", 1),
        (delta_gauge, "delta_not_monotonic", 1),
        (nameless, "no_name", 1),
    ];
    for (metric, reason, count) in cases {
        let bench = Bench::new();
        let what = format!("{} {reason}", metric.name);
        let fine = gauge("pool.size", vec![point(&[("pool.name", "main")], 3.0)]);
        let ingested = bench.store.ingest(Signal::Metrics, &request(SHOP, vec![metric, fine]));
        assert_eq!(ingested.unreadable, count, "{what}");
        assert_eq!(ingested.message.is_some_and(|words| words.contains(reason)), count > 0, "{what}");
        assert_eq!(bench.store.accounting().unreadable.get(reason), count, "{what}");
        assert_eq!(bench.store.snapshot().pools[0].size, Some(3), "{what}");
    }
}

/// A point that cannot be read makes no entity: nothing would ever take it out again.
#[test]
fn unreadable_points_make_no_entities() {
    let bench = Bench::new();
    let worker = |id: &'static str| [("worker.id", id), ("pool.name", "main")];
    let mut empty = point(&worker("w2"), 0.0);
    empty.value = None;
    let metrics = vec![
        gauge("worker.uptime", vec![point(&worker("w1"), f64::NAN), empty]),
        counter("worker.requests", CUMULATIVE, vec![point(&worker("w3"), -1.0)]),
    ];
    assert_eq!(bench.export(SHOP, metrics), 3);
    assert_eq!(bench.store.snapshot().workers.len(), 0);
    assert_eq!(bench.store.shared.budget.workers.load(Ordering::Relaxed), 0);
}

/// A metric without data is counted once, although an alias is read twice: as a field and as series.
#[test]
fn missing_data_is_counted_once() {
    for name in ["pool.size", "hikaricp.connections.active", "anything"] {
        let mut metric = gauge(name, Vec::new());
        metric.data = None;
        let bench = Bench::new();
        assert_eq!(bench.export(SHOP, vec![metric]), 1, "{name}");
    }
}

/// Workers beyond `workers_max` are counted; the known ones go on.
#[test]
fn workers_have_a_limit() {
    let bench = Bench::with(|options| options.state.workers_max = 2);
    let three = || ["w1", "w2", "w3"].map(|id| worker_status(id, "idle")).to_vec();
    assert_eq!(bench.export(SHOP, three()), 1);
    assert_eq!(bench.store.accounting().unreadable.get("worker_limit"), 1);
    assert_eq!(bench.store.snapshot().workers.len(), 2);
    assert_eq!(bench.store.shared.budget.workers.load(Ordering::Relaxed), 2);
}

/// A flood of instances, points and names stays inside its limits.
#[test]
fn floods_have_limits() {
    let bench = Bench::with(|options| options.state.workers_max = 0);
    let size = || vec![gauge("pool.size", vec![point(&[("pool.name", "main")], 3.0)])];
    for number in 0..INSTANCES_MAX + 3 {
        bench.export(&[("service.name", "shop"), ("service.instance.id", &number.to_string())], size());
    }
    assert_eq!(bench.store.accounting().unreadable.get("instance_limit"), 3);
    assert_eq!(bench.store.snapshot().instances.len(), INSTANCES_MAX);
    let budget = &bench.store.shared.budget;
    let many =
        (0..budget.points_max).map(|kind| point(&[("component.name", "api"), ("error.type", &kind.to_string())], 1.0));
    let shop = [("service.name", "shop"), ("service.instance.id", "1")];
    let refused = bench.export(&shop, vec![counter("component.errors", CUMULATIVE, many.collect())]);
    assert_eq!(refused, INSTANCES_MAX as u64);
    assert_eq!(budget.points.load(Ordering::Relaxed), budget.points_max);
}

/// Labels are cut at a character; odd ones are kept as they are.
#[test]
fn labels_are_bounded() {
    let bench = Bench::new();
    let long = "é".repeat(LABEL_BYTES_MAX);
    for name in [long.as_str(), "a\"} 1\nevil 1", "nul\0", "\u{202e}rtl"] {
        bench.export(SHOP, vec![gauge("pool.size", vec![point(&[("pool.name", name)], 3.0)])]);
    }
    let snapshot = bench.store.snapshot();
    let longest = snapshot.pools.iter().map(|pool| pool.name.len()).max();
    assert_eq!((snapshot.pools.len(), longest), (4, Some(LABEL_BYTES_MAX)));
}

/// Duplicate attributes: one label, the last; their order makes no other point.
#[test]
fn attributes_in_any_order() {
    let bench = Bench::new();
    let types = [[("component.name", "api"), ("error.type", "x")], [("error.type", "x"), ("component.name", "api")]];
    for pairs in types {
        bench.export(SHOP, vec![counter("component.errors", CUMULATIVE, vec![point(&pairs, 4.0)])]);
    }
    bench.export(SHOP, vec![gauge("pool.size", vec![point(&[("pool.name", "a"), ("pool.name", "b")], 1.0)])]);
    let snapshot = bench.store.snapshot();
    assert_eq!((snapshot.components[0].errors, &*snapshot.pools[0].name), (4, "b"));
}

fn metrics() -> Vec<opentelemetry_proto::tonic::metrics::v1::Metric> {
    let breaker = [("circuit_breaker.name", "db")];
    let api = [("component.name", "api")];
    let typed = [("component.name", "api"), ("component.type", "http"), ("component.state", "degraded")];
    let worker = [("worker.id", "w1")];
    vec![
        worker_status("w1", "active"),
        worker_status("w2", "idle"),
        breaker_status("open"),
        counter("circuit_breaker.failures", CUMULATIVE, vec![point(&breaker, 3.0)]),
        counter("component.items_processed", CUMULATIVE, vec![point(&api, 9.0)]),
        gauge("component.status", vec![point(&typed, 1.0)]),
        counter("worker.requests", CUMULATIVE, vec![point(&worker, 5.0)]),
        gauge("pool.size", vec![point(&[("pool.name", "main")], 8.0)]),
        gauge("http.server.active", vec![point(&[("route", "/")], 8.0)]),
    ]
}

fn picture(bench: &Bench) -> String {
    let snapshot = bench.store.snapshot();
    let parts = (&snapshot.pools, &snapshot.workers, &snapshot.components, &snapshot.breakers, &snapshot.streams);
    format!("{parts:?} {:?}", snapshot.instances.iter().map(|one| one.series).collect::<Vec<_>>())
}

/// Writers of one and of several instances beside readers and ticks: nothing is lost, nothing waits for ever.
#[test]
fn many_at_once() {
    let bench = Bench::new();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let bench = &bench;
            scope.spawn(move || {
                let (own, label) = (format!("own-{thread}"), format!("api-{thread}"));
                for round in 1..=50_u32 {
                    let point = point(&[("component.name", label.as_str())], f64::from(round));
                    let metrics = || {
                        vec![
                            counter("component.items_processed", CUMULATIVE, vec![point.clone()]),
                            breaker_status("open"),
                        ]
                    };
                    bench.export(SHOP, metrics());
                    bench.export(&[("service.name", "own"), ("service.instance.id", own.as_str())], metrics());
                }
            });
        }
        scope.spawn(|| {
            for _ in 0..20 {
                bench.store.tick();
                bench.store.snapshot();
            }
        });
    });
    let snapshot = bench.store.snapshot();
    assert_eq!(snapshot.components.iter().map(|one| one.items_processed).collect::<Vec<_>>(), [50; 8]);
    assert_eq!((snapshot.instances.len(), snapshot.instances[4].restarts), (5, 0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Any bytes, for any signal: no panic, and the store still works.
    #[test]
    fn any_bytes_never_panic(requests in prop::collection::vec((0..3_usize, prop::collection::vec(any::<u8>(), 0..200)), 1..8)) {
        let bench = Bench::new();
        for (signal, bytes) in requests {
            bench.store.ingest(Signal::ALL[signal], &bytes);
        }
        bench.store.tick();
        prop_assert_eq!(bench.export(SHOP, metrics()), 0);
    }

    /// A request that was broken somewhere: no panic.
    #[test]
    fn broken_requests_never_panic(at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>()) {
        let bench = Bench::new();
        let mut bytes = request(SHOP, metrics());
        let place = at.index(bytes.len());
        bytes[place] = byte;
        for signal in Signal::ALL {
            bench.store.ingest(signal, &bytes);
            bench.store.ingest(signal, &bytes[..cut.index(bytes.len())]);
        }
        bench.store.tick();
        bench.store.snapshot();
    }

    /// Whatever the grammar allows: no panic, twice the same request included.
    #[test]
    fn grown_requests_never_panic((signal, bytes) in crate::otlp::samples::signal_and_request()) {
        let bench = Bench::new();
        for _ in 0..2 {
            bench.store.ingest(signal, &bytes);
            bench.after(20);
            bench.store.tick();
        }
    }

    /// The order of metrics, points and attributes does not matter.
    #[test]
    fn order_does_not_matter(order in Just((0..9_usize).collect::<Vec<_>>()).prop_shuffle(), turned in any::<bool>()) {
        let (plain, shuffled) = (Bench::new(), Bench::new());
        plain.export(SHOP, metrics());
        let all = metrics();
        let mut mixed: Vec<_> = order.into_iter().map(|place| all[place].clone()).collect();
        for metric in &mut mixed {
            if let (true, Some(opentelemetry_proto::tonic::metrics::v1::metric::Data::Gauge(data))) = (turned, &mut metric.data) {
                data.data_points.reverse();
                data.data_points.iter_mut().for_each(|point| point.attributes.reverse());
            }
        }
        shuffled.export(SHOP, mixed);
        prop_assert_eq!(picture(&plain), picture(&shuffled));
    }
}
