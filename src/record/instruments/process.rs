//! Instruments of the process as a whole.

use std::sync::{Arc, Weak};

use crate::model::health::System;
use crate::model::scope::Scope;
use crate::record::convention as names;
use crate::record::instruments::On;
use crate::state::Store;

pub(super) fn register(on: On<'_>, store: &Arc<Store>) {
    on.counter(names::TRACE_COUNT, |local, observer| observer.observe(local.instance.traces.get(), &[]));
    on.counter(names::SPAN_STARTED, |local, observer| observer.observe(local.instance.spans.get(), &[]));
    on.up_down(names::SPAN_LIVE, |local, observer| {
        observer.observe(local.instance.spans_active.count().unwrap_or(0) as i64, &[]);
    });
    on.gauge(names::PROCESS_CPU, |local, observer| {
        if let Some(share) = local.instance.process.cpu_utilization.get() {
            observer.observe(share, &[]);
        }
    });
    on.up_down(names::PROCESS_MEMORY, |local, observer| {
        if let Some(bytes) = local.instance.process.memory_bytes.count() {
            observer.observe(bytes as i64, &[]);
        }
    });
    on.gauge(names::PROCESS_UPTIME, |local, observer| observer.observe(local.clock.elapsed().as_secs_f64(), &[]));
    if !local_is_bridge(on) {
        health(on, Arc::downgrade(store));
    }
}

/// The bridge shows what it computes of everybody; a score of its own would say less and look the same.
fn local_is_bridge(on: On<'_>) -> bool {
    on.local.instance.is_bridge
}

fn health(on: On<'_>, store: Weak<Store>) {
    let what = names::HEALTH_SCORE;
    let builder = on.meter.f64_observable_gauge(what.name).with_unit(what.unit).with_description(what.description);
    let read = move || {
        let snapshot = store.upgrade()?.snapshot();
        Some(System::of(&snapshot, &Scope::default(), &snapshot.health_rules).score)
    };
    builder
        .with_callback(move |observer| {
            if let Some(score) = read() {
                observer.observe(score, &[]);
            }
        })
        .build();
}
