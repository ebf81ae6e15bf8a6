//! The OpenTelemetry instruments of the local process (contract §6): observable ones that read the store's cells at each
//! collection. Each reader has a provider of its own: with two readers on one provider every callback would feed both, and an
//! entity that was removed between two collections would be exported once more.

use std::sync::Arc;

use opentelemetry::metrics::{AsyncInstrument, Meter};
use opentelemetry::{KeyValue, Value};

use crate::model::breaker::BreakerState;
use crate::model::component::ComponentState;
use crate::model::pool::utilization;
use crate::model::worker::WorkerState;
use crate::record::Recorder;
use crate::record::convention::{self as names, Convention};
use crate::state::cells::{BreakerCell, ComponentCell, PoolCell, WorkerCell};
use crate::state::instance::Instance;

/// Registers every instrument over the recorder's instance.
pub fn register(meter: &Meter, recorder: &Recorder) {
    pools(meter, recorder);
    workers(meter, recorder);
    components(meter, recorder);
    breakers(meter, recorder);
    process(meter, recorder);
}

/// What a callback reads.
type Read<T> = fn(&Instance, &Recorder, &dyn AsyncInstrument<T>);

fn gauge(meter: &Meter, what: Convention, recorder: &Recorder, read: Read<f64>) {
    let recorder = recorder.clone();
    let builder = meter.f64_observable_gauge(what.name).with_unit(what.unit).with_description(what.description);
    builder.with_callback(move |observer| read(recorder.instance(), &recorder, observer)).build();
}

fn counter(meter: &Meter, what: Convention, recorder: &Recorder, read: Read<u64>) {
    let recorder = recorder.clone();
    let builder = meter.u64_observable_counter(what.name).with_unit(what.unit).with_description(what.description);
    builder.with_callback(move |observer| read(recorder.instance(), &recorder, observer)).build();
}

fn up_down(meter: &Meter, what: Convention, recorder: &Recorder, read: Read<i64>) {
    let recorder = recorder.clone();
    let builder =
        meter.i64_observable_up_down_counter(what.name).with_unit(what.unit).with_description(what.description);
    builder.with_callback(move |observer| read(recorder.instance(), &recorder, observer)).build();
}

fn text(key: &'static str, value: &Arc<str>) -> KeyValue {
    KeyValue::new(key, Value::from(value.clone()))
}

fn pool_name(pool: &PoolCell) -> [KeyValue; 1] {
    [text(names::ATTRIBUTE_POOL, &pool.name)]
}

fn component_name(component: &ComponentCell) -> [KeyValue; 1] {
    [text(names::ATTRIBUTE_COMPONENT, &component.name)]
}

fn breaker_name(breaker: &BreakerCell) -> [KeyValue; 1] {
    [text(names::ATTRIBUTE_BREAKER, &breaker.name)]
}

fn pools(meter: &Meter, recorder: &Recorder) {
    up_down(meter, names::POOL_SIZE, recorder, |instance, _, observer| {
        for pool in instance.pools() {
            if let Some(size) = pool.size.get() {
                observer.observe(size as i64, &pool_name(&pool));
            }
        }
    });
    up_down(meter, names::POOL_WORKER_COUNT, recorder, |instance, _, observer| {
        for pool in instance.pools() {
            let counts = instance.pool_counts(&pool);
            for (state, count) in [("active", counts.active), ("idle", counts.idle), ("creating", counts.creating)] {
                let state = KeyValue::new(names::ATTRIBUTE_POOL_WORKER_STATE, state);
                observer.observe(count as i64, &[text(names::ATTRIBUTE_POOL, &pool.name), state]);
            }
        }
    });
    gauge(meter, names::POOL_UTILIZATION, recorder, |instance, _, observer| {
        for pool in instance.pools() {
            let counts = instance.pool_counts(&pool);
            observer.observe(utilization(counts.active, pool.size.get().unwrap_or(0)), &pool_name(&pool));
        }
    });
    up_down(meter, names::POOL_PENDING, recorder, |instance, _, observer| {
        for pool in instance.pools() {
            if let Some(pending) = pool.pending.get() {
                observer.observe(pending as i64, &pool_name(&pool));
            }
        }
    });
}

fn worker_attributes(worker: &WorkerCell) -> [KeyValue; 3] {
    [
        text(names::ATTRIBUTE_WORKER, &worker.id),
        text(names::ATTRIBUTE_WORKER_APP, &worker.app.text()),
        text(names::ATTRIBUTE_POOL, &worker.pool.text()),
    ]
}

fn workers(meter: &Meter, recorder: &Recorder) {
    up_down(meter, names::WORKER_STATUS, recorder, |instance, _, observer| {
        for worker in instance.workers() {
            let Some(now) = worker.state() else { continue };
            let [id, app, pool] = worker_attributes(&worker);
            for state in WorkerState::ALL {
                let state_is = KeyValue::new(names::ATTRIBUTE_WORKER_STATE, state.as_str());
                observer.observe(i64::from(state == now), &[id.clone(), app.clone(), pool.clone(), state_is]);
            }
        }
    });
    counter(meter, names::WORKER_REQUESTS, recorder, |instance, _, observer| {
        each_worker(instance, |worker| worker.requests.get(), |requests, labels| observer.observe(requests, labels));
    });
    counter(meter, names::WORKER_ERRORS, recorder, |instance, _, observer| {
        each_worker(instance, |worker| worker.errors.get(), |errors, labels| observer.observe(errors, labels));
    });
    gauge(meter, names::WORKER_UPTIME, recorder, |instance, recorder, observer| {
        let now_ms = recorder.clock().elapsed_ms();
        let uptime_s = |worker: &WorkerCell| Some(now_ms.saturating_sub(worker.created_ms.get()?) as f64 / 1000.0);
        each_worker(instance, uptime_s, |uptime_s, labels| observer.observe(uptime_s, labels));
    });
    up_down(meter, names::WORKER_MEMORY, recorder, |instance, _, observer| {
        for worker in instance.workers() {
            for (kind, bytes) in [("rss", worker.memory_rss.get()), ("heap_used", worker.memory_heap_used.get())] {
                let Some(bytes) = bytes else { continue };
                let [id, app, pool] = worker_attributes(&worker);
                let kind = KeyValue::new(names::ATTRIBUTE_WORKER_MEMORY_TYPE, kind);
                observer.observe(bytes as i64, &[id, app, pool, kind]);
            }
        }
    });
}

fn each_worker<T>(instance: &Instance, read: impl Fn(&WorkerCell) -> Option<T>, observe: impl Fn(T, &[KeyValue])) {
    for worker in instance.workers() {
        if let Some(value) = read(&worker) {
            observe(value, &worker_attributes(&worker));
        }
    }
}

fn components(meter: &Meter, recorder: &Recorder) {
    up_down(meter, names::COMPONENT_STATUS, recorder, |instance, _, observer| {
        for component in instance.components() {
            let now = component.state();
            for state in ComponentState::ALL {
                let attributes = [
                    text(names::ATTRIBUTE_COMPONENT, &component.name),
                    text(names::ATTRIBUTE_COMPONENT_TYPE, &component.kind.text()),
                    KeyValue::new(names::ATTRIBUTE_COMPONENT_STATE, state.as_str()),
                ];
                observer.observe(i64::from(state == now), &attributes);
            }
        }
    });
    counter(meter, names::COMPONENT_ITEMS, recorder, |instance, _, observer| {
        for component in instance.components() {
            observer.observe(component.items_processed.get(), &component_name(&component));
        }
    });
    counter(meter, names::COMPONENT_ERRORS, recorder, |instance, _, observer| {
        for component in instance.components() {
            observer.observe(component.errors.get(), &component_name(&component));
        }
    });
    gauge(meter, names::COMPONENT_LAST_ACTIVITY, recorder, |instance, _, observer| {
        for component in instance.components() {
            if let Some(unix_s) = component.last_activity.get() {
                observer.observe(unix_s, &component_name(&component));
            }
        }
    });
}

fn breakers(meter: &Meter, recorder: &Recorder) {
    up_down(meter, names::BREAKER_STATUS, recorder, |instance, _, observer| {
        for breaker in instance.breakers() {
            let now = breaker.state();
            for state in BreakerState::ALL {
                let mut attributes = vec![
                    text(names::ATTRIBUTE_BREAKER, &breaker.name),
                    KeyValue::new(names::ATTRIBUTE_BREAKER_STATE, state.as_str()),
                ];
                attributes.extend(breaker.component.get().map(|name| text(names::ATTRIBUTE_COMPONENT, name)));
                observer.observe(i64::from(state == now), &attributes);
            }
        }
    });
    counter(meter, names::BREAKER_FAILURES, recorder, |instance, _, observer| {
        for breaker in instance.breakers() {
            observer.observe(breaker.failures.get(), &breaker_name(&breaker));
        }
    });
    counter(meter, names::BREAKER_TRANSITIONS, recorder, |instance, _, observer| {
        for breaker in instance.breakers() {
            observer.observe(breaker.transitions.get(), &breaker_name(&breaker));
        }
    });
    counter(meter, names::BREAKER_CALLS, recorder, |instance, _, observer| {
        for breaker in instance.breakers() {
            for (outcome, calls) in names::OUTCOMES.into_iter().zip(&breaker.calls) {
                let outcome = KeyValue::new(names::ATTRIBUTE_OUTCOME, outcome);
                observer.observe(calls.get(), &[text(names::ATTRIBUTE_BREAKER, &breaker.name), outcome]);
            }
        }
    });
    gauge(meter, names::BREAKER_LAST_FAILURE, recorder, |instance, _, observer| {
        for breaker in instance.breakers() {
            if let Some(unix_s) = breaker.last_failure.get() {
                observer.observe(unix_s, &breaker_name(&breaker));
            }
        }
    });
}

fn process(meter: &Meter, recorder: &Recorder) {
    counter(meter, names::TRACE_COUNT, recorder, |instance, _, observer| observer.observe(instance.traces.get(), &[]));
    counter(meter, names::SPAN_STARTED, recorder, |instance, _, observer| observer.observe(instance.spans.get(), &[]));
    up_down(meter, names::SPAN_LIVE, recorder, |instance, _, observer| {
        observer.observe(instance.spans_active.count().unwrap_or(0) as i64, &[]);
    });
    gauge(meter, names::PROCESS_CPU, recorder, |instance, _, observer| {
        if let Some(share) = instance.process.cpu_utilization.get() {
            observer.observe(share, &[]);
        }
    });
    up_down(meter, names::PROCESS_MEMORY, recorder, |instance, _, observer| {
        if let Some(bytes) = instance.process.memory_bytes.count() {
            observer.observe(bytes as i64, &[]);
        }
    });
    gauge(meter, names::PROCESS_UPTIME, recorder, |_, recorder, observer| {
        observer.observe(recorder.clock().elapsed().as_secs_f64(), &[]);
    });
}
