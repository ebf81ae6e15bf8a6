//! Handles of pools and their workers.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::model::worker::WorkerState;
use crate::record::{RecordError, Recorder, check};
use crate::state::cells::{PoolCell, WorkerCell};

/// A pool of workers.
#[derive(Clone, Debug)]
pub struct Pool {
    recorder: Recorder,
    cell: Arc<PoolCell>,
}

impl Pool {
    pub(super) fn new(recorder: Recorder, name: &str, size: u64) -> Self {
        let cell = recorder.instance().pool(name);
        cell.size.set(size);
        cell.seen_ms.store(recorder.clock().elapsed_ms(), Ordering::Relaxed);
        Self { recorder, cell }
    }

    /// Registers a worker, which is ready at once and leaves every view when its handle is dropped.
    ///
    /// # Errors
    ///
    /// [`RecordError::Name`] for an empty or overlong id.
    pub fn worker(&self, id: &str, app: &str) -> Result<Worker, RecordError> {
        check("a worker", id)?;
        let cell = self.recorder.instance().worker(id, app, &self.cell.name);
        cell.created_ms.set(self.recorder.clock().elapsed_ms());
        let worker = Worker { recorder: self.recorder.clone(), cell };
        worker.set_state(WorkerState::Ready);
        Ok(worker)
    }

    /// Sets how many requests wait for a worker.
    pub fn pending(&self, requests: u64) {
        self.cell.pending.set(requests);
    }
}

/// A worker; its handle is its only writer.
#[derive(Debug)]
pub struct Worker {
    recorder: Recorder,
    cell: Arc<WorkerCell>,
}

impl Worker {
    /// Begins a request: the worker is active until the guard is dropped.
    #[must_use = "the request ends when the guard is dropped"]
    pub fn begin(&mut self) -> Request<'_> {
        self.set_state(WorkerState::Active);
        Request { worker: self }
    }

    /// Sets the state by hand, for pools that are asked instead of telling.
    pub fn set_state(&self, state: WorkerState) {
        self.cell.state.set(state as u8, self.recorder.clock().elapsed_ms());
    }

    /// Sets the memory figures in bytes; what is not known stays away from every view.
    pub fn memory(&self, rss_bytes: Option<u64>, heap_used_bytes: Option<u64>) {
        for (count, bytes) in [(&self.cell.memory_rss, rss_bytes), (&self.cell.memory_heap_used, heap_used_bytes)] {
            match bytes {
                Some(bytes) => count.set(bytes),
                None => count.clear(),
            }
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.cell.gone.store(true, Ordering::Relaxed);
        self.recorder.instance().remove_worker(&self.cell.id);
    }
}

/// A request that a worker handles; dropping it ends the request, counts it, and leaves the worker idle.
#[derive(Debug)]
pub struct Request<'a> {
    worker: &'a mut Worker,
}

impl Request<'_> {
    /// Ends the request as failed.
    pub fn fail(self, error: &dyn Error) {
        self.worker.cell.errors.add_single_writer(1);
        tracing::debug!(worker.id = %self.worker.cell.id, error = %error, "request failed");
    }
}

impl Drop for Request<'_> {
    fn drop(&mut self) {
        let now_ms = self.worker.recorder.clock().elapsed_ms();
        self.worker.cell.requests.add_single_writer(1);
        self.worker.cell.progress_ms.store(now_ms, Ordering::Relaxed);
        self.worker.cell.state.set(WorkerState::Idle as u8, now_ms);
    }
}
