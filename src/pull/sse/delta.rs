//! What has changed between two snapshots, by key. Facts are compared, not their JSON: 10,000 workers of which few move cost
//! a walk and a map, and only what moved is rendered.

use hashbrown::{HashMap, HashSet};
use serde::Serialize;
use utoipa::ToSchema;

use crate::model::health::System as SystemFacts;
use crate::pull::v1::alert::{Alert, Recommendation};
use crate::pull::v1::breaker::Breaker;
use crate::pull::v1::component::Component;
use crate::pull::v1::exporter::Exporter;
use crate::pull::v1::noun::{Context, Noun, facts_in_scope};
use crate::pull::v1::pool::Pool;
use crate::pull::v1::service::Service;
use crate::pull::v1::stream::Stream;
use crate::pull::v1::system::System;
use crate::pull::v1::topics::{Topic, Topics};
use crate::pull::v1::trace::Traces;
use crate::pull::v1::worker::Worker;

/// What has changed of one kind.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Changes<'a, T> {
    /// New ones, and known ones as they are now.
    pub changed: Vec<T>,
    /// Keys of those that are gone.
    pub removed: Vec<&'a str>,
}

/// What has changed since the message before. Ages, uptimes and countdowns move by themselves and are no change: count on
/// from `timestamp`. A member that is left out has not changed.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Delta<'a> {
    /// The snapshot that it leads to.
    pub snapshot_id: u64,
    /// When that was taken, in Unix seconds.
    pub timestamp: f64,
    /// Health and figures, whole.
    pub system: System<'a>,
    /// Instances.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub services: Option<Changes<'a, Service<'a>>>,
    /// Pools.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pools: Option<Changes<'a, Pool<'a>>>,
    /// Workers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workers: Option<Changes<'a, Worker<'a>>>,
    /// Components.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub components: Option<Changes<'a, Component<'a>>>,
    /// Circuit breakers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub breakers: Option<Changes<'a, Breaker<'a>>>,
    /// Streams.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub streams: Option<Changes<'a, Stream<'a>>>,
    /// Active alerts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alerts: Option<Changes<'a, Alert<'a>>>,
    /// Recommendations, whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recommendations: Option<Vec<Recommendation<'a>>>,
    /// Traces, whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub traces: Option<Traces<'a>>,
    /// Push destinations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exporters: Option<Changes<'a, Exporter<'a>>>,
}

/// A scope at one moment, with its health: what a delta leads from and to.
#[derive(Debug)]
pub struct Moment<'a> {
    /// The scope at that moment.
    pub context: &'a Context<'a>,
    /// Its health and figures.
    pub system: &'a SystemFacts,
}

impl<'a> Delta<'a> {
    /// What has changed of the topics that are wanted; none when nothing but clocks has moved.
    pub fn between(before: &Moment<'a>, now: &Moment<'a>, topics: Topics) -> Option<Self> {
        let (old, new) = (before.context, now.context);
        let wants = |topic| topics.holds(topic);
        let delta = Self {
            snapshot_id: new.snapshot.id,
            timestamp: new.snapshot.timestamp(),
            system: System::from(now.system),
            services: changes(old, new),
            pools: wants(Topic::Pools).then(|| changes(old, new)).flatten(),
            workers: wants(Topic::Workers).then(|| changes(old, new)).flatten(),
            components: wants(Topic::Components).then(|| component_changes(old, new)).flatten(),
            breakers: wants(Topic::Breakers).then(|| changes(old, new)).flatten(),
            streams: wants(Topic::Streams).then(|| changes(old, new)).flatten(),
            alerts: wants(Topic::Alerts).then(|| changes(old, new)).flatten(),
            recommendations: wants(Topic::Alerts).then(|| recommendations(old, new)).flatten(),
            traces: wants(Topic::Traces).then(|| traces(before, now)).flatten(),
            exporters: wants(Topic::Exporters).then(|| changes(old, new)).flatten(),
        };
        (delta.has_entities() || !is_same_system(before.system, now.system)).then_some(delta)
    }

    fn has_entities(&self) -> bool {
        self.services.is_some()
            || self.pools.is_some()
            || self.workers.is_some()
            || self.components.is_some()
            || self.breakers.is_some()
            || self.streams.is_some()
            || self.alerts.is_some()
            || self.recommendations.is_some()
            || self.traces.is_some()
            || self.exporters.is_some()
    }
}

/// Uptime moves by itself; everything else is a change.
fn is_same_system(before: &SystemFacts, now: &SystemFacts) -> bool {
    let before = SystemFacts { uptime_seconds: now.uptime_seconds, ..before.clone() };
    before == *now
}

fn changes<'a, N: Noun<'a>>(old: &Context<'a>, new: &Context<'a>) -> Option<Changes<'a, N>> {
    let known: HashMap<&str, &'a N::Facts> = facts_in_scope::<N>(old).map(|facts| (N::key(facts), facts)).collect();
    let mut changed = Vec::new();
    let mut met = 0;
    for facts in facts_in_scope::<N>(new) {
        let before = known.get(N::key(facts));
        met += usize::from(before.is_some());
        let owner = |context: &Context<'a>, facts| N::owner(facts).map(|place| context.owner(place));
        let is_same = |before: &&&'a N::Facts| N::is_same(before, facts) && owner(old, **before) == owner(new, facts);
        if before.is_none_or(|before| !is_same(&before)) {
            changed.push(N::view(new, facts));
        }
    }
    let removed = if met == known.len() {
        Vec::new()
    } else {
        let left: HashSet<&str> = facts_in_scope::<N>(new).map(|facts| N::key(facts)).collect();
        facts_in_scope::<N>(old).map(|facts| N::key(facts)).filter(|key| !left.contains(key)).collect()
    };
    (!changed.is_empty() || !removed.is_empty()).then_some(Changes { changed, removed })
}

/// Components, and the ones that are expected: those come and go as they are reported.
fn component_changes<'a>(old: &Context<'a>, new: &Context<'a>) -> Option<Changes<'a, Component<'a>>> {
    let mut all = changes(old, new).unwrap_or(Changes { changed: Vec::new(), removed: Vec::new() });
    let before: Vec<Component<'a>> = Component::missing(old).collect();
    let now: Vec<Component<'a>> = Component::missing(new).collect();
    all.removed.extend(before.iter().filter(|one| !now.contains(one)).map(|one| one.key));
    all.changed.extend(now.into_iter().filter(|one| !before.contains(one)));
    (!all.changed.is_empty() || !all.removed.is_empty()).then_some(all)
}

fn recommendations<'a>(old: &Context<'a>, new: &Context<'a>) -> Option<Vec<Recommendation<'a>>> {
    let now = Recommendation::all(new);
    (now != Recommendation::all(old)).then_some(now)
}

fn traces<'a>(before: &Moment<'a>, now: &Moment<'a>) -> Option<Traces<'a>> {
    let traces = Traces::new(now.context, now.system);
    (traces != Traces::new(before.context, before.system)).then_some(traces)
}

#[cfg(test)]
mod tests;
