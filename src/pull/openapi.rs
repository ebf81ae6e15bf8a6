//! `/openapi.json`: `OpenAPI` 3.1, generated from the handlers.

pub mod parameters;

use std::collections::BTreeSet;

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Serialize;
use utoipa::openapi::path::PathItem;
use utoipa::openapi::{ContentBuilder, Ref, Response as OpenApiResponse, ResponseBuilder};
use utoipa::{OpenApi, ToSchema};

use crate::pull::sse::delta::Delta;
use crate::pull::v1::event::Event;
use crate::pull::v1::whole::Whole;
use crate::pull::v1::{handlers, singles};
use crate::pull::{PullState, Shared, compat, login, probes, prometheus, route, sse};

pub use parameters::{
    AlertParameters, EventParameters, FilterParameters, HistoryParameters, PageParameters, PoolParameters,
    PoolStreamParameters, ProbeParameters, ScopeParameters, TopicParameters, TransitionParameters, WorkerParameters,
};

/// An error answer (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemSchema {
    /// `about:blank`: the status says what it is.
    #[serde(rename = "type")]
    pub kind: String,
    /// The status in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong, for people.
    pub detail: String,
    /// What an ambiguous name may mean (409).
    pub candidates: Option<Vec<serde_json::Value>>,
}

/// The plugin's exported type `MetricsConfig`: what its manifest, and a native pull endpoint, may say.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MetricsConfig {
    /// Whether the Prometheus routes stand (default true).
    pub prometheus: Option<bool>,
    /// Interval of the plugin's stream in milliseconds (default 1000).
    pub sse_interval: Option<u64>,
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "otel-bridge",
        description = "Every view of the services that push OTLP to this bridge. Moments are Unix seconds, units stand last in a \
            member's name, what is not known is null.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    paths(
        route::discovery,
        compat::health::health,
        compat::endpoint::metrics,
        compat::endpoint::alerts,
        compat::endpoint::components,
        compat::plugin::summary,
        compat::plugin::stats,
        prometheus::routes::everything,
        prometheus::routes::pool,
        sse::pool,
        sse::stream,
        handlers::services,
        handlers::pools,
        handlers::workers,
        handlers::components,
        handlers::breakers,
        handlers::streams,
        handlers::alerts,
        handlers::recommendations,
        handlers::exporters,
        singles::snapshot,
        singles::worker,
        singles::transitions,
        singles::all_transitions,
        singles::traces,
        singles::history,
        singles::events,
        singles::about,
        document,
        probes::livez,
        probes::livez_check,
        probes::readyz,
        probes::readyz_check,
        login::login,
        login::logout,
    ),
    components(schemas(login::SignIn, MetricsConfig, ProblemSchema, Whole<'static>, Delta<'static>, Event<'static>))
)]
struct Document;

/// This document.
#[utoipa::path(get, path = "/openapi.json", operation_id = "get_openapi", tag = "v1",
    responses((status = 200, body = serde_json::Value)))]
pub async fn document(State(state): State<PullState>) -> Response {
    let kind = (header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    ([kind, (header::CACHE_CONTROL, HeaderValue::from_static("no-cache"))], state.openapi()).into_response()
}

/// The document of an endpoint: what is described and stands in its table of routes.
pub fn render(shared: &Shared) -> Bytes {
    let routes: BTreeSet<String> = route::table(shared).iter().map(route::Route::plain_path).collect();
    let mut document = Document::openapi();
    let paths = std::mem::take(&mut document.paths.paths);
    for (path, item) in paths {
        for (number, place) in places(&path, &shared.endpoint.base).into_iter().enumerate() {
            if !routes.contains(&place) {
                continue;
            }
            let mut item = item.clone();
            describe(&mut item, number);
            document.paths.paths.insert(place, item);
        }
    }
    document.to_json().map_or_else(|_| Bytes::from_static(b"null"), Bytes::from)
}

/// Every path at which a handler stands; it is described under the first.
fn places(path: &str, base: &str) -> Vec<String> {
    let base = base.trim_end_matches('/');
    match path {
        "/livez" => return vec![path.to_owned(), "/healthz".to_owned()],
        "/metrics" => return vec![path.to_owned(), "/prometheus".to_owned()],
        _ => {}
    }
    let Some(rest) = path.strip_prefix("/{base}/api/metrics/") else { return vec![path.to_owned()] };
    let mut places = Vec::new();
    for root in ["api/metrics", "api"] {
        places.push(format!("{base}/{root}/{rest}"));
        if rest.is_empty() {
            places.push(format!("{base}/{root}"));
        }
    }
    places
}

/// Operation ids are unique: further places get a number. Every operation may also refuse its parameters.
fn describe(item: &mut PathItem, place: usize) {
    let Some(operation) = item.get.as_mut().or(item.post.as_mut()) else { return };
    if place > 0
        && let Some(id) = operation.operation_id.as_mut()
    {
        *id = format!("{id}_{}", place + 1);
    }
    if operation.parameters.as_ref().is_some_and(|parameters| !parameters.is_empty()) {
        operation.responses.responses.entry("400".to_owned()).or_insert_with(|| refusal().into());
    }
}

fn refusal() -> OpenApiResponse {
    let schema = Ref::from_schema_name("Problem");
    let content = ContentBuilder::new().schema(Some(schema)).build();
    let description = "A parameter has a value that it cannot have";
    ResponseBuilder::new().description(description).content("application/problem+json", content).build()
}

#[cfg(test)]
mod tests;
