//! The metrics endpoint's JSON: `/metrics/json`, `/alerts`, `/components`.

use std::collections::BTreeMap;

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::model::alert::{Alert, AlertBoard, Recommendation};
use crate::model::health::{HealthRules, System};
use crate::model::merge::{self, MergedBreaker, MergedComponent};
use crate::model::scope::Scope;
use crate::model::snapshot::Snapshot;
use crate::pull::PullState;
use crate::pull::cache::Rendered;
use crate::pull::compat::custom::{Custom, custom};
use crate::pull::compat::health::SERVICE_UNAVAILABLE;
use crate::pull::json::{self, FailedPart, Figure, failed_parts};
use crate::pull::openapi::ScopeParameters;
use crate::pull::query::ScopeQuery;

/// `GET /metrics/json`.
#[utoipa::path(get, path = "/metrics/json", operation_id = "get_metrics_json", tag = "endpoint",
    params(ScopeParameters), responses((status = 200, body = MetricsDocument<'static>)))]
pub async fn metrics(State(state): State<PullState>, query: ScopeQuery) -> Rendered {
    let gathered = match &state.custom_meters {
        Some(meters) => meters.gather().await,
        None => Vec::new(),
    };
    state
        .render("metrics_json", query.scope, "", |snapshot, scope| {
            let mut document = MetricsDocument::of(snapshot, scope, &snapshot.health_rules);
            if snapshot.instances.iter().any(|one| one.is_local && scope.holds(one)) {
                document.custom = custom(&gathered);
            }
            json::answer(&document)
        })
        .await
}

/// `GET /alerts`.
#[utoipa::path(get, path = "/alerts", operation_id = "get_alerts", tag = "endpoint",
    params(ScopeParameters), responses((status = 200, body = AlertsDocument<'static>)))]
pub async fn alerts(State(state): State<PullState>, query: ScopeQuery) -> Rendered {
    state.render("alerts", query.scope, "", |snapshot, scope| json::answer(&AlertsDocument::of(snapshot, scope))).await
}

/// `GET /components`.
#[utoipa::path(get, path = "/components", operation_id = "get_components", tag = "endpoint",
    params(ScopeParameters), responses((status = 200, body = ComponentsDocument<'static>)))]
pub async fn components(State(state): State<PullState>, query: ScopeQuery) -> Rendered {
    state
        .render("components", query.scope, "", |snapshot, scope| json::answer(&ComponentsDocument::of(snapshot, scope)))
        .await
}

/// The document of `/metrics/json`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = compat::MetricsDocument)]
struct MetricsDocument<'a> {
    /// Null when nothing is registered in this scope.
    health_score: Option<f64>,
    uptime_seconds: u64,
    /// healthy, degraded, unhealthy, or `service_unavailable` when nothing is registered in this scope.
    system_status: &'static str,
    performance: Performance,
    detailed_components: BTreeMap<String, Component>,
    circuit_breakers: BTreeMap<String, Breaker>,
    traces: Traces,
    alerts: Vec<AlertLine>,
    recommendations: Vec<RecommendationLine>,
    /// What the service's own OpenTelemetry meters say; absent where it has none.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    custom: Custom,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FailedPart<'a>>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = compat::Performance)]
struct Performance {
    error_rate: f64,
    /// Null while no instance reports it.
    memory_usage_mb: Option<Figure>,
    /// Null while no instance reports it.
    cpu_usage_percent: Option<f64>,
    items_per_second: f64,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = compat::Traces)]
struct Traces {
    total_traces: u64,
    active_spans: u64,
}

impl<'a> MetricsDocument<'a> {
    fn of(snapshot: &'a Snapshot, scope: &Scope, rules: &HealthRules) -> Self {
        let system = System::of(snapshot, scope, rules);
        let board = snapshot.alerts.in_scope(scope);
        let components = merge::components(snapshot, scope).into_iter();
        Self {
            health_score: system.known_score(),
            uptime_seconds: system.uptime_seconds,
            system_status: if system.anything_in_scope { system.status.as_str() } else { SERVICE_UNAVAILABLE },
            performance: Performance {
                error_rate: system.error_rate,
                memory_usage_mb: system.memory_usage_mb.map(Figure),
                cpu_usage_percent: system.cpu_usage_percent,
                items_per_second: system.items_per_second,
            },
            detailed_components: components.map(|(key, one)| (key, Component::of(&one))).collect(),
            circuit_breakers: breakers(snapshot, scope),
            traces: Traces { total_traces: system.traces_total, active_spans: system.spans_active },
            alerts: board.active.iter().map(AlertLine::of).collect(),
            recommendations: board.recommendations.iter().map(RecommendationLine::of).collect(),
            custom: Custom::new(),
            errors: failed_parts(snapshot),
        }
    }
}

/// One entry of the component maps.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = compat::Component)]
struct Component {
    is_healthy: bool,
    items_processed: u64,
    errors_encountered: u64,
    status: &'static str,
}

impl Component {
    const fn of(one: &MergedComponent) -> Self {
        Self {
            is_healthy: one.is_healthy,
            items_processed: one.items_processed,
            errors_encountered: one.errors,
            status: one.status,
        }
    }
}

/// One entry of `/components`, which also tells the last activity.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = compat::ActiveComponent)]
struct ActiveComponent {
    #[serde(flatten)]
    component: Component,
    last_activity: Option<f64>,
}

/// One entry of the breaker maps.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = compat::Breaker)]
struct Breaker {
    state: &'static str,
    failure_count: u64,
    last_failure: Option<f64>,
}

impl Breaker {
    const fn of(one: &MergedBreaker) -> Self {
        Self { state: one.state.as_str(), failure_count: one.failure_count, last_failure: one.last_failure }
    }
}

fn breakers(snapshot: &Snapshot, scope: &Scope) -> BTreeMap<String, Breaker> {
    merge::breakers(snapshot, scope).into_iter().map(|(key, one)| (key, Breaker::of(&one))).collect()
}

/// The document of `/alerts`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = compat::AlertsDocument)]
struct AlertsDocument<'a> {
    alerts: Vec<AlertLine>,
    recommendations: Vec<RecommendationLine>,
    timestamp: f64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FailedPart<'a>>,
}

impl<'a> AlertsDocument<'a> {
    fn of(snapshot: &'a Snapshot, scope: &Scope) -> Self {
        let AlertBoard { active, recommendations, .. } = snapshot.alerts.in_scope(scope);
        Self {
            alerts: active.iter().map(AlertLine::of).collect(),
            recommendations: recommendations.iter().map(RecommendationLine::of).collect(),
            timestamp: snapshot.timestamp(),
            errors: failed_parts(snapshot),
        }
    }
}

/// One alert.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = compat::AlertLine)]
struct AlertLine {
    level: &'static str,
    message: String,
    component: String,
    timestamp: f64,
    id: String,
    #[serde(rename = "type")]
    rule: String,
    category: &'static str,
    since: f64,
    details: Details,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = compat::Details)]
struct Details {
    /// Null where the rule's field is a word, such as a state.
    value: Option<f64>,
    threshold: Option<f64>,
    /// Id of the alert that this one comes from.
    cause: Option<String>,
    service: Option<String>,
    instance: Option<String>,
    environment: Option<String>,
}

impl AlertLine {
    fn of(alert: &Alert) -> Self {
        let text = |text: &Option<std::sync::Arc<str>>| text.as_deref().map(str::to_owned);
        Self {
            level: alert.level.as_str(),
            message: alert.message.to_string(),
            component: alert.subject.to_string(),
            timestamp: json::seconds(alert.fired_unix_ms),
            id: alert.id.to_string(),
            rule: alert.rule.to_string(),
            category: alert.category,
            since: json::seconds(alert.since_unix_ms),
            details: Details {
                value: alert.value,
                threshold: alert.threshold,
                cause: text(&alert.cause),
                service: text(&alert.service),
                instance: text(&alert.instance),
                environment: text(&alert.environment),
            },
        }
    }
}

/// One recommendation; its priority is the level of the alert behind it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = compat::RecommendationLine)]
struct RecommendationLine {
    #[serde(rename = "type")]
    kind: &'static str,
    message: String,
    component: String,
    id: String,
    priority: &'static str,
    title: String,
    actions: Vec<String>,
}

impl RecommendationLine {
    fn of(one: &Recommendation) -> Self {
        Self {
            kind: one.kind,
            message: one.message.to_string(),
            component: one.subject.to_string(),
            id: one.id.to_string(),
            priority: one.priority.as_str(),
            title: one.title.to_string(),
            actions: one.actions.iter().map(ToString::to_string).collect(),
        }
    }
}

/// The document of `/components`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = compat::ComponentsDocument)]
struct ComponentsDocument<'a> {
    components: BTreeMap<String, ActiveComponent>,
    circuit_breakers: BTreeMap<String, Breaker>,
    streaming: Streaming,
    timestamp: f64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FailedPart<'a>>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = compat::Streaming)]
struct Streaming {
    active_streams: u64,
    total_messages: u64,
    message_rate: f64,
}

impl<'a> ComponentsDocument<'a> {
    fn of(snapshot: &'a Snapshot, scope: &Scope) -> Self {
        let components = merge::components(snapshot, scope).into_iter().map(|(key, one)| {
            (key, ActiveComponent { component: Component::of(&one), last_activity: one.last_activity })
        });
        let streaming = merge::streaming(snapshot, scope);
        Self {
            components: components.collect(),
            circuit_breakers: breakers(snapshot, scope),
            streaming: Streaming {
                active_streams: streaming.active_streams,
                total_messages: streaming.total_messages,
                message_rate: streaming.message_rate,
            },
            timestamp: snapshot.timestamp(),
            errors: failed_parts(snapshot),
        }
    }
}
