//! The routes that answer with rows of one noun.
#![expect(clippy::missing_errors_doc, reason = "the OpenAPI attributes list every answer")]

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use crate::model::scope::Scope;
use crate::model::snapshot::Snapshot;
use crate::model::worker::WorkerState;
use crate::pull::PullState;
use crate::pull::openapi::{AlertParameters, FilterParameters, PageParameters, ScopeParameters, WorkerParameters};
use crate::pull::problem::Problem;
use crate::pull::query::{Parameters, ScopeQuery};
use crate::pull::v1::alert::{Alert, Recommendation};
use crate::pull::v1::breaker::Breaker;
use crate::pull::v1::component::Component;
use crate::pull::v1::exporter::Exporter;
use crate::pull::v1::filter;
use crate::pull::v1::list::{List, answer};
use crate::pull::v1::noun::{Context, facts_in_scope, views};
use crate::pull::v1::pool::Pool;
use crate::pull::v1::service::Service;
use crate::pull::v1::stream::Stream;
use crate::pull::v1::whole;
use crate::pull::v1::worker::Worker;

/// The asker's view of the snapshot.
pub(super) fn context<'a>(state: &'a PullState, snapshot: &'a Arc<Snapshot>, scope: &'a Scope) -> Context<'a> {
    Context::new(snapshot, scope, &state.links, &snapshot.health_rules)
}

/// Every instance in scope.
#[utoipa::path(get, path = "/api/v1/services", operation_id = "list_services", tag = "v1",
    params(ScopeParameters, FilterParameters, ("status" = Option<String>, Query, description = "live, stale or replaced, separated by commas"), PageParameters), responses((status = 200, body = List<Service<'static>>)))]
pub async fn services(State(state): State<PullState>, query: ScopeQuery) -> Result<Response, Problem> {
    let snapshot = state.snapshot();
    let context = context(&state, &snapshot, &query.scope);
    let mut rows = views::<Service<'_>>(&context);
    filter::retain(&mut rows, &query.parameters, &["status"])?;
    answer(&context, &query.parameters, rows, "name")
}

/// Every pool in scope.
#[utoipa::path(get, path = "/api/v1/pools", operation_id = "list_pools", tag = "v1",
    params(ScopeParameters, FilterParameters, PageParameters), responses((status = 200, body = List<Pool<'static>>)))]
pub async fn pools(State(state): State<PullState>, query: ScopeQuery) -> Result<Response, Problem> {
    let snapshot = state.snapshot();
    let context = context(&state, &snapshot, &query.scope);
    let mut rows = views::<Pool<'_>>(&context);
    filter::retain(&mut rows, &query.parameters, &[])?;
    answer(&context, &query.parameters, rows, "name")
}

/// The workers in scope that pass the filters.
#[utoipa::path(get, path = "/api/v1/workers", operation_id = "list_workers", tag = "v1",
    params(ScopeParameters, WorkerParameters, PageParameters), responses((status = 200, body = List<Worker<'static>>)))]
pub async fn workers(State(state): State<PullState>, query: ScopeQuery) -> Result<Response, Problem> {
    let filter = WorkerFilter::read(&query.parameters)?;
    let snapshot = state.snapshot();
    let context = context(&state, &snapshot, &query.scope);
    let mut rows: Vec<Worker<'_>> = views(&context);
    rows.retain(|worker| filter.passes(worker));
    answer(&context, &query.parameters, rows, "name")
}

/// Every component in scope, and those that are expected and missing.
#[utoipa::path(get, path = "/api/v1/components", operation_id = "list_components", tag = "v1",
    params(ScopeParameters, FilterParameters, ("status" = Option<String>, Query, description = "Words of `status`, separated by commas"), ("type" = Option<String>, Query, description = "Exact `component.type`"), PageParameters), responses((status = 200, body = List<Component<'static>>)))]
pub async fn components(State(state): State<PullState>, query: ScopeQuery) -> Result<Response, Problem> {
    let snapshot = state.snapshot();
    let context = context(&state, &snapshot, &query.scope);
    let mut rows = whole::components(&context);
    filter::retain(&mut rows, &query.parameters, &["status", "type"])?;
    answer(&context, &query.parameters, rows, "name")
}

/// Every circuit breaker in scope.
#[utoipa::path(get, path = "/api/v1/breakers", operation_id = "list_breakers", tag = "v1",
    params(ScopeParameters, FilterParameters, ("state" = Option<String>, Query, description = "Words of `state`, separated by commas"), ("component" = Option<String>, Query, description = "Exact `component.name`"), PageParameters), responses((status = 200, body = List<Breaker<'static>>)))]
pub async fn breakers(State(state): State<PullState>, query: ScopeQuery) -> Result<Response, Problem> {
    let snapshot = state.snapshot();
    let context = context(&state, &snapshot, &query.scope);
    let mut rows = views::<Breaker<'_>>(&context);
    filter::retain(&mut rows, &query.parameters, &["state", "component"])?;
    answer(&context, &query.parameters, rows, "name")
}

/// Every stream in scope, declared bindings included.
#[utoipa::path(get, path = "/api/v1/streams", operation_id = "list_streams", tag = "v1",
    params(ScopeParameters, FilterParameters, ("from" = Option<String>, Query, description = "Exact sending component"), ("to" = Option<String>, Query, description = "Exact receiving component"), PageParameters), responses((status = 200, body = List<Stream<'static>>)))]
pub async fn streams(State(state): State<PullState>, query: ScopeQuery) -> Result<Response, Problem> {
    let snapshot = state.snapshot();
    let context = context(&state, &snapshot, &query.scope);
    let mut rows = views::<Stream<'_>>(&context);
    filter::retain(&mut rows, &query.parameters, &["from", "to"])?;
    answer(&context, &query.parameters, rows, "name")
}

/// Alerts in scope, gravest first: active ones, unless `state` asks otherwise.
#[utoipa::path(get, path = "/api/v1/alerts", operation_id = "list_alerts", tag = "v1",
    params(ScopeParameters, AlertParameters, FilterParameters, PageParameters), responses((status = 200, body = List<Alert<'static>>)))]
pub async fn alerts(State(state): State<PullState>, query: ScopeQuery) -> Result<Response, Problem> {
    let (active, resolved) = match query.parameters.get("state")? {
        None | Some("active") => (true, false),
        Some("resolved") => (false, true),
        Some("all") => (true, true),
        Some(other) => {
            return Err(Problem::bad_request(format!("`state` is active, resolved or all, not {other:?}")));
        }
    };
    let snapshot = state.snapshot();
    let context = context(&state, &snapshot, &query.scope);
    let mut rows: Vec<Alert<'_>> = Vec::new();
    if active {
        rows.extend(facts_in_scope::<Alert<'_>>(&context).map(Alert::from));
    }
    if resolved {
        let in_scope = snapshot.alerts.resolved.iter().filter(|alert| alert.is_in(&query.scope));
        rows.extend(in_scope.map(Alert::from));
    }
    if let Some(levels) = query.parameters.get("level")? {
        rows.retain(|alert| levels.split(',').any(|level| level.trim() == alert.level.0.as_str()));
    }
    filter::retain(&mut rows, &query.parameters, &["category", "subject"])?;
    answer(&context, &query.parameters, rows, "-level")
}

/// What to do about the active alerts in scope, gravest first.
#[utoipa::path(get, path = "/api/v1/recommendations", operation_id = "list_recommendations", tag = "v1",
    params(ScopeParameters, FilterParameters, ("type" = Option<String>, Query, description = "Words of `type`, separated by commas"), PageParameters), responses((status = 200, body = List<Recommendation<'static>>)))]
pub async fn recommendations(State(state): State<PullState>, query: ScopeQuery) -> Result<Response, Problem> {
    let snapshot = state.snapshot();
    let context = context(&state, &snapshot, &query.scope);
    let mut rows = Recommendation::all(&context);
    filter::retain(&mut rows, &query.parameters, &["type"])?;
    answer(&context, &query.parameters, rows, "-priority")
}

/// Every push destination with its books.
#[utoipa::path(get, path = "/api/v1/exporters", operation_id = "list_exporters", tag = "v1",
    params(ScopeParameters, FilterParameters, ("state" = Option<String>, Query, description = "ok, retrying, held or stopped, separated by commas"), ("breaker" = Option<String>, Query, description = "Words of `breaker`, separated by commas"), PageParameters), responses((status = 200, body = List<Exporter<'static>>)))]
pub async fn exporters(State(state): State<PullState>, query: ScopeQuery) -> Result<Response, Problem> {
    let snapshot = state.snapshot();
    let context = context(&state, &snapshot, &query.scope);
    let mut rows = views::<Exporter<'_>>(&context);
    filter::retain(&mut rows, &query.parameters, &["state", "breaker"])?;
    answer(&context, &query.parameters, rows, "name")
}

/// `?state=&app=&pool=&q=`.
#[derive(Clone, Debug, Default)]
struct WorkerFilter {
    states: Vec<&'static str>,
    app: Option<String>,
    pool: Option<String>,
    text: Option<String>,
}

impl WorkerFilter {
    fn read(parameters: &Parameters) -> Result<Self, Problem> {
        let mut states = Vec::new();
        for name in parameters.get("state")?.into_iter().flat_map(|list| list.split(',')) {
            let Some(state) = WorkerState::parse(name.trim()) else {
                let choices = WorkerState::ALL.map(WorkerState::as_str).join(", ");
                return Err(Problem::bad_request(format!("`state` is one or more of {choices}, not {name:?}")));
            };
            states.push(state.as_str());
        }
        Ok(Self {
            states,
            app: parameters.get("app")?.map(str::to_owned),
            pool: parameters.get("pool")?.map(str::to_owned),
            text: parameters.get("q")?.map(str::to_lowercase),
        })
    }

    fn passes(&self, worker: &Worker<'_>) -> bool {
        let equals = |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|wanted| wanted == is);
        let contains = |text: &String| {
            [worker.name, worker.app, worker.pool, worker.service].iter().any(|part| part.to_lowercase().contains(text))
        };
        (self.states.is_empty() || worker.state.is_some_and(|state| self.states.contains(&state)))
            && equals(&self.app, worker.app)
            && equals(&self.pool, worker.pool)
            && self.text.as_ref().is_none_or(contains)
    }
}
