//! Alert rules.

use std::time::Duration;

use crate::model::alert::Level;

/// Alerting: the built-in rules always stand; these are added, and one with a built-in's name replaces it.
#[derive(Clone, Debug, Default)]
pub struct Alerts {
    /// Base URL of an Alertmanager, which gets every alert by its v2 API.
    pub alertmanager: Option<String>,
    /// Rules of the file.
    pub rules: Vec<Rule>,
}

/// One alert rule (contract §7).
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Unique name.
    pub name: String,
    /// What it looks at.
    pub on: Subject,
    /// Field of that, such as `utilization`.
    pub field: String,
    /// When it holds.
    pub condition: Condition,
    /// How long it must hold before it goes off.
    pub hold: Duration,
    /// How long it must not hold before it ends (default 5 s).
    pub clear: Duration,
    /// Gravity.
    pub level: Level,
    /// Template with `{name}`, `{value}`, `{threshold}`, `{service}`, `{instance}`.
    pub message: String,
    /// Template of the recommendation; none gives none.
    pub recommendation: Option<String>,
}

/// What a rule looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// The figures of one service as a whole.
    System,
    /// An instance of a service.
    Service,
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
    /// A push destination.
    Push,
}

/// When a rule holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// Greater than.
    Above(f64),
    /// Less than.
    Below(f64),
    /// Equal to this word or number, such as `open`.
    Equals(String),
}
