//! The one table of routes: the router is built from it, and `/` lists it, so they cannot differ.

use axum::extract::State;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::pull::compat::{endpoint, health, plugin};
use crate::pull::json;
use crate::pull::login;
use crate::pull::openapi;
use crate::pull::probes;
use crate::pull::prometheus;
use crate::pull::sse;
use crate::pull::ui::{self, prefix::Prefix};
use crate::pull::v1;
use crate::pull::{PullState, Shared};

/// One route.
#[derive(Clone, Debug)]
pub struct Route {
    /// The path in axum's form: `{name}` stands for a segment, `{*name}` for the rest.
    pub path: String,
    /// What it returns, in a few words.
    pub summary: &'static str,
    /// What answers.
    pub handler: MethodRouter<PullState>,
    /// GET, with HEAD, or POST.
    pub method: Method,
    /// Whether it needs no credentials where others do.
    pub is_public: bool,
    /// Whether it is part of the dashboard: for people, and not described to programs.
    pub is_page: bool,
    /// Whether `/` names it; the files of a page are nobody's business.
    pub is_listed: bool,
}

impl Route {
    /// A route that takes GET, and HEAD with it.
    pub fn get<H, T>(path: impl Into<String>, summary: &'static str, handler: H) -> Self
    where
        H: axum::handler::Handler<T, PullState>,
        T: 'static,
    {
        Self::new(path.into(), summary, Method::GET, get(handler))
    }

    /// A route that takes POST.
    pub fn post<H, T>(path: impl Into<String>, summary: &'static str, handler: H) -> Self
    where
        H: axum::handler::Handler<T, PullState>,
        T: 'static,
    {
        Self::new(path.into(), summary, Method::POST, post(handler))
    }

    fn new(path: String, summary: &'static str, method: Method, handler: MethodRouter<PullState>) -> Self {
        Self { path, summary, handler, method, is_public: false, is_page: false, is_listed: true }
    }

    /// The same route for those without credentials, too.
    #[must_use]
    pub fn public(mut self) -> Self {
        self.is_public = true;
        self
    }

    /// The same route as part of the dashboard, which everybody may load: it holds no figures.
    #[must_use]
    pub fn page(mut self) -> Self {
        self.is_page = true;
        self.public()
    }

    /// The same route, unnamed by `/`.
    #[must_use]
    pub fn unlisted(mut self) -> Self {
        self.is_listed = false;
        self
    }

    /// Whether a request's path may be this route's, whatever other routes fit it better.
    pub fn fits(&self, path: &str) -> bool {
        let (mut wanted, mut given) = (self.path.split('/'), path.split('/'));
        loop {
            match (wanted.next(), given.next()) {
                (None, None) => return true,
                (Some(wanted), Some(_)) if wanted.starts_with("{*") => return true,
                (Some(wanted), Some(_)) if wanted.starts_with('{') && !wanted.starts_with("{{") => {}
                (Some(wanted), Some(given)) if wanted.replace("{{", "{").replace("}}", "}") == given => {}
                _ => return false,
            }
        }
    }

    /// The path as people write it.
    pub fn plain_path(&self) -> String {
        self.path.replace("{*", "{").replace("{{", "{").replace("}}", "}")
    }
}

/// Every route of an endpoint. A path that stands twice (a base may be chosen so) keeps its first meaning.
pub fn table(shared: &Shared) -> Vec<Route> {
    let endpoint = &shared.endpoint;
    let mut seen = std::collections::HashSet::new();
    let roots = plugin_roots(&endpoint.base);
    let prometheus = endpoint.prometheus.iter().flat_map(|_| prometheus::routes::routes(&roots));
    let all = compat().into_iter().chain(prometheus).chain(plugin(&roots)).chain(version_1()).chain(probes());
    let all = all.chain(login::routes(shared)).chain(shared.dashboard.routes(endpoint));
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

/// Which requests need no credentials where others do: the dashboard's page and files, and the way in.
#[derive(Debug)]
pub struct Publicity {
    public: Vec<Route>,
    others: Vec<Route>,
    sends_browsers: bool,
}

impl Publicity {
    /// Of the routes of an endpoint.
    pub fn of(shared: &Shared) -> Self {
        let (public, others) = table(shared).into_iter().partition(|route| route.is_public);
        Self { public, others, sends_browsers: shared.dashboard.is_present() }
    }

    /// Whether a request is one of these. Where a base was chosen so that a path may mean something else as well, it is not.
    pub fn admits(&self, head: &Parts) -> bool {
        let path = head.uri.path();
        if path == "/" {
            return self.sends_browsers && ui::is_browser(&head.headers);
        }
        self.public.iter().any(|route| route.fits(path)) && !self.others.iter().any(|route| route.fits(path))
    }
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

/// `GET /`: what this is, and every route. The same for everybody who may see the endpoint; it takes no scope. A browser is sent
/// to the dashboard.
#[utoipa::path(get, path = "/", operation_id = "get_discovery", tag = "endpoint",
    responses((status = 200, body = Discovery), (status = 307, description = "A browser is sent to the dashboard")))]
pub(crate) async fn discovery(
    State(state): State<PullState>,
    prefix: Prefix,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    if state.dashboard.is_present() && ui::is_browser(&headers) {
        return ui::to_dashboard(&prefix, uri.query());
    }
    let document = Discovery {
        service: "System Metrics API",
        version: env!("CARGO_PKG_VERSION"),
        endpoints: Endpoints(table(&state).into_iter().filter(|route| route.is_listed).collect()),
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
