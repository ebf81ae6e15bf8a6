//! What stands in the columns of each list, and the whole story of the row that is chosen.

use crate::proto::v1;
use crate::top::figures::{bytes, count, duration, known, percent, rate};
use crate::top::lists::{Column, Item, Tab, passed, progress_age};
use crate::top::picture::Told;
use crate::top::text::printable;

const fn text(title: &'static str, width: u16) -> Column {
    Column { title, width, is_figure: false }
}

const fn figure(title: &'static str, width: u16) -> Column {
    Column { title, width, is_figure: true }
}

/// The columns of a page; the first is the name.
pub(super) const fn columns(tab: Tab) -> &'static [Column] {
    match tab {
        Tab::Health => &[],
        Tab::Pools => {
            const {
                &[
                    text("Pool", 14),
                    figure("Used", 6),
                    figure("Active", 6),
                    figure("Idle", 6),
                    figure("Creating", 8),
                    figure("Size", 6),
                    figure("Pending", 7),
                    text("Service", 14),
                    figure("Requests", 8),
                    figure("Errors", 7),
                ]
            }
        }
        Tab::Workers => {
            const {
                &[
                    text("Worker", 14),
                    text("State", 10),
                    figure("For", 6),
                    figure("Requests", 8),
                    figure("Errors", 6),
                    figure("RSS", 9),
                    text("Pool", 10),
                    text("Service", 12),
                    figure("Progress", 8),
                    figure("Up", 6),
                ]
            }
        }
        Tab::Components => {
            const {
                &[
                    text("Component", 16),
                    text("Status", 8),
                    figure("Items/s", 8),
                    figure("Errors", 7),
                    figure("Err rate", 8),
                    figure("Items", 8),
                    text("Service", 14),
                    figure("Active", 7),
                ]
            }
        }
        Tab::Breakers => {
            const {
                &[
                    text("Breaker", 16),
                    text("State", 11),
                    figure("For", 6),
                    figure("Failures", 8),
                    figure("Rejected", 8),
                    text("Component", 14),
                    text("Service", 12),
                    figure("Changes", 7),
                ]
            }
        }
        Tab::Alerts => {
            const {
                &[
                    text("Subject", 16),
                    text("Level", 8),
                    figure("For", 6),
                    text("Rule", 26),
                    text("Service", 12),
                    figure("Value", 8),
                ]
            }
        }
        Tab::Exporters => {
            const {
                &[
                    text("Destination", 14),
                    text("State", 9),
                    figure("Queued", 7),
                    figure("Bytes", 9),
                    figure("Full", 6),
                    figure("Sent", 7),
                    figure("Dropped", 7),
                    text("Protocol", 13),
                    figure("Retry in", 8),
                ]
            }
        }
    }
}

impl Item<'_> {
    /// What stands in the columns.
    pub(in crate::top) fn cells(&self, now: f64) -> Vec<String> {
        match *self {
            Self::Pool(told) => pool(&told.item),
            Self::Worker(told) => worker(told, now),
            Self::Component(told) => component(&told.item, now),
            Self::Breaker(told) => breaker(&told.item, now),
            Self::Alert(told) => alert(&told.item, now),
            Self::Exporter(told) => exporter(told, now),
        }
    }

    /// The row in words, with what has no column.
    pub(in crate::top) fn story(&self) -> String {
        match *self {
            Self::Pool(told) => place(&told.item.name, &told.item.service, &told.item.instance, told.item.stale),
            Self::Worker(told) => {
                let worker = &told.item;
                let app =
                    if worker.app.is_empty() { String::new() } else { format!(", app {}", printable(&worker.app)) };
                let heap =
                    worker.memory_heap_used_bytes.map_or_else(String::new, |heap| format!(", heap {}", bytes(heap)));
                place(&worker.name, &worker.service, &worker.instance, worker.stale) + &app + &heap
            }
            Self::Component(told) => {
                let component = &told.item;
                let place = place(&component.name, component.service(), component.instance(), false);
                let error = component.last_error.as_deref();
                error.map_or_else(|| place.clone(), |error| format!("{place}: last error: {}", printable(error)))
            }
            Self::Breaker(told) => place(&told.item.name, &told.item.service, &told.item.instance, told.item.stale),
            Self::Alert(told) => printable(&told.item.message),
            Self::Exporter(told) => {
                let exporter = &told.item;
                let to = format!("{} to {}", printable(&exporter.name), printable(&exporter.endpoint));
                let error = exporter.last_error.as_deref();
                error.map_or_else(|| to.clone(), |error| format!("{to}: last error: {}", printable(error)))
            }
        }
    }
}

fn place(name: &str, service: &str, instance: &str, is_stale: bool) -> String {
    let silent = if is_stale { " (silent)" } else { "" };
    match (service, instance) {
        ("", _) => printable(name),
        (service, "") => format!("{} of {}{silent}", printable(name), printable(service)),
        _ => format!("{} of {} on {}{silent}", printable(name), printable(service), printable(instance)),
    }
}

fn pool(pool: &v1::Pool) -> Vec<String> {
    vec![
        printable(&pool.name),
        percent(pool.utilization),
        count(pool.active),
        count(pool.idle),
        count(pool.creating),
        known(pool.size, count),
        known(pool.pending, count),
        printable(&pool.service),
        known(pool.requests, count),
        known(pool.errors, count),
    ]
}

fn worker(told: &Told<v1::Worker>, now: f64) -> Vec<String> {
    let worker = &told.item;
    let state = if worker.stale { "silent" } else { worker.state.as_deref().unwrap_or("unknown") };
    vec![
        printable(&worker.name),
        printable(state),
        duration(worker.state_age_seconds + passed(told, now)),
        known(worker.requests, count),
        known(worker.errors, count),
        known(worker.memory_rss_bytes, bytes),
        printable(&worker.pool),
        printable(&worker.service),
        duration(progress_age(told, now)),
        known(worker.uptime_seconds, |uptime| duration(uptime + passed(told, now))),
    ]
}

fn component(component: &v1::Component, now: f64) -> Vec<String> {
    vec![
        printable(&component.name),
        printable(&component.status),
        rate(component.items_per_second),
        count(component.errors),
        percent(component.error_rate),
        count(component.items_processed),
        printable(component.service()),
        known(component.last_activity, |at| duration(now - at)),
    ]
}

fn breaker(breaker: &v1::Breaker, now: f64) -> Vec<String> {
    vec![
        printable(&breaker.name),
        printable(breaker.state.as_deref().unwrap_or("unknown")),
        duration(now - breaker.since),
        known(breaker.failures, count),
        known(breaker.calls_rejected, count),
        printable(breaker.component()),
        printable(&breaker.service),
        count(breaker.transitions),
    ]
}

fn alert(alert: &v1::Alert, now: f64) -> Vec<String> {
    vec![
        printable(&alert.subject),
        printable(&alert.level),
        duration(now - alert.since),
        printable(&alert.name),
        printable(alert.service()),
        known(alert.value, |value| format!("{value:.2}")),
    ]
}

fn exporter(told: &Told<v1::Exporter>, now: f64) -> Vec<String> {
    let exporter = &told.item;
    let signals = exporter.signals.as_ref();
    let signals = signals.map(|all| [all.metrics.as_ref(), all.traces.as_ref(), all.logs.as_ref()]).unwrap_or_default();
    let taken = || signals.iter().copied().flatten();
    let delivered: u64 = taken().map(|signal| signal.delivered).sum();
    let dropped: u64 = taken().flat_map(|signal| signal.dropped.values()).sum();
    let full = exporter.queue_bytes as f64 / exporter.queue_bytes_max.max(1) as f64;
    vec![
        printable(&exporter.name),
        printable(&exporter.state),
        count(exporter.queue_items),
        bytes(exporter.queue_bytes),
        percent(full),
        count(delivered),
        count(dropped),
        printable(&exporter.protocol),
        known(exporter.retry_in_seconds, |left| duration(left - passed(told, now))),
    ]
}
