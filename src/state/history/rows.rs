//! What is sampled of each kind of entity.

use std::sync::Arc;

use crate::model::health::System;
use crate::model::scope::Scope;
use crate::model::snapshot::{BreakerFacts, ComponentFacts, DestinationFacts, DestinationSignal, Liveness, PoolFacts};
use crate::model::snapshot::{Snapshot, WorkerFacts};
use crate::state::history::{SYSTEM_KEY, Subject};

/// Keys and values of every entity of a kind, as many values of each as the kind has fields; NaN where one is not known.
pub(super) fn rows(subject: Subject, snapshot: &Snapshot) -> (Vec<Arc<str>>, Vec<f64>) {
    match subject {
        Subject::Pool => all(&snapshot.pools, |one| &one.key, pool),
        Subject::Component => all(&snapshot.components, |one| &one.key, |one| component(one, snapshot)),
        Subject::Worker => all(&snapshot.workers, |one| &one.key, worker),
        Subject::System => (vec![SYSTEM_KEY.into()], system(snapshot).into()),
        Subject::Breaker => all(&snapshot.breakers, |one| &one.key, breaker),
        Subject::Exporter => all(&snapshot.bridge.destinations, |one| &one.name, exporter),
    }
}

fn all<T, const N: usize>(
    entities: &[T],
    key: impl Fn(&T) -> &Arc<str>,
    values: impl Fn(&T) -> [f64; N],
) -> (Vec<Arc<str>>, Vec<f64>) {
    (entities.iter().map(|one| key(one).clone()).collect(), entities.iter().flat_map(values).collect())
}

fn number(value: Option<u64>) -> f64 {
    value.map_or(f64::NAN, |value| value as f64)
}

fn pool(pool: &PoolFacts) -> [f64; 7] {
    let [active, idle, creating] =
        [pool.counts.active, pool.counts.idle, pool.counts.creating].map(|count| count as f64);
    let [pending, requests, errors] = [pool.pending, pool.requests, pool.errors].map(number);
    [active, idle, creating, pool.utilization(), pending, requests, errors]
}

fn component(component: &ComponentFacts, snapshot: &Snapshot) -> [f64; 3] {
    let is_live = snapshot.instances.get(component.owner).map(|one| one.liveness) == Some(Liveness::Live);
    let healthy = f64::from(u8::from(is_live && component.state.is_healthy()));
    [component.items_processed as f64, component.errors as f64, healthy]
}

fn worker(worker: &WorkerFacts) -> [f64; 5] {
    let told = [worker.requests, worker.errors, worker.memory_rss, worker.memory_heap_used].map(number);
    let [requests, errors, memory_rss, memory_heap_used] = told;
    let state = worker.state.map_or(f64::NAN, |state| f64::from(state as u8));
    [requests, errors, memory_rss, memory_heap_used, state]
}

fn breaker(breaker: &BreakerFacts) -> [f64; 4] {
    let [succeeded, failed, rejected] = breaker.calls.map(number);
    let state = if breaker.is_state_known { f64::from(breaker.state.number()) } else { f64::NAN };
    [succeeded, failed, rejected, state]
}

fn exporter(destination: &DestinationFacts) -> [f64; 5] {
    let signals = || destination.signals.iter().flatten();
    let sum = |figure: fn(&DestinationSignal) -> u64| signals().map(figure).fold(0, u64::saturating_add) as f64;
    let dropped = |signal: &DestinationSignal| signal.dropped.iter().map(|(_, items)| items).sum();
    [
        sum(|signal| signal.queue_items),
        sum(|signal| signal.queue_bytes),
        sum(|signal| signal.delivered),
        sum(dropped),
        destination.in_flight as f64,
    ]
}

/// Figures of everything; what only some askers see has no history as a whole.
fn system(snapshot: &Snapshot) -> [f64; 9] {
    let system = System::of(snapshot, &Scope::default(), &snapshot.health_rules);
    let alerts = system.alerts;
    [
        system.known_score().unwrap_or(f64::NAN),
        system.error_rate,
        system.items_per_second,
        system.errors_per_second,
        system.memory_usage_mb.unwrap_or(f64::NAN),
        system.cpu_usage_percent.unwrap_or(f64::NAN),
        system.traces_per_second,
        system.spans_active as f64,
        (alerts.critical + alerts.warning + alerts.info) as f64,
    ]
}
