//! Threads of rayon: jobs, parts of jobs, panics, and threads at rest.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};

use otel_bridge::model::worker::WorkerState;
use otel_bridge::record::adapters::rayon::{GlobalThreads, Threads};
use otel_bridge::record::source::PoolSource as _;
use rayon_core::ThreadPoolBuilder;

use super::{PATIENCE, bridge, pool_of, until};

fn threads() -> Threads {
    Threads::of("hashing", ThreadPoolBuilder::new().num_threads(2).build().unwrap()).unwrap()
}

/// Two threads that are blocked in a job are active all the same, and a third job waits.
#[tokio::test]
async fn jobs_that_block_are_active() {
    let threads = threads();
    let (begun, begins) = channel();
    let mut holds = Vec::new();
    for _ in 0..3 {
        let (hold, gate): (_, Receiver<()>) = channel();
        let (begun, gate) = (begun.clone(), Mutex::new(gate));
        holds.push(hold);
        threads.spawn(move || {
            begun.send(()).unwrap();
            let _ = gate.lock().unwrap().recv();
        });
    }
    for _ in 0..2 {
        begins.recv_timeout(PATIENCE).unwrap();
    }
    let reading = threads.read().unwrap();
    assert_eq!((reading.size, reading.active, reading.idle, reading.pending), (Some(2), 2, 0, Some(1)));
    assert_eq!(reading.requests, Some(0));
    let ids: Vec<_> = reading.workers.iter().map(|worker| &*worker.id).collect();
    assert_eq!(ids, ["hashing-0", "hashing-1"]);
    holds.clear();
    until("the jobs end, and the threads rest", || {
        let reading = threads.read().unwrap();
        (reading.requests, reading.pending, reading.active, reading.idle) == (Some(3), Some(0), 0, 2)
    })
    .await;
    let reading = threads.read().unwrap();
    assert_eq!(reading.workers.iter().filter_map(|worker| worker.requests).sum::<u64>(), 3);
}

/// A thread that helps with a part of a job works as well, though it took no job itself.
#[tokio::test]
async fn threads_that_help_are_active() {
    let threads = threads();
    let (is_over, both) = (AtomicBool::new(false), std::sync::Barrier::new(3));
    let part = || {
        both.wait();
        while !is_over.load(Ordering::Relaxed) {
            std::hint::spin_loop();
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(|| threads.install(|| rayon_core::join(part, part)));
        both.wait();
        let reading = threads.read().unwrap();
        is_over.store(true, Ordering::Relaxed);
        assert_eq!((reading.active, reading.pending), (2, Some(0)));
    });
    assert_eq!(threads.read().unwrap().requests, Some(1), "one job, whatever its parts");
}

/// A job that panics is a failed request, and the thread goes on.
#[tokio::test]
async fn a_panic_is_an_error() {
    let threads = threads();
    assert!(catch_unwind(AssertUnwindSafe(|| threads.install(|| panic!("on purpose")))).is_err());
    assert_eq!(threads.install(|| 6 * 7), 42);
    let reading = threads.read().unwrap();
    assert_eq!((reading.requests, reading.errors), (Some(2), Some(1)));
    assert_eq!(reading.workers.iter().filter_map(|worker| worker.errors).sum::<u64>(), 1);
}

/// Both kinds of pool in a bridge: what is not known of the global one stays away.
#[tokio::test]
async fn threads_are_workers_in_every_view() {
    let bridge = bridge();
    bridge.pool_source("hashing", threads()).unwrap();
    bridge.pool_source("global", GlobalThreads::new("global").unwrap()).unwrap();
    let facts = |name: &str| pool_of(&bridge.snapshot(), name);
    until("both pools", || facts("hashing").is_some() && facts("global").is_some()).await;
    let (own, global) = (facts("hashing").unwrap(), facts("global").unwrap());
    assert_eq!((own.size, own.requests), (Some(2), Some(0)));
    assert_eq!(
        (global.size, global.requests, global.pending),
        (Some(rayon_core::current_num_threads() as u64), None, None)
    );
    let snapshot = bridge.snapshot();
    let of_global: Vec<_> = snapshot.workers.iter().filter(|worker| &*worker.pool == "global").collect();
    assert_eq!(of_global.len(), rayon_core::current_num_threads());
    assert!(of_global.iter().all(|worker| worker.requests.is_none()));
    let states = [Some(WorkerState::Idle), Some(WorkerState::Active)];
    assert!(snapshot.workers.iter().all(|worker| states.contains(&worker.state)));
    bridge.shutdown().await.unwrap();
}
