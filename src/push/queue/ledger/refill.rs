//! How records come back into memory: given back by a sender, taken over from another queue, or read from the file.

use std::sync::atomic::Ordering;

use crate::model::signal::Signal;
use crate::push::queue::ledger::{Ledger, Record, Slot};

/// What a queue file holds of one signal at start.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Found {
    /// Records.
    pub(crate) records: u64,
    /// Their items.
    pub(crate) items: u64,
    /// Their sizes.
    pub(crate) size_bytes: u64,
    /// The greatest id that was ever seen; 0 for none.
    pub(crate) last_id: i64,
}

impl Ledger {
    /// Books items as recovered that were resolved already, when their record waits anew because other items of it do.
    pub(crate) fn reopened(&self, signal: Signal, items: u64) {
        self.with_account(signal, |account| {
            account.recovered.fetch_add(items, Ordering::Relaxed);
            account.queue_items.fetch_add(items, Ordering::Relaxed);
        });
    }

    /// Puts records that were taken and not settled back, in front.
    pub(crate) fn give_back(&self, signal: Signal, records: Vec<Record>) {
        let mut book = self.book();
        for record in records.into_iter().rev() {
            let bytes = record.body.len() as u64;
            let lane = book.lane(signal);
            lane.eligible_bytes += bytes;
            lane.ready.push_front(Slot { record, decided: true });
            book.cached_bytes = book.cached_bytes.saturating_add(bytes);
        }
        drop(book);
        self.arrived(signal).notify_one();
    }

    /// Takes over records of a queue in memory, which count as recovered.
    pub(crate) fn adopt(&self, signal: Signal, records: Vec<Record>) {
        for mut record in records {
            record.id = self.next_id(signal);
            let (items, size_bytes) = (record.items, record.size_bytes);
            self.book().live_bytes += size_bytes;
            self.with_account(signal, |account| {
                account.recovered.fetch_add(items, Ordering::Relaxed);
                account.queue_items.fetch_add(items, Ordering::Relaxed);
                account.queue_bytes.fetch_add(size_bytes, Ordering::Relaxed);
            });
            let mut book = self.book();
            let bytes = record.body.len() as u64;
            let lane = book.lane(signal);
            lane.eligible_bytes += bytes;
            lane.ready.push_back(Slot { record, decided: true });
            book.cached_bytes = book.cached_bytes.saturating_add(bytes);
        }
        self.arrived(signal).notify_one();
    }

    /// Books records that were found at start.
    pub(crate) fn recovered(&self, signal: Signal, found: Found) {
        let mut book = self.book();
        book.live_bytes += found.size_bytes;
        let lane = book.lane(signal);
        lane.spilled = found.records;
        lane.next_id = found.last_id + 1;
        drop(book);
        self.with_account(signal, |account| {
            account.recovered.fetch_add(found.items, Ordering::Relaxed);
            account.queue_items.fetch_add(found.items, Ordering::Relaxed);
            account.queue_bytes.fetch_add(found.size_bytes, Ordering::Relaxed);
        });
        self.arrived(signal).notify_one();
    }

    /// Where the next load of the file starts (after that id) and ends (before that id); none when nothing is to be loaded.
    pub(crate) fn load_window(&self, signal: Signal) -> Option<(i64, i64)> {
        let mut book = self.book();
        let lane = book.lane(signal);
        let before = lane.undecided.keys().next().copied().unwrap_or(i64::MAX);
        (lane.ready.is_empty() && lane.spilled > 0).then_some((lane.loaded_to, before))
    }

    /// Takes in what a load read: records, the ids that were damaged with their items and sizes, the last id that was seen,
    /// and whether nothing undecided bounded the load.
    pub(crate) fn loaded(
        &self,
        signal: Signal,
        records: Vec<Record>,
        damaged: &[(u64, u64)],
        (last_id, whole): (Option<i64>, bool),
    ) {
        let mut book = self.book();
        // An undecided record may hold the load back; its decision wakes the taker, who would spin if woken here.
        let wake = last_id.is_some() || whole;
        for record in records {
            let bytes = record.body.len() as u64;
            let lane = book.lane(signal);
            lane.spilled = lane.spilled.saturating_sub(1);
            lane.eligible_bytes += bytes;
            lane.ready.push_back(Slot { record, decided: true });
            book.cached_bytes = book.cached_bytes.saturating_add(bytes);
        }
        let lane = book.lane(signal);
        lane.spilled = lane.spilled.saturating_sub(damaged.len() as u64);
        match last_id {
            Some(id) => lane.loaded_to = id,
            None if whole => lane.spilled = 0,
            None => {}
        }
        let lost_bytes: u64 = damaged.iter().map(|(_, size_bytes)| size_bytes).sum();
        book.live_bytes = book.live_bytes.saturating_sub(lost_bytes);
        drop(book);
        for (items, size_bytes) in damaged {
            self.resolved(signal, *items, |account| account.dropped.add("corrupt", *items));
            self.forget_bytes(signal, *size_bytes);
        }
        if wake {
            self.arrived(signal).notify_one();
        }
    }
}
