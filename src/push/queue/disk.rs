//! A queue in a file: one `SQLite` database for each destination, one writer thread that commits in groups.

pub(crate) mod body;
pub(crate) mod directory;
pub(crate) mod file;
pub(crate) mod mailbox;
pub(crate) mod marker;
pub(crate) mod salvage;
pub(crate) mod writer;

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::oneshot;

use crate::clock::Clock;
use crate::config::push::{Destination, OnFull};
use crate::model::signal::Signal;
use crate::push::queue::Parcel;
use crate::push::queue::decision::{Ballot, Vote};
use crate::push::queue::disk::mailbox::{Insert, Mailbox, Removal};
use crate::push::queue::disk::marker::Marker;
use crate::push::queue::ledger::{Ledger, RECORD_OVERHEAD_BYTES, Record};
use crate::push::{PushError, SubmitError};
use crate::state::accounting::DestinationAccount;

/// Records taken out by one statement: together they touch at most about this many bytes, so that a full disk still lets it
/// through.
const REMOVAL_BYTES_MAX: u64 = 1024 * 1024;
/// Records taken out by one statement, at most, when they are large.
const REMOVAL_RECORDS_MAX: usize = 64;

/// See the module.
#[derive(Debug)]
pub(crate) struct Disk {
    mailbox: Arc<Mailbox>,
    marker: Marker,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Disk {
    /// Claims, checks and opens the destination's file, books what is in it, and starts its writer.
    pub(crate) fn open(
        destination: &Destination,
        account: Arc<DestinationAccount>,
        clock: &Clock,
    ) -> Result<(Self, Arc<Ledger>), PushError> {
        let config = &destination.queue;
        let place = directory::claim(&config.directory, &destination.name)?;
        let failed = |reason: String| PushError::QueueFailed { file: place.database.clone(), reason };
        let (marker, in_flight) = Marker::open(&place.marker).map_err(|error| failed(error.to_string()))?;
        let unix_s = clock.unix_ms() / 1000;
        let opened = file::open(&place.database, config.bytes_max, in_flight, unix_s)
            .map_err(|error| failed(error.to_string()))?;
        let mailbox = Arc::new(Mailbox::default());
        let shelf: Arc<Mailbox> = Arc::clone(&mailbox);
        let ledger = Arc::new(Ledger::new(account, config, Some(shelf)));
        for (signal, found) in Signal::ALL.into_iter().zip(opened.found) {
            ledger.recovered(signal, found);
        }
        for (signal, reason, items) in opened.lost {
            let account = ledger.account().signal(signal);
            account.recovered.fetch_add(items, Ordering::Relaxed);
            account.dropped.add(reason, items);
        }
        if opened.set_aside.is_some() {
            ledger.account().warnings.fetch_add(1, Ordering::Relaxed);
        }
        let writer = writer::Writer::new(
            opened.connection,
            place.lock,
            &place.database,
            config.durability,
            Arc::clone(&mailbox),
            Arc::clone(&ledger),
            clock,
        )
        .suspecting(opened.suspects);
        let thread = std::thread::Builder::new()
            .name(format!("queue-{}", destination.name.chars().take(9).collect::<String>()))
            .spawn(move || writer.run())
            .map_err(|error| failed(error.to_string()))?;
        Ok((Self { mailbox, marker, thread: Mutex::new(Some(thread)) }, ledger))
    }

    /// Hands a request to the writer, or votes at once.
    pub(crate) fn insert(&self, ledger: &Ledger, parcel: &Arc<Parcel>, received_ms: i64, ballot: Ballot) {
        let packed = parcel.packed.get_or_init(|| body::pack(parcel.items, &parcel.body));
        let size_bytes = packed.bytes.len() as u64 + RECORD_OVERHEAD_BYTES;
        let reserved = match ledger.on_full() {
            // The writer makes room first.
            OnFull::DropOldest => false,
            OnFull::Refuse | OnFull::DropNewest => {
                if !ledger.reserve(size_bytes) {
                    let drops = ledger.on_full() == OnFull::DropNewest;
                    return ballot.vote(if drops { Vote::Dropped } else { Vote::Refused(ledger.refusal(size_bytes)) });
                }
                true
            }
        };
        let insert = Insert { parcel: Arc::clone(parcel), received_ms, size_bytes, reserved, ballot };
        if let Err(insert) = self.mailbox.insert(insert) {
            if reserved {
                ledger.release(size_bytes);
            }
            insert.ballot.vote(Vote::Refused(SubmitError::full()));
        }
    }

    /// See [`crate::push::queue::Queue::departing`].
    pub(crate) fn departing(&self, signal: Signal, (first, last): (i64, i64)) {
        self.marker.set(signal, first, last);
    }

    /// See [`crate::push::queue::Queue::arrived`].
    pub(crate) fn arrived(&self, signal: Signal) {
        self.marker.clear(signal);
    }

    /// See [`crate::push::queue::Queue::forgive`].
    pub(crate) fn forgive(&self, signal: Signal, range: (i64, i64)) {
        self.mailbox.forgive(signal, range);
    }

    /// See [`crate::push::queue::Queue::settle`]. The records were taken together, so that nothing else lies between them.
    pub(crate) async fn settle(&self, signal: Signal, records: &[Record]) {
        let (done, settled) = oneshot::channel();
        let mut removals: Vec<Removal> = Vec::new();
        let mut count = 0;
        for record in records {
            match removals.last_mut() {
                Some(range) if range.size_bytes < REMOVAL_BYTES_MAX && room(count, range.size_bytes) => {
                    range.last = record.id;
                    range.size_bytes += record.size_bytes;
                    count += 1;
                }
                _ => {
                    let (first, size_bytes) = (record.id, record.size_bytes);
                    removals.push(Removal { signal, first, last: first, size_bytes, done: None });
                    count = 1;
                }
            }
        }
        let Some(last) = removals.last_mut() else { return };
        last.done = Some(done);
        self.mailbox.remove(removals);
        let _ = settled.await;
    }

    /// Stores what was taken in, closes the file and gives up the lock; safe twice.
    pub(crate) async fn close(&self) {
        self.mailbox.close();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        self.mailbox.close();
    }
}

/// Small records share pages, so more of them may go at once.
fn room(records: usize, size_bytes: u64) -> bool {
    records < REMOVAL_RECORDS_MAX || size_bytes < records as u64 * 4096
}
