//! Where an entity's values live: atomics that the mapping of received points and the handles of the Rust API write alike,
//! and that snapshots and OpenTelemetry observable instruments read. Received and recorded are one thing.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use crate::model::breaker::BreakerState;
use crate::model::component::ComponentState;
use crate::model::snapshot::Transition;
use crate::model::worker::WorkerState;
use crate::state::foretold::Foretold;
use crate::state::recorded::{ErrorTypes, PoolTallies, TransitionPairs};
use crate::state::tally::{Count, Figure, Tally};

/// A state in an atomic byte, with the moment of the last change on the monotonic clock.
#[derive(Debug)]
pub struct StateCell {
    code: AtomicU8,
    since_ms: AtomicU64,
}

impl Default for StateCell {
    fn default() -> Self {
        Self { code: AtomicU8::new(Self::UNKNOWN), since_ms: AtomicU64::new(0) }
    }
}

impl StateCell {
    const UNKNOWN: u8 = u8::MAX;

    /// Sets the state by its place in the enum; tells the former place when it changed.
    pub fn set(&self, code: u8, now_ms: u64) -> Option<u8> {
        let before = self.code.swap(code, Ordering::Relaxed);
        if before == code {
            return None;
        }
        self.since_ms.store(now_ms, Ordering::Relaxed);
        Some(before)
    }

    /// The state's place in its enum; none while it was never told.
    pub fn get(&self) -> Option<u8> {
        let code = self.code.load(Ordering::Relaxed);
        (code != Self::UNKNOWN).then_some(code)
    }

    /// When it changed last, on the monotonic clock in milliseconds.
    pub fn since_ms(&self) -> u64 {
        self.since_ms.load(Ordering::Relaxed)
    }
}

/// A label that may be told later than the entity itself: the first telling stays.
#[derive(Debug, Default)]
pub struct Told(OnceLock<Arc<str>>);

impl Told {
    /// Takes the label, if it says something and none was told before.
    pub fn tell(&self, label: &str) {
        if !label.is_empty() && self.0.get().is_none() {
            let _ = self.0.set(label.into());
        }
    }

    /// The label, if it was told.
    pub fn get(&self) -> Option<&Arc<str>> {
        self.0.get()
    }

    /// The label; empty when it was not told.
    pub fn text(&self) -> Arc<str> {
        self.0.get().cloned().unwrap_or_default()
    }
}

/// What keeps a received entity in the store: points that are still reported. Delta counters alone keep it only if it never
/// had anything else. An entity that no received point ever fed belongs to its handles.
#[derive(Debug, Default)]
pub(crate) struct Hold(AtomicU8);

impl Hold {
    const FED: u8 = 1;
    const LASTING: u8 = 2;
    const FED_NOW: u8 = 4;
    const LASTING_NOW: u8 = 8;

    /// Begins a count: nothing holds it now.
    pub(crate) fn begin(&self) {
        self.0.fetch_and(Self::FED | Self::LASTING, Ordering::Relaxed);
    }

    /// A point still feeds it.
    pub(crate) fn fed(&self) {
        self.0.fetch_or(Self::FED | Self::FED_NOW, Ordering::Relaxed);
    }

    /// A point that is sent with every export still feeds it.
    pub(crate) fn fed_lasting(&self) {
        self.0.fetch_or(Self::FED | Self::FED_NOW | Self::LASTING | Self::LASTING_NOW, Ordering::Relaxed);
    }

    /// Whether it stays after the count.
    pub(crate) fn stays(&self) -> bool {
        let bits = self.0.load(Ordering::Relaxed);
        let has = |bit: u8| bits & bit != 0;
        !has(Self::FED) || has(Self::LASTING_NOW) || (has(Self::FED_NOW) && !has(Self::LASTING))
    }
}

/// Values of one pool.
#[derive(Debug, Default)]
pub struct PoolCell {
    /// Opaque and stable key.
    pub key: Arc<str>,
    pub(crate) hold: Hold,
    /// `pool.name`.
    pub name: Arc<str>,
    /// `pool.size`.
    pub size: Count,
    /// `pool.worker.count` where `pool.worker.state` is active; absent: counted from the workers.
    pub active: Count,
    /// Idle ones.
    pub idle: Count,
    /// Ones that are being spawned.
    pub creating: Count,
    /// How many there are, where only that and the active ones are told: the rest is idle.
    pub total: Count,
    /// `pool.pending_requests`.
    pub pending: Count,
    /// `pool.requests`.
    pub requests: Count,
    /// `pool.errors`.
    pub errors: Count,
    /// `pool.workers.created`.
    pub workers_created: Count,
    /// `pool.workers.failed`.
    pub workers_failed: Count,
    /// `pool.workers.retired`.
    pub workers_retired: Count,
    /// What its handles count; none for a pool that was only received.
    pub(crate) recorded: OnceLock<PoolTallies>,
    /// When it was last reported, on the monotonic clock in milliseconds.
    pub seen_ms: AtomicU64,
}

/// Values of one worker.
#[derive(Debug, Default)]
pub struct WorkerCell {
    /// Opaque and stable key.
    pub key: Arc<str>,
    pub(crate) hold: Hold,
    /// `worker.id`.
    pub id: Arc<str>,
    /// `worker.app`.
    pub app: Told,
    /// `pool.name`.
    pub pool: Told,
    /// Place in [`WorkerState::ALL`].
    pub state: StateCell,
    /// `worker.requests`.
    pub requests: Count,
    /// `worker.errors`.
    pub errors: Count,
    /// `worker.uptime` in seconds, as reported; a recorded worker has `created_ms` instead.
    pub uptime_s: Figure,
    /// Monotonic milliseconds at which a recorded worker was registered.
    pub created_ms: Count,
    /// `worker.memory.usage` of type rss, in bytes.
    pub memory_rss: Count,
    /// `worker.memory.usage` of type `heap_used`, in bytes.
    pub memory_heap_used: Count,
    /// When its request count moved last, on the monotonic clock in milliseconds.
    pub progress_ms: AtomicU64,
    /// When it was last reported, on the monotonic clock in milliseconds.
    pub seen_ms: AtomicU64,
    /// Its handle was dropped: it leaves with the next sweep.
    pub gone: AtomicBool,
}

impl WorkerCell {
    /// The state, if it was told.
    pub fn state(&self) -> Option<WorkerState> {
        self.state.get().and_then(|code| WorkerState::ALL.get(usize::from(code)).copied())
    }
}

/// Values of one component.
#[derive(Debug, Default)]
pub struct ComponentCell {
    /// Opaque and stable key.
    pub key: Arc<str>,
    pub(crate) hold: Hold,
    /// `component.name`.
    pub name: Arc<str>,
    /// `component.type`.
    pub kind: Told,
    /// Place in [`ComponentState::ALL`].
    pub state: StateCell,
    /// `component.items_processed`.
    pub items_processed: Tally,
    /// `component.errors`.
    pub errors: Tally,
    pub(crate) error_types: ErrorTypes,
    /// Items when its activity was last looked at.
    pub(crate) noted_items: AtomicU64,
    /// `component.last_activity` in Unix seconds.
    pub last_activity: Figure,
    /// How long it had counted when it was first heard of, in milliseconds; 0 when that is not known.
    pub age_ms: AtomicU64,
    /// The last error that a log event or a handle told.
    pub last_error: Mutex<Option<Arc<str>>>,
    /// When it was last reported, on the monotonic clock in milliseconds.
    pub seen_ms: AtomicU64,
}

impl ComponentCell {
    /// The state; a component that only counts is taken as running.
    pub fn state(&self) -> ComponentState {
        let told = self.state.get().and_then(|code| ComponentState::ALL.get(usize::from(code)).copied());
        told.unwrap_or(ComponentState::Running)
    }
}

/// Values of one circuit breaker.
#[derive(Debug, Default)]
pub struct BreakerCell {
    /// Opaque and stable key.
    pub key: Arc<str>,
    pub(crate) hold: Hold,
    /// `circuit_breaker.name`.
    pub name: Arc<str>,
    /// `component.name`.
    pub component: Told,
    /// Place in [`BreakerState::ALL`].
    pub state: StateCell,
    /// `circuit_breaker.failures`.
    pub failures: Tally,
    /// `circuit_breaker.transitions`.
    pub transitions: Tally,
    /// `circuit_breaker.calls` by outcome: success, failure, rejected.
    pub calls: [Tally; 3],
    /// `circuit_breaker.last_failure` in Unix seconds.
    pub last_failure: Figure,
    /// Changes of the state that were observed here.
    pub observed: AtomicU64,
    pub(crate) foretold: Foretold,
    pub(crate) pairs: TransitionPairs,
    /// The last transitions, newest first; shared with snapshots and replaced when one is added.
    pub recent: Mutex<Arc<[Transition]>>,
    /// When it was last reported, on the monotonic clock in milliseconds.
    pub seen_ms: AtomicU64,
}

impl BreakerCell {
    /// The state; closed while it was never told.
    pub fn state(&self) -> BreakerState {
        let told = self.state.get().and_then(|code| BreakerState::ALL.get(usize::from(code)).copied());
        told.unwrap_or(BreakerState::Closed)
    }
}

/// Values of one stream.
#[derive(Debug, Default)]
pub struct StreamCell {
    /// Opaque and stable key.
    pub key: Arc<str>,
    pub(crate) hold: Hold,
    /// `stream.name`.
    pub name: Arc<str>,
    /// `stream.from`; empty when not told.
    pub from: Arc<str>,
    /// `stream.to`; empty when not told.
    pub to: Arc<str>,
    /// `stream.active`.
    pub active: Count,
    /// `stream.queue_depth`.
    pub queue_depth: Count,
    /// `stream.messages`.
    pub messages: Tally,
    /// `stream.backpressure_events`.
    pub backpressure_events: Tally,
    /// How long it had counted when it was first heard of, in milliseconds; 0 when that is not known.
    pub age_ms: AtomicU64,
    /// When it was last reported, on the monotonic clock in milliseconds.
    pub seen_ms: AtomicU64,
}
