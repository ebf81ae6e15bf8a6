//! The printed maps: what several instances say, merged under one name (contract §4.1, §4.2, §9). Every view takes them from
//! here, so that they agree.

mod keys;
mod pools;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::breaker::BreakerState;
use crate::model::health::InScope;
use crate::model::health::figures::per_second;
use crate::model::merge::keys::Keys;
use crate::model::scope::Scope;
use crate::model::snapshot::{ComponentFacts, Liveness, Snapshot, StreamFacts};

pub use crate::model::merge::pools::{PoolSummary, pool_total, pools, workers};

/// The instances of one component of one service.
#[derive(Clone, Debug, PartialEq)]
pub struct MergedComponent {
    /// `component.name`, without a qualifying service.
    pub name: Arc<str>,
    /// `service.name`; none for an expected component that nobody reported.
    pub service: Option<Arc<str>>,
    /// Whether every live instance is running or starting, and one is live.
    pub is_healthy: bool,
    /// Items processed so far, over all instances.
    pub items_processed: u64,
    /// Errors so far, over all instances.
    pub errors: u64,
    /// The worst live state; `stale` without a live instance, `missing` for an expected component that nobody reported.
    pub status: &'static str,
    /// Latest activity in Unix seconds.
    pub last_activity: Option<f64>,
    /// How bad `status` is; silence gives way to any live state.
    badness: Option<u8>,
}

/// The component map of a scope, keyed by name, or by `service/component` where services share a name.
pub fn components(snapshot: &Snapshot, scope: &Scope) -> BTreeMap<String, MergedComponent> {
    components_in(&InScope::new(snapshot, scope))
}

pub(crate) fn components_in(view: &InScope<'_>) -> BTreeMap<String, MergedComponent> {
    let counted = || {
        let all = view.snapshot.components.iter();
        all.filter_map(|component| Some((view.instance(component.owner)?, component)))
    };
    let keys = Keys::of(counted().map(|(instance, component)| (&*instance.service, &*component.name)));
    let mut map: BTreeMap<String, MergedComponent> = BTreeMap::new();
    for (instance, component) in counted() {
        let new = || MergedComponent::new(component.name.clone(), Some(instance.service.clone()), "stale");
        let merged = map.entry(keys.key(&instance.service, &component.name)).or_insert_with(new);
        merged.add(component, instance.liveness);
    }
    for name in view.missing {
        map.entry(name.to_string()).or_insert_with(|| MergedComponent::new(name.clone(), None, "missing"));
    }
    map
}

impl MergedComponent {
    const fn new(name: Arc<str>, service: Option<Arc<str>>, status: &'static str) -> Self {
        Self {
            name,
            service,
            is_healthy: false,
            items_processed: 0,
            errors: 0,
            status,
            last_activity: None,
            badness: None,
        }
    }

    fn add(&mut self, component: &ComponentFacts, liveness: Liveness) {
        self.items_processed = self.items_processed.saturating_add(component.items_processed);
        self.errors = self.errors.saturating_add(component.errors);
        self.last_activity = latest(self.last_activity, component.last_activity);
        if liveness != Liveness::Live {
            return;
        }
        let badness = component.state.badness();
        self.is_healthy = component.state.is_healthy() && (self.is_healthy || self.badness.is_none());
        if self.badness.is_none_or(|worst| badness > worst) {
            self.badness = Some(badness);
            self.status = component.state.as_str();
        }
    }
}

/// The breakers of one component of one service.
#[derive(Clone, Debug, PartialEq)]
pub struct MergedBreaker {
    /// The component's name, else the breaker's.
    pub name: Arc<str>,
    /// `service.name`.
    pub service: Arc<str>,
    /// The worst live state, folded to closed, open or half-open; the last known one without a live instance.
    pub state: BreakerState,
    /// Failures so far, over all breakers and instances.
    pub failure_count: u64,
    /// Latest failure in Unix seconds.
    pub last_failure: Option<f64>,
    is_live: bool,
    is_known: bool,
}

/// The circuit breaker map of a scope, keyed by component, else by breaker name (contract §9).
pub fn breakers(snapshot: &Snapshot, scope: &Scope) -> BTreeMap<String, MergedBreaker> {
    let view = InScope::new(snapshot, scope);
    let counted = || {
        snapshot.breakers.iter().filter_map(|breaker| {
            let name = breaker.component.as_ref().unwrap_or(&breaker.name);
            Some((view.instance(breaker.owner)?, name, breaker))
        })
    };
    let keys = Keys::of(counted().map(|(instance, name, _)| (&*instance.service, &**name)));
    let mut map: BTreeMap<String, MergedBreaker> = BTreeMap::new();
    for (instance, name, breaker) in counted() {
        let new = || MergedBreaker {
            name: name.clone(),
            service: instance.service.clone(),
            state: BreakerState::Closed,
            failure_count: 0,
            last_failure: None,
            is_live: false,
            is_known: false,
        };
        let merged = map.entry(keys.key(&instance.service, name)).or_insert_with(new);
        merged.failure_count = merged.failure_count.saturating_add(breaker.failures.unwrap_or(0));
        merged.last_failure = latest(merged.last_failure, breaker.last_failure);
        if breaker.is_state_known {
            merged.judge(breaker.state.folded(), instance.liveness == Liveness::Live);
        }
    }
    // Nobody knows whether it lets calls through: saying "closed" would be a guess.
    map.retain(|_, merged| merged.is_known);
    map
}

impl MergedBreaker {
    /// A live word replaces a silent one's; among equals the worse stays.
    fn judge(&mut self, state: BreakerState, is_live: bool) {
        let worse = state.badness() > self.state.badness();
        if (is_live && !self.is_live) || (is_live == self.is_live && worse) {
            self.state = state;
        }
        self.is_live |= is_live;
        self.is_known = true;
    }
}

/// All streams of a scope in three figures.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Streaming {
    /// Streams that are active now; one that does not tell counts while messages flow.
    pub active_streams: u64,
    /// Messages so far.
    pub total_messages: u64,
    /// Messages a second over the last 60 s.
    pub message_rate: f64,
}

/// The streams of a scope; those that only the configuration names count where nothing is filtered.
pub fn streaming(snapshot: &Snapshot, scope: &Scope) -> Streaming {
    let view = InScope::new(snapshot, scope);
    let mut streaming = Streaming::default();
    for stream in &snapshot.streams {
        let is_live = match stream.owner {
            Some(owner) => match view.instance(owner) {
                Some(instance) => instance.liveness == Liveness::Live,
                None => continue,
            },
            None if view.everything => true,
            None => continue,
        };
        streaming.total_messages = streaming.total_messages.saturating_add(stream.messages.unwrap_or(0));
        streaming.message_rate += per_second(stream.messages_recent, stream.recent_s);
        if is_live {
            streaming.active_streams = streaming.active_streams.saturating_add(active(stream));
        }
    }
    streaming
}

fn active(stream: &StreamFacts) -> u64 {
    stream.active.unwrap_or_else(|| u64::from(stream.messages_recent > 0))
}

/// The later of two moments; what is no number is not known.
fn latest(one: Option<f64>, other: Option<f64>) -> Option<f64> {
    let other = other.filter(|moment| moment.is_finite());
    match (one, other) {
        (Some(one), Some(other)) => Some(one.max(other)),
        (one, other) => one.or(other),
    }
}
