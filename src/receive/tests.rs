//! Both doors in-process on loopback: real sockets, a forwarder that records.

mod grpc;
mod hostile;
mod http;

use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::{
    Gauge, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, metric, number_data_point,
};
use prost::Message as _;

use super::*;
use crate::config::listener::{Auth, Cors, Listener};
use crate::config::state::State;
use crate::model::health::HealthRules;
use crate::model::signal::Signal;
use crate::state::accounting::{Accounting, Receiver};
use crate::state::{Store, StoreOptions};

/// Keeps what it is given; refuses while told so.
#[derive(Debug, Default)]
pub(super) struct Recorder {
    pub(super) requests: Mutex<Vec<(Signal, Bytes, u64)>>,
    pub(super) refusal: Mutex<Option<Unavailable>>,
    /// While set, submissions wait for a permit before they commit.
    pub(super) gate: Option<Arc<tokio::sync::Semaphore>>,
}

impl Forward for Recorder {
    async fn submit(&self, signal: Signal, request: Bytes, items: u64) -> Result<(), Unavailable> {
        if let Some(gate) = &self.gate {
            gate.acquire().await.unwrap().forget();
        }
        if let Some(refusal) = *self.refusal.lock().unwrap() {
            return Err(refusal);
        }
        self.requests.lock().unwrap().push((signal, request, items));
        Ok(())
    }
}

pub(super) struct Bench {
    pub(super) forward: Arc<Recorder>,
    pub(super) intake: Arc<Intake<Recorder>>,
    pub(super) accounting: Arc<Accounting>,
    pub(super) cell: Arc<ComponentCell>,
    pub(super) open: OpenDoors,
}

pub(super) fn listener() -> Listener {
    Listener {
        address: "127.0.0.1:0".parse().unwrap(),
        key: "receive.otlp".to_owned(),
        auth: None,
        tls: None,
        rate_limit: None,
        connections_max: 1024,
        insecure: false,
        cors: Cors::default(),
        trusted_proxies: Vec::new(),
    }
}

pub(super) fn with_token() -> Listener {
    let auth = Auth { bearer_tokens: vec![crate::config::Secret::new("right")], ..Auth::default() };
    Listener { auth: Some(auth), ..listener() }
}

pub(super) fn config() -> Receive {
    Receive {
        grpc: Some(listener()),
        http: Some(listener()),
        request_bytes_max: 1024 * 1024,
        items_max: 1000,
        inflight_bytes_max: 16 * 1024 * 1024,
    }
}

pub(super) fn store(accounting: &Arc<Accounting>) -> Arc<Store> {
    Store::new(StoreOptions {
        state: State {
            series_max: 1000,
            workers_max: 1000,
            history: Duration::from_mins(1),
            history_bytes_max: 1024 * 1024,
            stale_after: None,
            forget_after: Duration::from_mins(15),
            snapshot_interval: Duration::from_millis(250),
        },
        mappings: Vec::new(),
        health: HealthRules::default(),
        expect: Vec::new(),
        expect_grace: Duration::ZERO,
        rules: Vec::new(),
        bindings: Vec::new(),
        local: None,
        clock: Clock::system(),
        accounting: accounting.clone(),
    })
}

impl Bench {
    pub(super) fn new() -> Self {
        Self::with(&config(), Recorder::default(), Timings::default())
    }

    pub(super) fn with(config: &Receive, forward: Recorder, timings: Timings) -> Self {
        let (forward, accounting, tasks) = (Arc::new(forward), Arc::new(Accounting::default()), Tasks::new());
        let cell = Arc::new(ComponentCell::default());
        let intake = Intake::new(config, forward.clone(), store(&accounting), Clock::system(), tasks.clone());
        let components = (Some(cell.clone()), Some(cell.clone()));
        let options = DoorOptions {
            grpc_component: components.0,
            http_component: components.1,
            timings,
            ..DoorOptions::default()
        };
        let open = Doors::bind(config).unwrap().serve(&intake, options, &tasks).unwrap();
        Self { forward, intake, accounting, cell, open }
    }

    pub(super) fn http(&self) -> SocketAddr {
        self.open.http.as_ref().unwrap().address
    }

    pub(super) fn grpc(&self) -> SocketAddr {
        self.open.grpc.as_ref().unwrap().address
    }

    pub(super) fn forwarded(&self) -> usize {
        self.forward.requests.lock().unwrap().len()
    }

    pub(super) fn received(&self, receiver: Receiver) -> [u64; 3] {
        let all = self.accounting.receivers();
        all.into_iter().find(|facts| facts.receiver == receiver.as_str()).unwrap().items
    }

    pub(super) fn refused(&self, receiver: Receiver) -> Vec<(Signal, &'static str, u64)> {
        let all = self.accounting.receivers();
        all.into_iter().find(|facts| facts.receiver == receiver.as_str()).unwrap().refused
    }

    pub(super) fn refused_requests(&self, receiver: Receiver) -> Vec<(Signal, &'static str, u64)> {
        let all = self.accounting.receivers();
        all.into_iter().find(|facts| facts.receiver == receiver.as_str()).unwrap().refused_requests
    }

    /// Waits until so much is held; it fails the test after a while.
    pub(super) async fn until_held(&self, is_enough: impl Fn(usize) -> bool) {
        for _ in 0..1000 {
            if is_enough(self.intake.in_flight().bytes()) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("{} bytes are held", self.intake.in_flight().bytes());
    }

    /// Waits until nothing is held any more.
    pub(super) async fn rests(&self) {
        self.until_held(|bytes| bytes == 0).await;
    }

    /// Posts over HTTP/1.1 and gives status, headers and body.
    pub(super) async fn post(&self, path: &str, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Seen {
        let mut request = ::http::Request::post(format!("http://{}{path}", self.http()));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let client = Client::builder(TokioExecutor::new()).build_http();
        seen(client.request(request.body(Full::new(body.into())).unwrap()).await.unwrap()).await
    }

    pub(super) async fn post_metrics(&self, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Seen {
        let mut all = vec![("content-type", "application/x-protobuf")];
        all.extend_from_slice(headers);
        self.post("/v1/metrics", &all, body).await
    }
}

#[derive(Debug)]
pub(super) struct Seen {
    pub(super) status: u16,
    pub(super) headers: ::http::HeaderMap,
    pub(super) body: Bytes,
    pub(super) trailers: Option<::http::HeaderMap>,
}

impl Seen {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

pub(super) async fn seen(response: ::http::Response<hyper::body::Incoming>) -> Seen {
    let (head, body) = response.into_parts();
    let body = body.collect().await.unwrap();
    let trailers = body.trailers().cloned();
    Seen { status: head.status.as_u16(), headers: head.headers, body: body.to_bytes(), trailers }
}

/// A request of `points` points of one gauge.
pub(super) fn metrics(points: usize) -> ExportMetricsServiceRequest {
    let data_points = (0..points)
        .map(|number| NumberDataPoint {
            time_unix_nano: 1_700_000_000_000_000_000 + number as u64,
            value: Some(number_data_point::Value::AsInt(1)),
            ..Default::default()
        })
        .collect();
    let metric = Metric {
        name: "queue.depth".to_owned(),
        data: Some(metric::Data::Gauge(Gauge { data_points })),
        ..Default::default()
    };
    let scope = ScopeMetrics { metrics: vec![metric], ..Default::default() };
    ExportMetricsServiceRequest {
        resource_metrics: vec![ResourceMetrics { scope_metrics: vec![scope], ..Default::default() }],
    }
}

pub(super) fn metrics_bytes(points: usize) -> Bytes {
    metrics(points).encode_to_vec().into()
}

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
