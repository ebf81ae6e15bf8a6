//! What waits for the writer thread of a queue file. The writer takes everything that has come at once: while it commits one
//! group the next one gathers.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::model::signal::Signal;
use crate::push::queue::Parcel;
use crate::push::queue::decision::Ballot;
use crate::push::queue::ledger::Shelf;

/// Requests that may wait for the writer; more are refused, the disk does not follow.
const INSERTS_MAX: usize = 16_384;
/// Bytes of requests that may wait for the writer.
const INSERT_BYTES_MAX: usize = 64 * 1024 * 1024;

/// A record to be stored.
#[derive(Debug)]
pub(crate) struct Insert {
    /// The request.
    pub(crate) parcel: Arc<Parcel>,
    /// When it came, on the monotonic clock.
    pub(crate) received_ms: i64,
    /// What it counts for in the queue's size.
    pub(crate) size_bytes: u64,
    /// Whether its room is reserved already.
    pub(crate) reserved: bool,
    /// The vote on it.
    pub(crate) ballot: Ballot,
}

/// A range of records to be taken out.
#[derive(Debug)]
pub(crate) struct Removal {
    /// Their signal.
    pub(crate) signal: Signal,
    /// The first id.
    pub(crate) first: i64,
    /// The last id.
    pub(crate) last: i64,
    /// Their size as stored.
    pub(crate) size_bytes: u64,
    /// Told when they are gone, or known to have to wait.
    pub(crate) done: Option<oneshot::Sender<()>>,
}

/// What the writer takes at once.
#[derive(Debug, Default)]
pub(crate) struct Work {
    /// Records to be stored.
    pub(crate) inserts: Vec<Insert>,
    /// Records to be taken out.
    pub(crate) removals: Vec<Removal>,
    /// Signals of which more records are wanted in memory.
    pub(crate) loads: [bool; 3],
    /// The queue is being closed.
    pub(crate) closing: bool,
    bytes: usize,
    idle: bool,
}

impl Work {
    fn is_empty(&self) -> bool {
        self.inserts.is_empty() && self.removals.is_empty() && self.loads == [false; 3] && !self.closing
    }
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Mailbox {
    work: Mutex<Work>,
    wake: Condvar,
}

impl Mailbox {
    /// Leaves a record; given back when there is too much already, or the queue is being closed.
    pub(crate) fn insert(&self, insert: Insert) -> Result<(), Insert> {
        self.leave(|work| {
            if work.closing || work.inserts.len() >= INSERTS_MAX || work.bytes >= INSERT_BYTES_MAX {
                return Err(insert);
            }
            work.bytes += insert.parcel.body.len();
            work.inserts.push(insert);
            Ok(())
        })
    }

    /// Leaves removals.
    pub(crate) fn remove(&self, removals: impl IntoIterator<Item = Removal>) {
        self.leave(|work| work.removals.extend(removals));
    }

    /// Says that the queue is being closed.
    pub(crate) fn close(&self) {
        self.leave(|work| work.closing = true);
    }

    /// Takes the removals that have come, ahead of the other work.
    pub(crate) fn take_removals(&self) -> Vec<Removal> {
        std::mem::take(&mut self.work.lock().unwrap_or_else(PoisonError::into_inner).removals)
    }

    fn leave<T>(&self, change: impl FnOnce(&mut Work) -> T) -> T {
        let mut work = self.work.lock().unwrap_or_else(PoisonError::into_inner);
        let result = change(&mut work);
        // A writer that is at work looks again by itself; waking it would cost a system call for each request.
        let wake = std::mem::take(&mut work.idle);
        drop(work);
        if wake {
            self.wake.notify_one();
        }
        result
    }

    /// Waits until there is work, or for `patience` when there is one, and takes all of it.
    pub(crate) fn collect(&self, patience: Option<Duration>) -> Work {
        let mut work = self.work.lock().unwrap_or_else(PoisonError::into_inner);
        while work.is_empty() {
            work.idle = true;
            work = match patience {
                None => self.wake.wait(work).unwrap_or_else(PoisonError::into_inner),
                Some(patience) => {
                    let (woken, timeout) =
                        self.wake.wait_timeout(work, patience).unwrap_or_else(PoisonError::into_inner);
                    work = woken;
                    if timeout.timed_out() {
                        break;
                    }
                    work
                }
            };
        }
        let closing = work.closing;
        let taken = std::mem::take(&mut *work);
        work.closing = closing;
        taken
    }
}

impl Shelf for Mailbox {
    fn load(&self, signal: Signal) {
        self.leave(|work| {
            if let Some(wanted) = work.loads.get_mut(signal.index()) {
                *wanted = true;
            }
        });
    }

    fn discard(&self, signal: Signal, id: i64) {
        self.remove([Removal { signal, first: id, last: id, size_bytes: 0, done: None }]);
    }
}
