//! The routes that answer with one thing, or with more than one noun.
#![expect(clippy::missing_errors_doc, reason = "the OpenAPI attributes list every answer")]

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use crate::model::snapshot::Snapshot;
use crate::pull::PullState;
use crate::pull::openapi::{EventParameters, HistoryParameters, ProblemSchema, ScopeParameters, TransitionParameters};
use crate::pull::problem::Problem;
use crate::pull::query::ScopeQuery;
use crate::pull::v1::about::About;
use crate::pull::v1::breaker::{Breaker, Transition};
use crate::pull::v1::event::{self, Event};
use crate::pull::v1::find::find;
use crate::pull::v1::handlers::context;
use crate::pull::v1::history::{Asked, History, since_unix_ms};
use crate::pull::v1::list::{List, PartFailure, failures, json, unpaged};
use crate::pull::v1::noun::Noun;
use crate::pull::v1::page;
use crate::pull::v1::topics::Topics;
use crate::pull::v1::trace::Traces;
use crate::pull::v1::whole::Whole;
use crate::pull::v1::worker::Worker;
use crate::state::history::Columns;

/// One value of one snapshot.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Single<T> {
    /// The snapshot; equal ids of one run mean the same numbers in every view.
    pub snapshot_id: u64,
    /// When it was taken, in Unix seconds.
    pub timestamp: f64,
    /// The value.
    pub item: T,
    /// Parts that could not be read; the rest is true all the same.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<PartFailure>,
}

impl<T> Single<T> {
    fn of(snapshot: &Snapshot, item: T) -> Self {
        Self { snapshot_id: snapshot.id, timestamp: snapshot.timestamp(), item, errors: failures(snapshot) }
    }
}

/// The thing that a path names.
fn wanted(path: Result<Path<String>, PathRejection>) -> Result<String, Problem> {
    path.map(|Path(name)| name).map_err(|rejection| Problem::bad_request(rejection.body_text()))
}

/// Everything in scope at one moment.
#[utoipa::path(get, path = "/api/v1/snapshot", operation_id = "get_snapshot", tag = "v1",
    params(ScopeParameters), responses((status = 200, body = Whole<'static>)))]
pub async fn snapshot(State(state): State<PullState>, query: ScopeQuery) -> Result<Response, Problem> {
    // Before the snapshot, so that an event in between is seen twice rather than never.
    let latest_event = state.store.events().latest();
    let snapshot = state.snapshot();
    let context = context(&state, &snapshot, &query.scope);
    let system = context.system();
    json(&Whole::new(&context, &system, Topics::ALL, latest_event))
}

/// One worker by key, or by id where that is unique in the scope.
#[utoipa::path(get, path = "/api/v1/workers/{id}", operation_id = "get_worker", tag = "v1",
    params(("id" = String, Path, description = "Key, or id where it is unique"), ScopeParameters),
    responses(
        (status = 200, body = Single<Worker<'static>>),
        (status = 404, body = ProblemSchema, content_type = "application/problem+json"),
        (status = 409, body = ProblemSchema, content_type = "application/problem+json"),
    ))]
pub async fn worker(
    State(state): State<PullState>,
    path: Result<Path<String>, PathRejection>,
    query: ScopeQuery,
) -> Result<Response, Problem> {
    let wanted = wanted(path)?;
    let snapshot = state.snapshot();
    let context = context(&state, &snapshot, &query.scope);
    let item = Worker::view(&context, find::<Worker<'_>>(&context, &wanted)?);
    json(&Single::of(&snapshot, item))
}

/// The last transitions of one breaker, newest first.
#[utoipa::path(get, path = "/api/v1/breakers/{name}/transitions", operation_id = "list_breaker_transitions", tag = "v1",
    params(("name" = String, Path, description = "Key, or name where it is unique"), ScopeParameters),
    responses(
        (status = 200, body = List<Transition<'static>>),
        (status = 404, body = ProblemSchema, content_type = "application/problem+json"),
        (status = 409, body = ProblemSchema, content_type = "application/problem+json"),
    ))]
pub async fn transitions(
    State(state): State<PullState>,
    path: Result<Path<String>, PathRejection>,
    query: ScopeQuery,
) -> Result<Response, Problem> {
    let wanted = wanted(path)?;
    let snapshot = state.snapshot();
    let context = context(&state, &snapshot, &query.scope);
    let breaker = find::<Breaker<'_>>(&context, &wanted)?;
    json(&unpaged(&snapshot, Transition::all(&context, breaker)))
}

/// The last transitions of every breaker in scope, newest first.
#[utoipa::path(get, path = "/api/v1/transitions", operation_id = "list_transitions", tag = "v1",
    params(TransitionParameters, ScopeParameters), responses((status = 200, body = List<Transition<'static>>)))]
pub async fn all_transitions(State(state): State<PullState>, query: ScopeQuery) -> Result<Response, Problem> {
    let limit = page::limit(&query.parameters)?;
    let snapshot = state.snapshot();
    let context = context(&state, &snapshot, &query.scope);
    let since_unix_ms = since_unix_ms(&context, &query.parameters)?;
    let (items, total) = Transition::of_all(&context, since_unix_ms, limit);
    json(&List { total, ..unpaged(&snapshot, items) })
}

/// Traces in scope: totals, and the last slow and failed spans.
#[utoipa::path(get, path = "/api/v1/traces", operation_id = "get_traces", tag = "v1",
    params(ScopeParameters), responses((status = 200, body = Single<Traces<'static>>)))]
pub async fn traces(State(state): State<PullState>, query: ScopeQuery) -> Result<Response, Problem> {
    let snapshot = state.snapshot();
    let context = context(&state, &snapshot, &query.scope);
    let item = Traces::new(&context, &context.system());
    json(&Single::of(&snapshot, item))
}

/// Samples of the last minutes, in columns.
#[utoipa::path(get, path = "/api/v1/history", operation_id = "get_history", tag = "v1",
    params(HistoryParameters, ScopeParameters),
    responses(
        (status = 200, body = History),
        (status = 404, body = ProblemSchema, content_type = "application/problem+json"),
        (status = 409, body = ProblemSchema, content_type = "application/problem+json"),
    ))]
pub async fn history(State(state): State<PullState>, query: ScopeQuery) -> Result<Response, Problem> {
    let snapshot = state.snapshot();
    let context = context(&state, &snapshot, &query.scope);
    let asked = Asked::read(&context, &query.parameters)?;
    let columns = if asked.is_empty {
        Columns::default()
    } else {
        state.store.history(asked.subject, &asked.keys, asked.since_unix_ms)
    };
    json(&History::new(&context, &asked, columns))
}

/// What happened, oldest first: after the event of a number, or all that is remembered.
#[utoipa::path(get, path = "/api/v1/events", operation_id = "list_events", tag = "v1",
    params(EventParameters, ScopeParameters), responses((status = 200, body = List<Event<'static>>)))]
pub async fn events(State(state): State<PullState>, query: ScopeQuery) -> Result<Response, Problem> {
    let after = query.parameters.parse::<u64>("after")?.unwrap_or(0);
    let limit = page::limit(&query.parameters)?;
    let snapshot = state.snapshot();
    let all = state.store.events_after(after);
    let types = query.parameters.get("type")?;
    let is_asked = |kind: &str| types.is_none_or(|types| types.split(',').any(|one| one.trim() == kind));
    let mut items: Vec<_> =
        all.iter().filter(|one| event::is_in_scope(&query.scope, one) && is_asked(one.kind)).collect();
    let total = items.len();
    items.drain(..total.saturating_sub(limit));
    json(&List { total, ..unpaged(&snapshot, items.into_iter().map(Event::from).collect()) })
}

/// The answering process: version, run, configuration, limits.
#[utoipa::path(get, path = "/api/v1/about", operation_id = "get_about", tag = "v1",
    responses((status = 200, body = About<'static>)))]
pub async fn about(State(state): State<PullState>) -> Result<Response, Problem> {
    let snapshot = state.snapshot();
    json(&About::new(&state, &snapshot, &state.about.load()))
}
