//! Facts of instances: who they are, and whether they are heard from.

use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::config::state::State;
use crate::limits::EXPORT_INTERVAL_MAX_MS;
use crate::model::snapshot::{InstanceFacts, Liveness};
use crate::state::cadence::silence_ms;
use crate::state::gather::Windows;
use crate::state::instance::{Instance, Moment};
use crate::state::store::StoreOptions;

/// The silence after which an instance is stale, in milliseconds (contract §6).
pub(crate) fn stale_after_ms(instance: &Instance, state: &State) -> u64 {
    let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    if let Some(fixed) = state.stale_after {
        return millis(fixed);
    }
    match instance.heard.interval_ms.load(Ordering::Relaxed) {
        0 => EXPORT_INTERVAL_MAX_MS.min(millis(state.forget_after) / 3),
        interval_ms => silence_ms(interval_ms),
    }
}

/// Whether it has been silent for too long; the local process never is.
pub(crate) fn is_stale(instance: &Instance, state: &State, at: Moment) -> bool {
    let silent_ms = at.now_ms.saturating_sub(instance.heard.last_ms.load(Ordering::Relaxed));
    !instance.is_local && silent_ms > stale_after_ms(instance, state)
}

/// The facts of one instance.
pub(super) fn facts(
    instance: &Instance,
    series: usize,
    options: &StoreOptions,
    at: Moment,
    windows: &mut Windows,
) -> InstanceFacts {
    let (identity, heard, received) = (&instance.identity, &instance.heard, &instance.received);
    let about = identity.about();
    let load = |place: &std::sync::atomic::AtomicU64| place.load(Ordering::Relaxed);
    let received_unless = |told: &std::sync::atomic::AtomicBool, count| {
        if told.load(Ordering::Relaxed) { 0 } else { load(count) }
    };
    let traces = instance.traces.get() + received_unless(&received.tells_traces, &received.roots);
    // Received counts stand still while nothing comes, recorded ones do not.
    let counted_ms = if instance.is_local { at.now_ms } else { load(&heard.last_ms) };
    let told_age_ms = received.tells_traces.load(Ordering::Relaxed).then(|| load(&received.traces_age_ms));
    let (traces_recent, recent_s) = windows.traces(&identity.key, traces, counted_ms, told_age_ms);
    InstanceFacts {
        id: instance.id,
        key: identity.key.clone(),
        service: identity.service.clone(),
        instance: identity.instance.clone(),
        job: identity.job.clone(),
        environment: about.environment,
        resource: about.resource,
        liveness: if is_stale(instance, &options.state, at) { Liveness::Stale } else { Liveness::Live },
        is_local: instance.is_local,
        is_bridge: instance.is_bridge,
        first_seen_unix_ms: load(&heard.first_unix_ms),
        last_seen_unix_ms: if instance.is_local { at.unix_ms } else { load(&heard.last_unix_ms) },
        export_interval_s: Some(load(&heard.interval_ms)).filter(|ms| *ms > 0).map(|ms| ms as f64 / 1000.0),
        cpu_utilization: instance.process.cpu_utilization.get(),
        memory_bytes: instance.process.memory_bytes.count(),
        uptime_s: instance.process.uptime_s.get(),
        traces,
        traces_recent,
        recent_s,
        spans_active: instance.spans_active.count().unwrap_or(0),
        spans: instance.spans.get() + received_unless(&received.tells_spans, &received.spans),
        log_records: load(&received.log_records),
        series,
        restarts: load(&heard.restarts),
    }
}

/// Stale instances whose place a newer live one of the same service has taken count nowhere (contract §7).
pub(super) fn replace(instances: &mut [InstanceFacts]) {
    let mut newest: std::collections::HashMap<_, u64> = std::collections::HashMap::new();
    for live in instances.iter().filter(|instance| instance.liveness == Liveness::Live) {
        let name = (live.job.clone(), live.environment.clone());
        let first = newest.entry(name).or_default();
        *first = (*first).max(live.first_seen_unix_ms);
    }
    for stale in instances.iter_mut().filter(|instance| instance.liveness == Liveness::Stale) {
        let name = (stale.job.clone(), stale.environment.clone());
        if newest.get(&name).is_some_and(|first| *first > stale.first_seen_unix_ms) {
            stale.liveness = Liveness::Replaced;
        }
    }
}
