//! Instruments of pools.

use opentelemetry::KeyValue;

use crate::model::pool::{PoolCounts, utilization};
use crate::record::convention as names;
use crate::record::instruments::{On, text, word};
use crate::record::local::Local;
use crate::state::cells::PoolCell;
use crate::state::recorded::PoolTotals;

fn label(pool: &PoolCell) -> [KeyValue; 1] {
    [text(names::ATTRIBUTE_POOL, &pool.name)]
}

pub(super) fn register(on: On<'_>) {
    on.up_down(names::POOL_SIZE, |local, observer| {
        for pool in local.instance.pools() {
            if let Some(size) = pool.size.get() {
                observer.observe(size as i64, &label(&pool));
            }
        }
    });
    on.up_down(names::POOL_WORKER_COUNT, |local, observer| {
        each_counted(local, |pool, counts| {
            for (state, count) in [("active", counts.active), ("idle", counts.idle), ("creating", counts.creating)] {
                let [name] = label(pool);
                observer.observe(count as i64, &[name, word(names::ATTRIBUTE_POOL_WORKER_STATE, state)]);
            }
        });
    });
    on.gauge(names::POOL_UTILIZATION, |local, observer| {
        each_counted(local, |pool, counts| {
            if let Some(size) = pool.size.get() {
                observer.observe(utilization(counts.active, size), &label(pool));
            }
        });
    });
    on.up_down(names::POOL_PENDING, |local, observer| {
        for pool in local.instance.pools() {
            if let Some(pending) = pool.pending.get() {
                observer.observe(pending as i64, &label(&pool));
            }
        }
    });
    on.counter(names::POOL_REQUESTS, |local, observer| {
        each_total(local, |totals| totals.requests, |total, labels| observer.observe(total, labels));
    });
    on.counter(names::POOL_ERRORS, |local, observer| {
        each_total(local, |totals| totals.errors, |total, labels| observer.observe(total, labels));
    });
    on.counter(names::POOL_WORKERS_CREATED, |local, observer| {
        each_total(local, |totals| totals.workers_created, |total, labels| observer.observe(total, labels));
    });
    on.counter(names::POOL_WORKERS_FAILED, |local, observer| {
        each_total(local, |totals| totals.workers_failed, |total, labels| observer.observe(total, labels));
    });
    on.counter(names::POOL_WORKERS_RETIRED, |local, observer| {
        each_total(local, |totals| totals.workers_retired, |total, labels| observer.observe(total, labels));
    });
}

fn each_counted(local: &Local, tell: impl Fn(&PoolCell, PoolCounts)) {
    let counts = local.instance.counts_by_pool();
    for pool in local.instance.pools() {
        tell(&pool, pool.counts(counts.get(&pool.name).copied().unwrap_or_default()));
    }
}

fn each_total(local: &Local, read: fn(PoolTotals) -> Option<u64>, observe: impl Fn(u64, &[KeyValue])) {
    for pool in local.instance.pools() {
        if let Some(total) = read(pool.totals()) {
            observe(total, &label(&pool));
        }
    }
}
