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
