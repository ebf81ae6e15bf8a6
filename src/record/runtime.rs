//! The tokio runtime as a pool: its worker threads, and the tasks that wait for one. Figures that tokio tells only when it is
//! compiled with `--cfg tokio_unstable` are absent without it, and so is what a thread does not have, such as requests or memory of
//! its own.

mod figures;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use opentelemetry::metrics::Meter;
use tokio::runtime::{Handle, RuntimeMetrics};

use crate::clock::Clock;
use crate::model::worker::WorkerState;
use crate::record::{Pool, RecordError, Recorder, Worker};
use crate::state::tally::Figure;

/// Time for the thread that asked for the look to go back to rest.
const SETTLE: Duration = Duration::from_millis(2);

/// A runtime that is watched; it is sampled by whoever owns it.
#[derive(Debug)]
pub struct RuntimePool {
    runtime: Handle,
    clock: Clock,
    pool: Pool,
    threads: Vec<Thread>,
    /// When the threads were looked at last, on the clock's monotonic side.
    looked: Mutex<Option<Duration>>,
}

#[derive(Debug)]
struct Thread {
    worker: Worker,
    /// How long it had been busy at the last look.
    busy: Mutex<Duration>,
    /// The share of the time between the last two looks for which it was busy, 0 to 1.
    utilization: Figure,
}

impl RuntimePool {
    /// Registers the runtime as the pool `name`, with a worker for each of its threads.
    ///
    /// # Errors
    ///
    /// [`RecordError`] for a name that is no name, or one that is watched already.
    pub fn register(recorder: &Recorder, name: &str, app: &str, runtime: Handle) -> Result<Self, RecordError> {
        let count = runtime.metrics().num_workers();
        let pool = recorder.pool(name).size(count as u64).without_requests().register()?;
        let threads = (0..count).map(|number| {
            let worker = pool.worker(&format!("{name}-{number}")).app(app).register()?;
            Ok(Thread { worker, busy: Mutex::default(), utilization: Figure::default() })
        });
        let threads = threads.collect::<Result<_, RecordError>>()?;
        let clock = recorder.clock().clone();
        let runtime_pool = Self { runtime, clock, pool, threads, looked: Mutex::default() };
        runtime_pool.sample();
        Ok(runtime_pool)
    }

    /// Makes instruments for what a pool cannot say: `tokio.worker.busy_time` and `tokio.worker.utilization` of each thread and
    /// `tokio.tasks.alive`; where tokio is compiled with `--cfg tokio_unstable`, also `tokio.worker.local_queue_depth`,
    /// `tokio.worker.polls` and `tokio.worker.steals` of each thread, `tokio.blocking.threads` and `tokio.blocking.queue_depth`.
    pub fn measure(self: &Arc<Self>, meter: &Meter) {
        figures::register(meter, self);
    }

    /// Reads the runtime's threads from outside of them: the thread that looked would always be found at work.
    pub async fn look(self: &Arc<Self>) {
        let runtime = self.clone();
        let look = move || {
            std::thread::sleep(SETTLE);
            runtime.sample();
        };
        if tokio::task::spawn_blocking(look).await.is_err() {
            tracing::warn!("the runtime's threads could not be read");
        }
    }

    /// Reads the runtime's figures into the pool. To be called from outside of its threads, see [`RuntimePool::look`].
    pub fn sample(&self) {
        let metrics = self.runtime.metrics();
        self.pool.pending(metrics.global_queue_depth() as u64);
        let now = self.clock.elapsed();
        let before = self.looked.lock().unwrap_or_else(PoisonError::into_inner).replace(now);
        let since = before.map(|before| now.saturating_sub(before));
        for (number, thread) in self.threads.iter().enumerate() {
            thread.worker.set_state(worker_state(&metrics, number));
            thread.note_busy(busy_time(&metrics, number), since);
        }
    }
}

impl Thread {
    /// Tokio adds up a thread's time when it goes to rest, so that a long poll counts where it ends.
    fn note_busy(&self, busy: Option<Duration>, since: Option<Duration>) {
        let Some(busy) = busy else { return };
        let before = std::mem::replace(&mut *self.busy.lock().unwrap_or_else(PoisonError::into_inner), busy);
        if let Some(since) = since.filter(|since| !since.is_zero()) {
            self.utilization.set(busy.saturating_sub(before).div_duration_f64(since).min(1.0));
        }
    }
}

/// The count moves at each park and each unpark, so that it is odd while the thread is parked.
#[cfg(target_has_atomic = "64")]
fn worker_state(metrics: &RuntimeMetrics, thread: usize) -> WorkerState {
    if metrics.worker_park_unpark_count(thread) % 2 == 1 { WorkerState::Idle } else { WorkerState::Active }
}

/// Without 64-bit atomics tokio does not tell.
#[cfg(not(target_has_atomic = "64"))]
fn worker_state(_metrics: &RuntimeMetrics, _thread: usize) -> WorkerState {
    WorkerState::Ready
}

#[cfg(target_has_atomic = "64")]
#[expect(clippy::unnecessary_wraps, reason = "without 64-bit atomics there is none")]
fn busy_time(metrics: &RuntimeMetrics, thread: usize) -> Option<Duration> {
    Some(metrics.worker_total_busy_duration(thread))
}

/// Without 64-bit atomics tokio does not tell.
#[cfg(not(target_has_atomic = "64"))]
fn busy_time(_metrics: &RuntimeMetrics, _thread: usize) -> Option<Duration> {
    None
}
