//! What handles do to the views.

use std::io;

use super::Bench;
use crate::model::breaker::BreakerState;
use crate::model::component::ComponentState;
use crate::model::pool::PoolCounts;
use crate::model::worker::WorkerState;

/// A worker's life: creating, ready, active, idle, gone; its pool counts it all the way.
#[test]
fn a_workers_life() {
    let bench = Bench::new();
    let pool = bench.recorder().pool("requests").size(4).register().unwrap();
    let starting = pool.worker("w1").app("shop").start().unwrap();
    let counts = || bench.store.snapshot().pools[0].counts;
    let state = || bench.store.snapshot().workers[0].state.unwrap();
    assert_eq!((counts(), state()), (PoolCounts { creating: 1, ..PoolCounts::default() }, WorkerState::Creating));
    let mut worker = starting.ready();
    assert_eq!((counts().idle, state()), (1, WorkerState::Ready));
    let request = worker.begin();
    assert_eq!((counts().active, state()), (1, WorkerState::Active));
    bench.after_ms(20);
    drop(request);
    assert_eq!((counts().idle, state()), (1, WorkerState::Idle));
    worker.begin().fail(&io::Error::other("broken"));

    let snapshot = bench.store.snapshot();
    let (worker_facts, pool_facts) = (&snapshot.workers[0], &snapshot.pools[0]);
    assert_eq!((worker_facts.requests, worker_facts.errors), (Some(2), Some(1)));
    assert_eq!((pool_facts.requests, pool_facts.errors), (Some(2), Some(1)));
    assert_eq!((&*worker_facts.app, &*worker_facts.pool), ("shop", "requests"));

    drop(worker);
    pool.worker("w2").start().unwrap().failed(&io::Error::other("no memory"));
    drop(pool.worker("w3").start().unwrap());
    let snapshot = bench.store.snapshot();
    let pool = &snapshot.pools[0];
    assert!(snapshot.workers.is_empty());
    assert_eq!((pool.workers_created, pool.workers_failed, pool.workers_retired), (Some(1), Some(2), Some(1)));
    assert_eq!(pool.requests, Some(2), "what a worker did is not forgotten with it");
}

/// A pool whose requests cannot be seen shows none, and its size may change.
#[test]
fn absent_is_not_zero() {
    let bench = Bench::new();
    let pool = bench.recorder().pool("threads").without_requests().register().unwrap();
    let _worker = pool.worker("t1").register().unwrap();
    let snapshot = bench.store.snapshot();
    assert_eq!((snapshot.pools[0].requests, snapshot.pools[0].size), (None, None));
    assert_eq!((snapshot.workers[0].requests, snapshot.workers[0].memory_rss), (None, None));
    pool.resize(3).unwrap();
    pool.pending(7);
    let snapshot = bench.store.snapshot();
    assert_eq!((snapshot.pools[0].size, snapshot.pools[0].pending), (Some(3), Some(7)));
}

/// Items, errors by type, and a moment of activity that needs no clock at the counting.
#[test]
fn a_component_counts() {
    let bench = Bench::new();
    let tasks = bench.recorder().component("tasks").kind("http").register().unwrap();
    bench.store.tick();
    let facts = || bench.store.snapshot().components[0].clone();
    assert_eq!((facts().state, facts().last_activity), (ComponentState::Running, None));
    tasks.processed(3);
    bench.after_ms(1_000);
    bench.store.tick();
    assert_eq!(facts().last_activity, Some(1_700_000_001.0));
    bench.after_ms(1_000);
    bench.store.tick();
    assert_eq!(facts().last_activity, Some(1_700_000_001.0), "nothing was counted since");
    tasks.failed(&io::Error::other("disk full"));
    assert_eq!(facts().last_error.as_deref(), Some("std::io::error::Error: disk full"));
    let hidden: Box<dyn std::error::Error> = "no idea".into();
    tasks.failed(&*hidden);
    assert_eq!(facts().last_error.as_deref(), Some("no idea"));
    tasks.failed_as("timeout", &*hidden);
    tasks.set_state(ComponentState::Degraded);
    assert_eq!((facts().items_processed, facts().errors, facts().state), (3, 3, ComponentState::Degraded));
    let events = bench.store.events_after(0);
    assert_eq!(events.iter().filter(|event| event.kind == "component_error").count(), 3);
}

/// A breaker's transitions are remembered with their reasons, and a state entered twice is no transition.
#[test]
fn a_breaker_is_told() {
    let bench = Bench::new();
    let breaker = bench.recorder().circuit_breaker("payments").component("tasks").register().unwrap();
    breaker.succeeded();
    breaker.failed();
    breaker.opened("5 in a row");
    breaker.opened("again");
    breaker.rejected();
    breaker.half_opened("");
    assert_eq!(breaker.state(), BreakerState::HalfOpen);
    let facts = bench.store.snapshot().breakers[0].clone();
    assert_eq!(facts.calls, [Some(1); 3]);
    let reasons: Vec<_> = facts.recent_transitions.iter().map(|one| one.reason.as_deref()).collect();
    assert_eq!(reasons, [None, Some("5 in a row")]);
}

/// A stream counts what is active in it for as long as the guards live.
#[test]
fn a_stream_is_told() {
    let bench = Bench::new();
    let orders = bench.recorder().stream("orders").from("cart").to("billing").register().unwrap();
    let facts = || bench.store.snapshot().streams[0].clone();
    assert_eq!((facts().active, facts().queue_depth), (Some(0), None));
    let guards = (orders.active(), orders.clone().active());
    orders.messages(5);
    orders.queue_depth(2);
    orders.backpressure();
    assert_eq!((facts().active, facts().queue_depth, facts().messages), (Some(2), Some(2), Some(5)));
    assert_eq!((&*facts().from, &*facts().to, facts().backpressure_events), ("cart", "billing", Some(1)));
    drop(guards);
    assert_eq!(facts().active, Some(0));
}
