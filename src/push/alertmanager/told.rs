//! What an Alertmanager is told of an alert: labels that stay the same while it lasts, words for people, and its times.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::model::alert::{Alert, Recommendation};
use crate::model::snapshot::Snapshot;

/// An alert as it is told, and when that was.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Posted {
    labels: Map<String, Value>,
    annotations: Map<String, Value>,
    since_unix_ms: u64,
    /// When it ended; none while it is active.
    ended_unix_ms: Option<u64>,
    /// When it was told last, on the monotonic clock.
    told_ms: Option<u64>,
}

impl Posted {
    /// Whether it is to be told: news at once, an active one again after a while.
    pub(super) fn is_due(&self, now_ms: u64, again_ms: u64) -> bool {
        self.told_ms.is_none_or(|told_ms| now_ms.saturating_sub(told_ms) >= again_ms)
    }

    /// It was told. Whether that was its end.
    pub(super) fn was_told(&mut self, now_ms: u64) -> bool {
        self.told_ms = Some(now_ms);
        self.ended_unix_ms.is_some()
    }

    /// The alert in the form of the API; one that is active ends at `lasts_until_unix_ms` unless it is told again.
    pub(super) fn json(&self, generator: Option<&str>, lasts_until_unix_ms: u64) -> Value {
        let mut alert = json!({
            "labels": self.labels,
            "annotations": self.annotations,
            "startsAt": timestamp(self.since_unix_ms),
            // A date that was set back may have ended it before it began; that would be refused.
            "endsAt": timestamp(self.ended_unix_ms.unwrap_or(lasts_until_unix_ms).max(self.since_unix_ms)),
        });
        if let (Some(generator), Some(fields)) = (generator, alert.as_object_mut()) {
            fields.insert("generatorURL".to_owned(), Value::from(generator));
        }
        alert
    }
}

/// Brings what is told up to date with the picture: new alerts, other words, alerts that ended.
pub(super) fn follow(told: &mut BTreeMap<Arc<str>, Posted>, snapshot: &Snapshot, unix_ms: u64) {
    let board = &snapshot.alerts;
    for alert in &board.active {
        let advice = board.recommendations.iter().find(|one| one.alert_id == alert.id);
        let fresh = Posted {
            labels: labels(alert, snapshot),
            annotations: annotations(alert, advice),
            since_unix_ms: alert.since_unix_ms,
            ended_unix_ms: None,
            told_ms: None,
        };
        match told.get_mut(&alert.id) {
            // A figure that moves is no news: it goes with the next repetition.
            Some(known) if known.labels == fresh.labels && known.ended_unix_ms.is_none() => {
                known.annotations = fresh.annotations;
            }
            _ => {
                told.insert(alert.id.clone(), fresh);
            }
        }
    }
    for (id, known) in told.iter_mut() {
        let is_active = board.active.iter().any(|alert| alert.id == *id);
        if !is_active && known.ended_unix_ms.is_none() {
            let resolved = board.resolved.iter().find(|alert| alert.id == *id);
            known.ended_unix_ms = Some(resolved.and_then(|alert| alert.resolved_unix_ms).unwrap_or(unix_ms));
            known.told_ms = None;
        }
    }
}

fn labels(alert: &Alert, snapshot: &Snapshot) -> Map<String, Value> {
    let mut labels = Map::new();
    let mut set = |name: &str, value: &str| {
        // An empty label is none to Alertmanager.
        if !value.is_empty() {
            labels.insert(name.to_owned(), Value::from(value));
        }
    };
    set("alertname", &alert.rule);
    set("severity", alert.level.as_str());
    set("condition", condition(&alert.rule));
    set("source", env!("CARGO_PKG_NAME"));
    set(subject_label(alert.category), &alert.subject);
    if let Some(service) = &alert.service {
        let of_service = snapshot.instances.iter().find(|one| one.service == *service);
        set("job", of_service.map_or(service, |one| &one.job));
    }
    set("instance", alert.instance.as_deref().unwrap_or_default());
    set("environment", alert.environment.as_deref().unwrap_or_default());
    labels
}

/// The label under which the shipped Prometheus rules name the same thing.
fn subject_label(category: &str) -> &'static str {
    match category {
        "component" | "circuit_breaker" => "component",
        "pool" => "pool",
        "worker" => "worker",
        "stream" => "stream",
        "push" => "destination",
        // A service or an instance is named by `job` and `instance` already.
        _ => "service",
    }
}

/// What a built-in rule looks for, without its level: the critical form of a pair silences its warning by it. The shipped Prometheus
/// rules carry the same words.
fn condition(rule: &str) -> &str {
    match rule {
        "high_error_rate" | "critical_error_rate" => "error_rate",
        "high_memory_usage" | "critical_memory_usage" => "memory_usage",
        "high_cpu_usage" => "cpu_usage",
        "circuit_breaker_open" | "circuit_breaker_half_open" => "circuit_breaker",
        "push_queue_filling" | "push_queue_full" => "push_queue",
        other => other,
    }
}

fn annotations(alert: &Alert, advice: Option<&Recommendation>) -> Map<String, Value> {
    let mut annotations = Map::new();
    annotations.insert("summary".to_owned(), Value::from(&*alert.message));
    if let Some(advice) = advice {
        annotations.insert("description".to_owned(), Value::from(&*advice.message));
    }
    annotations
}

/// RFC 3339 in UTC with milliseconds.
fn timestamp(unix_ms: u64) -> String {
    let moment = jiff::Timestamp::from_millisecond(i64::try_from(unix_ms).unwrap_or(i64::MAX));
    moment.map_or_else(|_| String::new(), |moment| format!("{moment:.3}"))
}
