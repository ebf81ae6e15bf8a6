//! Entities under the translated names of the instruments (contract §6): all of them where `names: otel` or OpenMetrics asks
//! for it, and otherwise those that the printed parts leave out.

use crate::model::alert::Level;
use crate::model::breaker::BreakerState;
use crate::model::component::ComponentState;
use crate::model::health::System;
use crate::model::worker::WorkerState;
use crate::pull::prometheus::entities::{self, Wanted};
use crate::pull::prometheus::page::Page;
use crate::pull::prometheus::writer::{self, Type};

use Type::{Counter, Gauge};

/// Part 1 under the instruments' names; figures without an instrument are the bridge's own (contract §9).
pub(super) fn system(page: &mut Page<'_>, system: &System) {
    page.single("health_score_ratio", Gauge, "Health score, 0 to 1", system.known_score());
    let help = "Errors by items processed, over the last 60 s";
    page.single("otel_bridge_error_rate_ratio", Gauge, help, Some(system.error_rate));
    let help = "Items processed per second, over the last 60 s";
    page.single("otel_bridge_items_per_second", Gauge, help, Some(system.items_per_second));
    page.family("otel_bridge_alerts", Gauge, "Active alerts by severity", |page| {
        for level in Level::ALL {
            let mut label = String::new();
            writer::label(&mut label, 0, "severity", level.as_str());
            page.count("otel_bridge_alerts", &[&label], system.alerts.of(level));
        }
    });
    component_status(page);
    let components = entities::components(page, "component_name", Wanted::Live);
    let family = ("component_items_processed_total", Counter, "Items processed");
    components.counts(page, family, |one| Some(one.items_processed));
    components.counts(page, ("component_errors_total", Counter, "Errors"), |one| Some(one.errors));
    breaker_status(page);
    let instances = entities::instances(page);
    instances.counts(page, ("trace_count_total", Counter, "Traces"), |one| Some(one.traces));
    instances.counts(page, ("otel_sdk_span_live", Gauge, "Spans that are open now"), |one| Some(one.spans_active));
}

/// One sample for each state, 1 where it is the current one; all 0 when the instance fell silent.
fn component_status(page: &mut Page<'_>) {
    const NAME: &str = "component_status";
    let known = entities::components(page, "component_name", Wanted::Known);
    page.family(NAME, Gauge, "State of the component: 1 for the current one", |page| {
        for entity in known.all() {
            let is_live = known.is_live(entity);
            for state in ComponentState::ALL {
                let mut labels = String::new();
                if !entity.facts.kind.is_empty() {
                    writer::label(&mut labels, 0, "component_type", &entity.facts.kind);
                }
                writer::label(&mut labels, 0, "component_state", state.as_str());
                let value = u64::from(is_live && state == entity.facts.state);
                page.count(NAME, &[&entity.labels, &labels, &known.tail(entity)], value);
            }
        }
    });
}

fn breaker_status(page: &mut Page<'_>) {
    const NAME: &str = "circuit_breaker_status";
    let breakers = entities::breakers(page);
    page.family(NAME, Gauge, "State of the circuit breaker: 1 for the current one", |page| {
        for entity in breakers.all() {
            for state in BreakerState::ALL {
                let mut label = String::new();
                writer::label(&mut label, 0, "circuit_breaker_state", state.as_str());
                let value = u64::from(state == entity.facts.state);
                page.count(NAME, &[&entity.labels, &label, &breakers.tail(entity)], value);
            }
        }
    });
}

/// Part 2 under the instruments' names.
pub(super) fn pools_and_workers(page: &mut Page<'_>) {
    let pools = entities::pools(page);
    pools.counts(page, ("pool_size", Gauge, "Configured size"), |one| one.size);
    pools.split(page, ("pool_worker_count", Gauge, "Workers by state"), |one| {
        [
            ("pool_worker_state=\"active\"", Some(one.counts.active)),
            ("pool_worker_state=\"idle\"", Some(one.counts.idle)),
            ("pool_worker_state=\"creating\"", Some(one.counts.creating)),
        ]
    });
    let family = ("pool_utilization_ratio", Gauge, "Active workers by configured size");
    pools.numbers(page, family, |one| Some(one.utilization()));
    let workers = entities::workers(page);
    page.family("worker_status", Gauge, "State of the worker: 1 for the current one", |page| {
        for entity in workers.all() {
            let Some(current) = entity.facts.state else { continue };
            let tail = workers.tail(entity);
            // The two states that are only accepted appear while one of them is the current one.
            let is_told = |state: &WorkerState| {
                *state == current || !matches!(state, WorkerState::Ephemeral | WorkerState::Offline)
            };
            for state in WorkerState::ALL.into_iter().filter(is_told) {
                let mut label = String::new();
                writer::label(&mut label, 0, "worker_state", state.as_str());
                page.count("worker_status", &[&entity.labels, &label, &tail], u64::from(state == current));
            }
        }
    });
    workers.counts(page, ("worker_requests_total", Counter, "Requests handled"), |one| one.requests);
    workers.counts(page, ("worker_errors_total", Counter, "Errors"), |one| one.errors);
    workers.numbers(page, ("worker_uptime_seconds", Gauge, "Time since creation"), |one| one.uptime_s);
    workers.split(page, ("worker_memory_usage_bytes", Gauge, "Memory in use"), |one| {
        [("worker_memory_type=\"rss\"", one.memory_rss), ("worker_memory_type=\"heap_used\"", one.memory_heap_used)]
    });
}

/// What parts 1 and 2 do not print under either set of names.
pub(super) fn remaining(page: &mut Page<'_>) {
    let pools = entities::translated_pools(page);
    pools.counts(page, ("pool_pending_requests", Gauge, "Requests that wait for a worker"), |one| one.pending);
    pools.counts(page, ("pool_requests_total", Counter, "Requests handled"), |one| one.requests);
    pools.counts(page, ("pool_errors_total", Counter, "Errors"), |one| one.errors);
    pools.counts(page, ("pool_workers_created_total", Counter, "Workers spawned"), |one| one.workers_created);
    let family = ("pool_workers_failed_total", Counter, "Workers that could not be spawned or died");
    pools.counts(page, family, |one| one.workers_failed);
    pools.counts(page, ("pool_workers_retired_total", Counter, "Workers retired"), |one| one.workers_retired);
    let components = entities::components(page, "component_name", Wanted::Live);
    let family = ("component_last_activity_seconds", Gauge, "Last activity, Unix time");
    components.numbers(page, family, |one| one.last_activity);
    let breakers = entities::breakers(page);
    breakers.counts(page, ("circuit_breaker_failures_total", Counter, "Failures"), |one| one.failures);
    breakers.counts(page, ("circuit_breaker_transitions_total", Counter, "Transitions"), |one| Some(one.transitions));
    breakers.split(page, ("circuit_breaker_calls_total", Counter, "Calls by outcome"), |one| {
        let [success, failure, rejected] = one.calls;
        [("outcome=\"success\"", success), ("outcome=\"failure\"", failure), ("outcome=\"rejected\"", rejected)]
    });
    let family = ("circuit_breaker_last_failure_seconds", Gauge, "Last failure, Unix time");
    breakers.numbers(page, family, |one| one.last_failure);
    let streams = entities::streams(page);
    streams.counts(page, ("stream_active", Gauge, "Streams that are active now"), |one| one.active);
    streams.counts(page, ("stream_queue_depth", Gauge, "Messages that wait"), |one| one.queue_depth);
    streams.counts(page, ("stream_messages_total", Counter, "Messages"), |one| one.messages);
    let family = ("stream_backpressure_events_total", Counter, "Times that the sender had to wait");
    streams.counts(page, family, |one| one.backpressure_events);
    // An instance that tells these itself has them among its series, too: the same figure once more, with its scope as labels.
    page.covers_plain = true;
    let instances = entities::instances(page);
    instances.counts(page, ("otel_sdk_span_started_total", Counter, "Spans"), |one| Some(one.spans));
    let family = ("process_cpu_utilization_ratio", Gauge, "CPU in use, of the machine's cores");
    instances.numbers(page, family, |one| one.cpu_utilization);
    instances.counts(page, ("process_memory_usage_bytes", Gauge, "Memory in use"), |one| one.memory_bytes);
    instances.numbers(page, ("process_uptime_seconds", Gauge, "Time since the process started"), |one| one.uptime_s);
    page.covers_plain = false;
}
