//! What the handles of the Rust API need of their instance: entities that are claimed within the store's caps, counts that
//! received entities do not have, and the errors and activity of components.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::limits::ERROR_TYPES_MAX;
use crate::model::breaker::BreakerState;
use crate::model::pool::PoolCounts;
use crate::model::stream::StreamId;
use crate::state::cells::{BreakerCell, ComponentCell, PoolCell, StreamCell, WorkerCell};
use crate::state::entities::{Entities, has_room, key_of};
use crate::state::identity::bounded;
use crate::state::instance::{Instance, Moment};
use crate::state::tally::Tally;

/// The type of an error that has no name of its own (semantic conventions).
pub const ERROR_TYPE_OTHER: &str = "_OTHER";

/// Why an entity could not be claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The store holds as many as it may.
    Full,
    /// A worker of that id lives.
    Taken,
}

/// Counts of a recorded pool.
#[derive(Debug, Default)]
pub struct PoolTallies {
    /// Requests that its workers ended.
    pub requests: Tally,
    /// Requests that failed.
    pub errors: Tally,
    /// Whether requests are told at all; a pool that is only looked at has none.
    pub sees_requests: AtomicBool,
    /// Workers that became ready.
    pub workers_created: AtomicU64,
    /// Workers that failed to start.
    pub workers_failed: AtomicU64,
    /// Workers that left.
    pub workers_retired: AtomicU64,
}

/// Totals of a pool, recorded or received; none where they are not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PoolTotals {
    /// `pool.requests`.
    pub requests: Option<u64>,
    /// `pool.errors`.
    pub errors: Option<u64>,
    /// `pool.workers.created`.
    pub workers_created: Option<u64>,
    /// `pool.workers.failed`.
    pub workers_failed: Option<u64>,
    /// `pool.workers.retired`.
    pub workers_retired: Option<u64>,
}

impl PoolCell {
    /// What its handles count: from the first asking on it is a recorded pool.
    pub fn tallies(&self) -> &PoolTallies {
        self.recorded.get_or_init(PoolTallies::default)
    }

    /// Its workers by state: as it was told, else as the workers that it has are.
    pub fn counts(&self, from_workers: PoolCounts) -> PoolCounts {
        match (self.active.get(), self.idle.get(), self.creating.get()) {
            (None, None, None) if self.total.get().is_none() => from_workers,
            (active, idle, creating) => {
                let (active, creating) = (active.unwrap_or(0), creating.unwrap_or(0));
                // Of a pool that tells how many there are and how many are busy, the others are idle.
                let busy = active.saturating_add(creating);
                let others = || self.total.get().map_or(0, |total| total.saturating_sub(busy));
                PoolCounts { active, idle: idle.unwrap_or_else(others), creating }
            }
        }
    }

    /// What is known of it.
    pub fn totals(&self) -> PoolTotals {
        let recorded = self.recorded.get();
        let seen = recorded.filter(|recorded| recorded.sees_requests.load(Ordering::Relaxed));
        // Of a pool that tells its counts itself nobody sees workers come and go.
        let handled = recorded.filter(|_| self.active.get().is_none());
        let load = |count: &AtomicU64| count.load(Ordering::Relaxed);
        PoolTotals {
            requests: seen.map_or_else(|| self.requests.get(), |recorded| Some(recorded.requests.get())),
            errors: seen.map_or_else(|| self.errors.get(), |recorded| Some(recorded.errors.get())),
            workers_created: handled
                .map_or_else(|| self.workers_created.get(), |recorded| Some(load(&recorded.workers_created))),
            workers_failed: handled
                .map_or_else(|| self.workers_failed.get(), |recorded| Some(load(&recorded.workers_failed))),
            workers_retired: handled
                .map_or_else(|| self.workers_retired.get(), |recorded| Some(load(&recorded.workers_retired))),
        }
    }
}

/// Errors of a recorded component by type; at most [`ERROR_TYPES_MAX`], then `_OTHER`.
#[derive(Debug, Default)]
pub(crate) struct ErrorTypes(Mutex<BTreeMap<Cow<'static, str>, u64>>);

impl ComponentCell {
    /// Counts an error of a type.
    pub fn count_error(&self, kind: Cow<'static, str>) {
        let mut types = self.error_types.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Counted under the lock: whoever reads both under it never sees the rest shrink.
        self.errors.add(1);
        let is_known = types.contains_key(&kind);
        let kind = if is_known || types.len() < ERROR_TYPES_MAX { kind } else { Cow::Borrowed(ERROR_TYPE_OTHER) };
        *types.entry(kind).or_default() += 1;
    }

    /// The errors whose type is not known, then those of each type.
    pub fn errors_by_type(&self) -> (u64, Vec<(Cow<'static, str>, u64)>) {
        let types = self.error_types.0.lock().unwrap_or_else(PoisonError::into_inner);
        let by_type: Vec<_> = types.iter().map(|(kind, count)| (kind.clone(), *count)).collect();
        let sum: u64 = by_type.iter().map(|(_, count)| count).sum();
        (self.errors.get().saturating_sub(sum), by_type)
    }
}

/// How often a recorded breaker went from each state to each.
#[derive(Debug, Default)]
pub(crate) struct TransitionPairs(OnceLock<Box<[[AtomicU64; STATES]; STATES]>>);

const STATES: usize = BreakerState::ALL.len();

/// The ways that a breaker goes by itself; they are told from the start.
const USUAL: [(BreakerState, BreakerState); 4] = [
    (BreakerState::Closed, BreakerState::Open),
    (BreakerState::Open, BreakerState::HalfOpen),
    (BreakerState::HalfOpen, BreakerState::Closed),
    (BreakerState::HalfOpen, BreakerState::Open),
];

impl BreakerCell {
    /// Counts a transition by its two states.
    pub fn count_transition(&self, from: BreakerState, to: BreakerState) {
        let pairs = self.pairs.0.get_or_init(Box::default);
        if let Some(count) = pairs.get(from as usize).and_then(|row| row.get(to as usize)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Tells how often it went from which state to which: the usual ways always, others once they were taken.
    pub fn each_transition(&self, mut tell: impl FnMut(BreakerState, BreakerState, u64)) {
        let pairs = self.pairs.0.get();
        for (place, from) in BreakerState::ALL.into_iter().enumerate() {
            for (other, to) in BreakerState::ALL.into_iter().enumerate() {
                let count = pairs.and_then(|rows| rows.get(place)?.get(other));
                let count = count.map_or(0, |count| count.load(Ordering::Relaxed));
                if count > 0 || USUAL.contains(&(from, to)) {
                    tell(from, to, count);
                }
            }
        }
    }
}

/// An error in one line: its type, unless that says nothing, and its message.
pub fn error_words(kind: &str, message: &str) -> String {
    match (kind, message) {
        ("" | ERROR_TYPE_OTHER, message) if !message.is_empty() => message.to_owned(),
        (kind, "") => kind.to_owned(),
        (kind, message) => format!("{kind}: {message}"),
    }
}

impl Instance {
    /// Workers of recorded pools by state, in one look.
    pub fn counts_by_pool(&self) -> BTreeMap<Arc<str>, PoolCounts> {
        let mut counts: BTreeMap<Arc<str>, PoolCounts> = BTreeMap::new();
        let entities = self.entities();
        for worker in entities.workers.values() {
            if let Some(pool) = worker.pool.get() {
                match counts.get_mut(pool) {
                    Some(counts) => counts.add(worker.state()),
                    None => counts.entry(pool.clone()).or_default().add(worker.state()),
                }
            }
        }
        counts
    }

    fn claim<T>(&self, is_known: impl FnOnce(&Entities) -> bool, make: impl FnOnce(&mut Entities) -> T) -> Option<T> {
        let budget = &self.shared.budget;
        let mut entities = self.entities();
        (is_known(&entities) || has_room(&budget.others, budget.others_max)).then(|| make(&mut entities))
    }

    /// The pool of that name; none when it is new and the store is full.
    pub fn claim_pool(&self, name: &str) -> Option<Arc<PoolCell>> {
        let (key, budget) = (&*self.identity.key, &self.shared.budget);
        let cell = self.claim(|all| all.pools.contains_key(name), |all| all.pool(key, name, budget))?;
        cell.tallies();
        Some(cell)
    }

    /// The component of that name; none when it is new and the store is full.
    pub fn claim_component(&self, name: &str, kind: &str) -> Option<Arc<ComponentCell>> {
        let (key, budget) = (&*self.identity.key, &self.shared.budget);
        self.claim(|all| all.components.contains_key(name), |all| all.component(key, (name, kind), budget))
    }

    /// The circuit breaker of that name; none when it is new and the store is full.
    pub fn claim_breaker(&self, name: &str, component: &str) -> Option<Arc<BreakerCell>> {
        let (key, budget) = (&*self.identity.key, &self.shared.budget);
        self.claim(|all| all.breakers.contains_key(name), |all| all.breaker(key, (name, component), budget))
    }

    /// The stream of that identity; none when it is new and the store is full.
    pub fn claim_stream(&self, id: &StreamId) -> Option<Arc<StreamCell>> {
        let (key, budget) = (&*self.identity.key, &self.shared.budget);
        self.claim(|all| all.streams.contains_key(id), |all| all.stream(key, id, budget))
    }

    /// A worker of its own cell, which belongs to one handle until [`Instance::release_worker`].
    ///
    /// # Errors
    /// [`Refusal`]: a worker of that id lives, or the store is full.
    pub fn claim_worker(&self, id: &str, app: &str, pool: &str, now_ms: u64) -> Result<Arc<WorkerCell>, Refusal> {
        let budget = &self.shared.budget;
        let mut entities = self.entities();
        let known = entities.workers.get(id);
        let is_known = known.is_some();
        if known.is_some_and(|cell| cell.created_ms.get().is_some() && !cell.gone.load(Ordering::Relaxed)) {
            return Err(Refusal::Taken);
        }
        if !is_known && !has_room(&budget.workers, budget.workers_max) {
            return Err(Refusal::Full);
        }
        let id: Arc<str> = id.into();
        let key = key_of(&self.identity.key, "worker", &id);
        let cell = Arc::new(WorkerCell { key, id: id.clone(), ..WorkerCell::default() });
        cell.app.tell(app);
        cell.pool.tell(pool);
        cell.created_ms.set(now_ms);
        cell.progress_ms.store(now_ms, Ordering::Relaxed);
        if entities.workers.insert(id, cell.clone()).is_none() {
            budget.workers.fetch_add(1, Ordering::Relaxed);
        }
        Ok(cell)
    }

    /// Takes a worker out at once, whose handle was dropped; a later one of the same id stays.
    pub fn release_worker(&self, cell: &Arc<WorkerCell>) {
        cell.gone.store(true, Ordering::Relaxed);
        let mut entities = self.entities();
        if entities.workers.get(&cell.id).is_some_and(|held| Arc::ptr_eq(held, cell)) {
            entities.workers.remove(&cell.id);
            self.shared.budget.workers.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Keeps the text of a component's last error, and tells it as an event when it is another than before: the same error
    /// again and again would push everything else out of the ring of events.
    pub fn component_failed(&self, cell: &ComponentCell, words: &str, at: Moment) {
        let words = bounded(words);
        let before = cell.last_error.lock().unwrap_or_else(PoisonError::into_inner).replace(words.into());
        if before.as_deref() != Some(words) {
            self.tell("component_error", &cell.name, words, at.unix_ms);
        }
    }

    /// Notes the moment for every component whose items moved since the last look: counting an item reads no clock.
    pub(crate) fn note_activity(&self, at: Moment) {
        for cell in self.entities().components.values() {
            let items = cell.items_processed.get();
            if cell.noted_items.swap(items, Ordering::Relaxed) != items {
                cell.last_activity.set(at.unix_ms as f64 / 1000.0);
            }
        }
    }
}
