//! Alert rules as data: the built-in ones and those of the configuration have one form (contract §7).

use std::time::Duration;

use crate::model::alert::Level;

/// One alert rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Unique name.
    pub name: String,
    /// What it looks at.
    pub on: Subject,
    /// Field of that, one of [`Subject::fields`], such as `utilization`.
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

/// What a field of a subject says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// A figure.
    Number(f64),
    /// A word, such as a state.
    Word(&'a str),
}

impl Condition {
    /// Whether it holds for a value; words have no order, and no number compares with a figure that is not one.
    pub fn holds(&self, value: Value<'_>) -> bool {
        match (self, value) {
            (Self::Above(threshold), Value::Number(number)) => number > *threshold,
            (Self::Below(threshold), Value::Number(number)) => number < *threshold,
            (Self::Equals(wanted), Value::Word(word)) => wanted.eq_ignore_ascii_case(word),
            (Self::Equals(wanted), Value::Number(number)) => {
                wanted.parse::<f64>().is_ok_and(|wanted| wanted.total_cmp(&number).is_eq())
            }
            (Self::Above(_) | Self::Below(_), Value::Word(_)) => false,
        }
    }

    /// The figure that it compares with.
    pub fn threshold(&self) -> Option<f64> {
        match self {
            Self::Above(threshold) | Self::Below(threshold) => Some(*threshold),
            Self::Equals(wanted) => wanted.parse().ok(),
        }
    }
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

    /// The fields that a rule on it may name. Ages end in `_s` (seconds); `*_ratio`, `error_rate` and `utilization` are
    /// shares of 1; `state`, `status` and `is_*` (`true`, `false`) are words for `equals`.
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
                "is_healthy",
                "items_processed",
                "errors",
                "last_activity",
                "last_activity_age_s",
                "error_rate",
                "items_per_second",
            ],
            Self::CircuitBreaker => &["state", "failures", "last_failure", "calls", "transitions"],
            Self::Stream => &["active", "queue_depth", "messages", "message_rate", "backpressure_events"],
            Self::Push => &[
                "state",
                "is_failing",
                "failing_s",
                "queue_ratio",
                "queue_items",
                "queue_bytes",
                "retries",
                "warnings",
            ],
        }
    }
}

/// A figure with its unit, as people read it.
pub fn shown(field: &str, value: Value<'_>) -> String {
    let number = match value {
        Value::Word(word) => return word.to_owned(),
        Value::Number(number) => number,
    };
    match field {
        "error_rate" | "utilization" | "queue_ratio" => format!("{} %", short(number * 100.0)),
        "cpu_usage_percent" => format!("{} %", short(number)),
        "memory_usage_mb" => format!("{} MB", short(number)),
        "memory_rss" | "memory_heap_used" => format!("{} MB", short(number / 1_048_576.0)),
        "items_per_second" | "message_rate" => format!("{}/s", short(number)),
        "uptime" | "uptime_seconds" => format!("{} s", short(number)),
        "health_score" => format!("{number:.2}"),
        _ if field.ends_with("_s") => format!("{} s", short(number)),
        _ => short(number),
    }
}

/// One decimal where it says something.
fn short(number: f64) -> String {
    let text = format!("{number:.1}");
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}
