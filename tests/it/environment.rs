//! What the variables of the OpenTelemetry specification do to an embedded bridge: a process of its own, whose environment is
//! exactly what each test gives it.

use std::process::Stdio;

use opentelemetry::trace::Tracer as _;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use otel_bridge::Bridge;
use otel_bridge::model::signal::Signal;
use prost::Message as _;
use tokio::process::Command;

use crate::harness::sink::Received;
use crate::harness::{PATIENCE, Reply, Sink};

/// Set in the child, which is this test program running one test.
const CHILD: &str = "OTEL_BRIDGE_TEST_CHILD";
/// How the child ends when its last export was lost: each item of it is counted, or it did not end in time.
const COUNTED: i32 = 7;
const GAVE_UP: i32 = 8;

/// The service: it records something of each signal, waits until somebody has its metrics if it is told so, and stops.
#[tokio::test(flavor = "multi_thread")]
async fn the_child() {
    let Ok(word) = std::env::var(CHILD) else { return };
    let bridge = Bridge::builder().push_from_env().build().unwrap();
    let cart = bridge.component("cart").register().unwrap();
    cart.processed(7);
    cart.failed(&std::io::Error::other("no stock"));
    bridge.tracer().in_span("charge", |_| ());
    if word == "waits" {
        // Its parent ends it.
        tokio::time::sleep(PATIENCE).await;
    }
    if let Err(lost) = bridge.shutdown().await {
        // One alone is what a shutdown says that gave up waiting.
        std::process::exit(if lost.items > 1 { COUNTED } else { GAVE_UP });
    }
}

/// The child with these variables and no others.
fn service(word: &str, variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "environment::the_child"]).env_clear().env(CHILD, word).kill_on_drop(true);
    command.envs(variables.iter().copied()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::inherit());
    command
}

/// Runs the service to its end, and tells how it ended.
async fn end(variables: &[(&str, &str)]) -> Option<i32> {
    let status = service("stops", variables).status();
    tokio::time::timeout(PATIENCE, status).await.expect("the service ends").unwrap().code()
}

/// The same, and whether that was a good end.
async fn run(variables: &[(&str, &str)]) -> bool {
    end(variables).await == Some(0)
}

fn of(sink: &Sink, signal: Signal) -> Vec<Received> {
    sink.received().into_iter().filter(|one| one.signal == signal).collect()
}

fn resource(received: &Received) -> Vec<(String, String)> {
    let request = ExportMetricsServiceRequest::decode(&received.body[..]).unwrap();
    let attributes = request.resource_metrics[0].resource.clone().unwrap().attributes;
    let text = |value: Option<Value>| match value {
        Some(Value::StringValue(text)) => text,
        other => panic!("{other:?}"),
    };
    attributes.into_iter().map(|one| (one.key, text(one.value.unwrap().value))).collect()
}

/// Endpoint, protocol, headers, compression and resource, over each protocol, for all signals.
#[tokio::test(flavor = "multi_thread")]
async fn a_service_is_told_by_its_environment() {
    for (protocol, compression, kind) in [
        ("grpc", "gzip", "application/grpc"),
        ("http/protobuf", "gzip", "application/x-protobuf"),
        ("http/json", "none", "application/json"),
    ] {
        let sink = Sink::start().await;
        let endpoint = format!("http://{}", sink.address);
        let ended = run(&[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
            ("OTEL_EXPORTER_OTLP_COMPRESSION", compression),
            ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20token,x-tenant=a"),
            ("OTEL_SERVICE_NAME", "checkout"),
            ("OTEL_RESOURCE_ATTRIBUTES", "service.name=other,service.version=1.2.3,team=cart%20team"),
        ])
        .await;
        assert!(ended, "{protocol}");
        for signal in Signal::ALL {
            let received = of(&sink, signal);
            assert!(!received.is_empty(), "{protocol}: {signal:?}");
            for one in &received {
                let header = |name: &str| one.headers.get(name).map(|value| value.to_str().unwrap());
                assert_eq!(header("content-type"), Some(kind));
                assert_eq!((header("authorization"), header("x-tenant")), (Some("Bearer token"), Some("a")));
                let encoding = header(if protocol == "grpc" { "grpc-encoding" } else { "content-encoding" });
                assert_eq!(encoding.unwrap_or("none"), compression, "{protocol}");
            }
        }
        if protocol != "http/json" {
            let resource = resource(&of(&sink, Signal::Metrics)[0]);
            for (key, value) in [("service.name", "checkout"), ("service.version", "1.2.3"), ("team", "cart team")] {
                let found: Vec<_> = resource.iter().filter(|(name, _)| name == key).collect();
                assert_eq!(found, [&(key.to_owned(), value.to_owned())]);
            }
        }
    }
}

/// A signal has an endpoint and headers of its own, which win, and is used as it is; `none` turns a signal off.
#[tokio::test(flavor = "multi_thread")]
async fn signals_have_variables_of_their_own() {
    let (general, traces) = (Sink::start().await, Sink::start().await);
    let ended = run(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &format!("http://{}", general.address)),
        ("OTEL_EXPORTER_OTLP_HEADERS", "x-tenant=general"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", &format!("http://{}/own/traces", traces.address)),
        ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "x-tenant=traces"),
        ("OTEL_LOGS_EXPORTER", "none"),
    ])
    .await;
    assert!(ended);
    let tenants =
        |received: &[Received]| received.iter().map(|one| one.headers["x-tenant"].clone()).collect::<Vec<_>>();
    assert_eq!(tenants(&of(&traces, Signal::Traces)), ["traces"]);
    assert!(!tenants(&of(&general, Signal::Metrics)).is_empty());
    assert!(tenants(&general.received()).iter().all(|tenant| tenant == "general"));
    assert!(of(&general, Signal::Traces).is_empty() && of(&traces, Signal::Metrics).is_empty());
    assert!(of(&general, Signal::Logs).is_empty());
}

/// `OTEL_SDK_DISABLED`: nothing leaves the process, and the service goes on. Without an endpoint it is the same.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_leaves_a_process_that_is_told_so() {
    let sink = Sink::start().await;
    let endpoint = format!("http://{}", sink.address);
    assert!(run(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint), ("OTEL_SDK_DISABLED", "true")]).await);
    assert!(run(&[("OTEL_SDK_DISABLED", "false")]).await);
    assert!(sink.received().is_empty());
    assert!(run(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint), ("OTEL_SDK_DISABLED", "false")]).await);
    assert!(!sink.received().is_empty(), "the sink works");
}

/// `OTEL_METRIC_EXPORT_INTERVAL`: metrics come while the service runs. By default the first ones come after a minute.
#[tokio::test(flavor = "multi_thread")]
async fn the_interval_is_kept() {
    let sink = Sink::start().await;
    let variables =
        [("OTEL_EXPORTER_OTLP_ENDPOINT", &*format!("http://{}", sink.address)), ("OTEL_METRIC_EXPORT_INTERVAL", "50")];
    let mut running = service("waits", &variables).spawn().unwrap();
    sink.wait_for(Signal::Metrics, |taken| taken.len() >= 2).await;
    running.kill().await.unwrap();
}

/// `OTEL_EXPORTER_OTLP_TIMEOUT`: an export to a destination that never answers ends with it, and its items count as lost. By
/// default, of ten seconds, the shutdown gives up first.
#[tokio::test(flavor = "multi_thread")]
async fn the_timeout_is_kept() {
    let sink = Sink::start().await;
    sink.always(Some(Reply::Held));
    let endpoint = format!("http://{}", sink.address);
    let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", &*endpoint);
    assert_eq!(end(&[endpoint, ("OTEL_EXPORTER_OTLP_TIMEOUT", "50")]).await, Some(COUNTED));
    assert_eq!(end(&[endpoint]).await, Some(GAVE_UP));
}
