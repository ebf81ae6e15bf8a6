//! What rules look at: every entity of a snapshot with its fields, without allocating.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::alert::rule::{Subject, Value};
use crate::model::health::figures::{Figures, MEGABYTE, per_second, percent};
use crate::model::health::{HealthRules, System};
use crate::model::scope::Scope;
use crate::model::snapshot::{
    BreakerFacts, ComponentFacts, DestinationFacts, InstanceFacts, Liveness, PoolFacts, Snapshot, StreamFacts,
    WorkerFacts,
};

/// One thing that a rule may look at.
#[derive(Debug)]
pub(super) struct Entity<'a> {
    /// Unique among the things of its kind.
    pub(super) key: &'a Arc<str>,
    /// For people.
    pub(super) name: &'a Arc<str>,
    /// The instance that it belongs to.
    pub(super) instance: Option<&'a InstanceFacts>,
    /// The service, where no single instance is meant.
    pub(super) service: Option<&'a ServiceFigures<'a>>,
    facts: Facts<'a>,
    snapshot: &'a Snapshot,
}

#[derive(Debug)]
enum Facts<'a> {
    System(&'a ServiceFigures<'a>, &'a HealthRules),
    Service(&'a InstanceFacts),
    Pool(&'a PoolFacts),
    Worker(&'a WorkerFacts),
    Component(&'a ComponentFacts, bool),
    Missing,
    Breaker(&'a BreakerFacts),
    Stream(&'a StreamFacts),
    Push(&'a DestinationFacts),
}

/// One service as a whole.
#[derive(Debug)]
pub(super) struct ServiceFigures<'a> {
    /// `service.name`.
    pub(super) service: &'a Arc<str>,
    /// The environment, where all its live instances share it.
    pub(super) environment: Option<&'a Arc<str>>,
    figures: Figures,
    traces: u64,
    spans_active: u64,
    /// The bridge itself, to which nothing has come yet: it waits, and that is no fault.
    waits: bool,
}

/// Every service with a live instance.
pub(super) fn services(snapshot: &Snapshot) -> BTreeMap<&str, ServiceFigures<'_>> {
    let mut services: BTreeMap<&str, ServiceFigures<'_>> = BTreeMap::new();
    for instance in snapshot.instances.iter().filter(|one| one.liveness == Liveness::Live) {
        let environment = instance.environment.as_ref();
        let service = services.entry(&instance.service).or_insert_with(|| ServiceFigures {
            service: &instance.service,
            environment,
            figures: Figures::default(),
            traces: 0,
            spans_active: 0,
            waits: instance.is_bridge,
        });
        service.environment = service.environment.filter(|shared| environment == Some(*shared));
        service.figures.add_instance(instance);
        service.traces = service.traces.saturating_add(instance.traces);
        service.spans_active = service.spans_active.saturating_add(instance.spans_active);
    }
    for component in &snapshot.components {
        let Some(instance) = snapshot.instances.get(component.owner) else { continue };
        let counts = instance.liveness != Liveness::Replaced;
        if let Some(service) = services.get_mut(&*instance.service).filter(|_| counts) {
            service.figures.add_component(component);
            service.waits &= component.items_processed == 0;
        }
    }
    services
}

/// Calls `look` with every entity of a kind. Of a silent instance only the instance itself and its components are judged:
/// nothing else about it is known to be so now.
pub(super) fn each<'a>(
    snapshot: &'a Snapshot,
    services: &'a BTreeMap<&'a str, ServiceFigures<'a>>,
    health: &'a HealthRules,
    on: Subject,
    mut look: impl FnMut(&Entity<'a>),
) {
    let mut entity = |key, name, instance, facts| look(&Entity { key, name, instance, service: None, facts, snapshot });
    let live = |owner: usize| snapshot.instances.get(owner).filter(|one| one.liveness == Liveness::Live);
    match on {
        Subject::System => {
            for one in services.values() {
                let (key, facts) = (one.service, Facts::System(one, health));
                look(&Entity { key, name: key, instance: None, service: Some(one), facts, snapshot });
            }
        }
        Subject::Service => {
            for one in snapshot.instances.iter().filter(|one| one.liveness != Liveness::Replaced) {
                entity(&one.key, &one.service, Some(one), Facts::Service(one));
            }
        }
        Subject::Pool => {
            for (one, owner) in snapshot.pools.iter().filter_map(|one| Some((one, live(one.owner)?))) {
                entity(&one.key, &one.name, Some(owner), Facts::Pool(one));
            }
        }
        Subject::Worker => {
            for (one, owner) in snapshot.workers.iter().filter_map(|one| Some((one, live(one.owner)?))) {
                entity(&one.key, &one.id, Some(owner), Facts::Worker(one));
            }
        }
        Subject::Component => {
            for one in &snapshot.components {
                let owner = snapshot.instances.get(one.owner).filter(|owner| owner.liveness != Liveness::Replaced);
                let Some(owner) = owner else { continue };
                let facts = Facts::Component(one, owner.liveness == Liveness::Live);
                entity(&one.key, &one.name, Some(owner), facts);
            }
            for name in &snapshot.missing {
                entity(name, name, None, Facts::Missing);
            }
        }
        Subject::CircuitBreaker => {
            for (one, owner) in snapshot.breakers.iter().filter_map(|one| Some((one, live(one.owner)?))) {
                entity(&one.key, &one.name, Some(owner), Facts::Breaker(one));
            }
        }
        Subject::Stream => {
            for one in &snapshot.streams {
                let owner = one.owner.and_then(live);
                if owner.is_some() || one.owner.is_none() {
                    entity(&one.key, &one.name, owner, Facts::Stream(one));
                }
            }
        }
        Subject::Push => {
            let bridge = snapshot.instances.iter().find(|one| one.is_local);
            for one in &snapshot.bridge.destinations {
                entity(&one.name, &one.name, bridge, Facts::Push(one));
            }
        }
    }
}

impl<'a> Entity<'a> {
    /// What a field says; none when it is not known.
    pub(super) fn field(&self, field: &str) -> Option<Value<'a>> {
        let number = |number: Option<f64>| number.filter(|number| number.is_finite()).map(Value::Number);
        match &self.facts {
            Facts::System(service, health) => self.system_field(service, health, field),
            Facts::Service(one) => service_field(one, field, self.snapshot),
            Facts::Pool(one) => number(pool_field(one, field)),
            Facts::Worker(one) => worker_field(one, field),
            Facts::Component(one, is_live) => component_field(one, *is_live, field, self.snapshot),
            Facts::Missing => match field {
                "state" => Some(Value::Word("missing")),
                "is_healthy" => Some(Value::Word("false")),
                _ => None,
            },
            Facts::Breaker(one) => breaker_field(one, field),
            Facts::Stream(one) => number(stream_field(one, field)),
            Facts::Push(one) => push_field(one, field, self.snapshot),
        }
    }

    fn system_field(&self, service: &ServiceFigures<'_>, health: &HealthRules, field: &str) -> Option<Value<'a>> {
        let scope = || Scope { service: Some(service.service.to_string()), ..Scope::default() };
        let system = || System::of(self.snapshot, &scope(), health);
        let number = match field {
            "health_score" => Some(system().score),
            "status" => return Some(Value::Word(system().status.as_str())),
            "error_rate" => Some(service.figures.error_rate()),
            // A service without components processes no items by design.
            "items_per_second" => {
                (service.figures.components > 0 && !service.waits).then_some(service.figures.items_per_second)
            }
            "memory_usage_mb" => service.figures.memory_usage_mb(),
            "cpu_usage_percent" => service.figures.cpu_usage_percent(),
            "uptime_seconds" => Some(self.snapshot.uptime.as_secs() as f64),
            "active_spans" => Some(service.spans_active as f64),
            "total_traces" => Some(service.traces as f64),
            _ => None,
        };
        number.map(Value::Number)
    }
}

fn count(count: Option<u64>) -> Option<f64> {
    count.map(|count| count as f64)
}

fn service_field<'a>(one: &InstanceFacts, field: &str, snapshot: &Snapshot) -> Option<Value<'a>> {
    let number = match field {
        "status" => return Some(Value::Word(if one.liveness == Liveness::Live { "live" } else { "stale" })),
        "silent_s" => Some(snapshot.taken_at_unix_ms.saturating_sub(one.last_seen_unix_ms) as f64 / 1000.0),
        "memory_usage_mb" => one.memory_bytes.map(|bytes| bytes as f64 / MEGABYTE),
        "cpu_usage_percent" => one.cpu_utilization.map(percent),
        "uptime_seconds" => one.uptime_s,
        "restarts" => Some(one.restarts as f64),
        "series" => Some(one.series as f64),
        "active_spans" => Some(one.spans_active as f64),
        "total_traces" => Some(one.traces as f64),
        _ => None,
    };
    number.filter(|number| number.is_finite()).map(Value::Number)
}

fn pool_field(one: &PoolFacts, field: &str) -> Option<f64> {
    match field {
        "size" => count(one.size),
        "active" => Some(one.counts.active as f64),
        "idle" => Some(one.counts.idle as f64),
        "creating" => Some(one.counts.creating as f64),
        "total" => Some(one.counts.total() as f64),
        "utilization" => Some(one.utilization()),
        "pending" => count(one.pending),
        "requests" => count(one.requests),
        "errors" => count(one.errors),
        _ => None,
    }
}

fn worker_field<'a>(one: &'a WorkerFacts, field: &str) -> Option<Value<'a>> {
    use crate::model::worker::WorkerState::{Active, Ephemeral};
    let is_active = matches!(one.state, Some(Active | Ephemeral));
    let number = match field {
        "state" => return one.state.map(|state| Value::Word(state.as_str())),
        "app" => return Some(Value::Word(&one.app)),
        "requests" => count(one.requests),
        "errors" => count(one.errors),
        "uptime" => one.uptime_s,
        "memory_rss" => count(one.memory_rss),
        "memory_heap_used" => count(one.memory_heap_used),
        "state_age_s" => Some(one.state_age_s),
        // Without a request count nothing is known about progress: a thread may be busy for hours, and well.
        "stuck_s" => (is_active && one.requests.is_some()).then(|| one.state_age_s.min(one.progress_age_s)),
        _ => None,
    };
    number.filter(|number| number.is_finite()).map(Value::Number)
}

fn component_field<'a>(one: &ComponentFacts, is_live: bool, field: &str, snapshot: &Snapshot) -> Option<Value<'a>> {
    let number = match field {
        "state" => return Some(Value::Word(if is_live { one.state.as_str() } else { "stale" })),
        "is_healthy" => return Some(Value::Word(if is_live && one.state.is_healthy() { "true" } else { "false" })),
        _ if !is_live => None,
        "items_processed" => Some(one.items_processed as f64),
        "errors" => Some(one.errors as f64),
        "last_activity" => one.last_activity,
        "last_activity_age_s" => one.last_activity.map(|at| (snapshot.timestamp() - at).max(0.0)),
        "error_rate" => Some(one.errors_recent as f64 / one.items_recent.max(1) as f64),
        "items_per_second" => Some(per_second(one.items_recent, one.recent_s)),
        _ => None,
    };
    number.filter(|number| number.is_finite()).map(Value::Number)
}

fn breaker_field<'a>(one: &BreakerFacts, field: &str) -> Option<Value<'a>> {
    let number = match field {
        "state" => return Some(Value::Word(one.state.folded().as_str())),
        "failures" => count(one.failures),
        "last_failure" => one.last_failure,
        "calls" => count(one.calls.into_iter().flatten().reduce(u64::saturating_add)),
        "transitions" => Some(one.transitions as f64),
        _ => None,
    };
    number.filter(|number| number.is_finite()).map(Value::Number)
}

fn stream_field(one: &StreamFacts, field: &str) -> Option<f64> {
    match field {
        "active" => count(one.active),
        "queue_depth" => count(one.queue_depth),
        "messages" => count(one.messages),
        "message_rate" => one.messages.map(|_| per_second(one.messages_recent, one.recent_s)),
        "backpressure_events" => count(one.backpressure_events),
        _ => None,
    }
}

fn push_field<'a>(one: &DestinationFacts, field: &str, snapshot: &Snapshot) -> Option<Value<'a>> {
    let is_failing = matches!(one.state, "retrying" | "held");
    let sum = |figure: fn(&crate::model::snapshot::DestinationSignal) -> u64| {
        one.signals.iter().flatten().map(figure).fold(0, u64::saturating_add) as f64
    };
    let number = match field {
        "state" => return Some(Value::Word(one.state)),
        "is_failing" => return Some(Value::Word(if is_failing { "true" } else { "false" })),
        "failing_s" if is_failing => {
            let started = snapshot.taken_at_unix_ms.saturating_sub(snapshot.uptime.as_millis() as u64);
            let since = one.last_success_unix_ms.unwrap_or(started);
            Some(snapshot.taken_at_unix_ms.saturating_sub(since) as f64 / 1000.0)
        }
        "failing_s" => Some(0.0),
        "queue_ratio" => (one.queue_bytes_max > 0).then(|| sum(|one| one.queue_bytes) / one.queue_bytes_max as f64),
        "queue_items" => Some(sum(|one| one.queue_items)),
        "queue_bytes" => Some(sum(|one| one.queue_bytes)),
        "retries" => Some(sum(|one| one.retries)),
        "warnings" => Some(one.warnings as f64),
        _ => None,
    };
    number.map(Value::Number)
}
