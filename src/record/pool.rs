//! Handle of a pool of workers.

use std::sync::Arc;
use std::sync::atomic::Ordering;
#[cfg(feature = "tower")]
use std::time::Duration;

use crate::record::durations::DurationOf;
use crate::record::local::Local;
use crate::record::name::{check_name, check_size};
use crate::record::{RecordError, WorkerBuilder};
use crate::state::cells::PoolCell;
use crate::state::recorded::PoolTallies;

/// What a pool is registered with.
#[derive(Clone, Debug)]
#[must_use = "nothing is registered before `register`"]
pub struct PoolBuilder {
    local: Arc<Local>,
    name: String,
    size: Option<u64>,
    sees_requests: bool,
}

impl PoolBuilder {
    pub(super) fn new(local: Arc<Local>, name: &str) -> Self {
        Self { local, name: name.to_owned(), size: None, sees_requests: true }
    }

    /// How many workers it may have; a pool without a size has no utilization.
    pub const fn size(mut self, workers: u64) -> Self {
        self.size = Some(workers);
        self
    }

    /// For a pool that is only looked at: its requests cannot be seen, so they are absent from every view instead of 0.
    ///
    /// ```
    /// # use otel_bridge::{clock::Clock, record::*, state::{Store, StoreOptions}};
    /// # let store = Store::new(StoreOptions::of_service("shop", Clock::system()));
    /// # let recorder = Recorder::new(&store, Clock::system()).unwrap();
    /// let threads = recorder.pool("threads").size(4).without_requests().register()?;
    /// assert_eq!(store.snapshot().pools[0].requests, None);
    /// # Ok::<(), RecordError>(())
    /// ```
    pub const fn without_requests(mut self) -> Self {
        self.sees_requests = false;
        self
    }

    /// Registers it. A name used twice gives a handle to the same pool, with the size that was said last.
    ///
    /// # Errors
    ///
    /// [`RecordError`]: a name that is no name, a size of 0, or a store that is full.
    pub fn register(self) -> Result<Pool, RecordError> {
        check_name("a pool", &self.name)?;
        self.size.map_or(Ok(()), check_size)?;
        let cell = self.local.instance.claim_pool(&self.name).ok_or(RecordError::Full { what: "pool" })?;
        cell.tallies().sees_requests.store(self.sees_requests, Ordering::Relaxed);
        if let Some(size) = self.size {
            cell.size.set(size);
        }
        cell.seen_ms.store(self.local.clock.elapsed_ms(), Ordering::Relaxed);
        let duration = self.local.durations.as_ref().map(|durations| durations.of_pool(&cell.name));
        Ok(Pool { local: self.local, cell, duration })
    }
}

/// A pool of workers; cheap to clone, and every clone is the same pool. It stays when its handles are dropped.
///
/// ```
/// # use otel_bridge::{clock::Clock, record::*, state::{Store, StoreOptions}};
/// # let store = Store::new(StoreOptions::of_service("shop", Clock::system()));
/// # let recorder = Recorder::new(&store, Clock::system()).unwrap();
/// let pool = recorder.pool("requests").size(500).register()?;
/// pool.pending(3);
/// pool.resize(600)?;
/// assert_eq!(pool.resize(0), Err(RecordError::Size));
/// assert_eq!(store.snapshot().pools[0].size, Some(600));
/// # Ok::<(), RecordError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Pool {
    pub(super) local: Arc<Local>,
    pub(super) cell: Arc<PoolCell>,
    pub(super) duration: Option<DurationOf>,
}

impl Pool {
    /// A worker of this pool; its id is unique in the whole process.
    ///
    /// ```
    /// # use otel_bridge::{clock::Clock, record::Recorder, state::{Store, StoreOptions}};
    /// # let store = Store::new(StoreOptions::of_service("shop", Clock::system()));
    /// # let recorder = Recorder::new(&store, Clock::system()).unwrap();
    /// # let pool = recorder.pool("requests").size(500).register()?;
    /// let mut worker = pool.worker("worker-abc-123").app("my-app").register()?;
    /// let request = worker.begin();
    /// drop(request);
    /// # Ok::<(), otel_bridge::record::RecordError>(())
    /// ```
    pub fn worker(&self, id: &str) -> WorkerBuilder {
        WorkerBuilder::new(self.clone(), id)
    }

    /// Sets how many requests wait for a worker.
    pub fn pending(&self, requests: u64) {
        self.cell.pending.set(requests.min(i64::MAX as u64));
    }

    /// Changes how many workers it may have.
    ///
    /// # Errors
    ///
    /// [`RecordError::Size`]: the size is 0, or does not fit a signed 64-bit number. The old size stays.
    pub fn resize(&self, workers: u64) -> Result<(), RecordError> {
        check_size(workers)?;
        self.cell.size.set(workers);
        Ok(())
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.cell.name
    }

    /// From here on requests tell how many are active and how many wait, instead of workers.
    #[cfg(feature = "tower")]
    pub(super) fn tells_requests(&self) {
        self.cell.active.raise(0);
        self.cell.pending.raise(0);
    }

    /// A request waits.
    #[cfg(feature = "tower")]
    pub(super) fn request_waits(&self) {
        self.cell.pending.raise(1);
    }

    /// A request waits no more.
    #[cfg(feature = "tower")]
    pub(super) fn request_waits_no_more(&self) {
        self.cell.pending.lower(1);
    }

    /// A request of no worker in particular begins; tells when, on the clock's monotonic side.
    #[cfg(feature = "tower")]
    pub(super) fn request_began(&self) -> Duration {
        self.cell.active.raise(1);
        self.local.clock.elapsed()
    }

    /// Such a request ends.
    #[cfg(feature = "tower")]
    pub(super) fn request_ended(&self, began: Duration, is_error: bool) {
        self.cell.active.lower(1);
        self.tallies().requests.add(1);
        if is_error {
            self.tallies().errors.add(1);
        }
        if let Some(histogram) = &self.duration {
            histogram.record(began, self.local.clock.elapsed());
        }
    }

    pub(super) fn tallies(&self) -> &PoolTallies {
        self.cell.tallies()
    }
}
