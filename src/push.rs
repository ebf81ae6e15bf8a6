//! The push layer: every destination has a queue, a client and a sender for each signal. What is submitted is in the queue of
//! every destination that takes its signal before the submitter hears of success.

pub mod alertmanager;
mod client;
mod destination;
pub mod direct;
pub mod hooks;
mod queue;
mod sender;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use bytes::Bytes;
use thiserror::Error;
use tokio::sync::Mutex;

use crate::clock::Clock;
use crate::config::Finding;
use crate::config::push::Destination;
use crate::model::signal::Signal;
use crate::push::destination::Running;
use crate::push::hooks::Hooks;
use crate::push::queue::{Parcel, decision};
use crate::state::accounting::{Accounting, DestinationAccount};

/// Time after which a sender whose request was refused may try again.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// Destinations that have ended and whose books are kept, should they come back; of more the books begin anew.
const ENDED_ACCOUNTS_MAX: usize = 256;

/// Why the push layer, or one destination, cannot start.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum PushError {
    /// The queue's folder may not be used, or another process uses it (exit code 3).
    #[error("queue directory {} is refused: {reason}", directory.display())]
    QueueRefused {
        /// The folder.
        directory: PathBuf,
        /// Why.
        reason: String,
    },
    /// The queue's file can neither be opened nor made anew.
    #[error("queue file {} cannot be opened: {reason}", file.display())]
    QueueFailed {
        /// The file.
        file: PathBuf,
        /// Why.
        reason: String,
    },
    /// The program was built without queue files, and the destination wants one.
    #[error(
        "destination `{destination}` wants a queue file: build with the feature `queue`, or set `durability: memory`"
    )]
    NoQueueFile {
        /// The destination.
        destination: String,
    },
    /// The endpoint, its headers or its TLS files cannot be used.
    #[error("destination `{destination}`: {reason}")]
    Endpoint {
        /// The destination.
        destination: String,
        /// Why, without secrets.
        reason: String,
    },
}

impl PushError {
    /// Whether the queue directory is locked or refused: exit code 3 (contract §2).
    pub const fn is_queue_refusal(&self) -> bool {
        matches!(self, Self::QueueRefused { .. })
    }
}

/// What stands in the way of starting this destination: files of TLS and the queue's folder. `path` is its key in the
/// configuration, such as `push[0]`. Nothing is made, locked or sent.
pub fn examine(destination: &Destination, path: &str) -> Vec<Finding> {
    let tls = client::examine(destination).into_iter().map(|(key, reason)| Finding {
        path: format!("{path}.tls.{key}"),
        message: PushError::Endpoint { destination: destination.name.clone(), reason }.to_string(),
    });
    let queue = queue::examine(destination).err().map(|error| Finding {
        path: format!("{path}.queue.directory"),
        message: format!("destination `{}`: {error}", destination.name),
    });
    tls.chain(queue).collect()
}

/// Why a request was not taken. All but one of them pass: the sender should keep the request and try again.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum SubmitError {
    /// A queue whose policy is to refuse is full.
    #[error("the queue is full")]
    Full {
        /// When to try again.
        retry_after: Duration,
    },
    /// It is larger than a whole queue whose policy is to refuse: it would never be taken.
    #[error("the request is larger than the queue may become")]
    TooLarge,
    /// A queue cannot be written: the disk is full or fails.
    #[error("the queue cannot be written")]
    Disk {
        /// When to try again.
        retry_after: Duration,
    },
    /// The bridge, or a destination that is being changed, is stopping.
    #[error("the queue is being closed")]
    Stopping,
}

impl SubmitError {
    pub(crate) const fn full() -> Self {
        Self::Full { retry_after: RETRY_AFTER }
    }

    #[cfg(feature = "queue")]
    pub(crate) const fn disk() -> Self {
        Self::Disk { retry_after: RETRY_AFTER }
    }

    /// When the sender should try again; none when that would not help.
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Full { retry_after } | Self::Disk { retry_after } => Some(*retry_after),
            Self::TooLarge => None,
            Self::Stopping => Some(Duration::from_secs(1)),
        }
    }

    /// The word under which the receivers count it: `queue_full`, `larger_than_queue`, `disk` or `stopping`.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Full { .. } => "queue_full",
            Self::TooLarge => "larger_than_queue",
            Self::Disk { .. } => "disk",
            Self::Stopping => "stopping",
        }
    }
}

/// The push layer.
#[derive(Debug)]
pub struct Push {
    running: ArcSwap<Vec<Arc<Running>>>,
    /// Held by whoever changes `running`: the books of destinations that have ended, by name.
    change: Mutex<BTreeMap<Arc<str>, Arc<DestinationAccount>>>,
    accounting: Arc<Accounting>,
    clock: Clock,
    hooks: Hooks,
}

impl Push {
    /// Opens the queues, recovers what is in them, and starts sending. To be called in a runtime.
    ///
    /// # Errors
    /// [`PushError`] of the first destination that cannot start; none runs then.
    pub fn start(
        destinations: &[Destination],
        accounting: Arc<Accounting>,
        clock: Clock,
        hooks: Hooks,
    ) -> Result<Self, PushError> {
        let mut running = Vec::with_capacity(destinations.len());
        for destination in destinations {
            running.push(Arc::new(Running::open(destination, &clock, &hooks)?));
        }
        for one in &running {
            accounting.register(Arc::clone(one.account()));
            one.start();
        }
        Ok(Self { running: ArcSwap::from_pointee(running), change: Mutex::default(), accounting, clock, hooks })
    }

    /// Whether there is anywhere to send to.
    pub fn has_destinations(&self) -> bool {
        !self.running.load().is_empty()
    }

    /// Hands a checked `Export…ServiceRequest` with `items` points, spans or log records to every destination that takes the
    /// signal. When it returns, the request is as safe as each queue's `durability` promises, in all of them or in none. It is
    /// decided even if the caller stops waiting. Without such a destination, or without items, it succeeds at once.
    ///
    /// # Errors
    /// [`SubmitError`]: try again later, unless it says that this would not help.
    pub async fn submit(&self, signal: Signal, body: Bytes, items: u64) -> Result<(), SubmitError> {
        if items == 0 || body.is_empty() {
            return Ok(());
        }
        let answered = {
            let running = self.running.load();
            let takers: Vec<&Arc<Running>> = running.iter().filter(|one| one.takes(signal)).collect();
            if takers.is_empty() {
                return Ok(());
            }
            let ledgers = takers.iter().map(|one| Arc::clone(one.queue().ledger())).collect();
            let (ballots, answered) = decision::ask(signal, items, ledgers);
            let parcel = Arc::new(Parcel::new(signal, items, body));
            for (taker, ballot) in takers.into_iter().zip(ballots) {
                taker.insert(&parcel, ballot);
            }
            answered
        };
        answered.await.unwrap_or(Err(SubmitError::Stopping))
    }

    /// Takes on a new list: destinations that did not change go on (those that are held try at once), changed ones start anew
    /// on the same queue, others leave (their files stay). The same name is the same account: its books go on.
    ///
    /// # Errors
    /// [`PushError`] of the first destination that cannot start; the others run all the same.
    pub async fn reload(&self, destinations: &[Destination]) -> Result<(), PushError> {
        let mut ended = self.change.lock().await;
        let before = self.running.load_full();
        let mut after = Vec::with_capacity(destinations.len());
        let mut first_error = None;
        for one in before.iter() {
            if destinations.iter().any(|destination| one.is_same(destination)) {
                one.kick();
            } else {
                one.stop(Duration::ZERO).await;
                self.accounting.unregister(&one.account().name);
                if ended.len() < ENDED_ACCOUNTS_MAX {
                    ended.insert(one.account().name.clone(), Arc::clone(one.account()));
                }
            }
        }
        for destination in destinations {
            if let Some(same) = before.iter().find(|one| one.is_same(destination)) {
                after.push(Arc::clone(same));
                continue;
            }
            match Running::open(destination, &self.clock, &self.hooks) {
                Ok(fresh) => {
                    adopt(&before, &fresh);
                    go_on(&mut ended, &fresh);
                    self.accounting.register(Arc::clone(fresh.account()));
                    fresh.start();
                    after.push(Arc::new(fresh));
                }
                Err(error) => {
                    tracing::error!(destination = %destination.name, %error, "destination cannot start");
                    first_error.get_or_insert(error);
                }
            }
        }
        self.running.store(Arc::new(after));
        first_error.map_or(Ok(()), Err)
    }

    /// Takes nothing more, sends what is there for at most `deadline`, and closes the queues. What could not be sent stays in
    /// the files. Safe twice.
    pub async fn stop(&self, deadline: Duration) {
        let _change = self.change.lock().await;
        let running = self.running.load_full();
        futures_util::future::join_all(running.iter().map(|one| one.stop(deadline))).await;
    }
}

/// The books of a destination of that name go on.
fn go_on(ended: &mut BTreeMap<Arc<str>, Arc<DestinationAccount>>, fresh: &Running) {
    let account = fresh.account();
    let Some(before) = ended.remove(&account.name) else { return };
    let items = account.go_on_from(&before);
    if items > 0 {
        tracing::warn!(destination = %account.name, items, "items are left behind: the queue has moved");
    }
}

/// What a queue in memory held goes on to the one that replaces it.
fn adopt(before: &[Arc<Running>], fresh: &Running) {
    if let Some(old) = before.iter().find(|one| one.account().name == fresh.account().name) {
        fresh.queue().adopt(old.queue());
    }
}
