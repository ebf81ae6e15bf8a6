//! The first two parts with the names that the specification documents print (contract §5.1, §5.2).

use std::collections::BTreeMap;

use crate::model::alert::Level;
use crate::model::breaker::BreakerState;
use crate::model::health::System;
use crate::pull::prometheus::entities::{self, Wanted};
use crate::pull::prometheus::page::Page;
use crate::pull::prometheus::writer::{self, Type};

use Type::{Counter, Gauge};

/// Part 1: the system and its components.
pub(super) fn system(page: &mut Page<'_>, system: &System) {
    page.single("system_health_score", Gauge, "System health score (0.0 to 1.0)", system.known_score());
    let uptime = Some(system.uptime_seconds as f64);
    page.single("system_uptime_seconds", Counter, "System uptime in seconds", uptime);
    page.single("system_error_rate", Gauge, "System-wide error rate", Some(system.error_rate));
    page.single("system_memory_usage_mb", Gauge, "Memory usage in MB", system.memory_usage_mb);
    page.single("system_cpu_usage_percent", Gauge, "CPU usage in percent", system.cpu_usage_percent);
    page.single("system_items_per_second", Gauge, "Items processed per second", Some(system.items_per_second));
    component_health(page);
    let components = entities::components(page, "component", Wanted::Live);
    let family = ("component_items_processed", Counter, "Total items processed by component");
    components.counts(page, family, |one| Some(one.items_processed));
    let family = ("component_errors_total", Counter, "Total errors encountered by component");
    components.counts(page, family, |one| Some(one.errors));
    breaker_state(page);
    page.single("active_traces_total", Counter, "Traces counted so far", Some(system.traces_total as f64));
    page.single("active_spans_total", Gauge, "Spans that are open now", Some(system.spans_active as f64));
    page.family("system_alerts_total", Gauge, "Active alerts by severity", |page| {
        for level in Level::ALL {
            let mut label = String::new();
            writer::label(&mut label, 0, "severity", level.as_str());
            page.count("system_alerts_total", &[&label], system.alerts.of(level));
        }
    });
}

/// A silent instance's component stays, at 0; so does one that was expected and never came.
fn component_health(page: &mut Page<'_>) {
    const NAME: &str = "component_health";
    let known = entities::components(page, "component", Wanted::Known);
    page.family(NAME, Gauge, "Component health status (1=healthy, 0=unhealthy)", |page| {
        for entity in known.all() {
            let is_healthy = entity.facts.state.is_healthy() && known.is_live(entity);
            page.count(NAME, &[&entity.labels, &known.tail(entity)], u64::from(is_healthy));
        }
        if page.is_unfiltered {
            for name in &page.sources.snapshot.missing {
                let mut label = String::new();
                writer::label(&mut label, 0, "component", name);
                page.count(NAME, &[&label], 0);
            }
        }
    });
}

/// Keyed by component, else by the breaker's name; several breakers of one component show the worst (contract §4.1).
fn breaker_state(page: &mut Page<'_>) {
    const NAME: &str = "circuit_breaker_state";
    let targets = page.targets.clone();
    let mut worst: BTreeMap<(usize, &str), BreakerState> = BTreeMap::new();
    for breaker in page.sources.snapshot.breakers.iter().filter(|breaker| breaker.is_state_known) {
        let key = (breaker.owner, &**breaker.component.as_ref().unwrap_or(&breaker.name));
        let state = worst.entry(key).or_insert(breaker.state);
        if breaker.state.badness() > state.badness() {
            *state = breaker.state;
        }
    }
    page.family(NAME, Gauge, "Circuit breaker state (0=closed, 1=open, 2=half_open)", |page| {
        for ((owner, component), state) in worst {
            let target = targets.get(owner).and_then(Option::as_ref).filter(|target| target.is_live);
            if let Some(target) = target {
                let mut label = String::new();
                writer::label(&mut label, 0, "component", component);
                page.count(NAME, &[&label, &target.labels_after(&label)], u64::from(state.number()));
            }
        }
    });
}

/// Part 2: pools and workers.
pub(super) fn pools_and_workers(page: &mut Page<'_>) {
    let pools = entities::pools(page);
    pools.counts(page, ("pool_size", Gauge, "Maximum pool size"), |one| one.size);
    pools.counts(page, ("pool_active", Gauge, "Active workers"), |one| Some(one.counts.active));
    pools.counts(page, ("pool_idle", Gauge, "Idle workers"), |one| Some(one.counts.idle));
    pools.counts(page, ("pool_creating", Gauge, "Workers being spawned"), |one| Some(one.counts.creating));
    pools.counts(page, ("pool_workers", Gauge, "Total workers"), |one| Some(one.counts.total()));
    pools.numbers(page, ("pool_utilization", Gauge, "Ratio of active to pool size"), |one| Some(one.utilization()));
    let workers = entities::workers(page);
    page.family("worker_state", Gauge, "State of the worker; the current one has the value 1", |page| {
        for entity in workers.all() {
            if let Some(state) = entity.facts.state {
                let mut label = String::new();
                writer::label(&mut label, 0, "state", state.as_str());
                page.count("worker_state", &[&entity.labels, &label, &workers.tail(entity)], 1);
            }
        }
    });
    workers.counts(page, ("worker_requests_total", Counter, "Requests handled by the worker"), |one| one.requests);
    workers.counts(page, ("worker_errors_total", Counter, "Errors of the worker"), |one| one.errors);
    workers.numbers(page, ("worker_uptime_seconds", Gauge, "Time since creation in seconds"), |one| one.uptime_s);
    workers.split(page, ("worker_memory_bytes", Gauge, "Memory of the worker in bytes"), |one| {
        [("type=\"rss\"", one.memory_rss), ("type=\"heap_used\"", one.memory_heap_used)]
    });
}
