//! Server-sent events (contract §4.5, conformance F): the plugin's stream and the version 1 stream.

pub mod clients;
pub mod delta;
pub mod hubs;
pub mod message;
pub mod render;
pub mod ring;
pub mod set;
pub mod subscriber;

use std::net::{IpAddr, Ipv4Addr};

use axum::body::Body;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt as _;

use crate::listen::ClientAddress;
use crate::pull::PullState;
use crate::pull::openapi::{PoolStreamParameters, ProblemSchema, ScopeParameters, TopicParameters};
use crate::pull::problem::Problem;
use crate::pull::query::ScopeQuery;
use crate::pull::sse::set::{Kind, SetKey};
use crate::pull::sse::subscriber::Subscriber;
use crate::pull::v1::topics::Topics;

/// What a refused client waits before it tries again, in seconds.
const RETRY_AFTER_S: &str = "5";

/// The client behind a request; the loopback where no listener stands in front (an embedding service, a test).
fn address(extension: Option<Extension<ClientAddress>>) -> IpAddr {
    extension.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |Extension(ClientAddress(address))| address)
}

/// The plugin's stream: default messages whose data is the pool summary, or with `stats` the full statistics.
#[expect(clippy::missing_errors_doc, reason = "the OpenAPI attribute lists every answer")]
#[utoipa::path(get, path = "/{base}/api/metrics/sse", operation_id = "stream_pool_metrics", tag = "pool",
    params(PoolStreamParameters, ScopeParameters),
    responses(
        (status = 200, body = String, content_type = "text/event-stream"),
        (status = 503, body = ProblemSchema, content_type = "application/problem+json"),
    ))]
pub async fn pool(
    State(state): State<PullState>,
    query: ScopeQuery,
    client: Option<Extension<ClientAddress>>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let pool = query.parameters.get("pool")?.map(str::to_owned);
    let kind = if query.parameters.flag("stats")? { Kind::Stats(pool) } else { Kind::Pool(pool) };
    Ok(open(&state, SetKey { scope: query.scope, kind }, address(client), &method, &headers))
}

/// The version 1 stream: `snapshot`, then `delta`, `event` and `ping`, and `close` at the end.
#[expect(clippy::missing_errors_doc, reason = "the OpenAPI attribute lists every answer")]
#[utoipa::path(get, path = "/api/v1/stream", operation_id = "stream", tag = "v1",
    params(TopicParameters, ScopeParameters),
    responses(
        (status = 200, body = String, content_type = "text/event-stream"),
        (status = 400, body = ProblemSchema, content_type = "application/problem+json"),
        (status = 503, body = ProblemSchema, content_type = "application/problem+json"),
    ))]
pub async fn stream(
    State(state): State<PullState>,
    query: ScopeQuery,
    client: Option<Extension<ClientAddress>>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let kind = Kind::Topics(Topics::parse(query.parameters.get("topics")?)?);
    Ok(open(&state, SetKey { scope: query.scope, kind }, address(client), &method, &headers))
}

fn open(state: &PullState, key: SetKey, address: IpAddr, method: &Method, headers: &HeaderMap) -> Response {
    let stream_headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache, no-transform")),
        (header::HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
    ];
    if method == Method::HEAD {
        return (stream_headers, Body::empty()).into_response();
    }
    let membership = match state.hubs().join(state, key, address) {
        Ok(membership) => membership,
        Err(reason) => {
            let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, reason.to_string());
            return ([(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER_S))], problem).into_response();
        }
    };
    let last_event_id = headers.get("last-event-id").and_then(|value| value.to_str().ok());
    let subscriber = Subscriber::new(state.clone(), membership, last_event_id);
    let stream = subscriber.into_stream();
    // A session that ends takes its streams with it.
    let body = match state.sessions.as_ref().and_then(|sessions| sessions.end_of(headers)) {
        Some(end) => Body::from_stream(stream.take_until(async move { end.cancelled_owned().await })),
        None => Body::from_stream(stream),
    };
    (stream_headers, body).into_response()
}

#[cfg(test)]
mod tests;
