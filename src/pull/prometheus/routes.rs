//! The Prometheus routes of an endpoint (contract §4.1, §4.2).

use std::io::Write;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::config::pull::Prometheus;
use crate::model::scope::Scope;
use crate::model::snapshot::Snapshot;
use crate::pull::PullState;
use crate::pull::problem::Problem;
use crate::pull::prometheus::cache::{Body, Key, Pages};
use crate::pull::prometheus::{Format, OwnMeters, Sources, negotiation, render, render_pool};
use crate::pull::query::ScopeQuery;
use crate::state::series::SeriesSource;

/// What the routes of one endpoint render from, beside its [`PullState`].
#[derive(Clone)]
pub struct Exposition(Arc<Shared>);

struct Shared {
    series: Arc<dyn SeriesSource + Send + Sync>,
    own: Option<Arc<dyn OwnMeters>>,
    pages: Pages,
}

impl Exposition {
    /// Generic series from the store, and what the process's own meters gather, where it has any.
    pub fn new(series: Arc<dyn SeriesSource + Send + Sync>, own: Option<Arc<dyn OwnMeters>>) -> Self {
        Self(Arc::new(Shared { series, own, pages: Pages::default() }))
    }
}

/// `/metrics`, `/prometheus`, and under the endpoint's base (`base` starts with `/` and does not end with one)
/// `api/metrics/prometheus` and `api/prometheus`. Every one answers 404 where the endpoint has `prometheus: false`.
pub fn routes(base: &str, exposition: Exposition) -> Router<PullState> {
    let for_pool = exposition.clone();
    let everything = move |State(state): State<PullState>, query: ScopeQuery, headers: HeaderMap| {
        answer(state, exposition.clone(), query.scope, Body::Everything, headers)
    };
    let pool = move |State(state): State<PullState>, query: ScopeQuery, headers: HeaderMap| {
        let exposition = for_pool.clone();
        async move {
            let pool = query.parameters.get("pool")?.map(str::to_owned);
            answer(state, exposition, query.scope, Body::Pool(pool), headers).await
        }
    };
    Router::new()
        .route("/metrics", get(everything.clone()))
        .route("/prometheus", get(everything))
        .route(&format!("{base}/api/metrics/prometheus"), get(pool.clone()))
        .route(&format!("{base}/api/prometheus"), get(pool))
}

async fn answer(
    state: PullState,
    exposition: Exposition,
    scope: Scope,
    body: Body,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Some(options) = state.endpoint.prometheus.clone() else {
        return Err(Problem::not_found("The Prometheus routes of this endpoint are switched off"));
    };
    let form = negotiation::form(&headers, options.openmetrics);
    let is_gzip = negotiation::takes_gzip(&headers);
    let key = Key { scope, format: form.format(), body, is_gzip };
    let page = page(&state, &exposition, state.store.snapshot(), options, key).await?;
    let mut response = page.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(form.content_type()));
    headers.insert(header::VARY, HeaderValue::from_static("Accept, Accept-Encoding"));
    if is_gzip {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    Ok(response)
}

/// The page, rendered by its first asker on a thread for blocking work, since a large one takes tens of milliseconds.
async fn page(
    state: &PullState,
    exposition: &Exposition,
    snapshot: Arc<Snapshot>,
    options: Prometheus,
    key: Key,
) -> Result<Bytes, Problem> {
    let cell = exposition.0.pages.cell(snapshot.id, &key);
    let plain_key = Key { is_gzip: false, ..key.clone() };
    let plain = exposition.0.pages.cell(snapshot.id, &plain_key);
    let failed = |_| Problem::internal("The page could not be rendered");
    let render = async {
        let (state, exposition) = (state.clone(), exposition.clone());
        let work = move || Bytes::from(text(&state, &exposition, &snapshot, &options, &plain_key));
        tokio::task::spawn_blocking(work).await.map_err(failed)
    };
    let text = plain.get_or_try_init(|| render).await?.clone();
    if !key.is_gzip {
        return Ok(text);
    }
    let packed = cell.get_or_try_init(|| async {
        tokio::task::spawn_blocking(move || gzip(&text)).await.map_err(failed)?.map_err(|_| {
            // Writing into memory does not fail.
            Problem::internal("The page could not be compressed")
        })
    });
    packed.await.cloned()
}

fn text(state: &PullState, exposition: &Exposition, snapshot: &Snapshot, options: &Prometheus, key: &Key) -> String {
    let shared = &exposition.0;
    let gathered = shared.own.as_ref().map(|own| own.gather()).unwrap_or_default();
    let rules = state.store.health_rules();
    let sources = Sources { snapshot, rules, series: &*shared.series, gathered: &gathered };
    let format: Format = key.format;
    match &key.body {
        Body::Everything => render(&sources, &key.scope, options, format),
        Body::Pool(pool) => {
            let namespace = &state.endpoint.pool_namespace;
            render_pool(&sources, &key.scope, pool.as_deref(), namespace, options, format)
        }
    }
}

fn gzip(text: &[u8]) -> std::io::Result<Bytes> {
    // Level 1 already takes longer than the rendering; scrapes travel over local networks.
    let mut encoder = GzEncoder::new(Vec::with_capacity(text.len() / 8), Compression::fast());
    encoder.write_all(text)?;
    Ok(encoder.finish()?.into())
}

#[cfg(test)]
mod tests;
