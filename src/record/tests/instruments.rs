//! What is pushed is what the conventions say, each set of attributes once and none in the overflow.

use std::io;

use super::Bench;
use crate::limits::ERROR_TYPES_MAX;
use crate::record::export::Room;
use crate::record::{Recorder, Telemetry, TelemetryOptions};

/// Everything that a service can record, in the words of the wire.
#[test]
fn every_instrument() {
    let bench = Bench::new();
    let recorder = bench.recorder();
    let pool = recorder.pool("requests").size(4).register().unwrap();
    pool.pending(2);
    let mut worker = pool.worker("w1").app("shop").register().unwrap();
    worker.memory(Some(1_024), None);
    let request = worker.begin();
    bench.after_ms(250);
    request.fail(&io::Error::other("broken"));
    let tasks = recorder.component("tasks").kind("http").register().unwrap();
    let item = tasks.timed();
    bench.after_ms(500);
    drop(item);
    tasks.failed(&io::Error::other("broken"));
    tasks.failed_as("timeout", &std::fmt::Error);
    tasks.failures(2);
    tasks.touch();
    let breaker = recorder.circuit_breaker("payments").component("tasks").register().unwrap();
    breaker.failed();
    breaker.opened("it failed");
    let orders = recorder.stream("orders").from("cart").to("billing").register().unwrap();
    orders.messages(3);
    let mut pushed = bench.pushed();
    // These depend on the machine.
    pushed.retain(|name, _| !name.starts_with("process.cpu") && !name.starts_with("process.memory"));
    let lines: Vec<String> = pushed.iter().map(|(name, value)| format!("{name} {value}")).collect();
    insta::assert_snapshot!(lines.join("\n"));
}

/// The room of each instrument is that of its entities, to the last set.
#[test]
fn the_room_is_exact() {
    let bench = Bench::with(Room { workers: 2, entities: 2 }, |_| {});
    let recorder = bench.recorder();
    let pools: Vec<_> = ["a", "b"].map(|name| recorder.pool(name).size(1).register().unwrap()).into();
    let workers: Vec<_> = pools.iter().map(|pool| pool.worker(pool.name()).register().unwrap()).collect();
    for worker in &workers {
        worker.memory(Some(1), Some(2));
    }
    let kinds: Vec<&'static str> = (0..ERROR_TYPES_MAX + 5).map(|kind| &*format!("kind-{kind}").leak()).collect();
    for name in ["a", "b"] {
        let component = recorder.component(name).register().unwrap();
        for kind in &kinds {
            component.failed_as(kind, &std::fmt::Error);
        }
        let breaker = recorder.circuit_breaker(name).register().unwrap();
        for from in crate::model::breaker::BreakerState::ALL {
            for to in crate::model::breaker::BreakerState::ALL {
                breaker.enter(from, "");
                breaker.enter(to, "");
            }
        }
        drop(recorder.stream(name).register().unwrap());
    }
    let pushed = bench.pushed();
    let sets = |metric: &str| pushed.keys().filter(|name| name.starts_with(&format!("{metric}{{"))).count();
    assert!(!pushed.keys().any(|name| name.contains("overflow")), "{:?}", pushed.keys());
    assert_eq!((sets("worker.status"), sets("worker.memory.usage"), sets("worker.requests")), (14, 4, 2));
    assert_eq!((sets("component.status"), sets("component.errors")), (10, 2 * (ERROR_TYPES_MAX + 2)));
    assert_eq!((sets("circuit_breaker.transitions"), sets("circuit_breaker.calls")), (40, 6));
    assert_eq!(pushed["component.errors{component.name=a,error.type=_OTHER}"].to_string(), "5");
    let _third = recorder.pool("c").size(1).register().unwrap();
    assert!(bench.pushed().keys().any(|name| name.contains("overflow")), "one more folds");
}

/// Without a push there is no provider of the instruments over the store; what is left is what meters say.
#[test]
fn nothing_pushed_costs_nothing() {
    let bench = Bench::new();
    let recorder = Recorder::new(&bench.store, bench.clock.clone()).unwrap();
    let telemetry = Telemetry::new(&recorder, &super::resource(), TelemetryOptions::pull_only());
    telemetry.recorder().component("tasks").register().unwrap().processed(1);
    assert!(telemetry.pushed_meter().is_none());
    assert!(telemetry.take_metrics().is_empty());
    drop(telemetry.recorder().component("tasks").register().unwrap().timed());
    assert_eq!(telemetry.take_metrics().len(), 1);
    assert!(telemetry.gather().iter().any(|family| family.name() == "component_process_duration_seconds"));
}

/// A bridge pushes no score: it computes everybody's, and shows its own in its views.
#[test]
fn a_bridge_pushes_no_score() {
    let is_pushed = |is_bridge| {
        let bench = Bench::with(Room::default(), |options| options.local.as_mut().unwrap().is_bridge = is_bridge);
        bench.pushed().contains_key("health.score{}")
    };
    assert_eq!((is_pushed(true), is_pushed(false)), (false, true));
}

/// A recorder without a meter takes no duration, and one whose meter stands for nothing fails at nothing.
#[test]
fn durations_need_a_meter() {
    let bench = Bench::new();
    let recorder = Recorder::new(&bench.store, bench.clock.clone()).unwrap();
    drop(recorder.component("quiet").register().unwrap().timed());
    let nowhere =
        opentelemetry::metrics::MeterProvider::meter(&opentelemetry::metrics::noop::NoopMeterProvider::new(), "n");
    drop(recorder.with_meter(&nowhere).component("quiet").register().unwrap().timed());
    assert!(!bench.pushed().keys().any(|name| name.starts_with("component.process.duration")));
    assert_eq!(bench.store.snapshot().components[0].items_processed, 2);
}

/// A store that received what was pushed shows the entities as the process itself does.
#[test]
fn a_receiver_shows_the_same() {
    let bench = Bench::new();
    let recorder = bench.recorder();
    let pool = recorder.pool("requests").size(4).register().unwrap();
    let mut worker = pool.worker("w1").app("shop").register().unwrap();
    worker.begin().fail(&io::Error::other("broken"));
    let _creating = pool.worker("w2").start().unwrap();
    let orders = recorder.stream("orders").from("cart").to("billing").register().unwrap();
    orders.messages(3);
    orders.backpressure();
    let (own, received) = (bench.store.snapshot(), bench.receiver().snapshot());
    let pool_of = |snapshot: &crate::model::snapshot::Snapshot| {
        let pool = &snapshot.pools[0];
        let life = (pool.workers_created, pool.workers_failed, pool.workers_retired);
        (pool.name.clone(), pool.size, pool.counts, pool.requests, pool.errors, life)
    };
    assert_eq!(pool_of(&received), pool_of(&own));
    let worker_of = |snapshot: &crate::model::snapshot::Snapshot| {
        let of = |one: &crate::model::snapshot::WorkerFacts| {
            (one.id.clone(), one.app.clone(), one.state, one.requests, one.errors)
        };
        snapshot.workers.iter().map(of).collect::<Vec<_>>()
    };
    assert_eq!(worker_of(&received), worker_of(&own));
    let stream_of = |snapshot: &crate::model::snapshot::Snapshot| {
        let stream = &snapshot.streams[0];
        (stream.from.clone(), stream.to.clone(), stream.active, stream.messages, stream.backpressure_events)
    };
    assert_eq!(stream_of(&received), stream_of(&own));
}
