//! Facts of the entities of one instance, in the order of their names.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use crate::model::pool::PoolCounts;
use crate::model::snapshot::{BreakerFacts, ComponentFacts, PoolFacts, Snapshot, StreamFacts, WorkerFacts};
use crate::state::cells::{BreakerCell, ComponentCell, PoolCell, StateCell, StreamCell, WorkerCell};
use crate::state::entities::key_of;
use crate::state::gather::Windows;
use crate::state::instance::{Instance, Moment};
use crate::state::tally::Tally;

/// Adds the facts of an instance's entities.
pub(super) fn facts(instance: &Instance, owner: usize, at: Moment, windows: &mut Windows, snapshot: &mut Snapshot) {
    // Received counts stand still between exports, recorded ones do not.
    let counted_ms = if instance.is_local { at.now_ms } else { instance.heard.metrics_ms.load(Ordering::Relaxed) };
    let entities = instance.entities();
    let mut counts: BTreeMap<Arc<str>, PoolCounts> = BTreeMap::new();
    for cell in entities.workers.values().filter(|cell| !cell.gone.load(Ordering::Relaxed)) {
        let facts = worker(cell, owner, at);
        if !facts.pool.is_empty() {
            counts.entry(facts.pool.clone()).or_default().add(facts.state);
        }
        snapshot.workers.push(facts);
    }
    // A pool that only its workers name is one all the same.
    for name in entities.pools.keys() {
        counts.entry(name.clone()).or_default();
    }
    for (name, from_workers) in &counts {
        let facts = if let Some(cell) = entities.pools.get(name) {
            pool(cell, *from_workers, owner)
        } else {
            let key = key_of(&instance.identity.key, "pool", name);
            pool(&PoolCell { key, name: name.clone(), ..PoolCell::default() }, *from_workers, owner)
        };
        snapshot.pools.push(facts);
    }
    for cell in entities.components.values() {
        snapshot.components.push(component(cell, owner, counted_ms, windows));
    }
    for cell in entities.breakers.values() {
        snapshot.breakers.push(breaker(cell, owner, at));
    }
    for cell in entities.streams.values() {
        snapshot.streams.push(stream(cell, owner, counted_ms, windows));
    }
}

fn pool(cell: &PoolCell, from_workers: PoolCounts, owner: usize) -> PoolFacts {
    let totals = cell.totals();
    PoolFacts {
        owner,
        key: cell.key.clone(),
        name: cell.name.clone(),
        size: cell.size.get(),
        counts: cell.counts(from_workers),
        pending: cell.pending.get(),
        requests: totals.requests,
        errors: totals.errors,
        workers_created: totals.workers_created,
        workers_failed: totals.workers_failed,
        workers_retired: totals.workers_retired,
    }
}

fn age_s(since_ms: u64, at: Moment) -> f64 {
    at.now_ms.saturating_sub(since_ms) as f64 / 1000.0
}

fn worker(cell: &WorkerCell, owner: usize, at: Moment) -> WorkerFacts {
    WorkerFacts {
        owner,
        key: cell.key.clone(),
        id: cell.id.clone(),
        app: cell.app.text(),
        pool: cell.pool.text(),
        state: cell.state(),
        state_age_s: age_s(cell.state.since_ms(), at),
        progress_age_s: age_s(cell.progress_ms.load(Ordering::Relaxed), at),
        requests: cell.requests.get(),
        errors: cell.errors.get(),
        uptime_s: cell.uptime_s.get().or_else(|| cell.created_ms.get().map(|created_ms| age_s(created_ms, at))),
        memory_rss: cell.memory_rss.get(),
        memory_heap_used: cell.memory_heap_used.get(),
    }
}

fn component(cell: &ComponentCell, owner: usize, counted_ms: u64, windows: &mut Windows) -> ComponentFacts {
    let (items_processed, errors) = (cell.items_processed.get(), cell.errors.get());
    let age_ms = cell.age_ms.load(Ordering::Relaxed);
    let ([items_recent, errors_recent], recent_s) =
        windows.component(&cell.key, [items_processed, errors], counted_ms, age_ms);
    ComponentFacts {
        owner,
        key: cell.key.clone(),
        name: cell.name.clone(),
        kind: cell.kind.text(),
        state: cell.state(),
        items_processed,
        errors,
        items_recent,
        errors_recent,
        recent_s,
        last_activity: cell.last_activity.get(),
        last_error: cell.last_error.lock().unwrap_or_else(PoisonError::into_inner).clone(),
    }
}

fn breaker(cell: &BreakerCell, owner: usize, at: Moment) -> BreakerFacts {
    let since = |state: &StateCell| at.unix_ms.saturating_sub(at.now_ms.saturating_sub(state.since_ms()));
    BreakerFacts {
        owner,
        key: cell.key.clone(),
        name: cell.name.clone(),
        component: cell.component.get().cloned(),
        state: cell.state(),
        is_state_known: cell.state.get().is_some(),
        since_unix_ms: since(&cell.state),
        // Some libraries count the calls that failed and nothing else: those are the failures then.
        failures: cell.failures.known().or_else(|| cell.calls.get(1).and_then(Tally::known)),
        // What the service counts itself is what it did; what was seen from here may be less, or be seen twice.
        transitions: cell.transitions.known().unwrap_or_else(|| cell.observed.load(Ordering::Relaxed)),
        calls: cell.calls.each_ref().map(Tally::known),
        last_failure: cell.last_failure.get(),
        recent_transitions: cell.recent.lock().unwrap_or_else(PoisonError::into_inner).clone(),
    }
}

fn stream(cell: &StreamCell, owner: usize, counted_ms: u64, windows: &mut Windows) -> StreamFacts {
    let (messages_recent, recent_s) =
        windows.stream(&cell.key, cell.messages.get(), counted_ms, cell.age_ms.load(Ordering::Relaxed));
    StreamFacts {
        owner: Some(owner),
        key: cell.key.clone(),
        name: cell.name.clone(),
        from: cell.from.clone(),
        to: cell.to.clone(),
        active: cell.active.get(),
        queue_depth: cell.queue_depth.get(),
        messages: cell.messages.known(),
        messages_recent,
        recent_s,
        backpressure_events: cell.backpressure_events.known(),
    }
}
