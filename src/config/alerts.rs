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

impl Subject {
    /// Every subject.
    pub const ALL: [Self; 8] = [
        Self::System,
        Self::Service,
        Self::Pool,
        Self::Worker,
        Self::Component,
        Self::CircuitBreaker,
        Self::Stream,
        Self::Push,
    ];

    /// The word of `on`, and the category of the alerts.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Service => "service",
            Self::Pool => "pool",
            Self::Worker => "worker",
            Self::Component => "component",
            Self::CircuitBreaker => "circuit_breaker",
            Self::Stream => "stream",
            Self::Push => "push",
        }
    }

    /// The fields that a rule on it may name. Ages end in `_s` (seconds); `*_ratio` and `utilization` run from 0 to 1;
    /// `state` and `status` are words for `equals`.
    pub const fn fields(self) -> &'static [&'static str] {
        match self {
            Self::System => &[
                "health_score",
                "status",
                "error_rate",
                "items_per_second",
                "memory_usage_mb",
                "cpu_usage_percent",
                "uptime_seconds",
                "active_spans",
                "total_traces",
            ],
            Self::Service => &[
                "status",
                "memory_usage_mb",
                "cpu_usage_percent",
                "uptime_seconds",
                "silent_s",
                "restarts",
                "series",
                "active_spans",
                "total_traces",
            ],
            Self::Pool => {
                &["size", "active", "idle", "creating", "total", "utilization", "pending", "requests", "errors"]
            }
            Self::Worker => &[
                "state",
                "app",
                "requests",
                "errors",
                "uptime",
                "memory_rss",
                "memory_heap_used",
                "state_age_s",
                "stuck_s",
            ],
            Self::Component => &[
                "state",
                "items_processed",
                "errors",
                "last_activity",
                "last_activity_age_s",
                "error_rate",
                "items_per_second",
            ],
            Self::CircuitBreaker => &["state", "failures", "last_failure", "calls", "transitions"],
            Self::Stream => &["active", "queue_depth", "messages", "message_rate", "backpressure_events"],
            Self::Push => &["state", "queue_ratio", "queue_items", "queue_bytes", "retries", "failing_s", "warnings"],
        }
    }
}
