//! One metric of one scope of one instance: its series in a slab, found by a keyed hash of their attributes.

use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;

use foldhash::quality::RandomState;
use hashbrown::HashTable;

use crate::limits::EXPORT_INTERVAL_MAX_MS;
use crate::state::cadence::{Cadence, silence_ms};
use crate::state::series::caps::Name;
use crate::state::series::value::Value;

/// A series.
#[derive(Debug)]
pub(super) struct Slot {
    hash: u64,
    /// `a="1",b="2"`, translated and escaped; made once.
    pub(super) labels: Box<str>,
    seen: Seen,
    pub(super) value: Value,
}

/// When a series was last told, on the monotonic clock in milliseconds, and in the lowest bit whether in deltas: one word, as
/// there are a million of them.
#[derive(Clone, Copy, Debug)]
struct Seen(u64);

impl Seen {
    fn new(at_ms: u64, is_delta: bool) -> Self {
        Self(at_ms << 1 | u64::from(is_delta))
    }
}

impl Slot {
    pub(super) fn new(hash: u64, labels: &str, now_ms: u64, is_delta: bool, value: Value) -> Self {
        Self { hash, labels: labels.into(), seen: Seen::new(now_ms, is_delta), value }
    }

    pub(super) fn touch(&mut self, now_ms: u64, is_delta: bool) {
        self.seen = Seen::new(now_ms, is_delta);
    }

    /// How long it was not told.
    pub(super) fn silent_ms(&self, now_ms: u64) -> u64 {
        now_ms.saturating_sub(self.seen.0 >> 1)
    }

    /// What it costs, index and spare room of the slab included.
    pub(super) fn bytes(&self) -> usize {
        Self::bytes_of(self.labels.len(), &self.value)
    }

    pub(super) fn bytes_of(labels_len: usize, value: &Value) -> usize {
        // Both indexes, and what the allocator rounds up: measured when a slot was 8 bytes smaller, a million series took 274
        // bytes each and this said 277.
        size_of::<Self>() * 3 / 2 + 64 + labels_len + value.heap_bytes()
    }
}

/// A metric's series.
#[derive(Debug)]
pub(super) struct Family {
    pub(super) name: Arc<Name>,
    /// Scope labels, ready to print.
    pub(super) scope: Arc<str>,
    /// Key in the table's index.
    pub(super) key: u64,
    /// What the family itself costs.
    pub(super) bytes: usize,
    slots: Vec<Slot>,
    by_hash: HashTable<u32>,
    by_labels: HashTable<u32>,
    /// Where the next point probably is: SDKs export in the same order again.
    expected: usize,
    pub(super) overflow: Option<Box<Slot>>,
    /// The export in which the overflow series was last told.
    pub(super) overflow_export: u64,
    /// The rhythm of its exports, that staleness goes by.
    pub(super) cadence: Cadence,
    /// The bounds that were used last.
    pub(super) bounds: Option<Arc<[f64]>>,
}

/// The hash of a set of attributes, whatever their order: each raw message is hashed under the process's random key.
#[inline]
pub(super) fn attributes_hash<'a>(state: &RandomState, attributes: impl Iterator<Item = &'a [u8]>) -> u64 {
    attributes.fold(0, |sum: u64, raw| sum.wrapping_add(bytes_hash(state, raw)))
}

#[inline]
pub(super) fn bytes_hash(state: &RandomState, bytes: &[u8]) -> u64 {
    let mut hasher = state.build_hasher();
    hasher.write(bytes);
    hasher.finish()
}

impl Family {
    pub(super) fn new(name: Arc<Name>, scope: Arc<str>, key: u64, bytes: usize) -> Self {
        Self {
            name,
            scope,
            key,
            bytes,
            slots: Vec::new(),
            by_hash: HashTable::new(),
            by_labels: HashTable::new(),
            expected: 0,
            overflow: None,
            overflow_export: 0,
            cadence: Cadence::default(),
            bounds: None,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.slots.is_empty() && self.overflow.is_none()
    }

    /// The place of the series of that hash.
    #[inline]
    pub(super) fn find(&mut self, hash: u64) -> Option<usize> {
        let expected = self.expected;
        let place = if self.slots.get(expected).is_some_and(|slot| slot.hash == hash) {
            expected
        } else {
            let slots = &self.slots;
            let is_it = |place: &u32| slots.get(*place as usize).is_some_and(|slot| slot.hash == hash);
            *self.by_hash.find(hash, is_it)? as usize
        };
        self.expected = place + 1;
        Some(place)
    }

    /// Slot and shared bounds, for histograms.
    pub(super) fn slot_and_bounds(&mut self, place: usize) -> Option<(&mut Slot, &mut Option<Arc<[f64]>>)> {
        let bounds = &mut self.bounds;
        self.slots.get_mut(place).map(|slot| (slot, bounds))
    }

    pub(super) fn has_labels(&self, state: &RandomState, labels: &str) -> bool {
        let slots = &self.slots;
        let is_it = |place: &u32| slots.get(*place as usize).is_some_and(|slot| *slot.labels == *labels);
        self.by_labels.find(bytes_hash(state, labels.as_bytes()), is_it).is_some()
    }

    pub(super) fn insert(&mut self, state: &RandomState, slot: Slot) {
        // Below SERIES_PER_METRIC_MAX, or whatever smaller number of series fits into memory.
        let place = self.slots.len() as u32;
        let (hash, labels_hash) = (slot.hash, bytes_hash(state, slot.labels.as_bytes()));
        self.slots.push(slot);
        self.expected = self.slots.len();
        let slots = &self.slots;
        let hash_of = |place: &u32| slots.get(*place as usize).map_or(0, |slot| slot.hash);
        self.by_hash.insert_unique(hash, place, hash_of);
        let labels_hash_of =
            |place: &u32| slots.get(*place as usize).map_or(0, |slot| bytes_hash(state, slot.labels.as_bytes()));
        self.by_labels.insert_unique(labels_hash, place, labels_hash_of);
    }

    /// Takes a series out; the last one of the slab takes its place.
    pub(super) fn remove(&mut self, state: &RandomState, place: usize) -> Option<Slot> {
        if place >= self.slots.len() {
            return None;
        }
        let last = self.slots.len() - 1;
        self.unindex(state, place);
        if last != place {
            self.reindex(state, last, place);
        }
        Some(self.slots.swap_remove(place))
    }

    fn unindex(&mut self, state: &RandomState, place: usize) {
        let Some(slot) = self.slots.get(place) else { return };
        let wanted = place as u32;
        if let Ok(entry) = self.by_hash.find_entry(slot.hash, |held| *held == wanted) {
            entry.remove();
        }
        let labels_hash = bytes_hash(state, slot.labels.as_bytes());
        if let Ok(entry) = self.by_labels.find_entry(labels_hash, |held| *held == wanted) {
            entry.remove();
        }
    }

    fn reindex(&mut self, state: &RandomState, from: usize, to: usize) {
        let Some(slot) = self.slots.get(from) else { return };
        let wanted = from as u32;
        if let Some(held) = self.by_hash.find_mut(slot.hash, |held| *held == wanted) {
            *held = to as u32;
        }
        let labels_hash = bytes_hash(state, slot.labels.as_bytes());
        if let Some(held) = self.by_labels.find_mut(labels_hash, |held| *held == wanted) {
            *held = to as u32;
        }
    }

    /// Whether a series is no longer reported while its instance still is: three of the metric's own intervals went by, and
    /// at least 15 s. Series told in deltas stay: silence means that nothing happened.
    #[inline]
    pub(super) fn is_vanished(&self, slot: &Slot, instance_seen_ms: u64) -> bool {
        let Seen(seen) = slot.seen;
        if seen & 1 == 1 {
            return false;
        }
        let allowed_ms = self.cadence.interval_ms().map_or(EXPORT_INTERVAL_MAX_MS, silence_ms);
        (seen >> 1) + allowed_ms < instance_seen_ms
    }

    /// Takes vanished series out, from `place` downwards and at most `looks` of them looked at; returns where to go on
    /// (none: done), how many were looked at, and what was removed as (series, bytes).
    pub(super) fn sweep(
        &mut self,
        state: &RandomState,
        place: usize,
        looks: usize,
        instance_seen_ms: u64,
    ) -> (Option<usize>, usize, (usize, usize)) {
        let mut removed = (0, 0);
        let mut place = place.min(self.slots.len());
        let mut looked = 0;
        while place > 0 && looked < looks {
            place -= 1;
            looked += 1;
            if self.slots.get(place).is_some_and(|slot| self.is_vanished(slot, instance_seen_ms))
                && let Some(slot) = self.remove(state, place)
            {
                removed = (removed.0 + 1, removed.1 + slot.bytes());
            }
        }
        if place > 0 {
            return (Some(place), looked, removed);
        }
        if self.overflow.as_deref().is_some_and(|slot| self.is_vanished(slot, instance_seen_ms)) {
            self.overflow = None;
        }
        self.shrink(state);
        (None, looked, removed)
    }

    /// Gives memory back once most of the slab is empty.
    fn shrink(&mut self, state: &RandomState) {
        if self.slots.capacity() > 4 * self.slots.len() + 64 {
            self.slots.shrink_to(self.slots.len() * 2);
            let slots = &self.slots;
            let hash_of = |place: &u32| slots.get(*place as usize).map_or(0, |slot| slot.hash);
            self.by_hash.shrink_to_fit(hash_of);
            let labels_hash_of =
                |place: &u32| slots.get(*place as usize).map_or(0, |slot| bytes_hash(state, slot.labels.as_bytes()));
            self.by_labels.shrink_to_fit(labels_hash_of);
        }
    }

    pub(super) fn slots(&self) -> impl Iterator<Item = &Slot> {
        self.slots.iter().chain(self.overflow.as_deref())
    }
}
