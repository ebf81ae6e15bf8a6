//! The fields that rules may feed (contract §9, mapping fields, and the ones that only the built-in table knows).

use crate::config::mappings::{Aggregate, Entity};
use crate::model::breaker::BreakerState;
use crate::model::component::ComponentState;
use crate::model::worker::WorkerState;

/// A field of an entity or of the instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    /// The entity exists; the number itself is not kept.
    Present(Entity),
    PoolSize,
    PoolActive,
    PoolIdle,
    PoolCreating,
    PoolTotal,
    PoolPending,
    PoolRequests,
    PoolErrors,
    PoolWorkersCreated,
    PoolWorkersFailed,
    PoolWorkersRetired,
    WorkerState,
    WorkerRequests,
    WorkerErrors,
    WorkerUptime,
    WorkerMemoryRss,
    WorkerMemoryHeapUsed,
    ComponentState,
    ComponentItemsProcessed,
    ComponentErrors,
    ComponentLastActivity,
    BreakerState,
    BreakerFailures,
    BreakerTransitions,
    BreakerCalls,
    BreakerLastFailure,
    StreamActive,
    StreamQueueDepth,
    StreamMessages,
    StreamBackpressureEvents,
    InstanceTraces,
    InstanceSpans,
    InstanceSpansActive,
    InstanceCpuUtilization,
    InstanceMemoryBytes,
    InstanceUptime,
}

impl Field {
    /// The field of that name; no entity means the instance itself.
    pub(crate) fn of(entity: Option<Entity>, name: &str) -> Option<Self> {
        let found = match (entity, name) {
            // A worker's app is a label; a metric that only tells it makes the worker known.
            (Some(entity), "present") | (Some(entity @ Entity::Worker), "app") => Self::Present(entity),
            (Some(Entity::Pool), name) => return Self::of_pool(name),
            (Some(Entity::Worker), "state") => Self::WorkerState,
            (Some(Entity::Worker), "requests") => Self::WorkerRequests,
            (Some(Entity::Worker), "errors") => Self::WorkerErrors,
            (Some(Entity::Worker), "uptime") => Self::WorkerUptime,
            (Some(Entity::Worker), "memory_rss") => Self::WorkerMemoryRss,
            (Some(Entity::Worker), "memory_heap_used") => Self::WorkerMemoryHeapUsed,
            (Some(Entity::Component), "state") => Self::ComponentState,
            (Some(Entity::Component), "items_processed") => Self::ComponentItemsProcessed,
            (Some(Entity::Component), "errors") => Self::ComponentErrors,
            (Some(Entity::Component), "last_activity") => Self::ComponentLastActivity,
            (Some(Entity::CircuitBreaker), "state") => Self::BreakerState,
            (Some(Entity::CircuitBreaker), "failures") => Self::BreakerFailures,
            (Some(Entity::CircuitBreaker), "transitions") => Self::BreakerTransitions,
            (Some(Entity::CircuitBreaker), "calls") => Self::BreakerCalls,
            (Some(Entity::CircuitBreaker), "last_failure") => Self::BreakerLastFailure,
            (Some(Entity::Stream), "active") => Self::StreamActive,
            (Some(Entity::Stream), "queue_depth") => Self::StreamQueueDepth,
            (Some(Entity::Stream), "messages") => Self::StreamMessages,
            (Some(Entity::Stream), "backpressure_events") => Self::StreamBackpressureEvents,
            (None, "traces") => Self::InstanceTraces,
            (None, "spans") => Self::InstanceSpans,
            (None, "spans_active") => Self::InstanceSpansActive,
            (None, "cpu_utilization") => Self::InstanceCpuUtilization,
            (None, "memory_bytes") => Self::InstanceMemoryBytes,
            (None, "uptime") => Self::InstanceUptime,
            _ => return None,
        };
        Some(found)
    }

    fn of_pool(name: &str) -> Option<Self> {
        let found = match name {
            "size" => Self::PoolSize,
            "active" => Self::PoolActive,
            "idle" => Self::PoolIdle,
            "creating" => Self::PoolCreating,
            "total" => Self::PoolTotal,
            "pending" => Self::PoolPending,
            "requests" => Self::PoolRequests,
            "errors" => Self::PoolErrors,
            "workers_created" => Self::PoolWorkersCreated,
            "workers_failed" => Self::PoolWorkersFailed,
            "workers_retired" => Self::PoolWorkersRetired,
            _ => return None,
        };
        Some(found)
    }

    /// The entity that the field belongs to; none for the instance itself.
    pub(crate) const fn entity(self) -> Option<Entity> {
        match self {
            Self::Present(entity) => Some(entity),
            Self::PoolSize
            | Self::PoolActive
            | Self::PoolIdle
            | Self::PoolCreating
            | Self::PoolTotal
            | Self::PoolPending
            | Self::PoolRequests
            | Self::PoolErrors
            | Self::PoolWorkersCreated
            | Self::PoolWorkersFailed
            | Self::PoolWorkersRetired => Some(Entity::Pool),
            Self::WorkerState
            | Self::WorkerRequests
            | Self::WorkerErrors
            | Self::WorkerUptime
            | Self::WorkerMemoryRss
            | Self::WorkerMemoryHeapUsed => Some(Entity::Worker),
            Self::ComponentState
            | Self::ComponentItemsProcessed
            | Self::ComponentErrors
            | Self::ComponentLastActivity => Some(Entity::Component),
            Self::BreakerState
            | Self::BreakerFailures
            | Self::BreakerTransitions
            | Self::BreakerCalls
            | Self::BreakerLastFailure => Some(Entity::CircuitBreaker),
            Self::StreamActive | Self::StreamQueueDepth | Self::StreamMessages | Self::StreamBackpressureEvents => {
                Some(Entity::Stream)
            }
            Self::InstanceTraces
            | Self::InstanceSpans
            | Self::InstanceSpansActive
            | Self::InstanceCpuUtilization
            | Self::InstanceMemoryBytes
            | Self::InstanceUptime => None,
        }
    }

    /// Whether it is a state.
    pub(crate) const fn is_state(self) -> bool {
        matches!(self, Self::WorkerState | Self::ComponentState | Self::BreakerState)
    }

    /// Whether an attribute picks the state or the outcome.
    pub(crate) const fn is_picked(self) -> bool {
        self.is_state() || matches!(self, Self::BreakerCalls)
    }

    /// Whether it is kept as a floating-point number.
    pub(crate) const fn is_figure(self) -> bool {
        matches!(
            self,
            Self::WorkerUptime
                | Self::ComponentLastActivity
                | Self::BreakerLastFailure
                | Self::InstanceSpansActive
                | Self::InstanceCpuUtilization
                | Self::InstanceMemoryBytes
                | Self::InstanceUptime
        )
    }

    /// Whether several points on it are joined after the whole metric was read. Whole numbers are summed by differences instead.
    pub(crate) fn is_joined(self, aggregate: Aggregate) -> bool {
        match aggregate {
            Aggregate::Last => false,
            Aggregate::Max => !self.is_picked(),
            Aggregate::Sum => self.is_figure(),
        }
    }

    /// The place of a state or an outcome of that name; none when the name is not known.
    pub(crate) fn code(self, name: &str) -> Option<u8> {
        let place = match self {
            Self::WorkerState => WorkerState::parse(name).map(|state| state as usize),
            Self::ComponentState => ComponentState::parse(name).map(|state| state as usize),
            Self::BreakerState => BreakerState::parse(name).map(|state| state as usize),
            Self::BreakerCalls => ["success", "failure", "rejected"]
                .iter()
                .position(|outcome| outcome.eq_ignore_ascii_case(name))
                .or_else(|| ["successful", "failed", "not_permitted"].iter().position(|outcome| *outcome == name)),
            _ => Some(0),
        };
        place.map(|place| place as u8)
    }
}
