//! Names that runtimes already emit (contract §6, built in besides).

use opentelemetry_proto::tonic::metrics::v1::{Histogram, HistogramDataPoint, Metric, metric};

use crate::model::breaker::BreakerState;
use crate::state::store::tests::{Bench, CUMULATIVE, SHOP, attributes, counter, gauge, point};

/// Resilience4j: states as gauges, calls as timers.
#[test]
fn resilience4j() {
    let bench = Bench::new();
    let labels = [("name", "db"), ("group", "api")];
    let calls = |kind: &str, count: u64| HistogramDataPoint {
        attributes: attributes(&[&labels[..], &[("kind", kind)]].concat()),
        count,
        bucket_counts: vec![count],
        ..HistogramDataPoint::default()
    };
    let data_points = vec![calls("successful", 9), calls("failed", 2), calls("ignored", 1)];
    let histogram = Histogram { data_points, aggregation_temporality: CUMULATIVE };
    let timer = Metric {
        name: "resilience4j.circuitbreaker.calls".to_owned(),
        data: Some(metric::Data::Histogram(histogram)),
        ..Metric::default()
    };
    let states = ["closed", "open", "metrics_only"].iter().zip([0.0, 1.0, 0.0]);
    let states = states.map(|(state, value)| point(&[&labels[..], &[("state", *state)]].concat(), value));
    let rejected = point(&[&labels[..], &[("kind", "not_permitted")]].concat(), 4.0);
    let metrics = vec![
        gauge("resilience4j.circuitbreaker.state", states.collect()),
        timer,
        counter("resilience4j.circuitbreaker.not.permitted.calls", CUMULATIVE, vec![rejected]),
    ];
    assert_eq!(bench.export(SHOP, metrics), 0);
    let snapshot = bench.store.snapshot();
    let breaker = &snapshot.breakers[0];
    assert_eq!((&*breaker.name, breaker.component.as_deref(), breaker.state), ("db", Some("api"), BreakerState::Open));
    assert_eq!(breaker.calls, [Some(9), Some(2), Some(4)]);
    assert_eq!(breaker.failures, Some(2), "the calls that failed, since nobody tells failures");
    assert!(breaker.is_state_known);
    assert_eq!(snapshot.instances[0].series, 3 + 3 + 1, "and they stay series");
}

/// A registry that was collected sends NaN for every state, and another one a state that is none here: nobody knows whether such a
/// breaker is closed. One that was known keeps its last state.
#[test]
fn states_that_say_nothing() {
    let status = |name: &str, of: &[(&str, f64)]| {
        let one = |(state, value): &(&str, f64)| point(&[("name", name), ("group", "api"), ("state", *state)], *value);
        gauge("resilience4j.circuitbreaker.state", of.iter().map(one).collect())
    };
    let nothing = [("closed", f64::NAN), ("open", f64::NAN), ("half_open", f64::NAN)];
    let foreign = [("closed", 0.0), ("open", 0.0), ("metrics_only", 1.0)];
    let bench = Bench::new();
    bench.export(SHOP, vec![status("known", &[("closed", 0.0), ("open", 1.0)])]);
    bench.export(SHOP, vec![status("gone", &nothing), status("foreign", &foreign), status("known", &nothing)]);
    let snapshot = bench.store.snapshot();
    let known = snapshot.breakers.iter().map(|one| (&*one.name, one.is_state_known, one.state));
    let known: Vec<_> = known.filter(|(_, is_known, _)| *is_known).collect();
    assert_eq!(known, [("known", true, BreakerState::Open)]);
}

/// An executor tells how many threads there are and how many are busy: the others are idle.
#[test]
fn the_rest_of_an_executor_is_idle() {
    let executor = |value| vec![point(&[("name", "p")], value)];
    let bench = Bench::new();
    let size = gauge("executor.pool.size", executor(3.0));
    bench.export(SHOP, vec![size, gauge("executor.active", executor(2.0)), gauge("executor.pool.core", executor(4.0))]);
    let snapshot = bench.store.snapshot();
    let pool = &snapshot.pools[0];
    assert_eq!((pool.size, pool.counts.active, pool.counts.idle, pool.counts.total()), (Some(4), 2, 1, 3));
    // Told at different moments, there may be more busy ones than there are.
    bench.export(SHOP, vec![gauge("executor.pool.size", executor(1.0)), gauge("executor.active", executor(2.0))]);
    assert_eq!(bench.store.snapshot().pools[0].counts.idle, 0);
}

/// Pools of connections and threads, whatever their metrics are called.
#[test]
fn pools_of_others() {
    let named = |attribute: &'static str| {
        move |more: &[(&str, &str)], value| point(&[&[(attribute, "p")], more].concat(), value)
    };
    let (new, old, oldest) =
        (named("db.client.connection.pool.name"), named("db.client.connections.pool.name"), named("pool.name"));
    let (hikari, executor) = (named("pool"), named("name"));
    let used = ("db.client.connection.state", "used");
    let idle = ("db.client.connection.state", "idle");
    let cases = [
        vec![
            gauge("db.client.connection.count", vec![new(&[used], 3.0), new(&[idle], 2.0)]),
            gauge("db.client.connection.max", vec![new(&[], 10.0)]),
            gauge("db.client.connection.pending_requests", vec![new(&[], 1.0)]),
        ],
        vec![
            gauge(
                "db.client.connections.usage",
                vec![
                    old(&[("db.client.connections.state", "used")], 3.0),
                    old(&[("db.client.connections.state", "idle")], 2.0),
                ],
            ),
            gauge("db.client.connections.max", vec![old(&[], 10.0)]),
            gauge("db.client.connections.pending_requests", vec![old(&[], 1.0)]),
        ],
        vec![
            gauge(
                "db.client.connections.usage",
                vec![oldest(&[("state", "used")], 3.0), oldest(&[("state", "idle")], 2.0)],
            ),
            gauge("db.client.connections.max", vec![oldest(&[], 10.0)]),
            gauge("db.client.connections.pending_requests", vec![oldest(&[], 1.0)]),
        ],
        vec![
            gauge("hikaricp.connections.active", vec![hikari(&[], 3.0)]),
            gauge("hikaricp.connections.idle", vec![hikari(&[], 2.0)]),
            gauge("hikaricp.connections.max", vec![hikari(&[], 10.0)]),
            gauge("hikaricp.connections.pending", vec![hikari(&[], 1.0)]),
            gauge("hikaricp.connections", vec![hikari(&[], 5.0)]),
        ],
        vec![
            gauge("executor.active", vec![executor(&[], 3.0)]),
            gauge("executor.pool.core", vec![executor(&[], 10.0)]),
            gauge("executor.queued", vec![executor(&[], 1.0)]),
        ],
    ];
    for metrics in cases {
        let bench = Bench::new();
        let name = metrics[0].name.clone();
        assert_eq!(bench.export(SHOP, metrics), 0);
        let snapshot = bench.store.snapshot();
        assert_eq!(snapshot.pools.len(), 1, "{name}");
        let pool = &snapshot.pools[0];
        assert_eq!((&*pool.name, pool.size, pool.counts.active, pool.pending), ("p", Some(10), 3, Some(1)), "{name}");
        assert!(snapshot.instances[0].series > 0);
    }
}

/// What has no name of its own is named after its service or its instance.
#[test]
fn named_after_the_resource() {
    let bench = Bench::new();
    let state = |state| [("cicd.worker.state", state)];
    let metrics = vec![
        gauge("cicd.worker.count", vec![point(&state("busy"), 2.0), point(&state("available"), 3.0)]),
        gauge("dotnet.thread_pool.queue.length", vec![point(&[], 6.0)]),
        gauge(
            "v8js.memory.heap.used",
            ["new_space", "old_space"].map(|space| point(&[("v8js.heap.space.name", space)], 8.0)).into(),
        ),
    ];
    assert_eq!(bench.export(SHOP, metrics), 0);
    let snapshot = bench.store.snapshot();
    let (pool, worker) = (&snapshot.pools[0], &snapshot.workers[0]);
    assert_eq!((&*pool.name, pool.counts.active, pool.counts.idle, pool.pending), ("shop", 2, 3, Some(6)));
    assert_eq!((&*worker.id, &*worker.app, worker.memory_heap_used), ("shop-1", "shop", Some(16)));
}

/// The Collector's exporters are components: several metrics fall on one field.
#[test]
fn the_collector() {
    let bench = Bench::new();
    let exporter = [("exporter", "otlp/tempo")];
    let metrics = vec![
        counter("otelcol_exporter_sent_spans", CUMULATIVE, vec![point(&exporter, 30.0)]),
        counter("otelcol_exporter_sent_metric_points", CUMULATIVE, vec![point(&exporter, 12.0)]),
        counter("otelcol_exporter_send_failed_spans", CUMULATIVE, vec![point(&exporter, 5.0)]),
        gauge("otelcol_exporter_queue_size", vec![point(&exporter, 9.0)]),
    ];
    assert_eq!(bench.export(SHOP, metrics), 0);
    let snapshot = bench.store.snapshot();
    let component = &snapshot.components[0];
    assert_eq!((&*component.name, component.items_processed, component.errors), ("otlp/tempo", 42, 5));
    assert_eq!(snapshot.streams[0].queue_depth, Some(9));
}
