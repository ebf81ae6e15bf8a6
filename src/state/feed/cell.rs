//! The cell that a slot leads to, and the places of its fields.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::state::cells::{BreakerCell, ComponentCell, Hold, PoolCell, StreamCell, WorkerCell};
use crate::state::instance::Instance;
use crate::state::mapping::Field;
use crate::state::tally::{Count, Figure, Tally};

/// What a slot feeds.
#[derive(Clone, Debug)]
pub(crate) enum Cell {
    Instance,
    Pool(Arc<PoolCell>),
    Worker(Arc<WorkerCell>),
    Component(Arc<ComponentCell>),
    Breaker(Arc<BreakerCell>),
    Stream(Arc<StreamCell>),
}

/// Where a number is kept.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place<'a> {
    Count(&'a Count),
    Tally(&'a Tally),
    Figure(&'a Figure),
}

impl Cell {
    fn holder(&self) -> Option<&Hold> {
        match self {
            Self::Instance => None,
            Self::Pool(cell) => Some(&cell.hold),
            Self::Worker(cell) => Some(&cell.hold),
            Self::Component(cell) => Some(&cell.hold),
            Self::Breaker(cell) => Some(&cell.hold),
            Self::Stream(cell) => Some(&cell.hold),
        }
    }

    /// A point feeds it: it stays.
    pub(super) fn hold(&self, is_delta: bool) {
        match self.holder() {
            Some(hold) if is_delta => hold.fed(),
            Some(hold) => hold.fed_lasting(),
            None => {}
        }
    }

    /// Whether the last sweep left it in the store.
    pub(super) fn stays(&self) -> bool {
        self.holder().is_none_or(Hold::stays)
    }

    /// It was reported now.
    #[inline]
    pub(super) fn seen(&self, now_ms: u64) {
        let seen = match self {
            Self::Instance => return,
            Self::Pool(cell) => &cell.seen_ms,
            Self::Worker(cell) => &cell.seen_ms,
            Self::Component(cell) => &cell.seen_ms,
            Self::Breaker(cell) => &cell.seen_ms,
            Self::Stream(cell) => &cell.seen_ms,
        };
        seen.store(now_ms, Ordering::Relaxed);
    }

    /// The place of a number; none for states, mere presence, and fields of another entity.
    pub(super) fn place<'a>(&'a self, field: Field, code: u8, instance: &'a Instance) -> Option<Place<'a>> {
        match self {
            Self::Instance => instance_place(instance, field),
            Self::Pool(cell) => pool_place(cell, field),
            Self::Worker(cell) => worker_place(cell, field),
            Self::Component(cell) => match field {
                Field::ComponentItemsProcessed => Some(Place::Tally(&cell.items_processed)),
                Field::ComponentErrors => Some(Place::Tally(&cell.errors)),
                Field::ComponentLastActivity => Some(Place::Figure(&cell.last_activity)),
                _ => None,
            },
            Self::Breaker(cell) => match field {
                Field::BreakerFailures => Some(Place::Tally(&cell.failures)),
                Field::BreakerTransitions => Some(Place::Tally(&cell.transitions)),
                Field::BreakerCalls => cell.calls.get(usize::from(code)).map(Place::Tally),
                Field::BreakerLastFailure => Some(Place::Figure(&cell.last_failure)),
                _ => None,
            },
            Self::Stream(cell) => match field {
                Field::StreamActive => Some(Place::Count(&cell.active)),
                Field::StreamQueueDepth => Some(Place::Count(&cell.queue_depth)),
                Field::StreamMessages => Some(Place::Tally(&cell.messages)),
                Field::StreamBackpressureEvents => Some(Place::Tally(&cell.backpressure_events)),
                _ => None,
            },
        }
    }
}

fn instance_place(instance: &Instance, field: Field) -> Option<Place<'_>> {
    match field {
        Field::InstanceTraces => Some(Place::Tally(&instance.traces)),
        Field::InstanceSpans => Some(Place::Tally(&instance.spans)),
        Field::InstanceSpansActive => Some(Place::Figure(&instance.spans_active)),
        Field::InstanceCpuUtilization => Some(Place::Figure(&instance.process.cpu_utilization)),
        Field::InstanceMemoryBytes => Some(Place::Figure(&instance.process.memory_bytes)),
        Field::InstanceUptime => Some(Place::Figure(&instance.process.uptime_s)),
        _ => None,
    }
}

fn pool_place(cell: &PoolCell, field: Field) -> Option<Place<'_>> {
    let count = match field {
        Field::PoolSize => &cell.size,
        Field::PoolActive => &cell.active,
        Field::PoolIdle => &cell.idle,
        Field::PoolCreating => &cell.creating,
        Field::PoolTotal => &cell.total,
        Field::PoolPending => &cell.pending,
        Field::PoolRequests => &cell.requests,
        Field::PoolErrors => &cell.errors,
        Field::PoolWorkersCreated => &cell.workers_created,
        Field::PoolWorkersFailed => &cell.workers_failed,
        Field::PoolWorkersRetired => &cell.workers_retired,
        _ => return None,
    };
    Some(Place::Count(count))
}

fn worker_place(cell: &WorkerCell, field: Field) -> Option<Place<'_>> {
    match field {
        Field::WorkerRequests => Some(Place::Count(&cell.requests)),
        Field::WorkerErrors => Some(Place::Count(&cell.errors)),
        Field::WorkerUptime => Some(Place::Figure(&cell.uptime_s)),
        Field::WorkerMemoryRss => Some(Place::Count(&cell.memory_rss)),
        Field::WorkerMemoryHeapUsed => Some(Place::Count(&cell.memory_heap_used)),
        _ => None,
    }
}

impl Place<'_> {
    /// Puts a whole number in the place of what a slot gave before.
    pub(super) fn replace(self, before: u64, now: u64) {
        let moved = |held: u64| held.wrapping_sub(before).wrapping_add(now);
        match self {
            Self::Count(count) => count.set(moved(count.get().unwrap_or(0))),
            Self::Tally(tally) => tally.set(moved(tally.get())),
            Self::Figure(figure) => figure.set(now as f64),
        }
    }

    /// What it holds, as a slot has it; none while absent.
    pub(super) fn bits(self) -> Option<u64> {
        match self {
            Self::Count(count) => count.get(),
            Self::Tally(tally) => Some(tally.get()),
            Self::Figure(figure) => figure.get().map(f64::to_bits),
        }
    }

    /// Sets it to a slot's bits.
    pub(super) fn set(self, bits: u64) {
        match self {
            Self::Count(count) => count.set(bits),
            Self::Tally(tally) => tally.set(bits),
            Self::Figure(figure) => figure.set(f64::from_bits(bits)),
        }
    }

    /// Makes it absent.
    pub(super) fn clear(self) {
        match self {
            Self::Count(count) => count.clear(),
            Self::Tally(tally) => tally.clear(),
            Self::Figure(figure) => figure.clear(),
        }
    }

    /// Takes the greater of what it holds and a slot's bits.
    pub(super) fn max(self, bits: u64) {
        match self {
            Self::Count(count) => count.set(count.get().unwrap_or(0).max(bits)),
            Self::Tally(tally) => tally.set(tally.get().max(bits)),
            Self::Figure(figure) => {
                let value = f64::from_bits(bits);
                figure.set(figure.get().map_or(value, |held| held.max(value)));
            }
        }
    }

    /// Adds a slot's bits to what it holds.
    pub(super) fn add(self, bits: u64) {
        match self {
            Self::Count(count) => count.set(count.get().unwrap_or(0).wrapping_add(bits)),
            Self::Tally(tally) => tally.set(tally.get().wrapping_add(bits)),
            Self::Figure(figure) => figure.set(figure.get().unwrap_or(0.0) + f64::from_bits(bits)),
        }
    }
}
