//! Ownership of background tasks: one [`Tasks`] per room that spawns, with a cancel and a join. Nothing else spawns.

use std::future::Future;

use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// A group of tasks that stop together.
#[derive(Clone, Debug, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    cancel: CancellationToken,
}

impl Tasks {
    /// An empty group.
    pub fn new() -> Self {
        Self::default()
    }

    /// Runs `work` until it ends; it should watch [`Tasks::cancelled`] and end soon after.
    pub fn spawn<F>(&self, work: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.tracker.spawn(work);
    }

    /// The same in a runtime that need not be the caller's. If it has ended, the work is dropped.
    pub fn spawn_in<F>(&self, runtime: &Handle, work: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.tracker.spawn_on(work, runtime);
    }

    /// The signal that the group is stopping.
    pub fn token(&self) -> CancellationToken {
        self.cancel.clone()
    }

    /// Completes once [`Tasks::cancel`] was called.
    pub async fn cancelled(&self) {
        self.cancel.cancelled().await;
    }

    /// Asks every task to stop; safe to call twice.
    pub fn cancel(&self) {
        self.cancel.cancel();
    }

    /// Waits until every task has ended. Call [`Tasks::cancel`] first, or it waits for the work's own end.
    pub async fn join(&self) {
        self.tracker.close();
        self.tracker.wait().await;
    }

    /// How many tasks run now.
    pub fn len(&self) -> usize {
        self.tracker.len()
    }

    /// Whether no task runs now.
    pub fn is_empty(&self) -> bool {
        self.tracker.is_empty()
    }
}
