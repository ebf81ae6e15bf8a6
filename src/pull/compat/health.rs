//! `/health`: the printed JSON, and the health+json form by `Accept`.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Serialize;
use utoipa::ToSchema;

use crate::model::health::{HealthRules, HealthStatus, Reason, System};
use crate::model::scope::Scope;
use crate::model::snapshot::Snapshot;
use crate::pull::PullState;
use crate::pull::accept;
use crate::pull::cache::Rendered;
use crate::pull::json::{self, FailedPart, failed_parts};
use crate::pull::openapi::ScopeParameters;
use crate::pull::query::ScopeQuery;

const JSON: &str = "application/json";
const HEALTH_JSON: &str = "application/health+json";
/// The status of a scope in which nothing is registered.
pub(super) const SERVICE_UNAVAILABLE: &str = "service_unavailable";
const NOTHING: &str = "Nothing is registered in this scope: no service has reported, or the filter matches none";

/// `GET /health`: 200 when healthy, 503 when degraded, unhealthy or when nothing is in scope. In the health+json form a
/// degraded system is a warning and 200.
#[utoipa::path(get, path = "/health", operation_id = "get_health", tag = "endpoint",
    params(ScopeParameters),
    responses(
        (status = 200, content(
            (HealthDocument<'static> = "application/json"),
            (HealthJson<'static> = "application/health+json"),
        )),
        (status = 503, description = "Degraded, unhealthy, or nothing in scope", content(
            (HealthDocument<'static> = "application/json"),
            (Unavailable<'static> = "application/json"),
            (HealthJson<'static> = "application/health+json"),
        )),
    ))]
pub async fn health(State(state): State<PullState>, query: ScopeQuery, headers: HeaderMap) -> Response {
    let rendered = if accept::choose(&headers, &[JSON, HEALTH_JSON]) == Some(HEALTH_JSON) {
        state
            .render("health", query.scope, HEALTH_JSON, |snapshot, scope| {
                health_json(snapshot, scope, &snapshot.health_rules)
            })
            .await
    } else {
        state
            .render("health", query.scope, JSON, |snapshot, scope| printed(snapshot, scope, &snapshot.health_rules))
            .await
    };
    ([(header::VARY, HeaderValue::from_static("Accept"))], rendered).into_response()
}

/// The printed document.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = compat::HealthDocument)]
struct HealthDocument<'a> {
    status: &'static str,
    health_score: f64,
    uptime_seconds: u64,
    components: Totals,
    timestamp: f64,
    reasons: Vec<ReasonLine<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    config: Option<Refused<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FailedPart<'a>>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = compat::Totals)]
struct Totals {
    total: u64,
    healthy: u64,
    running: u64,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = compat::ReasonLine)]
struct ReasonLine<'a> {
    code: &'static str,
    subject: &'a str,
    deduction: f64,
    message: &'a str,
}

impl<'a> ReasonLine<'a> {
    fn of(reason: &'a Reason) -> Self {
        let Reason { code, subject, deduction, message } = reason;
        Self { code, subject, deduction: *deduction, message }
    }
}

/// A reload that was refused; it stands there until a good one.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = compat::Refused)]
struct Refused<'a> {
    status: &'static str,
    error: &'a str,
    /// Unix seconds.
    at: f64,
}

impl<'a> Refused<'a> {
    fn of(snapshot: &'a Snapshot) -> Option<Self> {
        let refused = snapshot.bridge.config_refused.as_ref()?;
        Some(Self { status: "refused", error: &refused.error, at: json::seconds(refused.at_unix_ms) })
    }
}

/// The document when nothing is in scope.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = compat::Unavailable)]
struct Unavailable<'a> {
    status: &'static str,
    message: &'static str,
    timestamp: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    config: Option<Refused<'a>>,
}

fn printed(snapshot: &Snapshot, scope: &Scope, rules: &HealthRules) -> Rendered {
    let system = System::of(snapshot, scope, rules);
    if !system.anything_in_scope {
        let (message, timestamp) = (NOTHING, snapshot.timestamp());
        let config = Refused::of(snapshot);
        let document = Unavailable { status: SERVICE_UNAVAILABLE, message, timestamp, config };
        return Rendered { status: StatusCode::SERVICE_UNAVAILABLE, ..json::answer(&document) };
    }
    let document = HealthDocument {
        status: system.status.as_str(),
        health_score: system.score,
        uptime_seconds: system.uptime_seconds,
        components: Totals {
            total: system.components.total,
            healthy: system.components.healthy,
            running: system.components.running,
        },
        timestamp: snapshot.timestamp(),
        reasons: system.reasons.iter().map(ReasonLine::of).collect(),
        config: Refused::of(snapshot),
        errors: failed_parts(snapshot),
    };
    let is_healthy = system.status == HealthStatus::Healthy;
    let status = if is_healthy { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    Rendered { status, ..json::answer(&document) }
}

/// The document of draft-inadarei-api-health-check.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = compat::HealthJson)]
#[serde(rename_all = "camelCase")]
struct HealthJson<'a> {
    status: &'static str,
    version: &'static str,
    release_id: &'static str,
    description: &'static str,
    notes: Vec<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    output: String,
    checks: Checks<'a>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = compat::Checks)]
struct Checks<'a> {
    #[serde(rename = "system:health_score", skip_serializing_if = "Option::is_none")]
    score: Option<[Check<'a>; 1]>,
    #[serde(rename = "components:healthy", skip_serializing_if = "Option::is_none")]
    components: Option<[Check<'a>; 1]>,
    uptime: [Check<'a>; 1],
    #[serde(rename = "deductions", skip_serializing_if = "Vec::is_empty")]
    reasons: Vec<Check<'a>>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = compat::Check)]
#[serde(rename_all = "camelCase")]
struct Check<'a> {
    component_id: &'a str,
    component_type: &'static str,
    observed_value: json::Figure,
    observed_unit: &'static str,
    status: &'static str,
    time: String,
    #[serde(skip_serializing_if = "str::is_empty")]
    output: &'a str,
}

fn health_json(snapshot: &Snapshot, scope: &Scope, rules: &HealthRules) -> Rendered {
    let system = System::of(snapshot, scope, rules);
    let word = match (system.anything_in_scope, system.status) {
        (true, HealthStatus::Healthy) => "pass",
        (true, HealthStatus::Degraded) => "warn",
        (true, HealthStatus::Unhealthy) | (false, _) => "fail",
    };
    let time = json::iso_8601(snapshot.taken_at_unix_ms);
    let check = |component_id, value: f64, observed_unit, status, output| Check {
        component_id,
        component_type: "system",
        observed_value: json::Figure(value),
        observed_unit,
        status,
        time: time.clone(),
        output,
    };
    let refused = snapshot.bridge.config_refused.as_ref();
    let failed = snapshot.errors.iter().map(|error| format!("{} could not be read: {}", error.part, error.message));
    let is_there = system.anything_in_scope;
    let reasons = system.reasons.iter();
    let document = HealthJson {
        status: word,
        version: "1",
        release_id: env!("CARGO_PKG_VERSION"),
        description: "Health of the services in scope",
        notes: refused.map(|one| format!("Reload refused: {}", one.error)).into_iter().chain(failed).collect(),
        output: if is_there { String::new() } else { NOTHING.to_owned() },
        checks: Checks {
            score: is_there.then(|| [check("system", system.score, "score", word, "")]),
            components: is_there
                .then(|| [check("components", system.components.healthy as f64, "components", word, "")]),
            uptime: [check("process", system.uptime_seconds as f64, "s", "pass", "")],
            reasons: reasons.map(|one| check(&one.subject, one.deduction, "score", "warn", &one.message)).collect(),
        },
    };
    let status = if word == "fail" { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    let body = serde_json::to_vec(&document).map_or_else(|_| Bytes::from_static(b"null"), Bytes::from);
    Rendered { status, content_type: HeaderValue::from_static(HEALTH_JSON), body }
}
