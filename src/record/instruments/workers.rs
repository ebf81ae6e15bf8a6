//! Instruments of workers.

use opentelemetry::KeyValue;

use crate::model::worker::WorkerState;
use crate::record::convention as names;
use crate::record::instruments::{On, text, word};
use crate::record::local::Local;
use crate::state::cells::WorkerCell;

fn labels(worker: &WorkerCell) -> [KeyValue; 3] {
    [
        text(names::ATTRIBUTE_POOL, &worker.pool.text()),
        text(names::ATTRIBUTE_WORKER_APP, &worker.app.text()),
        text(names::ATTRIBUTE_WORKER, &worker.id),
    ]
}

pub(super) fn register(on: On<'_>) {
    on.up_down(names::WORKER_STATUS, |local, observer| {
        for worker in local.instance.workers() {
            let Some(now) = worker.state() else { continue };
            let [pool, app, id] = labels(&worker);
            for state in WorkerState::ALL {
                let state_is = word(names::ATTRIBUTE_WORKER_STATE, state.as_str());
                observer.observe(i64::from(state == now), &[pool.clone(), app.clone(), id.clone(), state_is]);
            }
        }
    });
    on.counter(names::WORKER_REQUESTS, |local, observer| {
        each(local, |worker| worker.requests.get(), |requests, labels| observer.observe(requests, labels));
    });
    on.counter(names::WORKER_ERRORS, |local, observer| {
        each(local, |worker| worker.errors.get(), |errors, labels| observer.observe(errors, labels));
    });
    on.gauge(names::WORKER_UPTIME, |local, observer| {
        let now_ms = local.clock.elapsed_ms();
        let uptime_s = |worker: &WorkerCell| Some(now_ms.saturating_sub(worker.created_ms.get()?) as f64 / 1000.0);
        each(local, uptime_s, |uptime_s, labels| observer.observe(uptime_s, labels));
    });
    on.up_down(names::WORKER_MEMORY, |local, observer| {
        for worker in local.instance.workers() {
            for (kind, bytes) in [("rss", worker.memory_rss.get()), ("heap_used", worker.memory_heap_used.get())] {
                let Some(bytes) = bytes else { continue };
                let [pool, app, id] = labels(&worker);
                let kind = word(names::ATTRIBUTE_WORKER_MEMORY_TYPE, kind);
                observer.observe(bytes as i64, &[pool, app, id, kind]);
            }
        }
    });
}

fn each<T>(local: &Local, read: impl Fn(&WorkerCell) -> Option<T>, observe: impl Fn(T, &[KeyValue])) {
    for worker in local.instance.workers() {
        if let Some(value) = read(&worker) {
            observe(value, &labels(&worker));
        }
    }
}
