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

/// Longest wait for the records that are expected beside those that have come.
const GATHER: Duration = Duration::from_millis(1);

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
    /// Ranges of records that have survived an attempt.
    pub(crate) forgiven: Vec<(Signal, (i64, i64))>,
    /// Signals of which more records are wanted in memory.
    pub(crate) loads: [bool; 3],
    /// The queue is being closed.
    pub(crate) closing: bool,
    bytes: usize,
    /// The writer sleeps until so many records wait (or there is other work, where it is 0); none while it is awake.
    wakes_at: Option<usize>,
}

impl Work {
    fn is_empty(&self) -> bool {
        self.inserts.is_empty()
            && self.removals.is_empty()
            && self.forgiven.is_empty()
            && self.loads == [false; 3]
            && !self.closing
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

    /// Leaves a range of records that have survived an attempt.
    pub(crate) fn forgive(&self, signal: Signal, range: (i64, i64)) {
        self.leave(|work| work.forgiven.push((signal, range)));
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
        let wake = work.wakes_at.is_some_and(|records| work.inserts.len() >= records || work.closing);
        if wake {
            work.wakes_at = None;
        }
        drop(work);
        if wake {
            self.wake.notify_one();
        }
        result
    }

    /// Waits until there is work, or for `patience` when there is one, and takes all of it. When records come, it waits a
    /// moment for as many as `expected`: one commit for all of them costs about as much as one for the first.
    pub(crate) fn collect(&self, patience: Option<Duration>, expected: usize) -> Work {
        let mut work = self.work.lock().unwrap_or_else(PoisonError::into_inner);
        while work.is_empty() {
            work.wakes_at = Some(0);
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
        if !work.inserts.is_empty() && work.inserts.len() < expected && !work.closing {
            work.wakes_at = Some(expected);
            let (woken, _timeout) = self.wake.wait_timeout(work, GATHER).unwrap_or_else(PoisonError::into_inner);
            work = woken;
            work.wakes_at = None;
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
