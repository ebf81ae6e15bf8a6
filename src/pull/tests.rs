//! The views over HTTP, on snapshots made by hand.

mod documents;
mod queries;
mod requests;

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

use crate::clock::Clock;
use crate::config::listener::{Cors, Listener};
use crate::config::pull::{Prometheus, PullEndpoint};
use crate::config::state::State;
use crate::model::fixture::NOW_UNIX_MS;
use crate::model::health::HealthRules;
use crate::model::scope::Scope;
use crate::model::snapshot::Snapshot;
use crate::pull::prometheus::{Exposition, Meters};
use crate::pull::{PullState, Shared, router};
use crate::readiness::{Readiness, Standing};
use crate::state::accounting::Accounting;
use crate::state::series::{SeriesCaps, SeriesSource, SeriesTable};
use crate::state::store::{Store, StoreOptions};

/// An endpoint as the embedded defaults make it.
pub(crate) fn endpoint() -> PullEndpoint {
    PullEndpoint {
        name: "system_metrics".to_owned(),
        listener: Listener {
            address: ([127, 0, 0, 1], 0).into(),
            key: "pull[0]".to_owned(),
            auth: None,
            tls: None,
            rate_limit: None,
            connections_max: 1024,
            insecure: false,
            cors: Cors::default(),
            trusted_proxies: Vec::new(),
        },
        base: "/metrics".to_owned(),
        pool_namespace: "buntime".to_owned(),
        prometheus: Some(Prometheus::default()),
        sse_interval: Duration::from_secs(1),
        filter: Scope::default(),
        sse_clients_max: 10,
        sse_clients_per_address_max: 10,
        enabled: true,
    }
}

/// No generic series at all.
struct NoSeries(Arc<SeriesCaps>);

impl SeriesSource for NoSeries {
    fn read_table(&self, _instance: u32, _read: &mut dyn FnMut(&SeriesTable)) {}

    fn caps(&self) -> &SeriesCaps {
        &self.0
    }
}

/// Prometheus pages of the snapshot alone.
pub(crate) fn no_series() -> Exposition {
    no_series_but(None)
}

/// Prometheus pages of the snapshot and of these meters.
pub(crate) fn no_series_but(own: Option<Meters>) -> Exposition {
    Exposition::new(Arc::new(NoSeries(SeriesCaps::new(0))), own)
}

/// What the endpoint's handlers share, over an empty store, ready for traffic.
pub(crate) fn shared(endpoint: PullEndpoint) -> Shared {
    shared_at(endpoint, NOW_UNIX_MS)
}

/// The same, on a clock of that date.
pub(crate) fn shared_at(endpoint: PullEndpoint, unix_ms: u64) -> Shared {
    let clock = Clock::manual(unix_ms);
    let state = State {
        series_max: 1_000,
        workers_max: 1_000,
        history: Duration::from_mins(1),
        history_bytes_max: 1 << 20,
        stale_after: None,
        forget_after: Duration::from_mins(15),
        snapshot_interval: Duration::from_millis(250),
    };
    let options = StoreOptions {
        state,
        mappings: Vec::new(),
        health: HealthRules::default(),
        expect: Vec::new(),
        expect_grace: Duration::ZERO,
        rules: Vec::new(),
        bindings: Vec::new(),
        local: None,
        clock: clock.clone(),
        accounting: Arc::new(Accounting::default()),
    };
    let readiness = Readiness::default();
    readiness.set("start", Standing::Ok);
    let (links, tasks) = (crate::config::links::Links::default(), crate::tasks::Tasks::new());
    Shared {
        custom_meters: None,
        exposition: no_series(),
        store: Store::new(options),
        endpoint,
        readiness,
        clock,
        about: Arc::default(),
        links,
        dashboard: crate::pull::ui::tests::dashboard(),
        sessions: None,
        tasks,
    }
}

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("a JSON body")
    }

    pub(crate) fn header(&self, name: header::HeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }
}

/// Sends one request to an endpoint.
pub(crate) async fn send(state: PullState, method: Method, path: &str, accept: &str) -> Answer {
    let request = Request::builder().method(method).uri(path).header(header::ACCEPT, accept);
    let response = router(state).oneshot(request.body(Body::empty()).expect("a request")).await.expect("an answer");
    let (parts, body) = response.into_parts();
    let body = body.collect().await.expect("a body").to_bytes();
    Answer { status: parts.status, headers: parts.headers, body: String::from_utf8(body.to_vec()).expect("UTF-8") }
}

/// `GET` of a view of that snapshot.
pub(crate) async fn get(snapshot: Snapshot, path: &str) -> Answer {
    send(PullState::showing(shared(endpoint()), snapshot), Method::GET, path, "*/*").await
}
