//! Bad use gets an answer that helps, and never a panic.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::Bench;
use crate::limits::LABEL_BYTES_MAX;
use crate::model::component::ComponentState;
use crate::record::export::Room;
use crate::record::{RecordError, Recorder};

/// Names and labels that cannot be any.
#[test]
fn names_that_are_no_names() {
    let bench = Bench::new();
    let recorder = bench.recorder();
    let pool = recorder.pool("p").register().unwrap();
    let long = "x".repeat(LABEL_BYTES_MAX + 1);
    for bad in ["", "a\nb", "\u{7f}", &long] {
        assert!(matches!(recorder.pool(bad).size(1).register(), Err(RecordError::Name { .. })), "{bad:?}");
        assert!(matches!(recorder.component(bad).register(), Err(RecordError::Name { .. })));
        assert!(matches!(recorder.circuit_breaker(bad).register(), Err(RecordError::Name { .. })));
        assert!(matches!(recorder.stream(bad).register(), Err(RecordError::Name { .. })));
        assert!(matches!(pool.worker(bad).register(), Err(RecordError::Name { .. })));
        if !bad.is_empty() {
            assert!(matches!(recorder.component("c").kind(bad).register(), Err(RecordError::Label { .. })));
            assert!(matches!(pool.worker("w").app(bad).register(), Err(RecordError::Label { .. })));
            assert!(matches!(recorder.stream("s").from(bad).register(), Err(RecordError::Label { .. })));
            assert!(matches!(recorder.circuit_breaker("b").component(bad).register(), Err(RecordError::Label { .. })));
        }
    }
    let snapshot = bench.store.snapshot();
    assert!(snapshot.components.is_empty() && snapshot.workers.is_empty(), "what is refused leaves nothing");
    assert!(recorder.pool(&"x".repeat(LABEL_BYTES_MAX)).register().is_ok());
}

/// Sizes that no pool has.
#[test]
fn sizes_that_are_no_sizes() {
    let bench = Bench::new();
    let sized = |size| bench.recorder().pool("p").size(size).register();
    assert_eq!(sized(0).unwrap_err(), RecordError::Size);
    assert_eq!(sized(u64::MAX).unwrap_err(), RecordError::Size);
    let pool = sized(5).unwrap();
    assert_eq!(pool.resize(0), Err(RecordError::Size));
    assert_eq!(bench.store.snapshot().pools[0].size, Some(5));
}

/// A name used twice is the same entity; a second registration takes nothing back, and says only the size anew.
#[test]
fn a_name_used_twice() {
    let bench = Bench::new();
    let recorder = bench.recorder();
    let _small = recorder.pool("p").size(2).register().unwrap();
    let _large = recorder.pool("p").size(9).register().unwrap();
    let first = recorder.component("c").kind("http").register().unwrap();
    first.set_state(ComponentState::Failed);
    let second = recorder.component("c").kind("grpc").register().unwrap();
    first.processed(1);
    second.processed(1);
    recorder.circuit_breaker("b").register().unwrap().opened("it failed");
    recorder.circuit_breaker("b").component("c").register().unwrap().rejected();
    let kept = recorder.stream("s").register().unwrap().active();
    recorder.stream("s").register().unwrap().messages(1);
    let snapshot = bench.store.snapshot();
    assert_eq!((snapshot.pools.len(), snapshot.pools[0].size), (1, Some(9)));
    let component = &snapshot.components[0];
    assert_eq!((component.items_processed, &*component.kind, component.state), (2, "http", ComponentState::Failed));
    assert_eq!((snapshot.breakers.len(), snapshot.breakers[0].calls[2]), (1, Some(1)));
    assert_eq!(snapshot.breakers[0].state.as_str(), "open");
    assert_eq!((snapshot.streams[0].active, snapshot.streams[0].messages), (Some(1), Some(1)));
    drop(kept);
}

/// A worker has one handle; its id is free again as soon as the handle is dropped, and a late drop takes nobody else out.
#[test]
fn a_worker_has_one_owner() {
    let bench = Bench::new();
    let pool = bench.recorder().pool("p").size(2).register().unwrap();
    let mut first = pool.worker("w").app("one").register().unwrap();
    drop(first.begin());
    let taken = pool.worker("w").register().unwrap_err();
    assert_eq!(taken, RecordError::Taken { id: "w".to_owned() });
    assert!(taken.to_string().contains("`w` is alive"));
    // The sweep may come before the drop of a handle whose worker was marked as gone.
    bench.recorder().local().instance.workers()[0].gone.store(true, Ordering::Relaxed);
    bench.store.tick();
    let _second = pool.worker("w").app("two").register().unwrap();
    drop(first);
    let snapshot = bench.store.snapshot();
    assert_eq!(snapshot.workers.len(), 1);
    assert_eq!((&*snapshot.workers[0].app, snapshot.workers[0].requests), ("two", Some(0)));
}

/// A full store refuses, and has room again when a worker has left.
#[test]
fn a_full_store_refuses() {
    let bench = Bench::with(Room::default(), |options| options.state.workers_max = 2);
    let pool = bench.recorder().pool("p").size(2).register().unwrap();
    let first = pool.worker("w1").register().unwrap();
    let _second = pool.worker("w2").register().unwrap();
    assert_eq!(pool.worker("w3").register().unwrap_err(), RecordError::Full { what: "worker" });
    drop(first);
    pool.worker("w3").register().unwrap();
}

/// Handles that outlive their store, telemetry and recorder do nothing, and do no harm.
#[test]
fn handles_may_outlive_everything() {
    let bench = Bench::new();
    let weak = std::sync::Arc::downgrade(&bench.store);
    let recorder = bench.recorder();
    let pool = recorder.pool("p").size(1).register().unwrap();
    let mut worker = pool.worker("w").register().unwrap();
    let component = recorder.component("c").register().unwrap();
    let breaker = recorder.circuit_breaker("b").register().unwrap();
    let stream = recorder.stream("s").register().unwrap();
    let active = stream.active();
    let tracer = bench.telemetry.tracer();
    drop(bench);
    assert!(weak.upgrade().is_none(), "a handle keeps no store alive");
    drop(worker.begin());
    worker.begin().fail(&std::fmt::Error);
    component.processed(1);
    component.failed(&std::fmt::Error);
    drop(component.timed());
    breaker.opened("late");
    breaker.failed();
    stream.messages(1);
    drop(opentelemetry::trace::Tracer::start(&tracer, "late"));
    drop((active, worker, pool.worker("late").register().unwrap()));
}

/// The recorder of a process that does not show itself is none.
#[test]
fn nobody_to_record_for() {
    let clock = crate::clock::Clock::manual(0);
    let store = super::store(&clock, |options| options.local = None);
    clock.advance(Duration::from_secs(1));
    assert!(Recorder::new(&store, clock).is_none());
}
