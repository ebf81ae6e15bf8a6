//! Rules that turn OTLP points into fields of entities (contract §6). The built-in table is a file of the same form.

/// One mapping rule.
#[derive(Clone, Debug, PartialEq)]
pub struct MappingRule {
    /// Metric name, or a glob with `*`.
    pub metric: String,
    /// Attributes that must be equal.
    pub conditions: Vec<(String, String)>,
    /// What it feeds.
    pub entity: Entity,
    /// Where the entity's name comes from.
    pub key: Key,
    /// Further entity labels (`app`, `pool`, `component`, `from`, `to`, `type`) and the attributes that they come from.
    pub labels: Vec<(String, String)>,
    /// Field of the entity (contract §9, mapping fields).
    pub field: String,
    /// For state sets: the attribute whose value is the state where the point is 1.
    pub state: Option<String>,
    /// Numbers are multiplied by this.
    pub scale: f64,
    /// How several points on one field join.
    pub aggregate: Aggregate,
}

/// What a rule feeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Entity {
    /// A pool.
    Pool,
    /// A worker.
    Worker,
    /// A component.
    Component,
    /// A circuit breaker.
    CircuitBreaker,
    /// A stream.
    Stream,
}

/// Where an entity's name comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// An attribute of the point.
    Attribute(String),
    /// An attribute of the resource.
    Resource(String),
}

/// How several points on one field join.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aggregate {
    /// Their sum.
    Sum,
    /// The greatest.
    Max,
    /// The latest.
    Last,
}

impl Entity {
    /// Every entity.
    pub const ALL: [Self; 5] = [Self::Pool, Self::Worker, Self::Component, Self::CircuitBreaker, Self::Stream];

    /// The word of `entity`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pool => "pool",
            Self::Worker => "worker",
            Self::Component => "component",
            Self::CircuitBreaker => "circuit_breaker",
            Self::Stream => "stream",
        }
    }

    /// The fields that a rule may feed (contract §9).
    pub const fn fields(self) -> &'static [&'static str] {
        match self {
            Self::Pool => &["size", "active", "idle", "creating", "total", "pending", "requests", "errors"],
            Self::Worker => &["state", "app", "requests", "errors", "uptime", "memory_rss", "memory_heap_used"],
            Self::Component => &["state", "items_processed", "errors", "last_activity"],
            Self::CircuitBreaker => &["state", "failures", "last_failure", "calls"],
            Self::Stream => &["active", "queue_depth", "messages", "backpressure_events"],
        }
    }
}
