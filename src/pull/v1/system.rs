//! A scope as a whole.

use serde::Serialize;
use utoipa::ToSchema;

use crate::model::health::{Reason as ReasonFacts, System as SystemFacts};

/// Health and figures of everything in scope, the same numbers as on every other route.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct System<'a> {
    /// Health score, 0 to 1; null when nothing is registered in this scope.
    pub health_score: Option<f64>,
    /// healthy, degraded or unhealthy; null when nothing is registered in this scope.
    pub status: Option<&'a str>,
    /// Every deduction from the score.
    pub reasons: Vec<Reason<'a>>,
    /// Errors ÷ max(1, items processed) over the last minute.
    pub error_rate: f64,
    /// Items a second over the last minute.
    pub items_per_second: f64,
    /// Memory of the live instances in units of 1,048,576 bytes.
    pub memory_usage_mb: Option<f64>,
    /// CPU of the busiest live instance in per cent of its machine.
    pub cpu_usage_percent: Option<f64>,
    /// Components by name.
    pub components_total: u64,
    /// Healthy ones.
    pub components_healthy: u64,
    /// Running ones.
    pub components_running: u64,
    /// Active critical alerts.
    pub alerts_critical: u64,
    /// Active warnings.
    pub alerts_warning: u64,
    /// Active informational alerts.
    pub alerts_info: u64,
    /// Traces counted so far.
    pub total_traces: u64,
    /// Spans that are open now.
    pub active_spans: u64,
    /// How long the answering process has run, in seconds.
    pub uptime_seconds: u64,
}

/// One deduction from the health score.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Reason<'a> {
    /// What it is, such as `component_failed`.
    pub code: &'a str,
    /// The component, breaker or scope that it is about.
    pub subject: &'a str,
    /// What it takes from the score, 0 to 1.
    pub deduction: f64,
    /// For people.
    pub message: &'a str,
}

impl<'a> From<&'a ReasonFacts> for Reason<'a> {
    fn from(facts: &'a ReasonFacts) -> Self {
        Self { code: facts.code, subject: &facts.subject, deduction: facts.deduction, message: &facts.message }
    }
}

impl<'a> From<&'a SystemFacts> for System<'a> {
    fn from(facts: &'a SystemFacts) -> Self {
        Self {
            health_score: facts.known_score(),
            status: facts.anything_in_scope.then_some(facts.status.as_str()),
            reasons: facts.reasons.iter().map(Reason::from).collect(),
            error_rate: facts.error_rate,
            items_per_second: facts.items_per_second,
            memory_usage_mb: facts.memory_usage_mb,
            cpu_usage_percent: facts.cpu_usage_percent,
            components_total: facts.components.total,
            components_healthy: facts.components.healthy,
            components_running: facts.components.running,
            alerts_critical: facts.alerts.critical,
            alerts_warning: facts.alerts.warning,
            alerts_info: facts.alerts.info,
            total_traces: facts.traces_total,
            active_spans: facts.spans_active,
            uptime_seconds: facts.uptime_seconds,
        }
    }
}
