//! The tokio runtime as a pool: its worker threads, and the tasks that wait for one. Only figures that tokio keeps stable are
//! read; what a thread does not have, such as requests or memory of its own, is absent.

use tokio::runtime::Handle;

use crate::model::worker::WorkerState;
use crate::record::{Pool, RecordError, Recorder, Worker};

/// A runtime that is watched; it is sampled by whoever owns it.
#[derive(Debug)]
pub struct RuntimePool {
    runtime: Handle,
    pool: Pool,
    workers: Vec<Worker>,
}

impl RuntimePool {
    /// Registers the runtime as the pool `name`, with a worker for each of its threads.
    ///
    /// # Errors
    ///
    /// [`RecordError`] for a name that is no name.
    pub fn register(recorder: &Recorder, name: &str, app: &str, runtime: Handle) -> Result<Self, RecordError> {
        let threads = runtime.metrics().num_workers();
        let pool = recorder.pool(name).size(threads as u64).without_requests().register()?;
        let workers = (0..threads).map(|thread| pool.worker(&format!("{name}-{thread}")).app(app).register());
        let workers = workers.collect::<Result<_, _>>()?;
        let runtime_pool = Self { runtime, pool, workers };
        runtime_pool.sample();
        Ok(runtime_pool)
    }

    /// Reads the runtime's figures into the pool.
    pub fn sample(&self) {
        let metrics = self.runtime.metrics();
        self.pool.pending(metrics.global_queue_depth() as u64);
        for (thread, worker) in self.workers.iter().enumerate() {
            worker.set_state(worker_state(&metrics, thread));
        }
    }
}

/// The count moves at each park and each unpark, so that it is odd while the thread is parked.
#[cfg(target_has_atomic = "64")]
fn worker_state(metrics: &tokio::runtime::RuntimeMetrics, thread: usize) -> WorkerState {
    if metrics.worker_park_unpark_count(thread) % 2 == 1 { WorkerState::Idle } else { WorkerState::Active }
}

/// Without 64-bit atomics tokio does not tell.
#[cfg(not(target_has_atomic = "64"))]
fn worker_state(_metrics: &tokio::runtime::RuntimeMetrics, _thread: usize) -> WorkerState {
    WorkerState::Ready
}
