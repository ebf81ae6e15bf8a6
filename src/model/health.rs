//! The health of a scope: its score, why it is not 1, and the figures that every view prints beside it (contract §7, §9).

pub mod figures;
mod score;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::model::alert::Level;
use crate::model::health::figures::{Figures, per_second};
use crate::model::merge;
use crate::model::scope::Scope;
use crate::model::snapshot::{InstanceFacts, Liveness, Snapshot};

/// Thresholds and weights.
#[derive(Clone, Debug, PartialEq)]
pub struct HealthRules {
    /// Least score of a healthy system.
    pub healthy: f64,
    /// Least score of a degraded system.
    pub degraded: f64,
    /// Weight by component name or `service/component`; 1 where none is given.
    pub weights: BTreeMap<String, f64>,
}

impl Default for HealthRules {
    fn default() -> Self {
        Self { healthy: 0.8, degraded: 0.5, weights: BTreeMap::new() }
    }
}

impl HealthRules {
    /// The weight of a component; the longer name wins, and a weight that is no number of at least 0 counts as 0.
    pub fn weight(&self, service: Option<&str>, component: &str) -> f64 {
        let qualified = service.and_then(|service| self.weights.get(&format!("{service}/{component}")));
        let weight = qualified.or_else(|| self.weights.get(component)).copied().unwrap_or(1.0);
        if weight.is_finite() && weight > 0.0 { weight } else { 0.0 }
    }

    /// The word for a score.
    pub fn status(&self, score: f64) -> HealthStatus {
        if score >= self.healthy {
            HealthStatus::Healthy
        } else if score >= self.degraded {
            HealthStatus::Degraded
        } else {
            HealthStatus::Unhealthy
        }
    }
}

/// The score in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HealthStatus {
    /// At least the healthy threshold.
    Healthy,
    /// At least the degraded threshold.
    Degraded,
    /// Below both.
    Unhealthy,
}

impl HealthStatus {
    /// The name in every view.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::Unhealthy => "unhealthy",
        }
    }
}

/// One deduction from the score.
#[derive(Clone, Debug, PartialEq)]
pub struct Reason {
    /// `component_degraded`, `component_failed`, `component_stopped`, `component_stale`, `component_missing`,
    /// `circuit_breaker_open`, `circuit_breaker_half_open`, `high_error_rate` or `nothing_live`.
    pub code: &'static str,
    /// The component, breaker or scope that it is about.
    pub subject: String,
    /// What it takes from the score, 0 to 1; 0 for an open breaker beyond the cap.
    pub deduction: f64,
    /// For people.
    pub message: String,
}

/// How many components there are; the instances of one service count as one, as in the printed maps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ComponentTotals {
    /// All, the missing ones included.
    pub total: u64,
    /// Healthy ones: every live instance is running or starting.
    pub healthy: u64,
    /// Ones whose state is running.
    pub running: u64,
}

/// Active alerts by level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AlertTotals {
    /// Critical ones.
    pub critical: u64,
    /// Warnings.
    pub warning: u64,
    /// Informational ones.
    pub info: u64,
}

impl AlertTotals {
    /// The number of that level.
    pub const fn of(&self, level: Level) -> u64 {
        match level {
            Level::Critical => self.critical,
            Level::Warning => self.warning,
            Level::Info => self.info,
        }
    }
}

/// What a scope looks like as a whole; every view prints these numbers and none of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct System {
    /// Health score, 0 to 1, rounded to nine decimals; 0 when nothing is in scope.
    pub score: f64,
    /// The score in one word.
    pub status: HealthStatus,
    /// Every deduction, components first.
    pub reasons: Vec<Reason>,
    /// Errors ÷ max(1, items processed) over the last 60 s.
    pub error_rate: f64,
    /// Items a second over the last 60 s.
    pub items_per_second: f64,
    /// Errors a second over the last 60 s.
    pub errors_per_second: f64,
    /// Sum over live instances in units of 1,048,576 bytes; none when no one reports it.
    pub memory_usage_mb: Option<f64>,
    /// The busiest live instance's CPU in per cent of its machine; none when no one reports it.
    pub cpu_usage_percent: Option<f64>,
    /// Components.
    pub components: ComponentTotals,
    /// Traces counted so far.
    pub traces_total: u64,
    /// Traces a second over the last 60 s.
    pub traces_per_second: f64,
    /// Spans that are open now in live instances.
    pub spans_active: u64,
    /// Active alerts.
    pub alerts: AlertTotals,
    /// Whether anything is registered in this scope at all.
    pub anything_in_scope: bool,
    /// How long the process has run, in whole seconds.
    pub uptime_seconds: u64,
}

impl System {
    /// The health and figures of a scope.
    pub fn of(snapshot: &Snapshot, scope: &Scope, rules: &HealthRules) -> Self {
        let view = InScope::new(snapshot, scope);
        let figures = Figures::of(&view);
        let (points, reasons) = score::score(&view, rules, &figures);
        let counted = view.instances();
        let traces_total = counted.map(|one| one.traces).fold(0, u64::saturating_add);
        let live = view.instances().filter(|one| one.liveness == Liveness::Live);
        Self {
            score: points,
            status: rules.status(points),
            reasons,
            error_rate: figures.error_rate(),
            items_per_second: figures.items_per_second,
            errors_per_second: figures.errors_per_second,
            memory_usage_mb: figures.memory_usage_mb(),
            cpu_usage_percent: figures.cpu_usage_percent(),
            components: component_totals(&view),
            traces_total,
            traces_per_second: view.instances().map(|one| per_second(one.traces_recent, one.recent_s)).sum(),
            spans_active: live.map(|one| one.spans_active).fold(0, u64::saturating_add),
            alerts: alert_totals(snapshot, scope),
            anything_in_scope: view.anything(),
            uptime_seconds: snapshot.uptime.as_secs(),
        }
    }

    /// The score as views tell it: none when nothing is registered in this scope, where 0 would read as a failure.
    pub fn known_score(&self) -> Option<f64> {
        self.anything_in_scope.then_some(self.score)
    }
}

/// A snapshot seen through a scope: which instances count, and whether the bridge stands alone.
#[derive(Debug)]
pub(crate) struct InScope<'a> {
    /// The snapshot.
    pub(crate) snapshot: &'a Snapshot,
    /// One place for each instance of the snapshot: whether it counts.
    counted: Vec<bool>,
    /// Whether a service other than the bridge is in scope.
    pub(crate) has_others: bool,
    /// Components that nobody reported; they count only without a filter (contract §9).
    pub(crate) missing: &'a [std::sync::Arc<str>],
    /// Whether nothing is filtered.
    pub(crate) everything: bool,
}

impl<'a> InScope<'a> {
    /// Looks at a snapshot through a scope.
    pub(crate) fn new(snapshot: &'a Snapshot, scope: &Scope) -> Self {
        let counts = |one: &InstanceFacts| scope.holds(one) && one.liveness != Liveness::Replaced;
        let counted: Vec<bool> = snapshot.instances.iter().map(counts).collect();
        let mut others = snapshot.instances.iter().zip(&counted).filter(|(one, counts)| **counts && !one.is_bridge);
        let has_others = others.next().is_some();
        let everything = scope.is_everything();
        let missing = if everything { snapshot.missing.as_slice() } else { &[] };
        Self { snapshot, counted, has_others, missing, everything }
    }

    /// The instance of that place, if it counts.
    pub(crate) fn instance(&self, owner: usize) -> Option<&'a InstanceFacts> {
        self.counted.get(owner).copied().unwrap_or(false).then(|| self.snapshot.instances.get(owner)).flatten()
    }

    /// The instance of that place, if it counts and is live.
    pub(crate) fn live(&self, owner: usize) -> Option<&'a InstanceFacts> {
        self.instance(owner).filter(|one| one.liveness == Liveness::Live)
    }

    /// The instances that count.
    pub(crate) fn instances(&self) -> impl Iterator<Item = &'a InstanceFacts> {
        self.snapshot.instances.iter().zip(&self.counted).filter(|(_, counts)| **counts).map(|(one, _)| one)
    }

    /// Whether the instance's figures are judged: the bridge's own are not beside another service.
    pub(crate) fn weighs(&self, instance: &InstanceFacts) -> bool {
        !(instance.is_bridge && self.has_others)
    }

    /// Whether anything is registered or missed; a stream that only the configuration names is neither.
    fn anything(&self) -> bool {
        let counts = |(owner, one): (usize, &InstanceFacts)| {
            self.instance(owner).is_some() && (one.is_bridge || !one.is_local || self.owns_something(owner))
        };
        !self.missing.is_empty() || self.snapshot.instances.iter().enumerate().any(counts)
    }

    /// Whether an instance has an entity: a process that embeds a bridge and registered nothing says nothing of its health
    /// (contract §4.1).
    fn owns_something(&self, owner: usize) -> bool {
        let Snapshot { pools, workers, components, breakers, streams, .. } = self.snapshot;
        pools.iter().any(|one| one.owner == owner)
            || workers.iter().any(|one| one.owner == owner)
            || components.iter().any(|one| one.owner == owner)
            || breakers.iter().any(|one| one.owner == owner)
            || streams.iter().any(|one| one.owner == Some(owner))
    }
}

fn component_totals(view: &InScope<'_>) -> ComponentTotals {
    let mut totals = ComponentTotals::default();
    for component in merge::components_in(view).values() {
        totals.total += 1;
        totals.healthy += u64::from(component.is_healthy);
        totals.running += u64::from(component.status == "running");
    }
    totals
}

fn alert_totals(snapshot: &Snapshot, scope: &Scope) -> AlertTotals {
    let mut totals = AlertTotals::default();
    for alert in snapshot.alerts.active.iter().filter(|alert| alert.is_in(scope)) {
        match alert.level {
            Level::Critical => totals.critical += 1,
            Level::Warning => totals.warning += 1,
            Level::Info => totals.info += 1,
        }
    }
    totals
}
