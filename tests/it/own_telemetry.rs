//! The bridge's own telemetry arrives where everything goes, and makes no more of itself.

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value;
use opentelemetry_proto::tonic::resource::v1::Resource;
use otel_bridge::clock::Clock;
use otel_bridge::model::signal::Signal;
use prost::Message;
use std::time::Duration;

use crate::harness::bridge::config;
use crate::harness::{BridgeUnderTest, Sink, eventually};

fn service(resource: &Resource) -> &str {
    let name = resource.attributes.iter().find(|one| one.key == "service.name");
    match name.and_then(|one| one.value.as_ref()?.value.as_ref()) {
        Some(any_value::Value::StringValue(name)) => name,
        other => panic!("{other:?}"),
    }
}

/// Names of the metrics in requests that the bridge made of itself.
fn metrics(taken: &[bytes::Bytes]) -> Vec<String> {
    let requests = taken.iter().map(|body| ExportMetricsServiceRequest::decode(&body[..]).unwrap());
    let resources = requests.flat_map(|request| request.resource_metrics);
    let own = resources.inspect(|one| assert_eq!(service(one.resource.as_ref().unwrap()), "otel-bridge"));
    own.flat_map(|one| one.scope_metrics).flat_map(|one| one.metrics).map(|metric| metric.name).collect()
}

/// Names of its spans.
fn spans(taken: &[bytes::Bytes]) -> Vec<String> {
    let requests = taken.iter().map(|body| ExportTraceServiceRequest::decode(&body[..]).unwrap());
    let resources = requests.flat_map(|request| request.resource_spans);
    let own = resources.inspect(|one| assert_eq!(service(one.resource.as_ref().unwrap()), "otel-bridge"));
    own.flat_map(|one| one.scope_spans).flat_map(|one| one.spans).map(|span| span.name).collect()
}

async fn observed(sink: &Sink) -> BridgeUnderTest {
    let directory = tempfile::tempdir().unwrap();
    let push = sink.destination("grpc", ", queue: { directory: \"{directory}/queue\" }");
    let mut config = config(&format!("push: [{push}]"), directory.path());
    config.metric_export_interval = Duration::from_millis(100);
    BridgeUnderTest::start_config(config, Clock::system(), directory).await.unwrap()
}

/// Its metrics come as service `otel-bridge`; a request to a pull endpoint makes one span, the export of spans and metrics none.
#[tokio::test(flavor = "multi_thread")]
async fn metrics_and_spans_arrive() {
    let sink = Sink::start().await;
    let bridge = observed(&sink).await;
    sink.wait_for(Signal::Metrics, |taken| {
        let names = metrics(taken);
        let wanted =
            ["component.status", "otel_bridge.delivered_items", "otel_bridge.received_items", "circuit_breaker.status"];
        wanted.iter().all(|wanted| names.iter().any(|name| name == wanted))
    })
    .await;
    assert!(sink.taken(Signal::Traces).is_empty(), "nobody asked anything");
    for probe in ["/livez", "/readyz", "/healthz"] {
        bridge.get(probe).await;
    }
    bridge.get("/health").await;
    bridge.get("/metrics").await;
    let taken = sink.wait_for(Signal::Traces, |taken| spans(taken).len() >= 2).await;
    let mut names = spans(&taken);
    names.sort();
    assert_eq!(names, ["GET /health", "GET /metrics"]);
    let exports = sink.taken(Signal::Metrics).len();
    sink.wait_for(Signal::Metrics, |taken| taken.len() >= exports + 10).await;
    assert_eq!(spans(&sink.taken(Signal::Traces)).len(), 2, "exports make no spans");
    sink.wait_for(Signal::Metrics, |taken| metrics(taken).iter().any(|name| name == "http.server.request.duration"))
        .await;
}

/// The books of what it sends itself balance like everybody's: received = delivered + queued + dropped.
#[tokio::test(flavor = "multi_thread")]
async fn its_own_items_are_in_the_books() {
    let sink = Sink::start().await;
    let bridge = observed(&sink).await;
    sink.wait_for(Signal::Metrics, |taken| taken.len() >= 3).await;
    bridge.get("/health").await;
    eventually("balanced books", async || {
        let store = bridge.bridge.store();
        let own = store.accounting().receivers().into_iter().find(|facts| facts.receiver == "self")?;
        let destination = store.destinations().pop()?;
        let balance = own.items.iter().zip(&destination.signals).all(|(received, signal)| {
            let signal = signal.as_ref().unwrap();
            let dropped: u64 = signal.dropped.iter().map(|(_, items)| items).sum();
            *received == signal.delivered + signal.queue_items + dropped
        });
        (balance && own.items[0] > 0 && own.items[1] > 0).then_some(())
    })
    .await;
}

/// On the way out, the last figures and spans are sent too.
#[tokio::test(flavor = "multi_thread")]
async fn a_stop_sends_the_rest() {
    let sink = Sink::start().await;
    let push = sink.destination("http/protobuf", ", queue: { durability: memory }");
    let bridge = BridgeUnderTest::start(&format!("push: [{push}]")).await;
    bridge.get("/health").await;
    bridge.bridge.stop().await;
    assert_eq!(spans(&sink.taken(Signal::Traces)), ["GET /health"]);
    assert!(!metrics(&sink.taken(Signal::Metrics)).is_empty());
}

/// With `self_observation: false` nothing of it is sent, and it is no service.
#[tokio::test(flavor = "multi_thread")]
async fn switched_off() {
    let sink = Sink::start().await;
    let push = sink.destination("http/protobuf", ", queue: { durability: memory }");
    let bridge = BridgeUnderTest::start(&format!("self_observation: false\npush: [{push}]")).await;
    assert_eq!(bridge.get("/health").await.status, 503);
    assert_eq!(bridge.get("/health").await.json()["status"], "service_unavailable");
    bridge.bridge.stop().await;
    assert!(sink.received().is_empty());
}
