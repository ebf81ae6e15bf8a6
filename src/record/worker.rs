//! Handles of workers: while one starts, while it lives, and while it handles a request.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::model::worker::WorkerState;
use crate::record::name::{check_label, check_name};
use crate::record::{Pool, RecordError};
use crate::state::cells::WorkerCell;

/// What a worker is registered with.
#[derive(Clone, Debug)]
#[must_use = "nothing is registered before `register` or `start`"]
pub struct WorkerBuilder {
    pool: Pool,
    id: String,
    app: String,
}

impl WorkerBuilder {
    pub(super) fn new(pool: Pool, id: &str) -> Self {
        Self { pool, id: id.to_owned(), app: String::new() }
    }

    /// The application that it runs.
    pub fn app(mut self, app: &str) -> Self {
        app.clone_into(&mut self.app);
        self
    }

    /// Registers a worker that is ready at once.
    ///
    /// # Errors
    ///
    /// [`RecordError`]: an id or app that is no label, an id whose worker is alive, or a store that is full.
    pub fn register(self) -> Result<Worker, RecordError> {
        self.start().map(StartingWorker::ready)
    }

    /// Registers a worker that is being created: [`StartingWorker::ready`] ends a start that takes its time.
    ///
    /// ```
    /// # use otel_bridge::{clock::Clock, record::Recorder, state::{Store, StoreOptions}};
    /// # let store = Store::new(StoreOptions::of_service("shop", Clock::system()));
    /// # let recorder = Recorder::new(&store, Clock::system()).unwrap();
    /// # let pool = recorder.pool("requests").size(500).register()?;
    /// let starting = pool.worker("worker-1").start()?;
    /// assert_eq!(store.snapshot().pools[0].counts.creating, 1);
    /// match "42".parse::<u16>() {
    ///     Ok(_) => drop(starting.ready()),
    ///     Err(error) => starting.failed(&error),
    /// }
    /// # Ok::<(), otel_bridge::record::RecordError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`RecordError`]: an id or app that is no label, an id whose worker is alive, or a store that is full.
    pub fn start(self) -> Result<StartingWorker, RecordError> {
        check_name("a worker", &self.id)?;
        check_label("a worker's app", &self.app)?;
        let Pool { local, cell: pool, .. } = &self.pool;
        let now_ms = local.clock.elapsed_ms();
        let claimed = local.instance.claim_worker(&self.id, &self.app, &pool.name, now_ms);
        let cell = claimed.map_err(|refusal| RecordError::of_worker(refusal, &self.id))?;
        if self.pool.tallies().sees_requests.load(Ordering::Relaxed) {
            cell.requests.set(0);
            cell.errors.set(0);
        }
        cell.state.set(WorkerState::Creating as u8, now_ms);
        Ok(StartingWorker(Claim { pool: self.pool, cell, is_ready: false }))
    }
}

/// The one owner of a worker's cell; dropping it takes the worker out of every view.
#[derive(Debug)]
struct Claim {
    pool: Pool,
    cell: Arc<WorkerCell>,
    is_ready: bool,
}

impl Drop for Claim {
    fn drop(&mut self) {
        let tallies = self.pool.tallies();
        let left = if self.is_ready { &tallies.workers_retired } else { &tallies.workers_failed };
        left.fetch_add(1, Ordering::Relaxed);
        self.pool.local.instance.release_worker(&self.cell);
    }
}

/// A worker that is being created. Dropping it counts as a failed start.
#[derive(Debug)]
#[must_use = "dropping it counts as a failed start"]
pub struct StartingWorker(Claim);

impl StartingWorker {
    /// The start succeeded: the worker is ready, and counts as created.
    pub fn ready(mut self) -> Worker {
        self.0.is_ready = true;
        self.0.pool.tallies().workers_created.fetch_add(1, Ordering::Relaxed);
        let worker = Worker(self.0);
        worker.set_state(WorkerState::Ready);
        worker
    }

    /// The start failed: the worker leaves every view, and counts as failed.
    pub fn failed<E: Error + ?Sized>(self, error: &E) {
        let Claim { pool, cell, .. } = &self.0;
        tracing::warn!(pool.name = %pool.cell.name, worker.id = %cell.id, error = %error, "a worker failed to start");
    }
}

/// A worker; its handle is its only writer. Dropping it retires the worker: it leaves every view at once.
///
/// ```
/// # use otel_bridge::{clock::Clock, record::*, state::{Store, StoreOptions}};
/// # let store = Store::new(StoreOptions::of_service("shop", Clock::system()));
/// # let recorder = Recorder::new(&store, Clock::system()).unwrap();
/// # let pool = recorder.pool("requests").size(500).register()?;
/// let worker = pool.worker("worker-1").app("shop").register()?;
/// worker.memory(Some(48 << 20), None);
/// assert!(matches!(pool.worker("worker-1").register(), Err(RecordError::Taken { .. })));
/// drop(worker);
/// assert!(pool.worker("worker-1").register().is_ok());
/// # Ok::<(), RecordError>(())
/// ```
#[derive(Debug)]
pub struct Worker(Claim);

impl Worker {
    /// Begins a request: the worker is active until the guard is dropped.
    #[inline]
    #[must_use = "the request ends when the guard is dropped"]
    pub fn begin(&mut self) -> Request<'_> {
        let began = self.0.pool.local.clock.elapsed();
        self.0.cell.state.set(WorkerState::Active as u8, began.as_millis() as u64);
        Request { worker: self, began }
    }

    /// Sets the state by hand, for pools that are asked instead of telling.
    pub fn set_state(&self, state: WorkerState) {
        self.0.cell.state.set(state as u8, self.0.pool.local.clock.elapsed_ms());
    }

    /// Sets the memory figures in bytes; what is not known stays away from every view.
    pub fn memory(&self, rss_bytes: Option<u64>, heap_used_bytes: Option<u64>) {
        let cell = &self.0.cell;
        for (count, bytes) in [(&cell.memory_rss, rss_bytes), (&cell.memory_heap_used, heap_used_bytes)] {
            match bytes {
                Some(bytes) => count.set(bytes.min(i64::MAX as u64)),
                None => count.clear(),
            }
        }
    }

    /// Its id.
    pub fn id(&self) -> &str {
        &self.0.cell.id
    }
}

/// A request that a worker handles; dropping it ends the request, counts it and its duration, and leaves the worker idle.
///
/// ```
/// # use otel_bridge::{clock::Clock, record::*, state::{Store, StoreOptions}};
/// # let store = Store::new(StoreOptions::of_service("shop", Clock::system()));
/// # let recorder = Recorder::new(&store, Clock::system()).unwrap();
/// # let pool = recorder.pool("requests").size(500).register()?;
/// # let mut worker = pool.worker("worker-1").register()?;
/// let request = worker.begin();
/// match "forty-two".parse::<u16>() {
///     Ok(_) => drop(request),
///     Err(error) => request.fail(&error),
/// }
/// assert_eq!(store.snapshot().pools[0].errors, Some(1));
/// # Ok::<(), RecordError>(())
/// ```
#[derive(Debug)]
pub struct Request<'a> {
    worker: &'a mut Worker,
    /// When it began, on the clock's monotonic side.
    began: Duration,
}

impl Request<'_> {
    /// Ends the request as failed: the worker and its pool count an error as well.
    pub fn fail<E: Error + ?Sized>(self, error: &E) {
        let Claim { pool, cell, .. } = &self.worker.0;
        cell.errors.add_single_writer(1);
        pool.tallies().errors.add(1);
        tracing::debug!(worker.id = %cell.id, error = %error, "request failed");
    }
}

impl Drop for Request<'_> {
    #[inline]
    fn drop(&mut self) {
        let Claim { pool, cell, .. } = &self.worker.0;
        let now = pool.local.clock.elapsed();
        let now_ms = now.as_millis() as u64;
        cell.requests.add_single_writer(1);
        pool.tallies().requests.add(1);
        cell.progress_ms.store(now_ms, Ordering::Relaxed);
        cell.state.set(WorkerState::Idle as u8, now_ms);
        if let Some(duration) = &pool.duration {
            duration.record(self.began, now);
        }
    }
}
