//! Instruments over a runtime's figures. What tokio does not tell has none, and they fall silent when nobody watches any more.

use std::sync::{Arc, Weak};

use opentelemetry::KeyValue;
use opentelemetry::metrics::{AsyncInstrument, Meter};

use crate::record::convention as names;
use crate::record::runtime::{RuntimePool, Thread, busy_time};

fn of_pool(runtime: &RuntimePool) -> [KeyValue; 1] {
    [KeyValue::new(names::ATTRIBUTE_POOL, runtime.pool.name().to_owned())]
}

fn of_thread(runtime: &RuntimePool, thread: &Thread) -> [KeyValue; 2] {
    let [pool] = of_pool(runtime);
    [KeyValue::new(names::ATTRIBUTE_WORKER, thread.worker.id().to_owned()), pool]
}

/// A callback that tells one figure of each thread.
fn each_thread<T>(
    runtime: &Arc<RuntimePool>,
    read: impl Fn(&RuntimePool, usize, &Thread) -> Option<T> + Send + Sync + 'static,
) -> impl Fn(&dyn AsyncInstrument<T>) + Send + Sync + 'static {
    let watched: Weak<RuntimePool> = Arc::downgrade(runtime);
    move |observer| {
        let Some(runtime) = watched.upgrade() else { return };
        for (number, thread) in runtime.threads.iter().enumerate() {
            if let Some(value) = read(&runtime, number, thread) {
                observer.observe(value, &of_thread(&runtime, thread));
            }
        }
    }
}

/// A callback that tells one figure of the whole.
fn whole<T>(
    runtime: &Arc<RuntimePool>,
    read: impl Fn(&RuntimePool) -> T + Send + Sync + 'static,
) -> impl Fn(&dyn AsyncInstrument<T>) + Send + Sync + 'static {
    let watched: Weak<RuntimePool> = Arc::downgrade(runtime);
    move |observer| {
        if let Some(runtime) = watched.upgrade() {
            observer.observe(read(&runtime), &of_pool(&runtime));
        }
    }
}

pub(super) fn register(meter: &Meter, runtime: &Arc<RuntimePool>) {
    meter
        .f64_observable_counter("tokio.worker.busy_time")
        .with_unit("s")
        .with_description("Time for which a thread of the runtime was busy")
        .with_callback(each_thread(runtime, |runtime, number, _| {
            busy_time(&runtime.runtime.metrics(), number).map(|busy| busy.as_secs_f64())
        }))
        .build();
    meter
        .f64_observable_gauge("tokio.worker.utilization")
        .with_unit("1")
        .with_description("Share of the last second for which a thread of the runtime was busy")
        .with_callback(each_thread(runtime, |_, _, thread| thread.utilization.get()))
        .build();
    meter
        .i64_observable_up_down_counter("tokio.tasks.alive")
        .with_unit("{task}")
        .with_description("Tasks of the runtime that have not ended")
        .with_callback(whole(runtime, |runtime| runtime.runtime.metrics().num_alive_tasks() as i64))
        .build();
    #[cfg(tokio_unstable)]
    register_unstable(meter, runtime);
}

#[cfg(tokio_unstable)]
fn register_unstable(meter: &Meter, runtime: &Arc<RuntimePool>) {
    meter
        .i64_observable_up_down_counter("tokio.worker.local_queue_depth")
        .with_unit("{task}")
        .with_description("Tasks that wait in the queue of a thread of the runtime")
        .with_callback(each_thread(runtime, |runtime, number, _| {
            Some(runtime.runtime.metrics().worker_local_queue_depth(number) as i64)
        }))
        .build();
    meter
        .u64_observable_counter("tokio.worker.polls")
        .with_unit("{poll}")
        .with_description("Polls of tasks by a thread of the runtime")
        .with_callback(each_thread(runtime, |runtime, number, _| {
            Some(runtime.runtime.metrics().worker_poll_count(number))
        }))
        .build();
    meter
        .u64_observable_counter("tokio.worker.steals")
        .with_unit("{task}")
        .with_description("Tasks that a thread of the runtime took from another")
        .with_callback(each_thread(runtime, |runtime, number, _| {
            Some(runtime.runtime.metrics().worker_steal_count(number))
        }))
        .build();
    meter
        .i64_observable_up_down_counter("tokio.blocking.threads")
        .with_unit("{thread}")
        .with_description("Threads of the runtime for calls that block")
        .with_callback(whole(runtime, |runtime| runtime.runtime.metrics().num_blocking_threads() as i64))
        .build();
    meter
        .i64_observable_up_down_counter("tokio.blocking.queue_depth")
        .with_unit("{task}")
        .with_description("Calls that block and wait for a thread")
        .with_callback(whole(runtime, |runtime| runtime.runtime.metrics().blocking_queue_depth() as i64))
        .build();
}
