//! The tokio runtime as a pool: threads that work and rest, what waits, and what is not told.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use otel_bridge::model::worker::WorkerState;
use otel_bridge::record::RecordError;
use tokio::runtime::Builder;

use super::{bridge, pool_of, until, view};

/// Another runtime of two threads, of which one is kept busy: it is found at work, and the other at rest.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn threads_are_seen_at_work_and_at_rest() {
    let bridge = bridge();
    let runtime = Builder::new_multi_thread().worker_threads(2).build().unwrap();
    bridge.watch_runtime_of("jobs", runtime.handle().clone()).unwrap();
    let states = || {
        let snapshot = bridge.snapshot();
        let of_pool = snapshot.workers.iter().filter(|worker| &*worker.pool == "jobs");
        let (mut active, mut idle) = (0, 0);
        for worker in of_pool {
            active += u64::from(worker.state == Some(WorkerState::Active));
            idle += u64::from(worker.state == Some(WorkerState::Idle));
        }
        (active, idle)
    };
    until("both rest", || states() == (0, 2)).await;
    let is_over = Arc::new(AtomicBool::new(false));
    let work = is_over.clone();
    let task = runtime.spawn(async move {
        while !work.load(Ordering::Relaxed) {
            std::hint::spin_loop();
        }
    });
    until("one works", || states() == (1, 1)).await;
    is_over.store(true, Ordering::Relaxed);
    task.await.unwrap();
    until("both rest again", || states() == (0, 2)).await;
    let facts = pool_of(&bridge.snapshot(), "jobs").unwrap();
    assert_eq!((facts.size, facts.pending, facts.requests), (Some(2), Some(0), None));
    bridge.shutdown().await.unwrap();
    assert_eq!(states(), (0, 0), "nobody looks any more");
    runtime.shutdown_background();
}

/// The bridge's own runtime: how busy it is stands beside the pool, and what tokio does not tell stands nowhere.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn figures_are_there_or_absent() {
    let bridge = bridge();
    bridge.watch_runtime("tokio").unwrap();
    let twice = bridge.watch_runtime("tokio").unwrap_err();
    assert!(matches!(twice, RecordError::Taken { .. }), "{twice}");
    assert!(matches!(bridge.watch_runtime(""), Err(RecordError::Name { .. })));
    let text = view(&bridge, "/metrics").await;
    for name in ["tokio_worker_busy_time_seconds_total{", "tokio_tasks_alive{"] {
        assert!(text.contains(name), "no {name} in {text}");
    }
    let labels = "worker_id=\"tokio-1\"";
    assert!(text.lines().any(|line| line.starts_with("tokio_worker_busy_time") && line.contains(labels)), "{text}");
    for name in ["tokio_worker_polls", "tokio_worker_steals", "tokio_worker_local_queue", "tokio_blocking_"] {
        assert_eq!(text.contains(name), cfg!(tokio_unstable), "{name}");
    }
    bridge.shutdown().await.unwrap();
}
