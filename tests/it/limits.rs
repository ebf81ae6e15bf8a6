//! What a whole bridge does at its limits: a full queue, no file descriptors, a storm of scrapes.

use std::process::Stdio;

use futures_util::future::join_all;
use otel_bridge::model::signal::Signal;
use tokio::net::TcpStream;

use crate::harness::child::configuration;
use crate::harness::{Answer, BridgeUnderTest, Child, Reply, Service, Sink, eventually, otlp};

const METRICS: &str = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";

/// Disk full, by its configured size: new data is refused in a way that its sender keeps it, what was taken goes out once the
/// destination is back, and then new data is taken again without anybody's help.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue() {
    let sink = Sink::start().await;
    sink.always(Some(Reply::Status(503)));
    let rest = ", signals: [metrics], retry: { initial: 10ms, max: 20ms }, queue: { directory: \"{directory}/queue\", bytes_max: 2MiB }";
    let push = sink.destination("http/protobuf", rest);
    let bridge = BridgeUnderTest::start(&format!("self_observation: false\npush: [{push}]")).await;
    let url = format!("{}/v1/metrics", bridge.door("OTLP/HTTP"));
    let mut taken = 0;
    let refused = loop {
        let body = otlp::numbered(taken, taken + 2_000);
        let answer = bridge.client.post(&url, "application/x-protobuf", body).await;
        if answer.status != 200 {
            break answer;
        }
        taken += 2_000;
        assert!(taken < 1_000_000, "the queue has no end");
    };
    assert_eq!(refused.status, 503, "{refused:?}");
    assert!(refused.header("retry-after").parse::<u64>().is_ok_and(|seconds| seconds > 0), "{refused:?}");
    let answer = bridge.client.call(&bridge.door("OTLP/gRPC"), METRICS, &otlp::numbered(0, 2_000), &[]).await;
    assert_eq!(answer.grpc_code(), 14, "{answer:?}");
    let details = answer.trailers.get("grpc-status-details-bin").or(answer.headers.get("grpc-status-details-bin"));
    assert!(details.is_some(), "RetryInfo: {answer:?}");
    bridge.post("/v1/logs", prost::Message::encode_to_vec(&otlp::logs("shop", &["another signal"]))).await;
    assert_eq!(bridge.get("/readyz").await.status, 200, "a full queue is a warning");
    let counted = async || bridge.get("/metrics").await.text().contains("reason=\"queue_full\"").then_some(());
    eventually("the refusal on the page", counted).await;
    sink.always(None);
    let count = |all: &[bytes::Bytes]| all.iter().map(|body| otlp::numbers(body).len()).sum::<usize>();
    sink.wait_for(Signal::Metrics, |all| count(all) >= taken as usize).await;
    eventually("new data is taken", async || {
        let body = otlp::numbered(taken, taken + 1);
        (bridge.client.post(&url, "application/x-protobuf", body).await.status == 200).then_some(())
    })
    .await;
    let all = sink.wait_for(Signal::Metrics, |all| count(all) > taken as usize).await;
    let mut numbers: Vec<u64> = all.iter().flat_map(|body| otlp::numbers(body)).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..=taken).collect::<Vec<_>>(), "all that was answered with 200, once, and nothing else");
}

/// Without a free descriptor nobody new is let in; when there are some again, all goes on.
#[tokio::test(flavor = "multi_thread")]
async fn no_more_files() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("bridge.yaml"), configuration("push: []")).unwrap();
    let program = env!("CARGO_BIN_EXE_otel-bridge");
    let mut command = tokio::process::Command::new("sh");
    command.arg("-c").arg(format!("ulimit -n 64; exec {program} serve --config bridge.yaml"));
    command.current_dir(home.path()).stdin(Stdio::null()).kill_on_drop(true);
    let mut child = Child::spawn(command, &home.path().join("log")).await;
    let address = child.door("main").replace("http://", "");
    let connections = join_all((0..200).map(|_| TcpStream::connect(&address))).await;
    let open = connections.iter().filter(|one| one.is_ok()).count();
    assert!(open > 64, "more than it can take wait at its door: {open}");
    drop(connections);
    eventually("it answers again", async || {
        let answer = child.client.request("GET", &format!("{}/readyz", child.door("main")), &[], Vec::new()).await;
        answer.is_ok_and(|answer| answer.status == 200).then_some(())
    })
    .await;
    child.signal(rustix::process::Signal::TERM);
    assert!(child.end().await.success(), "{}", child.log());
    let lines = child.log().lines().count();
    assert!(lines < 50, "the log says it {lines} times:\n{}", child.log());
}

/// Two hundred scrapers at once, each with 8 KB of Accept: one page for all of them, which repeats none of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_scrape_storm() {
    let bridge =
        BridgeUnderTest::start("pull: [{ name: main, rate_limit: 0 }]\nstate: { snapshot_interval: 1s }").await;
    bridge.hear(&Service::new("shop").component("api", "running", 7, 1)).await;
    let accept = format!("application/{};q=0.9,text/plain;version=0.0.4;q=0.1", "x,y/z;q=0.5,".repeat(680));
    assert!(accept.len() > 8_000);
    let url = format!("{}/metrics", bridge.pull());
    let headers = [("accept", &*accept)];
    let answers = join_all((0..200).map(|_| bridge.client.get_with(&url, &headers))).await;
    for answer in &answers {
        assert_eq!(answer.status, 200, "{answer:?}");
        assert!(answer.header("content-type").starts_with("text/plain"), "{answer:?}");
        assert!(!format!("{:?}", answer.headers).contains("y/z"));
    }
    let mut pages: Vec<_> = answers.iter().map(Answer::text).collect();
    pages.sort();
    pages.dedup();
    assert!(pages.len() <= 5, "{} pages were rendered", pages.len());
}
