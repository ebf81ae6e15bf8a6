//! The writer thread of one queue file: commits what has gathered, votes after the commit, takes out what is done with, and
//! reads back what memory does not hold.

mod forgive;
mod load;

use std::collections::VecDeque;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, params};

use crate::clock::Clock;
use crate::config::push::{Durability, OnFull};
use crate::model::signal::Signal;
use crate::push::SubmitError;
use crate::push::queue::decision::Vote;
use crate::push::queue::disk::mailbox::{Insert, Mailbox, Removal};
use crate::push::queue::disk::{body, file};
use crate::push::queue::ledger::{Ledger, RECORD_OVERHEAD_BYTES, Record};

/// Bytes of bodies in one transaction; a larger group is committed in parts.
const GROUP_BYTES_MAX: u64 = 1024 * 1024;
/// Records in one transaction.
const GROUP_RECORDS_MAX: usize = 1024;
/// A group of so many records is the mark of a busy queue, where waiting for the next group to fill saves more than it costs.
const BUSY_RECORDS_MIN: usize = 4;
/// With `durability: interval` data is on the disk after at most twice this.
const SYNC_INTERVAL: Duration = Duration::from_millis(200);
/// Pause before removals that failed are tried again.
const REMOVAL_PAUSE: Duration = Duration::from_secs(1);
/// Oldest records that one full disk may cost before the new data is given up.
const EVICTIONS_MAX: usize = 256;

/// What is done with the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    Store,
    Remove,
    Load,
    Sync,
}

/// See the module.
pub(crate) struct Writer {
    connection: Connection,
    _lock: File,
    log_path: PathBuf,
    durability: Durability,
    mailbox: Arc<Mailbox>,
    ledger: Arc<Ledger>,
    /// Added to the monotonic clock gives the Unix time that is stored; fixed at start, so that a jump of the date moves no age.
    unix_offset_ms: i64,
    removals: VecDeque<Removal>,
    synced: bool,
    full_sync: bool,
    /// What failed last; it alone can tell that the file works again.
    failing: Option<Operation>,
    /// Signals whose last load failed.
    load_again: [bool; 3],
    /// Signals of which the file has records that were in flight at a death.
    suspects: [bool; 3],
    /// Records of the last group, when it was busy: so many are expected in the next one.
    expected: usize,
}

impl Writer {
    /// A writer for an open file.
    pub(crate) fn new(
        connection: Connection,
        lock: File,
        path: &Path,
        durability: Durability,
        mailbox: Arc<Mailbox>,
        ledger: Arc<Ledger>,
        clock: &Clock,
    ) -> Self {
        let mut log_path = path.as_os_str().to_owned();
        log_path.push("-wal");
        Self {
            connection,
            _lock: lock,
            log_path: log_path.into(),
            durability,
            mailbox,
            ledger,
            unix_offset_ms: clock.unix_ms() as i64 - clock.elapsed_ms() as i64,
            removals: VecDeque::new(),
            synced: true,
            full_sync: true,
            failing: None,
            load_again: [false; 3],
            suspects: [false; 3],
            expected: 0,
        }
    }

    /// Of these signals the file has records that were in flight when the process died.
    pub(crate) fn suspecting(self, suspects: [bool; 3]) -> Self {
        Self { suspects, ..self }
    }

    /// Works until the queue is closed.
    pub(crate) fn run(mut self) {
        loop {
            let waits = !self.removals.is_empty() || self.load_again != [false; 3];
            let patience = match (self.synced, !waits) {
                (true, true) => None,
                (false, _) => Some(SYNC_INTERVAL),
                (true, false) => Some(REMOVAL_PAUSE),
            };
            let work = self.mailbox.collect(patience, self.expected);
            let idle = work.inserts.is_empty();
            if !idle {
                self.expected = if work.inserts.len() >= BUSY_RECORDS_MIN { work.inserts.len() } else { 0 };
            }
            self.removals.extend(work.removals);
            for (signal, range) in work.forgiven {
                self.forgive(signal, range);
            }
            self.store(work.inserts);
            self.remove_rest();
            let again = std::mem::take(&mut self.load_again);
            for (signal, (wanted, again)) in Signal::ALL.into_iter().zip(work.loads.into_iter().zip(again)) {
                if wanted || again {
                    self.load(signal);
                }
            }
            if idle || work.closing {
                self.sync();
            }
            if work.closing {
                self.forgive_all();
                break;
            }
        }
        if let Err(error) = self.connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)") {
            tracing::warn!(destination = %self.ledger.account().name, %error, "queue file keeps its log");
        }
    }

    fn store(&mut self, inserts: Vec<Insert>) {
        let mut group = Vec::new();
        let mut bytes = 0;
        for mut insert in inserts {
            if !insert.reserved && !self.make_room(insert.size_bytes) {
                insert.ballot.vote(Vote::Dropped);
                continue;
            }
            insert.reserved = true;
            bytes += insert.size_bytes;
            group.push(insert);
            if bytes >= GROUP_BYTES_MAX || group.len() >= GROUP_RECORDS_MAX {
                self.store_group(std::mem::take(&mut group));
                bytes = 0;
            }
        }
        if !group.is_empty() {
            self.store_group(group);
        }
    }

    fn store_group(&mut self, group: Vec<Insert>) {
        let ids: Vec<i64> = group.iter().map(|insert| self.ledger.next_id(insert.parcel.signal)).collect();
        let error = match self.commit(&group, &ids) {
            Ok(()) => {
                self.worked(Operation::Store);
                for (insert, id) in group.into_iter().zip(ids) {
                    self.accepted(insert, id);
                }
                return;
            }
            Err(error) => error,
        };
        self.failed(Operation::Store, &error);
        if error.sqlite_error_code() == Some(ErrorCode::DiskFull) {
            // Starts the log over, where there is room that is the file's already.
            let _ = self.connection.execute_batch("PRAGMA wal_checkpoint(RESTART)");
        }
        if group.len() == 1 || error.sqlite_error_code() != Some(ErrorCode::DiskFull) {
            for insert in group {
                self.refused(insert, &error);
            }
            return;
        }
        // A part of the group may fit, or drop something older first.
        for insert in group {
            self.store_group(vec![insert]);
        }
    }

    fn accepted(&self, insert: Insert, id: i64) {
        let record = Record {
            id,
            items: insert.parcel.items,
            size_bytes: insert.size_bytes,
            received_ms: insert.received_ms,
            attempts: 0,
            body: insert.parcel.body.clone(),
        };
        self.ledger.stored(insert.parcel.signal, record);
        insert.ballot.vote(Vote::Stored { id });
    }

    fn refused(&mut self, insert: Insert, error: &rusqlite::Error) {
        let full = error.sqlite_error_code() == Some(ErrorCode::DiskFull);
        match self.ledger.on_full() {
            OnFull::DropOldest if full => {
                for _ in 0..EVICTIONS_MAX {
                    if !self.evict() {
                        break;
                    }
                    let id = self.ledger.next_id(insert.parcel.signal);
                    if self.remove_rest() && self.commit(std::slice::from_ref(&insert), &[id]).is_ok() {
                        return self.accepted(insert, id);
                    }
                }
                self.ledger.release(insert.size_bytes);
                insert.ballot.vote(Vote::Dropped);
            }
            OnFull::DropNewest if full => {
                self.ledger.release(insert.size_bytes);
                insert.ballot.vote(Vote::Dropped);
            }
            OnFull::DropOldest | OnFull::DropNewest | OnFull::Refuse => {
                self.ledger.release(insert.size_bytes);
                insert.ballot.vote(Vote::Refused(SubmitError::disk()));
            }
        }
    }

    fn make_room(&mut self, size_bytes: u64) -> bool {
        while !self.ledger.reserve(size_bytes) {
            if !self.ledger.may_ever_fit(size_bytes) || !self.evict() {
                return false;
            }
        }
        true
    }

    /// Drops the oldest record, reading it back first where memory does not hold it.
    fn evict(&mut self) -> bool {
        let evicted = self.ledger.evict().or_else(|| {
            for signal in Signal::ALL {
                self.load(signal);
            }
            self.ledger.evict()
        });
        if let Some((signal, id)) = evicted {
            self.removals.push_back(Removal { signal, first: id, last: id, size_bytes: 0, done: None });
        }
        evicted.is_some()
    }

    /// One transaction: the records of `group`, and the removals at the head.
    fn commit(&mut self, group: &[Insert], ids: &[i64]) -> rusqlite::Result<()> {
        // Nothing that was acknowledged depends on a removal having reached the disk: at worst a record is sent twice.
        self.set_full_sync(!group.is_empty() && self.durability == Durability::Commit)?;
        let removals = self.removals_for_one_commit();
        let result = self.transact(group, ids, removals);
        if result.is_err() {
            if !self.connection.is_autocommit() {
                let _ = self.connection.execute_batch("ROLLBACK");
            }
            return result;
        }
        if self.durability == Durability::Interval {
            self.synced = false;
        }
        for removal in self.removals.drain(..removals) {
            if let Some(done) = removal.done {
                let _ = done.send(());
            }
        }
        Ok(())
    }

    fn removals_for_one_commit(&self) -> usize {
        let mut bytes = 0;
        let fits = |removal: &&Removal| {
            bytes += removal.size_bytes.max(RECORD_OVERHEAD_BYTES);
            bytes <= GROUP_BYTES_MAX
        };
        self.removals.iter().take(64).take_while(fits).count().max(usize::from(!self.removals.is_empty()))
    }

    fn transact(&self, group: &[Insert], ids: &[i64], removals: usize) -> rusqlite::Result<()> {
        self.connection.prepare_cached("BEGIN")?.execute([])?;
        for removal in self.removals.iter().take(removals) {
            let mut delete = self.connection.prepare_cached(file::delete_sql(removal.signal))?;
            delete.execute(params![removal.first, removal.last])?;
        }
        for (insert, id) in group.iter().zip(ids) {
            let parcel = &insert.parcel;
            let packed = parcel.packed.get_or_init(|| body::pack(parcel.items, &parcel.body));
            let mut store = self.connection.prepare_cached(file::insert_sql(parcel.signal))?;
            let received_at = insert.received_ms + self.unix_offset_ms;
            store.execute(params![
                id,
                parcel.items as i64,
                packed.crc,
                received_at,
                0,
                packed.codec,
                &packed.bytes[..]
            ])?;
        }
        self.connection.prepare_cached("COMMIT")?.execute([])?;
        Ok(())
    }

    /// Takes out what is left to be taken out; tells whether that worked.
    fn remove_rest(&mut self) -> bool {
        while !self.removals.is_empty() {
            if let Err(error) = self.commit(&[], &[]) {
                self.failed(Operation::Remove, &error);
                // Whoever waits for it goes on: the records stay known as done with, in memory.
                for removal in &mut self.removals {
                    if let Some(done) = removal.done.take() {
                        let _ = done.send(());
                    }
                }
                return false;
            }
            self.worked(Operation::Remove);
        }
        true
    }

    fn set_full_sync(&mut self, full: bool) -> rusqlite::Result<()> {
        if full == self.full_sync {
            return Ok(());
        }
        let sql = if full { "PRAGMA synchronous = FULL" } else { "PRAGMA synchronous = NORMAL" };
        self.connection.execute_batch(sql)?;
        self.full_sync = full;
        Ok(())
    }

    fn sync(&mut self) {
        if self.synced {
            return;
        }
        match File::open(&self.log_path).and_then(|log| log.sync_data()) {
            Ok(()) => {
                self.synced = true;
                self.worked(Operation::Sync);
            }
            Err(error) => self.failed(Operation::Sync, &rusqlite::Error::InvalidPath(error.to_string().into())),
        }
    }

    /// The queue cannot be read whole now: whoever asks is told.
    fn failed(&mut self, operation: Operation, error: &rusqlite::Error) {
        self.failing = Some(operation);
        self.ledger.account().queue.failed(error);
    }

    fn worked(&mut self, operation: Operation) {
        if self.failing == Some(operation) {
            self.failing = None;
            self.ledger.account().queue.worked();
        }
    }
}
