//! The crate as a service embeds it: handles, sources, views and both ways of pushing.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::trace::Tracer as _;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use otel_bridge::bridge::{BuildError, ServeError};
use otel_bridge::config::push::{Compression, Destination, Protocol};
use otel_bridge::config::{Config, Secret};
use otel_bridge::model::component::ComponentState;
use otel_bridge::model::signal::Signal;
use otel_bridge::model::worker::WorkerState;
use otel_bridge::record::source::{ComponentReading, PoolReading, WorkerReading};
use otel_bridge::{Bridge, bridge::Builder};
use prost::Message as _;
use serde_json::{Value, json};

use crate::harness::sink::Reply;
use crate::harness::{Answer, BridgeUnderTest, Client, Sink, eventually};

/// A bridge and where it is served.
pub(crate) struct Embedded {
    pub(crate) bridge: Bridge,
    address: SocketAddr,
    client: Client,
}

impl Embedded {
    pub(crate) fn start(builder: Builder) -> Self {
        Self::serve(builder.service_name("shop").build().unwrap_or_else(|error| panic!("{error}")))
    }

    /// The same once it can be built: a queue is free when the thread that wrote it has ended, and nobody can wait for that.
    pub(crate) async fn start_eventually(builder: impl Fn() -> Builder) -> Self {
        Self::serve(eventually("a bridge", async || builder().service_name("shop").build().ok()).await)
    }

    fn serve(bridge: Bridge) -> Self {
        let address = bridge.serve(([127, 0, 0, 1], 0).into()).unwrap();
        Self { bridge, address, client: Client::new() }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.client.get(&format!("http://{}{path}", self.address)).await
    }

    pub(crate) async fn json(&self, path: &str) -> Value {
        self.get(path).await.json()
    }

    /// Asks until the document satisfies: snapshots are made at most every 250 ms.
    pub(crate) async fn until(&self, path: &str, holds: impl Fn(&Value) -> bool) -> Value {
        eventually(path, async || Some(self.json(path).await).filter(|document| holds(document))).await
    }
}

/// An interval that a test can wait for.
pub(crate) fn quick() -> Config {
    let mut config = Config::library_defaults(&BTreeMap::new()).unwrap();
    config.metric_export_interval = Duration::from_millis(100);
    config
}

pub(crate) fn destination(sink: &Sink, protocol: Protocol) -> Destination {
    Destination::new("collector", format!("http://{}", sink.address)).protocol(protocol)
}

pub(crate) fn metric_names(taken: &[bytes::Bytes]) -> Vec<String> {
    let requests = taken.iter().map(|body| ExportMetricsServiceRequest::decode(&body[..]).unwrap());
    let scopes = requests.flat_map(|request| request.resource_metrics).flat_map(|one| one.scope_metrics);
    scopes.flat_map(|one| one.metrics).map(|metric| metric.name).collect()
}

/// What handles record stands in every view, and the views agree.
#[tokio::test(flavor = "multi_thread")]
async fn handles_show_in_every_view() {
    let shop = Embedded::start(Bridge::builder().environment("test"));
    let pool = shop.bridge.pool("requests").size(4).register().unwrap();
    let mut worker = pool.worker("worker-1").app("cart").register().unwrap();
    drop(worker.begin());
    let _busy = worker.begin();
    let cart = shop.bridge.component("cart").kind("http").register().unwrap();
    cart.processed(7);
    cart.failed(&std::io::Error::other("no stock"));
    let breaker = shop.bridge.circuit_breaker("stock").component("cart").register().unwrap();
    breaker.opened("five failures in a row");

    let pools = shop.until("/api/v1/pools", |document| document["items"][0]["active"] == 1).await;
    assert_eq!(pools["items"][0]["size"], 4);
    let summary = shop.json("/metrics/api/metrics/").await;
    assert_eq!((&summary["pool"]["active"], &summary["pool"]["size"]), (&json!(1), &json!(4)));
    assert_eq!(summary["pool"]["utilization"], 0.25);
    let text = shop.get("/metrics").await.text();
    for line in [
        "pool_active{pool=\"requests\"} 1",
        "worker_requests_total{worker=\"worker-1\",app=\"cart\",pool=\"requests\"} 1",
        "component_items_processed{component=\"cart\"} 7",
        "component_errors_total{component=\"cart\"} 1",
        "circuit_breaker_state{component=\"cart\"} 1",
        "pool_request_duration_seconds_count",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    let components = shop.json("/components").await;
    assert_eq!(components["components"]["cart"]["items_processed"], 7);
    assert_eq!(components["circuit_breakers"]["cart"]["state"], "open");
    let health = shop.get("/health").await;
    assert_eq!(
        (health.status, &health.json()["reasons"][0]["code"]),
        (200, &json!("circuit_breaker_open")),
        "{health:?}"
    );
    shop.bridge.shutdown().await.unwrap();
}

/// A process in which nothing is registered says so, and does not claim to be healthy (spec, no health source).
#[tokio::test(flavor = "multi_thread")]
async fn nothing_registered_is_unavailable() {
    let shop = Embedded::start(Bridge::builder());
    let health = shop.get("/health").await;
    assert_eq!((health.status, &health.json()["status"]), (503, &json!("service_unavailable")));
    assert_eq!(shop.get("/readyz").await.status, 200);
}

/// A source that fails, panics or hangs costs its own part: the rest is there, and `errors` names it.
#[tokio::test(flavor = "multi_thread")]
async fn a_source_costs_its_own_part_only() {
    let shop = Embedded::start(Bridge::builder());
    let (release, held) = std::sync::mpsc::channel::<()>();
    let held = std::sync::Mutex::new(held);
    let worker = WorkerReading::new("conn-1", "db", WorkerState::Active);
    let good = PoolReading::new(8, 3, 1).pending(2).workers(vec![worker]);
    shop.bridge.pool_source("good", move || Ok(good.clone())).unwrap();
    shop.bridge.pool_source("failing", || Err("the pool is closed".into())).unwrap();
    shop.bridge.component_source("panicking", "db", || panic!("a defect")).unwrap();
    let hangs = move || {
        let _ = held.lock().map(|held| held.recv());
        Ok(PoolReading::new(2, 2, 0))
    };
    shop.bridge.pool_source("hanging", hangs).unwrap();

    let all = |document: &Value| document["errors"].as_array().is_some_and(|errors| errors.len() == 3);
    let answer = shop.until("/metrics/json", all).await;
    let messages: BTreeMap<&str, &str> = answer["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["part"].as_str().unwrap(), one["message"].as_str().unwrap()))
        .collect();
    assert_eq!(messages["pool failing"], "the pool is closed");
    assert_eq!(messages["component panicking"], "panicked: a defect");
    assert!(messages["pool hanging"].starts_with("no answer within"), "{messages:?}");
    let pools = shop.json("/api/v1/pools").await;
    assert_eq!(pools["items"].as_array().unwrap().len(), 1, "{pools}");
    assert_eq!((&pools["items"][0]["active"], &pools["items"][0]["pending"]), (&json!(3), &json!(2)));
    let components = shop.json("/components").await;
    assert_eq!(components["components"]["panicking"]["is_healthy"], false);

    // Once it answers, its part is there.
    drop(release);
    let found = |document: &Value| document["items"].as_array().is_some_and(|pools| pools.len() == 2);
    shop.until("/api/v1/pools", found).await;
}

/// A pool that is asked shows the workers that it told of last, and no others.
#[tokio::test(flavor = "multi_thread")]
async fn workers_of_a_source_come_and_go() {
    let shop = Embedded::start(Bridge::builder());
    let ids = std::sync::Arc::new(std::sync::Mutex::new(vec!["a", "b"]));
    let told = ids.clone();
    let read = move || {
        let ids = told.lock().unwrap().clone();
        let workers = ids.iter().map(|id| WorkerReading::new(*id, "db", WorkerState::Idle)).collect();
        Ok(PoolReading::new(4, 0, 2).workers(workers))
    };
    shop.bridge.pool_source("db", read).unwrap();
    let names = |document: &Value| -> Vec<String> {
        document["items"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
    };
    shop.until("/api/v1/workers", |document| names(document) == ["a", "b"]).await;
    *ids.lock().unwrap() = vec!["b", "c"];
    shop.until("/api/v1/workers", |document| names(document) == ["b", "c"]).await;
}

/// A component that is asked shows what it said.
#[tokio::test(flavor = "multi_thread")]
async fn a_component_is_asked() {
    let shop = Embedded::start(Bridge::builder());
    shop.bridge
        .component_source("cache", "store", || Ok(ComponentReading::new(ComponentState::Degraded, 5, 2)))
        .unwrap();
    let has = |document: &Value| document["components"]["cache"].is_object();
    let components = shop.until("/components", has).await;
    assert_eq!(components["components"]["cache"]["status"], "degraded");
    assert_eq!(components["components"]["cache"]["errors_encountered"], 2);
}

/// Instruments of the service's own stand in `/metrics`, in `custom` of `/metrics/json`, and at the destination.
#[tokio::test(flavor = "multi_thread")]
async fn custom_metrics_go_every_way() {
    let sink = Sink::start().await;
    let builder = Bridge::builder().config(quick()).push_to(destination(&sink, Protocol::HttpProtobuf));
    let shop = Embedded::start(builder);
    shop.bridge.meter("orders").u64_counter("orders.placed").build().add(3, &[KeyValue::new("kind", "gift")]);
    let text = shop.get("/metrics").await.text();
    assert!(text.contains("orders_placed_total{") && text.contains("kind=\"gift\""), "{text}");
    let custom = &shop.json("/metrics/json").await["custom"]["orders_placed_total"];
    assert_eq!((&custom["type"], &custom["samples"][0]["value"]), (&json!("counter"), &json!(3.0)));
    assert_eq!(custom["samples"][0]["labels"]["kind"], "gift");
    let arrived = |taken: &[bytes::Bytes]| metric_names(taken).iter().any(|name| name == "orders.placed");
    sink.wait_for(Signal::Metrics, arrived).await;
}

/// Over every transport a bridge shows an embedded service as it shows any other, with the same figures as its own views.
#[tokio::test(flavor = "multi_thread")]
async fn a_bridge_shows_an_embedded_service() {
    let protocols = [
        ("OTLP/gRPC", Protocol::Grpc, Compression::Gzip),
        ("OTLP/HTTP", Protocol::HttpProtobuf, Compression::Zstd),
        ("OTLP/HTTP", Protocol::HttpJson, Compression::None),
    ];
    for (door, protocol, compression) in protocols {
        let node = BridgeUnderTest::start("push: []").await;
        let to_node = Destination::new("node", node.door(door)).protocol(protocol).compression(compression);
        let shop = Embedded::start(Bridge::builder().config(quick()).push_to(to_node));
        let pool = shop.bridge.pool("requests").size(4).register().unwrap();
        let mut worker = pool.worker("worker-1").app("cart").register().unwrap();
        drop(worker.begin());
        let cart = shop.bridge.component("cart").kind("http").register().unwrap();
        cart.processed(7);
        cart.failed(&std::io::Error::other("no stock"));
        let breaker = shop.bridge.circuit_breaker("stock").component("cart").register().unwrap();
        breaker.opened("five failures in a row");
        shop.bridge.tracer().in_span("charge", |_| ());

        let path = "/components?service=shop";
        let counted = |document: &Value| document["components"]["cart"]["items_processed"] == 7;
        let own = shop.until(path, counted).await;
        let theirs = eventually("the same components", async || {
            let document = node.get(path).await.json();
            counted(&document).then_some(document)
        })
        .await;
        for figure in ["is_healthy", "items_processed", "errors_encountered", "status"] {
            assert_eq!(
                own["components"]["cart"][figure], theirs["components"]["cart"][figure],
                "{protocol:?} {figure}"
            );
        }
        assert_eq!(own["circuit_breakers"]["cart"]["state"], theirs["circuit_breakers"]["cart"]["state"]);
        let path = "/api/v1/workers?service=shop";
        let (own, theirs) = (shop.json(path).await, node.get(path).await.json());
        for figure in ["name", "app", "pool", "state", "requests", "errors"] {
            assert_eq!(own["items"][0][figure], theirs["items"][0][figure], "{protocol:?} {figure}");
        }
        // Words come by their own signals: the error's text, the transition's reason, the trace.
        shop.bridge.shutdown().await.unwrap();
        for (path, words) in [("components", "no stock"), ("breakers/stock/transitions", "five failures in a row")] {
            let path = format!("/api/v1/{path}?service=shop");
            eventually(words, async || node.get(&path).await.text().contains(words).then_some(())).await;
        }
        // Each figure of the process stands once on the bridge's page, whatever the scope that told it.
        let page = node.get("/metrics?service=shop").await.text();
        for family in ["process_memory_usage_bytes", "process_uptime_seconds", "otel_sdk_span_started_total"] {
            let samples = page.lines().filter(|line| line.starts_with(&format!("{family}{{"))).count();
            assert_eq!(samples, 1, "{family} in\n{page}");
        }
        let traces = node.get("/metrics/json?service=shop").await.json();
        assert_eq!(traces["traces"]["total_traces"], 1, "{protocol:?}");
    }
}

/// A port of gRPC is no destination of OTLP/HTTP: nothing counts as delivered there, whatever the answer looks like.
#[tokio::test(flavor = "multi_thread")]
async fn a_port_of_grpc_takes_no_http() {
    let node = BridgeUnderTest::start("push: []").await;
    let answer =
        node.client.post(&format!("{}/v1/metrics", node.door("OTLP/gRPC")), "application/json", b"{}".to_vec()).await;
    assert_eq!(answer.status, 505);
    let wrong = Destination::new("wrong", node.door("OTLP/gRPC")).protocol(Protocol::HttpProtobuf);
    let shop = Embedded::start(Bridge::builder().config(quick()).push_to(wrong));
    let failed = |document: &Value| document["items"][0]["last_error"].is_string();
    let exporters = shop.until("/api/v1/exporters", failed).await;
    assert_eq!(exporters["items"][0]["delivered"], 0, "{exporters}");
}

/// The configured headers are sent, and their values are shown nowhere.
#[tokio::test(flavor = "multi_thread")]
async fn headers_are_those_of_the_destination() {
    for protocol in [Protocol::Grpc, Protocol::HttpProtobuf] {
        let sink = Sink::start().await;
        let mut collector = destination(&sink, protocol);
        collector.headers = vec![("authorization".to_owned(), Secret::new("Bearer top-secret-token"))];
        let shop = Embedded::start(Bridge::builder().config(quick()).push_to(collector));
        sink.wait_for(Signal::Metrics, |taken| !taken.is_empty()).await;
        let received = sink.received();
        assert!(received.iter().all(|one| one.headers["authorization"] == "Bearer top-secret-token"), "{received:?}");
        for path in ["/api/v1/about", "/api/v1/exporters", "/metrics"] {
            assert!(!shop.get(path).await.text().contains("top-secret"), "{path}");
        }
    }
}

/// Without a queue, what a destination does not take is dropped and counted: the books of the exporter agree.
#[tokio::test(flavor = "multi_thread")]
async fn a_direct_export_that_fails_is_counted() {
    let sink = Sink::start().await;
    sink.always(Some(Reply::Status(400)));
    let shop = Embedded::start(Bridge::builder().config(quick()).push_to(destination(&sink, Protocol::HttpProtobuf)));
    let dropped = |document: &Value| {
        let metrics = &document["items"][0]["signals"]["metrics"];
        metrics["dropped"]["export_failed"].as_u64().is_some_and(|items| items > 0)
    };
    let exporters = shop.until("/api/v1/exporters", dropped).await;
    assert_eq!(exporters["items"][0]["state"], "retrying", "{exporters}");
    let lost = shop.bridge.shutdown().await.unwrap_err();
    assert!(lost.items > 0);
    assert_eq!(shop.bridge.shutdown().await, Ok(()), "the second call has nothing to do");
}

/// With a durable queue a destination that is away loses nothing: the next run sends what the one before recorded.
#[cfg(feature = "queue")]
#[tokio::test(flavor = "multi_thread")]
async fn a_durable_queue_outlives_the_process() {
    let directory = tempfile::tempdir().unwrap();
    let sink = Sink::start().await;
    sink.always(Some(Reply::Status(503)));
    let build = || {
        let builder = Bridge::builder().config(quick()).durable_queue(directory.path());
        Embedded::start(builder.push_to(destination(&sink, Protocol::HttpProtobuf)))
    };
    let first = build();
    first.bridge.component("cart").register().unwrap().processed(7);
    let queued = |document: &Value| {
        document["items"][0]["signals"]["metrics"]["queue_items"].as_u64().is_some_and(|items| items > 0)
    };
    first.until("/api/v1/exporters", queued).await;
    first.bridge.shutdown().await.unwrap();
    assert!(sink.taken(Signal::Metrics).is_empty());
    sink.always(None);
    let _second = build();
    let has = |taken: &[bytes::Bytes]| metric_names(taken).iter().any(|name| name == "component.items_processed");
    sink.wait_for(Signal::Metrics, has).await;
}

/// Handles outlive the bridge without harm, whatever is called on them.
#[tokio::test(flavor = "multi_thread")]
async fn handles_outlive_the_bridge() {
    let bridge = Bridge::builder().service_name("shop").build().unwrap();
    let pool = bridge.pool("requests").size(1).register().unwrap();
    let mut worker = pool.worker("worker-1").register().unwrap();
    let cart = bridge.component("cart").register().unwrap();
    let breaker = bridge.circuit_breaker("stock").register().unwrap();
    bridge.shutdown().await.unwrap();
    drop(bridge);
    drop(worker.begin());
    cart.processed(1);
    cart.failed(&std::io::Error::other("late"));
    breaker.opened("late");
    drop(worker);
    assert!(pool.worker("worker-2").register().is_ok());
}

/// What cannot work is refused when it is built, with words that help.
#[test]
fn bad_use_is_refused() {
    let refused = Bridge::builder().service_name("shop").build().unwrap_err();
    assert!(matches!(refused, BuildError::NoRuntime), "{refused:?}");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let _in_it = runtime.enter();
    assert!(matches!(Bridge::builder().service_name("").build(), Err(BuildError::Empty { .. })));
    let nowhere = Destination::new("nowhere", "not a URL");
    assert!(matches!(Bridge::builder().push_to(nowhere).build(), Err(BuildError::Push(_))));
    let bridge = Bridge::builder().build().unwrap();
    assert!(matches!(bridge.serve(([0, 0, 0, 0], 0).into()), Err(ServeError::Exposed { .. })));
    assert!(bridge.pool("").size(1).register().is_err());
    assert!(bridge.pool("requests").size(0).register().is_err());
    assert!(bridge.pool_source("", || Ok(PoolReading::default())).is_err());
}
