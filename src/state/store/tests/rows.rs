//! Every row of contract §6: the metric on the wire, the field in the snapshot.

use std::fmt::Debug;

use crate::model::breaker::BreakerState;
use crate::model::component::ComponentState;
use crate::model::snapshot::Snapshot;
use crate::model::worker::WorkerState;
use crate::state::store::tests::{Bench, CUMULATIVE, SHOP, counter, gauge, point};

const POOL: &[(&str, &str)] = &[("pool.name", "main")];
const WORKER: &[(&str, &str)] = &[("worker.id", "w1"), ("worker.app", "web"), ("pool.name", "main")];
const COMPONENT: &[(&str, &str)] = &[("component.name", "api"), ("component.type", "http")];
const BREAKER: &[(&str, &str)] = &[("circuit_breaker.name", "db"), ("component.name", "api")];
const STREAM: &[(&str, &str)] = &[("stream.name", "input"), ("stream.from", "api"), ("stream.to", "store")];

/// A single point of 7 (1 for states), as a counter and as a gauge, comes out at the field.
#[expect(clippy::needless_pass_by_value, reason = "the rows read better without references")]
fn check<T: PartialEq + Debug>(
    name: &str,
    labels: &[(&str, &str)],
    more: &[(&str, &str)],
    expected: T,
    read: impl Fn(&Snapshot) -> T,
) {
    let labels = [labels, more].concat();
    for is_counter in [true, false] {
        let bench = Bench::new();
        let value = if name.ends_with(".status") { 1.0 } else { 7.0 };
        let points = vec![point(&labels, value)];
        let metric = if is_counter { counter(name, CUMULATIVE, points) } else { gauge(name, points) };
        assert_eq!(bench.export(SHOP, vec![metric]), 0, "{name} is readable");
        let snapshot = bench.store.snapshot();
        assert_eq!(read(&snapshot), expected, "{name} {more:?}");
        assert_eq!(snapshot.instances[0].series, 0, "{name} has a family of its own");
    }
}

#[test]
fn pools() {
    check("pool.size", POOL, &[], Some(7), |one| one.pools[0].size);
    check("pool.worker.count", POOL, &[("pool.worker.state", "active")], 7, |one| one.pools[0].counts.active);
    check("pool.worker.count", POOL, &[("pool.worker.state", "idle")], 7, |one| one.pools[0].counts.idle);
    check("pool.worker.count", POOL, &[("pool.worker.state", "creating")], 7, |one| one.pools[0].counts.creating);
    check("pool.utilization", POOL, &[], "main".into(), |one| one.pools[0].name.clone());
    check("pool.pending_requests", POOL, &[], Some(7), |one| one.pools[0].pending);
    check("pool.requests", POOL, &[], Some(7), |one| one.pools[0].requests);
    check("pool.errors", POOL, &[], Some(7), |one| one.pools[0].errors);
    check("pool.workers.created", POOL, &[], Some(7), |one| one.pools[0].workers_created);
    check("pool.workers.failed", POOL, &[], Some(7), |one| one.pools[0].workers_failed);
    check("pool.workers.retired", POOL, &[], Some(7), |one| one.pools[0].workers_retired);
}

#[test]
fn workers() {
    for state in WorkerState::ALL {
        let label = [("worker.state", state.as_str())];
        check("worker.status", WORKER, &label, Some(state), |one| one.workers[0].state);
    }
    check("worker.requests", WORKER, &[], Some(7), |one| one.workers[0].requests);
    check("worker.errors", WORKER, &[], Some(7), |one| one.workers[0].errors);
    check("worker.uptime", WORKER, &[], Some(7.0), |one| one.workers[0].uptime_s);
    check("worker.memory.usage", WORKER, &[("worker.memory.type", "rss")], Some(7), |one| one.workers[0].memory_rss);
    check("worker.memory.usage", WORKER, &[("worker.memory.type", "heap_used")], Some(7), |one| {
        one.workers[0].memory_heap_used
    });
    check("worker.requests", WORKER, &[], ["w1", "web", "main", "main"].map(Into::into), |one| {
        let worker = &one.workers[0];
        [worker.id.clone(), worker.app.clone(), worker.pool.clone(), one.pools[0].name.clone()]
    });
}

#[test]
fn components() {
    for state in ComponentState::ALL {
        let label = [("component.state", state.as_str())];
        check("component.status", COMPONENT, &label, state, |one| one.components[0].state);
    }
    check("component.items_processed", COMPONENT, &[], 7, |one| one.components[0].items_processed);
    check("component.errors", COMPONENT, &[("error.type", "timeout")], 7, |one| one.components[0].errors);
    check("component.last_activity", COMPONENT, &[], Some(7.0), |one| one.components[0].last_activity);
    check("component.errors", COMPONENT, &[], "http".into(), |one| one.components[0].kind.clone());
}

#[test]
fn breakers() {
    for state in BreakerState::ALL {
        let label = [("circuit_breaker.state", state.as_str())];
        check("circuit_breaker.status", BREAKER, &label, state, |one| one.breakers[0].state);
    }
    check("circuit_breaker.failures", BREAKER, &[], Some(7), |one| one.breakers[0].failures);
    let change = [("from", "closed"), ("to", "open")];
    check("circuit_breaker.transitions", BREAKER, &change, 7, |one| one.breakers[0].transitions);
    check("circuit_breaker.last_failure", BREAKER, &[], Some(7.0), |one| one.breakers[0].last_failure);
    check("circuit_breaker.failures", BREAKER, &[], Some("api".into()), |one| one.breakers[0].component.clone());
    for (place, outcome) in ["success", "failure", "rejected"].into_iter().enumerate() {
        check("circuit_breaker.calls", BREAKER, &[("outcome", outcome)], Some(7), |one| one.breakers[0].calls[place]);
    }
}

#[test]
fn streams() {
    check("stream.active", STREAM, &[], Some(7), |one| one.streams[0].active);
    check("stream.queue_depth", STREAM, &[], Some(7), |one| one.streams[0].queue_depth);
    check("stream.messages", STREAM, &[], Some(7), |one| one.streams[0].messages);
    check("stream.backpressure_events", STREAM, &[], Some(7), |one| one.streams[0].backpressure_events);
    check("stream.active", STREAM, &[], ["input", "api", "store"].map(Into::into), |one| {
        let stream = &one.streams[0];
        [stream.name.clone(), stream.from.clone(), stream.to.clone()]
    });
}

/// What was never reported is unknown, and what was reported as 0 is 0.
#[test]
fn unknown_is_not_zero() {
    let bench = Bench::new();
    let status = point(&[BREAKER, &[("circuit_breaker.state", "open")]].concat(), 1.0);
    let active = gauge("stream.active", vec![point(STREAM, 1.0)]);
    assert_eq!(bench.export(SHOP, vec![gauge("circuit_breaker.status", vec![status]), active]), 0);
    let snapshot = bench.store.snapshot();
    let (breaker, stream) = (&snapshot.breakers[0], &snapshot.streams[0]);
    assert_eq!((breaker.failures, breaker.calls, breaker.last_failure), (None, [None; 3], None));
    assert_eq!((stream.queue_depth, stream.messages, stream.backpressure_events), (None, None, None));
    let zero = |name: &str, labels: &[(&str, &str)]| counter(name, CUMULATIVE, vec![point(labels, 0.0)]);
    let rejected = [BREAKER, &[("outcome", "rejected")]].concat();
    let failures = zero("circuit_breaker.failures", BREAKER);
    let counters = vec![failures, zero("circuit_breaker.calls", &rejected), zero("stream.messages", STREAM)];
    assert_eq!(bench.export(SHOP, counters), 0);
    let snapshot = bench.store.snapshot();
    let (breaker, stream) = (&snapshot.breakers[0], &snapshot.streams[0]);
    assert_eq!((breaker.failures, breaker.calls), (Some(0), [None, None, Some(0)]));
    assert_eq!((stream.messages, stream.backpressure_events), (Some(0), None));
}

#[test]
fn traces() {
    check("trace.count", &[], &[], 7, |one| one.instances[0].traces);
}

/// The figures of the process and of the SDK feed the instance and are series as well.
#[test]
fn figures_of_the_instance() {
    let bench = Bench::new();
    let live = ["RECORD_ONLY", "RECORD_AND_SAMPLE"].map(|how| point(&[("otel.span.sampling_result", how)], 3.0));
    let cpu = ["user", "system"].map(|mode| point(&[("cpu.mode", mode)], 0.25));
    let metrics = vec![
        gauge("process.cpu.utilization", cpu.into()),
        gauge("process.memory.usage", vec![point(&[], 1e6)]),
        gauge("process.uptime", vec![point(&[], 12.5)]),
        gauge("otel.sdk.span.live", live.clone().into()),
        counter("otel.sdk.span.started", CUMULATIVE, live.into()),
    ];
    assert_eq!(bench.export(SHOP, metrics.clone()), 0);
    assert_eq!(bench.export(SHOP, metrics), 0);
    let snapshot = bench.store.snapshot();
    let shop = &snapshot.instances[0];
    assert_eq!((shop.cpu_utilization, shop.memory_bytes, shop.uptime_s), (Some(0.5), Some(1_000_000), Some(12.5)));
    assert_eq!((shop.spans_active, shop.spans, shop.series), (6, 6, 8));
}
