//! The views of version 1 as the messages of `otel_bridge.v1`, field by field: what JSON says is what gRPC says. A field that
//! is added to a view and not to its message does not compile.

use std::collections::BTreeMap;

use crate::proto::v1;
use crate::pull::sse::delta::{Changes, Delta};
use crate::pull::v1::list::PartFailure;
use crate::pull::v1::whole::Whole;
use crate::pull::v1::{alert, breaker, component, event, exporter, pool, service, stream, system, trace, worker};

/// A view, or a field of one, as a message says it.
pub(super) trait Said<T> {
    /// The same in the message.
    fn said(self) -> T;
}

impl Said<String> for &str {
    fn said(self) -> String {
        self.to_owned()
    }
}

impl Said<String> for alert::Gravity {
    fn said(self) -> String {
        self.0.as_str().to_owned()
    }
}

impl Said<u64> for usize {
    fn said(self) -> u64 {
        self as u64
    }
}

macro_rules! as_it_is {
    ($($kind:ty),*) => {$(
        impl Said<$kind> for $kind {
            fn said(self) -> $kind {
                self
            }
        }
    )*};
}

as_it_is!(String, u64, f64, bool);

impl<T: Said<U>, U> Said<Option<U>> for Option<T> {
    fn said(self) -> Option<U> {
        self.map(Said::said)
    }
}

impl<T: Said<U>, U> Said<Vec<U>> for Vec<T> {
    fn said(self) -> Vec<U> {
        self.into_iter().map(Said::said).collect()
    }
}

impl<T: Said<U>, U> Said<BTreeMap<String, U>> for BTreeMap<&str, T> {
    fn said(self) -> BTreeMap<String, U> {
        self.into_iter().map(|(key, value)| (key.to_owned(), value.said())).collect()
    }
}

/// Views whose fields have the names of their message's, but for words that are reserved in Rust.
macro_rules! mirrored {
    ($($room:ident::$view:ident { $($field:ident),* $(,)? $(; $($from:ident => $to:ident),*)? })*) => {$(
        impl Said<v1::$view> for $room::$view<'_> {
            fn said(self) -> v1::$view {
                let Self { $($field,)* $($($from,)*)? } = self;
                v1::$view { $($field: $field.said(),)* $($($to: $from.said(),)*)? }
            }
        }
    )*};
}

mirrored! {
    system::System {
        health_score, status, reasons, error_rate, items_per_second, memory_usage_mb, cpu_usage_percent, components_total,
        components_healthy, components_running, alerts_critical, alerts_warning, alerts_info, total_traces, active_spans,
        uptime_seconds,
    }
    system::Reason { code, subject, deduction, message }
    service::Service {
        service, instance, environment, name, key, job, status, is_local, is_bridge, first_seen, last_seen,
        export_interval_seconds, cpu_usage_percent, memory_bytes, uptime_seconds, traces, spans, spans_active, log_records,
        series, restarts, resource,
    }
    pool::Pool {
        service, instance, environment, name, key, stale, size, active, idle, creating, total, utilization, pending,
        requests, errors, workers_created, workers_failed, workers_retired,
    }
    worker::Worker {
        service, instance, environment, name, key, stale, app, pool, state, state_age_seconds, progress_age_seconds,
        requests, errors, uptime_seconds, memory_rss_bytes, memory_heap_used_bytes, link,
    }
    component::Component {
        service, instance, environment, name, key, status, is_healthy, items_processed, errors, items_per_second,
        error_rate, last_activity, last_error ; kind => r#type }
    breaker::Breaker {
        service, instance, environment, name, key, stale, component, state, since, failures, transitions, calls_succeeded,
        calls_failed, calls_rejected, last_failure,
    }
    stream::Stream {
        service, instance, environment, name, key, stale, from, to, active, queue_depth, messages, messages_per_second,
        backpressure_events,
    }
    alert::Alert {
        service, instance, environment, name, key, category, level, state, message, subject, value, threshold, cause, since,
        fired, resolved,
    }
    alert::Recommendation {
        service, instance, environment, name, key, priority, title, message, actions, alert ; kind => r#type }
    trace::Traces { total_traces, total_spans, active_spans, traces_per_second, slow, failed }
    trace::Span {
        service, instance, environment, name, key, trace_id, span_id, start, duration_seconds, message, link,
    }
    exporter::Exporter {
        service, instance, name, key, endpoint, protocol, state, breaker, signals, queue_items, queue_bytes,
        queue_bytes_max, delivered, dropped, failed, retries, in_flight, last_success, last_error, last_error_at,
        retry_in_seconds, warnings,
    }
    exporter::ExporterSignal {
        recovered, accepted, delivered, dropped, queue_items, queue_bytes, retries, unanswered,
    }
    event::Event { service, instance, environment, name, key, id, at, message ; kind => r#type }
}

impl Said<Option<v1::ExporterSignals>> for exporter::ExporterSignals<'_> {
    fn said(self) -> Option<v1::ExporterSignals> {
        let Self { metrics, traces, logs } = self;
        Some(v1::ExporterSignals { metrics: metrics.said(), traces: traces.said(), logs: logs.said() })
    }
}

impl Said<v1::PartFailure> for PartFailure {
    fn said(self) -> v1::PartFailure {
        let Self { part, message } = self;
        v1::PartFailure { part, message }
    }
}

macro_rules! changes {
    ($($room:ident::$view:ident => $message:ident),* $(,)?) => {$(
        impl Said<v1::$message> for Changes<'_, $room::$view<'_>> {
            fn said(self) -> v1::$message {
                v1::$message { changed: self.changed.said(), removed: self.removed.said() }
            }
        }
    )*};
}

changes! {
    service::Service => ServiceChanges,
    pool::Pool => PoolChanges,
    worker::Worker => WorkerChanges,
    component::Component => ComponentChanges,
    breaker::Breaker => BreakerChanges,
    stream::Stream => StreamChanges,
    alert::Alert => AlertChanges,
    exporter::Exporter => ExporterChanges,
}

impl Said<v1::Snapshot> for Whole<'_> {
    fn said(self) -> v1::Snapshot {
        let Self {
            snapshot_id,
            timestamp,
            run_id,
            latest_event,
            system,
            services,
            pools,
            workers,
            components,
            breakers,
            streams,
            alerts,
            recommendations,
            traces,
            exporters,
            errors,
        } = self;
        v1::Snapshot {
            snapshot_id,
            timestamp,
            run_id: run_id.said(),
            latest_event,
            system: Some(system.said()),
            services: services.said(),
            pools: pools.unwrap_or_default().said(),
            workers: workers.unwrap_or_default().said(),
            components: components.unwrap_or_default().said(),
            breakers: breakers.unwrap_or_default().said(),
            streams: streams.unwrap_or_default().said(),
            alerts: alerts.unwrap_or_default().said(),
            recommendations: recommendations.unwrap_or_default().said(),
            traces: traces.said(),
            exporters: exporters.unwrap_or_default().said(),
            errors: errors.said(),
        }
    }
}

impl Said<v1::Delta> for Delta<'_> {
    fn said(self) -> v1::Delta {
        let Self {
            snapshot_id,
            timestamp,
            system,
            services,
            pools,
            workers,
            components,
            breakers,
            streams,
            alerts,
            recommendations,
            traces,
            exporters,
        } = self;
        v1::Delta {
            snapshot_id,
            timestamp,
            system: Some(system.said()),
            services: services.said(),
            pools: pools.said(),
            workers: workers.said(),
            components: components.said(),
            breakers: breakers.said(),
            streams: streams.said(),
            alerts: alerts.said(),
            recommendations: recommendations.map(|items| v1::Recommendations { items: items.said() }),
            traces: traces.said(),
            exporters: exporters.said(),
        }
    }
}
