//! The Prometheus routes of an endpoint (contract §4.1, §4.2).

use std::fmt;
use std::io::Write;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use prometheus::proto::MetricFamily;

use crate::config::pull::Prometheus;
use crate::model::scope::Scope;
use crate::model::snapshot::Snapshot;
use crate::pull::PullState;
use crate::pull::openapi::{PoolParameters, ScopeParameters};
use crate::pull::problem::Problem;
use crate::pull::prometheus::cache::{Body, Key, Pages};
use crate::pull::prometheus::{Format, Meters, Sources, negotiation, render, render_pool};
use crate::pull::query::ScopeQuery;
use crate::pull::route::Route;
use crate::state::series::SeriesSource;

/// What the routes of one endpoint render from, beside its [`PullState`].
#[derive(Clone)]
pub struct Exposition(Arc<Shared>);

struct Shared {
    series: Arc<dyn SeriesSource + Send + Sync>,
    own: Option<Meters>,
    pages: Pages,
}

impl Exposition {
    /// Generic series from the store, and what the process's own meters gather, where it has any.
    pub fn new(series: Arc<dyn SeriesSource + Send + Sync>, own: Option<Meters>) -> Self {
        Self(Arc::new(Shared { series, own, pages: Pages::default() }))
    }
}

impl fmt::Debug for Exposition {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Exposition").finish_non_exhaustive()
    }
}

/// `/metrics` and its alias, and the pool's families under the plugin's roots (a path in axum's form). An endpoint with
/// `prometheus: false` has none of these.
pub(crate) fn routes(plugin_roots: &[String]) -> Vec<Route> {
    let mut routes = vec![
        Route::get("/metrics", "Detailed performance metrics", everything),
        Route::get("/prometheus", "Detailed performance metrics, by the legacy path", everything),
    ];
    let pool_route = |root: &String| Route::get(format!("{root}/prometheus"), "Pool metrics (Prometheus)", pool);
    routes.extend(plugin_roots.iter().map(pool_route));
    routes
}

/// `GET /metrics`: every family, in the text format or in OpenMetrics.
#[utoipa::path(get, path = "/metrics", operation_id = "get_metrics", tag = "endpoint",
    params(ScopeParameters), responses((status = 200, body = String, content_type = "text/plain")))]
pub(crate) async fn everything(
    State(state): State<PullState>,
    query: ScopeQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    answer(state, query.scope, Body::Everything, headers).await
}

/// The plugin's families: the sum over the pools in scope, or over those of one name.
#[utoipa::path(get, path = "/{base}/api/metrics/prometheus", operation_id = "get_pool_prometheus", tag = "pool",
    params(PoolParameters, ScopeParameters), responses((status = 200, body = String, content_type = "text/plain")))]
pub(crate) async fn pool(
    State(state): State<PullState>,
    query: ScopeQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let pool = query.parameters.get("pool")?.map(str::to_owned);
    answer(state, query.scope, Body::Pool(pool), headers).await
}

async fn answer(state: PullState, scope: Scope, body: Body, headers: HeaderMap) -> Result<Response, Problem> {
    let Some(options) = state.endpoint.prometheus.clone() else {
        return Err(Problem::not_found("The Prometheus routes of this endpoint are switched off"));
    };
    let form = negotiation::form(&headers, options.openmetrics);
    let is_gzip = negotiation::takes_gzip(&headers);
    let key = Key { scope, format: form.format(), body, is_gzip };
    let page = page(&state, state.snapshot(), options, key).await?;
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
async fn page(state: &PullState, snapshot: Arc<Snapshot>, options: Prometheus, key: Key) -> Result<Bytes, Problem> {
    let pages = &state.exposition.0.pages;
    let cell = pages.cell(snapshot.id, &key);
    let plain_key = Key { is_gzip: false, ..key.clone() };
    let plain = pages.cell(snapshot.id, &plain_key);
    let failed = |_| Problem::internal("The page could not be rendered");
    let render = async {
        let state = state.clone();
        let gathered = match (&state.exposition.0.own, &plain_key.body) {
            (Some(own), Body::Everything) => own.gather().await,
            (None, Body::Everything) | (_, Body::Pool(_)) => Vec::new(),
        };
        let work = move || Bytes::from(text(&state, &snapshot, &gathered, &options, &plain_key));
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

fn text(state: &PullState, snapshot: &Snapshot, gathered: &[MetricFamily], options: &Prometheus, key: &Key) -> String {
    let series = &*state.exposition.0.series;
    let sources = Sources { snapshot, rules: &snapshot.health_rules, series, gathered };
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
