//! What one destination's queue knows in memory: the records that are next, those that only the file has, and the books.
//! Records leave in the order of their ids; a record whose request is undecided holds back those behind it.

#![cfg_attr(not(feature = "queue"), expect(dead_code, reason = "queue files need more of a ledger than memory does"))]

mod refill;
mod room;
#[cfg(all(test, feature = "queue"))]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::{Notify, watch};

use crate::config::push::{OnFull, Queue as QueueConfig};
use crate::model::signal::Signal;
use crate::push::queue::decision::{Ballot, Vote};
use crate::state::accounting::{DestinationAccount, SignalAccount};

#[cfg(feature = "queue")]
pub(crate) use refill::Found;

/// What a record costs beside its body.
pub(crate) const RECORD_OVERHEAD_BYTES: u64 = 64;
/// Bodies that a queue file also keeps in memory, so that the steady state never reads them back.
pub(crate) const CACHE_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// A request that waits, or is in flight.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    /// Grows with every record of the same destination and signal.
    pub(crate) id: i64,
    /// Points, spans or log records.
    pub(crate) items: u64,
    /// What it counts for in the queue's size.
    pub(crate) size_bytes: u64,
    /// When it came, on the monotonic clock; negative when that was before this run.
    pub(crate) received_ms: i64,
    /// Times that the process died while it was in flight.
    pub(crate) attempts: u32,
    /// The request as it came.
    pub(crate) body: Bytes,
}

#[derive(Debug)]
struct Slot {
    record: Record,
    decided: bool,
}

#[derive(Debug, Default)]
struct Lane {
    ready: VecDeque<Slot>,
    eligible_bytes: u64,
    want_bytes: u64,
    /// Records that only the file has; all of them come after those in `ready`.
    spilled: u64,
    /// Those among them whose request is undecided.
    undecided: BTreeMap<i64, (u64, u64)>,
    loaded_to: i64,
    next_id: i64,
}

#[derive(Debug, Default)]
struct Book {
    lanes: [Lane; 3],
    live_bytes: u64,
    cached_bytes: u64,
}

impl Book {
    #[expect(clippy::indexing_slicing, reason = "a signal's index is a place in an array of three")]
    fn lane(&mut self, signal: Signal) -> &mut Lane {
        &mut self.lanes[signal.index()]
    }
}

/// Where a queue's records are kept beside this memory.
pub(crate) trait Shelf: Send + Sync + std::fmt::Debug {
    /// Asks for the next records of the file.
    fn load(&self, signal: Signal);
    /// Takes one record out of the file, soon.
    fn discard(&self, signal: Signal, id: i64);
}

/// What a take found.
#[derive(Debug)]
pub(crate) enum Taken {
    /// These are in flight now.
    Records(Vec<Record>),
    /// Nothing may go now.
    Nothing,
}

/// The records and books of one destination.
#[derive(Debug)]
pub(crate) struct Ledger {
    account: Arc<DestinationAccount>,
    bytes_max: u64,
    on_full: OnFull,
    cache_bytes_max: u64,
    shelf: Option<Arc<dyn Shelf>>,
    book: Mutex<Book>,
    arrived: [Notify; 3],
    /// Requests that are being voted on.
    asked: watch::Sender<u64>,
}

impl Ledger {
    /// An empty ledger; without a shelf everything stays in memory.
    pub(crate) fn new(account: Arc<DestinationAccount>, config: &QueueConfig, shelf: Option<Arc<dyn Shelf>>) -> Self {
        let cache_bytes_max = if shelf.is_some() { CACHE_BYTES_MAX } else { u64::MAX };
        let mut book = Book::default();
        for lane in &mut book.lanes {
            lane.next_id = 1;
        }
        Self {
            account,
            bytes_max: config.bytes_max,
            on_full: config.on_full,
            cache_bytes_max,
            shelf,
            book: Mutex::new(book),
            arrived: Default::default(),
            asked: watch::Sender::new(0),
        }
    }

    /// The destination's account.
    pub(crate) fn account(&self) -> &Arc<DestinationAccount> {
        &self.account
    }

    /// What a full queue does.
    pub(crate) fn on_full(&self) -> OnFull {
        self.on_full
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn arrived(&self, signal: Signal) -> &Notify {
        let [metrics, traces, logs] = &self.arrived;
        match signal {
            Signal::Metrics => metrics,
            Signal::Traces => traces,
            Signal::Logs => logs,
        }
    }

    fn with_account(&self, signal: Signal, change: impl FnOnce(&SignalAccount)) {
        change(self.account.signal(signal));
    }

    /// A vote begins in which it has a part.
    pub(crate) fn asked(&self) {
        self.asked.send_modify(|open| *open += 1);
    }

    /// A vote was decided, and its decision carried out here.
    pub(crate) fn decided(&self) {
        self.asked.send_modify(|open| *open = open.saturating_sub(1));
    }

    /// Waits until no vote is open.
    pub(crate) async fn all_decided(&self) {
        let _ = self.asked.subscribe().wait_for(|open| *open == 0).await;
    }

    /// The id of a new record.
    pub(crate) fn next_id(&self, signal: Signal) -> i64 {
        let mut book = self.book();
        let lane = book.lane(signal);
        let id = lane.next_id;
        lane.next_id += 1;
        id
    }

    /// Takes in a record that is stored, or that memory alone keeps; its room is reserved. It is withheld until confirmed.
    pub(crate) fn stored(&self, signal: Signal, record: Record) {
        let mut book = self.book();
        let cached = record.body.len() as u64;
        let room = book.cached_bytes.saturating_add(cached) <= self.cache_bytes_max;
        let lane = book.lane(signal);
        if lane.spilled > 0 || !room {
            lane.spilled += 1;
            lane.undecided.insert(record.id, (record.items, record.size_bytes));
            return;
        }
        lane.loaded_to = lane.loaded_to.max(record.id);
        lane.ready.push_back(Slot { record, decided: false });
        book.cached_bytes += cached;
    }

    /// The record's request was accepted everywhere: it may go.
    pub(crate) fn confirm(&self, signal: Signal, id: i64) {
        let mut book = self.book();
        let lane = book.lane(signal);
        let (items, size_bytes) = if let Some(found) = lane.undecided.remove(&id) {
            found
        } else {
            let Ok(place) = lane.ready.binary_search_by_key(&id, |slot| slot.record.id) else { return };
            let Some(slot) = lane.ready.get_mut(place) else { return };
            slot.decided = true;
            lane.eligible_bytes += slot.record.body.len() as u64;
            (slot.record.items, slot.record.size_bytes)
        };
        let wake = lane.spilled > 0 || lane.eligible_bytes >= lane.want_bytes;
        self.with_account(signal, |account| {
            account.accepted.fetch_add(items, Ordering::Relaxed);
            account.queue_items.fetch_add(items, Ordering::Relaxed);
            account.queue_bytes.fetch_add(size_bytes, Ordering::Relaxed);
        });
        drop(book);
        if wake {
            self.arrived(signal).notify_one();
        }
    }

    /// The record's request was refused elsewhere: it was never received.
    pub(crate) fn withdraw(&self, signal: Signal, id: i64) {
        let mut book = self.book();
        let lane = book.lane(signal);
        let size_bytes = if let Some((_, size_bytes)) = lane.undecided.remove(&id) {
            lane.spilled = lane.spilled.saturating_sub(1);
            size_bytes
        } else {
            let Ok(place) = lane.ready.binary_search_by_key(&id, |slot| slot.record.id) else { return };
            let Some(slot) = lane.ready.remove(place) else { return };
            book.cached_bytes = book.cached_bytes.saturating_sub(slot.record.body.len() as u64);
            slot.record.size_bytes
        };
        book.live_bytes = book.live_bytes.saturating_sub(size_bytes);
        drop(book);
        if let Some(shelf) = &self.shelf {
            shelf.discard(signal, id);
        }
        self.arrived(signal).notify_one();
    }

    /// New data was dropped by the queue's policy.
    pub(crate) fn dropped_newest(&self, signal: Signal, items: u64) {
        self.with_account(signal, |account| {
            account.accepted.fetch_add(items, Ordering::Relaxed);
            account.dropped.add("queue_full", items);
        });
    }

    /// Keeps a request in memory alone.
    pub(crate) fn insert_in_memory(&self, signal: Signal, items: u64, received_ms: i64, body: Bytes, ballot: Ballot) {
        let size_bytes = body.len() as u64 + RECORD_OVERHEAD_BYTES;
        if !self.reserve(size_bytes) {
            match self.on_full {
                OnFull::Refuse => return ballot.vote(Vote::Refused(self.refusal(size_bytes))),
                OnFull::DropNewest => return ballot.vote(Vote::Dropped),
                // Not even an empty queue would hold it.
                OnFull::DropOldest if !self.may_ever_fit(size_bytes) => return ballot.vote(Vote::Dropped),
                OnFull::DropOldest => {
                    while !self.reserve(size_bytes) {
                        if self.evict().is_none() {
                            return ballot.vote(Vote::Dropped);
                        }
                    }
                }
            }
        }
        let id = {
            let mut book = self.book();
            let cached = body.len() as u64;
            let lane = book.lane(signal);
            let id = lane.next_id;
            lane.next_id += 1;
            let record = Record { id, items, size_bytes, received_ms, attempts: 0, body };
            lane.ready.push_back(Slot { record, decided: false });
            book.cached_bytes = book.cached_bytes.saturating_add(cached);
            id
        };
        ballot.vote(Vote::Stored { id });
    }

    /// Drops the oldest record that waits, of whichever signal; none when no record in memory may be dropped.
    pub(crate) fn evict(&self) -> Option<(Signal, i64)> {
        let mut book = self.book();
        let oldest = Signal::ALL
            .into_iter()
            .filter_map(|signal| {
                let front = book.lane(signal).ready.front()?;
                front.decided.then_some((front.record.received_ms, signal))
            })
            .min_by_key(|(received_ms, _)| *received_ms);
        let (_, signal) = oldest?;
        let lane = book.lane(signal);
        let slot = lane.ready.pop_front()?;
        let bytes = slot.record.body.len() as u64;
        lane.eligible_bytes = lane.eligible_bytes.saturating_sub(bytes);
        book.cached_bytes = book.cached_bytes.saturating_sub(bytes);
        book.live_bytes = book.live_bytes.saturating_sub(slot.record.size_bytes);
        drop(book);
        self.resolved(signal, slot.record.items, |account| account.dropped.add("queue_full", slot.record.items));
        self.forget_bytes(signal, slot.record.size_bytes);
        Some((signal, slot.record.id))
    }

    /// Takes records for one request: as many as fit into `bytes_max`, at least one. One that was in flight when the process
    /// died goes alone, so that it takes no others down.
    pub(crate) fn try_take(&self, signal: Signal, bytes_max: usize) -> Taken {
        let mut book = self.book();
        let lane = book.lane(signal);
        lane.want_bytes = 0;
        let mut records: Vec<Record> = Vec::new();
        let mut bytes = 0;
        while let Some(front) = lane.ready.front() {
            let more = bytes + front.record.body.len();
            let alone = front.record.attempts > 0 && !records.is_empty();
            if !front.decided || (!records.is_empty() && more > bytes_max) || alone {
                break;
            }
            let Some(slot) = lane.ready.pop_front() else { break };
            bytes = more;
            let suspect = slot.record.attempts > 0;
            records.push(slot.record);
            if suspect {
                break;
            }
        }
        lane.eligible_bytes = lane.eligible_bytes.saturating_sub(bytes as u64);
        let load = lane.ready.is_empty() && lane.spilled > 0;
        book.cached_bytes = book.cached_bytes.saturating_sub(bytes as u64);
        drop(book);
        if load && let Some(shelf) = &self.shelf {
            shelf.load(signal);
        }
        if records.is_empty() { Taken::Nothing } else { Taken::Records(records) }
    }

    /// Waits for records and takes them, see [`Ledger::try_take`].
    pub(crate) async fn take(&self, signal: Signal, bytes_max: usize) -> Vec<Record> {
        loop {
            if let Taken::Records(records) = self.try_take(signal, bytes_max) {
                return records;
            }
            self.arrived(signal).notified().await;
        }
    }

    /// Waits until about that many bytes are ready.
    pub(crate) async fn wait_for_bytes(&self, signal: Signal, bytes: u64) {
        loop {
            {
                let mut book = self.book();
                let lane = book.lane(signal);
                if lane.eligible_bytes >= bytes || lane.spilled > 0 {
                    return;
                }
                lane.want_bytes = bytes;
            }
            self.arrived(signal).notified().await;
        }
    }

    /// Waits until something may have come for that signal.
    pub(crate) async fn changed(&self, signal: Signal) {
        self.arrived(signal).notified().await;
    }

    /// Books items that wait no longer; `change` says where they went.
    pub(crate) fn resolved(&self, signal: Signal, items: u64, change: impl FnOnce(&SignalAccount)) {
        self.with_account(signal, |account| {
            change(account);
            subtract(&account.queue_items, items);
        });
    }

    /// Books bytes that wait no longer.
    pub(crate) fn forget_bytes(&self, signal: Signal, size_bytes: u64) {
        self.with_account(signal, |account| subtract(&account.queue_bytes, size_bytes));
    }

    /// Whether nothing waits in memory or in the file for that signal.
    pub(crate) fn is_empty(&self, signal: Signal) -> bool {
        let mut book = self.book();
        let lane = book.lane(signal);
        lane.ready.is_empty() && lane.spilled == 0
    }
}

fn subtract(cell: &AtomicU64, amount: u64) {
    let _ = cell.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |now| Some(now.saturating_sub(amount)));
}
