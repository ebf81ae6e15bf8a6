//! What the program does on SIGTERM, on a second one, and on SIGHUP.

use std::time::Duration;

use otel_bridge::model::signal::Signal as Telemetry;
use rustix::process::Signal;
use tokio::time::Instant;

use crate::harness::child::configuration;
use crate::harness::{Child, Reply, Sink, eventually, otlp};

/// A destination that is away, so that a stop has something to wait for.
fn to(sink: &Sink) -> String {
    let rest = ", signals: [metrics], queue: { directory: data }, retry: { initial: 50ms, max: 100ms }";
    configuration(&format!("self_observation: false\npush: [{}]", sink.destination("http/protobuf", rest)))
}

async fn post(child: &Child, body: Vec<u8>) {
    let url = format!("{}/v1/metrics", child.door("OTLP/HTTP"));
    let answer = child.client.post(&url, "application/x-protobuf", body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

/// Readiness goes first, the doors close, what waits is sent once the destination is back, and the exit is clean and in time.
#[tokio::test(flavor = "multi_thread")]
async fn a_stop() {
    let home = tempfile::tempdir().unwrap();
    let sink = Sink::start().await;
    sink.always(Some(Reply::Held));
    let mut child = Child::serve(home.path(), &to(&sink), &[]).await;
    post(&child, otlp::numbered(0, 10)).await;
    let door = child.door("OTLP/HTTP").to_owned();
    let begun = Instant::now();
    child.signal(Signal::TERM);
    eventually("readiness is off", async || {
        let answer = child.get("/readyz?verbose").await;
        (answer.status == 503).then(|| assert!(answer.text().contains("stopping"), "{answer:?}"))
    })
    .await;
    assert_eq!(child.get("/livez").await.status, 200, "it is alive while it stops");
    eventually("the doors are closed", async || {
        let kind = [("content-type", "application/x-protobuf")];
        child.client.request("POST", &format!("{door}/v1/metrics"), &kind, Vec::new()).await.err()
    })
    .await;
    sink.always(None);
    assert!(child.end().await.success(), "{}", child.log());
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    let numbers: Vec<u64> = sink.taken(Telemetry::Metrics).iter().flat_map(|body| otlp::numbers(body)).collect();
    assert_eq!(numbers, (0..10).collect::<Vec<_>>());
}

/// A second signal does not wait for the destination; what was taken is still there after a restart.
#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal() {
    let home = tempfile::tempdir().unwrap();
    let sink = Sink::start().await;
    sink.always(Some(Reply::Held));
    let mut child = Child::serve(home.path(), &to(&sink), &[]).await;
    post(&child, otlp::numbered(0, 10)).await;
    child.signal(Signal::TERM);
    eventually("the stop has begun", async || (child.get("/readyz").await.status == 503).then_some(())).await;
    let second = Instant::now();
    child.signal(Signal::INT);
    assert!(child.end().await.success(), "{}", child.log());
    assert!(second.elapsed() < Duration::from_secs(3), "{:?}", second.elapsed());
    assert!(sink.taken(Telemetry::Metrics).is_empty());
    sink.always(None);
    let _again = Child::serve(home.path(), &to(&sink), &[]).await;
    let taken = sink.wait_for(Telemetry::Metrics, |taken| !taken.is_empty()).await;
    assert_eq!(otlp::numbers(&taken[0]), (0..10).collect::<Vec<_>>());
}

/// SIGHUP with a good file: its destination gets what comes from then on, its endpoint answers, and what stayed was not cut.
#[tokio::test(flavor = "multi_thread")]
async fn a_reload() {
    let home = tempfile::tempdir().unwrap();
    let sink = Sink::start().await;
    let child = Child::serve(home.path(), &configuration("push: []"), &[]).await;
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let text = to(&sink).replace("pull: [", &format!("pull: [{{ name: second, address: 127.0.0.1:{port} }}, "));
    std::fs::write(home.path().join("bridge.yaml"), text.replace("self_observation: false\n", "")).unwrap();
    child.signal(Signal::HUP);
    let url = format!("http://127.0.0.1:{port}/readyz");
    eventually("the new endpoint", async || child.client.request("GET", &url, &[], Vec::new()).await.ok()).await;
    eventually("the new destination", async || {
        let exporters = child.get("/api/v1/exporters").await.text();
        exporters.contains("http-protobuf").then_some(())
    })
    .await;
    post(&child, otlp::numbered(0, 3)).await;
    let all = |taken: &[bytes::Bytes]| taken.iter().any(|body| otlp::numbers(body) == [0, 1, 2]);
    sink.wait_for(Telemetry::Metrics, all).await;
}

/// SIGHUP with a bad file: everything goes on as it was; health and events say so until a good file comes.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_reload() {
    let home = tempfile::tempdir().unwrap();
    let sink = Sink::start().await;
    let child = Child::serve(home.path(), &to(&sink), &[]).await;
    std::fs::write(home.path().join("bridge.yaml"), to(&sink).replace("grpc:", "grcp:")).unwrap();
    child.signal(Signal::HUP);
    let health = eventually("the refusal in /health", async || {
        let health = child.get("/health").await.json();
        health.get("config").is_some().then_some(health)
    })
    .await;
    assert_eq!(health["config"]["status"], "refused", "{health}");
    let error = health["config"]["error"].as_str().unwrap();
    assert!(error.contains("bridge.yaml:1:") && error.contains("grpc"), "{error}");
    assert!(child.get("/api/v1/events").await.text().contains("config_refused"));
    assert!(child.log().contains("refused"));
    eventually("the count", async || {
        let page = child.get("/metrics").await.text();
        page.contains("\notel_bridge_config_refusals_total 1\n").then_some(())
    })
    .await;
    post(&child, otlp::numbered(0, 3)).await;
    sink.wait_for(Telemetry::Metrics, |taken| !taken.is_empty()).await;
    std::fs::write(home.path().join("bridge.yaml"), to(&sink)).unwrap();
    child.signal(Signal::HUP);
    eventually("health without a refusal", async || {
        child.get("/health").await.json().get("config").is_none().then_some(())
    })
    .await;
}
