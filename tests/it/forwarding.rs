//! What comes in goes out: all three signals, by every transport, to the byte.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use otel_bridge::model::signal::Signal;
use prost::Message;

use crate::harness::{BridgeUnderTest, Reply, Service, Sink, eventually, otlp};

const PATHS: [(Signal, &str); 3] =
    [(Signal::Metrics, "/v1/metrics"), (Signal::Traces, "/v1/traces"), (Signal::Logs, "/v1/logs")];
const SERVICES: [&str; 3] = [
    "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
    "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
    "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
];

/// One request of each signal, each with a field that no version of the protocol knows yet.
fn requests() -> [Vec<u8>; 3] {
    let unknown = [0xfa, 0x3f, 3, b'n', b'e', b'w'];
    let metrics = Service::new("shop").component("api", "running", 7, 1).pool("web", 8, [1, 2, 3]);
    let with = |body: Vec<u8>| [&body[..], &unknown].concat();
    [
        with(metrics.encoded()),
        with(otlp::traces("shop", &["GET /a", "GET /b"]).encode_to_vec()),
        with(otlp::logs("shop", &["one", "two"]).encode_to_vec()),
    ]
}

fn json(signal: Signal, body: &[u8]) -> Vec<u8> {
    otel_bridge::otlp::json::encode(signal, body).unwrap()
}

fn bridge_to(sink: &Sink, signals: &str) -> String {
    let queue = ", queue: { directory: \"{directory}/queue\" }, retry: { initial: 10ms, max: 20ms }";
    let rest = format!("{queue}, signals: [{signals}]");
    let destinations = ["grpc", "http/protobuf"].map(|protocol| sink.destination(protocol, &rest));
    format!("self_observation: false\npush: [{}]", destinations.join(", "))
}

/// Posted by HTTP and by gRPC, delivered by gRPC and by HTTP: the bytes that came, in every signal, unknown fields too.
#[tokio::test(flavor = "multi_thread")]
async fn bytes_go_through_unchanged() {
    let sink = Sink::start().await;
    let bridge = BridgeUnderTest::start(&bridge_to(&sink, "metrics, traces, logs")).await;
    for (((signal, path), service), body) in PATHS.into_iter().zip(SERVICES).zip(requests()) {
        bridge.post(path, body.clone()).await;
        let taken = sink.wait_for(signal, |taken| taken.len() == 2).await;
        assert!(taken.iter().all(|one| *one == body), "{signal:?} by HTTP");
        let answer = bridge.client.call(&bridge.door("OTLP/gRPC"), service, &body, &[]).await;
        assert_eq!(answer.grpc_code(), 0, "{answer:?}");
        let taken = sink.wait_for(signal, |taken| taken.len() == 4).await;
        assert!(taken.iter().all(|one| *one == body), "{signal:?} by gRPC");
    }
}

/// J12: the same request as JSON and as protobuf makes the same state, and is forwarded as the same data.
#[tokio::test(flavor = "multi_thread")]
async fn json_and_protobuf_are_the_same() {
    let mut views = Vec::new();
    for is_json in [false, true] {
        let sink = Sink::start().await;
        let bridge = BridgeUnderTest::start(&bridge_to(&sink, "metrics, traces, logs")).await;
        for ((signal, path), body) in PATHS.into_iter().zip(requests()) {
            // JSON has no form for unknown fields, and its fields may come in another order: the decoded forms are compared.
            let known = decoded(signal, &body);
            let (kind, sent) = if is_json {
                ("application/json; charset=utf-8", json(signal, &body))
            } else {
                ("application/x-protobuf", body)
            };
            let answer = bridge.client.post(&format!("{}{path}", bridge.door("OTLP/HTTP")), kind, sent).await;
            assert_eq!(answer.status, 200, "{answer:?}");
            let taken = sink.wait_for(signal, |taken| taken.len() == 2).await;
            assert!(taken.iter().all(|one| decoded(signal, one) == known), "{signal:?}");
        }
        let seen = async || {
            let page = bridge.get("/metrics").await.text();
            // The spans came after the metrics, and their snapshot may be a later one.
            page.contains("otel_sdk_span_started_total{job=\"shop\",instance=\"i-1\"} 2").then_some(page)
        };
        let page = eventually("the spans on /metrics", seen).await;
        let lines = page.lines().filter(|line| line.contains("job=\"shop\"") && !line.contains("last_activity"));
        views.push(lines.map(ToOwned::to_owned).collect::<Vec<_>>());
    }
    assert!(views[0].len() > 8, "{views:?}");
    assert_eq!(views[0], views[1]);
}

fn decoded(signal: Signal, body: &[u8]) -> String {
    match signal {
        Signal::Metrics => format!("{:?}", ExportMetricsServiceRequest::decode(body).unwrap()),
        Signal::Traces => format!("{:?}", ExportTraceServiceRequest::decode(body).unwrap()),
        Signal::Logs => format!("{:?}", ExportLogsServiceRequest::decode(body).unwrap()),
    }
}

/// A destination that takes JSON gets the same items as JSON.
#[tokio::test(flavor = "multi_thread")]
async fn a_json_destination_gets_the_same_items() {
    let sink = Sink::start().await;
    let queue = ", queue: { durability: memory }, compression: zstd";
    let push = sink.destination("http/json", queue);
    let bridge = BridgeUnderTest::start(&format!("self_observation: false\npush: [{push}]")).await;
    for ((signal, path), body) in PATHS.into_iter().zip(requests()) {
        bridge.post(path, body.clone()).await;
        let taken = sink.wait_for(signal, |taken| !taken.is_empty()).await;
        let back = otel_bridge::otlp::json::decode(signal, &taken[0], usize::MAX).unwrap();
        assert_eq!(decoded(signal, &back), decoded(signal, &body));
    }
}

/// While a destination is away, requests wait and merge; item by item everything arrives once, and the books balance.
#[tokio::test(flavor = "multi_thread")]
async fn merged_requests_are_equal_item_by_item() {
    let sink = Sink::start().await;
    sink.always(Some(Reply::Status(503)));
    let bridge = BridgeUnderTest::start(&bridge_to(&sink, "metrics")).await;
    for from in 0..40 {
        bridge.post("/v1/metrics", otlp::numbered(from * 25, from * 25 + 25)).await;
    }
    sink.always(None);
    let count = |taken: &[bytes::Bytes]| taken.iter().map(|body| otlp::numbers(body).len()).sum::<usize>();
    let taken = sink.wait_for(Signal::Metrics, |taken| count(taken) >= 2000).await;
    assert!(taken.len() < 80, "{} requests for 80 batches: nothing was merged", taken.len());
    let mut numbers: Vec<u64> = taken.iter().flat_map(|body| otlp::numbers(body)).collect();
    numbers.sort_unstable();
    let twice: Vec<u64> = (0..1000).flat_map(|number| [number, number]).collect();
    assert_eq!(numbers, twice);
    let balanced = async || {
        let facts = bridge.bridge.store().destinations();
        let signals: Vec<_> = facts.iter().filter_map(|facts| facts.signals[0].as_ref()).collect();
        let is_done = signals.iter().all(|signal| (signal.delivered, signal.queue_items) == (1000, 0));
        is_done.then(|| assert!(signals.iter().all(|signal| signal.dropped.iter().all(|(_, items)| *items == 0))))
    };
    eventually("books that balance", balanced).await;
}

/// A destination that takes only some signals is spared the others, and they are not refused for it.
#[tokio::test(flavor = "multi_thread")]
async fn signals_are_chosen() {
    let sink = Sink::start().await;
    let bridge = BridgeUnderTest::start(&bridge_to(&sink, "logs")).await;
    for ((_, path), body) in PATHS.into_iter().zip(requests()) {
        bridge.post(path, body).await;
    }
    sink.wait_for(Signal::Logs, |taken| taken.len() == 2).await;
    assert!(sink.received().iter().all(|one| one.signal == Signal::Logs));
}
