//! The one table of routes: the router is built from it, and `/` lists it, so they cannot differ.

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::config::pull::PullEndpoint;
use crate::pull::PullState;
use crate::pull::compat::{endpoint, health, plugin};
use crate::pull::json;
use crate::pull::openapi;
use crate::pull::probes;
use crate::pull::prometheus;
use crate::pull::sse;
use crate::pull::v1;

/// One route.
#[derive(Clone, Debug)]
pub struct Route {
    /// The path in axum's form: `{name}` stands for a segment, `{*name}` for the rest.
    pub path: String,
    /// What it returns, in a few words.
    pub summary: &'static str,
    /// What answers.
    pub handler: MethodRouter<PullState>,
}

impl Route {
    /// A route that takes GET, and HEAD with it.
    pub fn get<H, T>(path: impl Into<String>, summary: &'static str, handler: H) -> Self
    where
        H: axum::handler::Handler<T, PullState>,
        T: 'static,
    {
        Self { path: path.into(), summary, handler: get(handler) }
    }

    /// The path as people write it.
    pub fn plain_path(&self) -> String {
        self.path.replace("{*", "{").replace("{{", "{").replace("}}", "}")
    }
}

/// Every route of an endpoint. A path that stands twice (a base may be chosen so) keeps its first meaning.
pub fn table(endpoint: &PullEndpoint) -> Vec<Route> {
    let mut seen = std::collections::HashSet::new();
    let roots = plugin_roots(&endpoint.base);
    let prometheus = endpoint.prometheus.iter().flat_map(|_| prometheus::routes::routes(&roots));
    let all = compat().into_iter().chain(prometheus).chain(plugin(&roots)).chain(version_1()).chain(probes());
    all.filter(|route| seen.insert(route.path.clone())).collect()
}

fn compat() -> Vec<Route> {
    vec![
        Route::get("/", "API documentation", discovery),
        Route::get("/health", "System health summary", health::health),
        Route::get("/metrics/json", "Detailed metrics (JSON)", endpoint::metrics),
        Route::get("/alerts", "Active alerts and recommendations", endpoint::alerts),
        Route::get("/components", "Component-level status", endpoint::components),
    ]
}

/// The plugin's routes stand under `{base}/api/metrics/`, and under `{base}/api/`, which its own dashboard calls.
fn plugin_roots(base: &str) -> [String; 2] {
    let base = base.trim_end_matches('/').replace('{', "{{").replace('}', "}}");
    [format!("{base}/api/metrics"), format!("{base}/api")]
}

fn plugin(roots: &[String]) -> Vec<Route> {
    let mut routes = Vec::new();
    for root in roots {
        routes.push(Route::get(format!("{root}/"), "Pool summary", plugin::summary));
        routes.push(Route::get(root.clone(), "Pool summary", plugin::summary));
        routes.push(Route::get(format!("{root}/sse"), "Pool summary as server-sent events", sse::pool));
        routes.push(Route::get(format!("{root}/stats"), "Pool and worker statistics", plugin::stats));
    }
    routes
}

fn version_1() -> Vec<Route> {
    let mut routes = v1::routes();
    routes.push(Route::get("/api/v1/stream", "Changes as server-sent events", sse::stream));
    routes.push(Route::get("/openapi.json", "OpenAPI description", openapi::document));
    routes
}

fn probes() -> Vec<Route> {
    vec![
        Route::get("/livez", "Liveness", probes::livez),
        Route::get("/livez/{*check}", "One liveness check", probes::livez_check),
        Route::get("/readyz", "Readiness", probes::readyz),
        Route::get("/readyz/{*check}", "One readiness check", probes::readyz_check),
        Route::get("/healthz", "Liveness, by its older name", probes::livez),
    ]
}

/// `GET /`: what this is, and every route. The same for everybody who may see the endpoint; it takes no scope.
#[utoipa::path(get, path = "/", operation_id = "get_discovery", tag = "endpoint",
    responses((status = 200, body = Discovery)))]
pub(crate) async fn discovery(State(state): State<PullState>) -> Response {
    let document = Discovery {
        service: "System Metrics API",
        version: env!("CARGO_PKG_VERSION"),
        endpoints: Endpoints(table(&state.endpoint)),
        timestamp: json::seconds(state.clock.unix_ms()),
    };
    let vary = [(header::VARY, HeaderValue::from_static("Accept"))];
    (vary, json::answer(&document)).into_response()
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[schema(as = compat::Discovery)]
struct Discovery {
    service: &'static str,
    version: &'static str,
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    endpoints: Endpoints,
    timestamp: f64,
}

/// A map in the table's order, with paths as people write them.
#[derive(Debug)]
struct Endpoints(Vec<Route>);

impl Serialize for Endpoints {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for route in &self.0 {
            map.serialize_entry(&route.plain_path(), route.summary)?;
        }
        map.end()
    }
}
