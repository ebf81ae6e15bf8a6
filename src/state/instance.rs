//! One instance of a service: who it is, when it was heard from, its entities, and what its telemetry feeds.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::limits::{STALE_AFTER_MIN_MS, TRANSITIONS_MAX};
use crate::model::breaker::BreakerState;
use crate::model::snapshot::Transition;
use crate::model::stream::StreamId;
use crate::state::cells::{BreakerCell, ComponentCell, PoolCell, StreamCell, WorkerCell};
use crate::state::entities::{Budget, Entities};
use crate::state::events::{Event, Events};
use crate::state::feed::Feed;
use crate::state::identity::Identity;
use crate::state::series::caps::SeriesCaps;
use crate::state::spans::{FinishedSpan, KeptSpans};
use crate::state::tally::{Figure, Tally};

/// An instance: the resource that its telemetry names, and all that it told.
#[derive(Debug, Default)]
pub struct Instance {
    /// Figures of its process.
    pub process: ProcessCell,
    /// Traces counted by the instance itself.
    pub traces: Tally,
    /// Spans started, counted by the instance itself.
    pub spans: Tally,
    /// Spans that are open now.
    pub spans_active: Figure,
    pub(crate) id: u32,
    pub(crate) identity: Identity,
    pub(crate) is_local: bool,
    pub(crate) is_bridge: bool,
    pub(crate) heard: Heard,
    pub(crate) received: Received,
    pub(crate) shared: Arc<Shared>,
    entities: Mutex<Entities>,
    feed: Mutex<Feed>,
}

/// Figures of an instance's process.
#[derive(Debug, Default)]
pub struct ProcessCell {
    /// CPU of that machine's cores, 0 to 1.
    pub cpu_utilization: Figure,
    /// Memory in bytes.
    pub memory_bytes: Figure,
    /// Uptime in seconds.
    pub uptime_s: Figure,
}

/// What all instances of a store share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) events: Events,
    pub(crate) spans: KeptSpans,
    pub(crate) budget: Budget,
    pub(crate) caps: Arc<SeriesCaps>,
}

impl Default for Shared {
    fn default() -> Self {
        Self {
            events: Events::default(),
            spans: KeptSpans::default(),
            budget: Budget::default(),
            caps: SeriesCaps::new(0),
        }
    }
}

/// When an instance was heard from, on the receive clock.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    pub(crate) first_ms: AtomicU64,
    pub(crate) first_unix_ms: AtomicU64,
    pub(crate) last_ms: AtomicU64,
    pub(crate) last_unix_ms: AtomicU64,
    /// The last metrics.
    pub(crate) metrics_ms: AtomicU64,
    /// Observed export interval; 0 while unknown.
    pub(crate) interval_ms: AtomicU64,
    /// Restarts that were seen, and when the last one was.
    pub(crate) restarts: AtomicU64,
    restarted_ms: AtomicU64,
    /// Whether its silence was told as an event.
    pub(crate) is_told_stale: AtomicBool,
}

/// What was counted in received spans and log records.
#[derive(Debug, Default)]
pub(crate) struct Received {
    pub(crate) spans: AtomicU64,
    pub(crate) roots: AtomicU64,
    pub(crate) log_records: AtomicU64,
    /// How long the instance had counted traces when it first told their number, in milliseconds; 0 when that is not known.
    pub(crate) traces_age_ms: AtomicU64,
    /// The instance tells these itself: what is counted here does not matter.
    pub(crate) tells_traces: AtomicBool,
    pub(crate) tells_spans: AtomicBool,
}

/// A moment on both clocks, read once for a request or a tick.
#[derive(Clone, Copy, Debug, Default)]
pub struct Moment {
    /// Monotonic milliseconds.
    pub now_ms: u64,
    /// Unix milliseconds.
    pub unix_ms: u64,
}

impl Moment {
    /// The present moment of a clock.
    pub fn of(clock: &crate::clock::Clock) -> Self {
        Self { now_ms: clock.elapsed_ms(), unix_ms: clock.unix_ms() }
    }
}

impl Instance {
    /// A new instance, heard from now.
    pub(crate) fn new(id: u32, identity: Identity, shared: Arc<Shared>, at: Moment) -> Self {
        let mut instance = Self::default();
        instance.id = id;
        instance.identity = identity;
        instance.feed = Mutex::new(Feed::new(shared.caps.clone()));
        instance.shared = shared;
        instance.heard.first_ms.store(at.now_ms, Ordering::Relaxed);
        instance.heard.first_unix_ms.store(at.unix_ms, Ordering::Relaxed);
        instance.heard(at);
        instance
    }

    /// It was heard from.
    pub(crate) fn heard(&self, at: Moment) {
        self.heard.last_ms.store(at.now_ms, Ordering::Relaxed);
        self.heard.last_unix_ms.store(at.unix_ms, Ordering::Relaxed);
    }

    pub(crate) fn entities(&self) -> MutexGuard<'_, Entities> {
        self.entities.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What its metrics feed; held while one of its resources is read, and while its facts are gathered.
    pub(crate) fn feed(&self) -> MutexGuard<'_, Feed> {
        self.feed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The pool of that name, made if it is new.
    pub fn pool(&self, name: &str) -> Arc<PoolCell> {
        self.entities().pool(&self.identity.key, name, &self.shared.budget)
    }

    /// The worker of that id, made if it is new; the labels of a known one stay.
    pub fn worker(&self, id: &str, app: &str, pool: &str) -> Arc<WorkerCell> {
        self.entities().worker(&self.identity.key, (id, app, pool), &self.shared.budget)
    }

    /// Takes a pool out at once, of which nothing is known any more.
    pub(crate) fn remove_pool(&self, name: &str) {
        if self.entities().pools.remove(name).is_some() {
            self.shared.budget.others.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// The component of that name, made if it is new.
    pub fn component(&self, name: &str, kind: &str) -> Arc<ComponentCell> {
        self.entities().component(&self.identity.key, (name, kind), &self.shared.budget)
    }

    /// The circuit breaker of that name, made if it is new.
    pub fn breaker(&self, name: &str, component: Option<&str>) -> Arc<BreakerCell> {
        self.entities().breaker(&self.identity.key, (name, component.unwrap_or_default()), &self.shared.budget)
    }

    /// The stream of that identity, made if it is new.
    pub fn stream(&self, id: &StreamId) -> Arc<StreamCell> {
        self.entities().stream(&self.identity.key, id, &self.shared.budget)
    }

    /// Takes out the workers whose handles were dropped.
    pub(crate) fn sweep(&self) {
        let mut entities = self.entities();
        let before = entities.workers.len();
        entities.workers.retain(|_, cell| !cell.gone.load(Ordering::Relaxed));
        self.shared.budget.workers.fetch_sub(before - entities.workers.len(), Ordering::Relaxed);
    }

    /// Remembers a span if it was slow or failed; the last ones of each kind are kept.
    pub fn span_finished(&self, span: &FinishedSpan<'_>) {
        if let Some(kept) = span.kept(self.id) {
            self.shared.spans.keep(kept);
        }
    }

    /// Every pool, by name.
    pub fn pools(&self) -> Vec<Arc<PoolCell>> {
        self.entities().pools.values().cloned().collect()
    }

    /// Every worker, by id.
    pub fn workers(&self) -> Vec<Arc<WorkerCell>> {
        self.entities().workers.values().cloned().collect()
    }

    /// Every component, by name.
    pub fn components(&self) -> Vec<Arc<ComponentCell>> {
        self.entities().components.values().cloned().collect()
    }

    /// Every circuit breaker, by name.
    pub fn breakers(&self) -> Vec<Arc<BreakerCell>> {
        self.entities().breakers.values().cloned().collect()
    }

    /// Every stream, by identity.
    pub fn streams(&self) -> Vec<Arc<StreamCell>> {
        self.entities().streams.values().cloned().collect()
    }

    /// Moves a breaker to a state. A change is remembered and told as an event, and answered with the state that was left; the
    /// first telling of a state is no change.
    pub fn breaker_transition(
        &self,
        cell: &BreakerCell,
        to: BreakerState,
        reason: Option<&str>,
        at: Moment,
    ) -> Option<BreakerState> {
        let before = cell.state.set(to as u8, at.now_ms);
        // A log event may have come before the figures that show the same: it is one transition, not two.
        let was_told = cell.foretold.is_fulfilled_by(to, at);
        let from = *BreakerState::ALL.get(usize::from(before?))?;
        if was_told {
            return Some(from);
        }
        if reason.is_none() {
            cell.foretold.add_seen(from, to, at);
        }
        self.remember(cell, Transition { from, to, at_unix_ms: at.unix_ms, reason: reason.map(Into::into) });
        Some(from)
    }

    /// A log event told a transition: it explains one that was observed without a reason, or is one that was not observed yet.
    pub(crate) fn breaker_told(&self, cell: &BreakerCell, from: BreakerState, to: BreakerState, why: &str, at: Moment) {
        let reason: Option<Arc<str>> = (!why.is_empty()).then(|| why.into());
        if cell.foretold.explains(from, to, at) {
            let mut recent = cell.recent.lock().unwrap_or_else(PoisonError::into_inner);
            let mut all = recent.to_vec();
            let is_meant = |one: &&mut Transition| one.from == from && one.to == to && one.reason.is_none();
            if let Some(observed) = all.iter_mut().rev().find(is_meant) {
                observed.reason = reason;
                *recent = all.into();
            }
            return;
        }
        if cell.state.get().is_none() || cell.state() == from {
            cell.state.set(to as u8, at.now_ms);
        }
        cell.foretold.add(to, at);
        self.remember(cell, Transition { from, to, at_unix_ms: at.unix_ms, reason });
    }

    fn remember(&self, cell: &BreakerCell, transition: Transition) {
        cell.observed.fetch_add(1, Ordering::Relaxed);
        let why = transition.reason.as_ref().map_or(String::new(), |reason| format!(": {reason}"));
        let message = format!("{} → {}{why}", transition.from.as_str(), transition.to.as_str());
        self.tell("breaker_transition", &cell.name, &message, transition.at_unix_ms);
        let mut recent = cell.recent.lock().unwrap_or_else(PoisonError::into_inner);
        *recent = std::iter::once(transition).chain(recent.iter().cloned()).take(TRANSITIONS_MAX).collect();
    }

    /// Adds an event about a subject of this instance.
    pub(crate) fn tell(&self, kind: &'static str, subject: &str, message: &str, at_unix_ms: u64) {
        self.shared.events.push(Event {
            id: 0,
            at_unix_ms,
            kind,
            service: Some(self.identity.service.clone()),
            instance: Some(self.identity.instance.clone()),
            environment: self.identity.environment(),
            subject: subject.into(),
            message: message.into(),
        });
    }

    /// One of its counters began anew. All counters of a process do so together: that is one restart.
    pub(crate) fn restarted(&self, at: Moment) {
        let last_ms = self.heard.restarted_ms.load(Ordering::Relaxed);
        let before = self.heard.restarts.load(Ordering::Relaxed);
        if before > 0 && at.now_ms.saturating_sub(last_ms) < STALE_AFTER_MIN_MS {
            return;
        }
        self.heard.restarted_ms.store(at.now_ms, Ordering::Relaxed);
        self.heard.restarts.store(before + 1, Ordering::Relaxed);
        self.tell("instance_restarted", &self.identity.service, "its counters began anew", at.unix_ms);
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        let entities = self.entities();
        self.shared.budget.workers.fetch_sub(entities.workers.len(), Ordering::Relaxed);
        self.shared.budget.others.fetch_sub(entities.others(), Ordering::Relaxed);
        drop(entities);
        self.shared.budget.points.fetch_sub(self.feed().points(), Ordering::Relaxed);
    }
}
