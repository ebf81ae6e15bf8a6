//! Each example runs, and its views show what it does. `cargo test` builds the examples; with a narrower command, build them first.

use std::path::PathBuf;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use super::harness::{Answer, BridgeUnderTest, Client, PATIENCE, eventually};

/// An example, built beside this test.
fn example(name: &str, arguments: &[&str]) -> Command {
    let own = std::env::current_exe().unwrap();
    let path: PathBuf = own.parent().and_then(|deps| deps.parent()).unwrap().join("examples").join(name);
    assert!(path.is_file(), "{} is missing: build the examples first", path.display());
    let mut command = Command::new(path);
    command.args(arguments).env_clear().stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
    command
}

/// A running example that serves its views.
struct Served {
    _process: Child,
    url: String,
    client: Client,
}

impl Served {
    async fn start(name: &str) -> Self {
        let mut process = example(name, &["127.0.0.1:0"]).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let line = tokio::time::timeout(PATIENCE, lines.next_line()).await.expect("a URL is told").unwrap();
        let url = line.unwrap_or_else(|| panic!("{name} ended")).trim_end_matches('/').to_owned();
        assert!(url.starts_with("http://127.0.0.1:"), "{url}");
        Self { _process: process, url, client: Client::new() }
    }

    async fn get(&self, path: &str) -> Answer {
        self.client.get(&format!("{}{path}", self.url)).await
    }
}

/// A worker that handled a request and waits for the next.
#[tokio::test]
async fn the_minimal_one_shows_its_pool() {
    let served = Served::start("minimal").await;
    // The first picture may be from before the worker.
    let pool = eventually("the worker", async || {
        let pool = served.get("/metrics/api/metrics/").await.json()["pool"].clone();
        (pool["idle"] == 1).then_some(pool)
    })
    .await;
    assert_eq!((&pool["size"], &pool["active"]), (&4.into(), &0.into()), "{pool}");
    let text = served.get("/metrics").await.text();
    let requests = text.lines().find(|line| line.starts_with("worker_requests_total{")).expect("the worker's requests");
    assert!(requests.contains("\"worker-1\"") && requests.ends_with(" 1"), "{requests}");
}

/// Instruments of one's own are in both forms.
#[tokio::test]
async fn custom_metrics_are_shown() {
    let served = Served::start("custom_metrics").await;
    let text = served.get("/metrics").await.text();
    assert!(text.lines().any(|line| line.starts_with("bakery_loaves_total{") && line.ends_with(" 12")), "{text}");
    assert!(text.contains("bakery_bake_duration_seconds_bucket{"), "{text}");
    let custom = served.get("/metrics/json").await.json()["custom"].clone();
    let names: Vec<_> = custom.as_object().expect("families").keys().map(String::as_str).collect();
    let wanted = ["bakery_bake_duration_seconds", "bakery_loaves_total", "bakery_oven_temperature_celsius"];
    assert_eq!(names, wanted, "{custom}");
}

/// Work that is pushed is seen in the bridge, to the last job.
#[tokio::test]
async fn the_pool_of_workers_is_seen_elsewhere() {
    let bridge = BridgeUnderTest::start("pull: { address: 127.0.0.1:0, rate_limit: 0 }").await;
    let mut command = example("worker_pool", &["500", &bridge.door("OTLP/gRPC")]);
    let mut process = command.env("OTEL_METRIC_EXPORT_INTERVAL", "100").spawn().unwrap();
    let pool = async || {
        let pools = bridge.get("/api/v1/pools?service=primes").await.json();
        pools["items"].as_array().and_then(|pools| pools.first().cloned())
    };
    let first = eventually("the pool", pool).await;
    assert_eq!(first["size"], 4, "{first}");
    let status = tokio::time::timeout(PATIENCE, process.wait()).await.expect("it ends").unwrap();
    assert!(status.success(), "{status}");
    let last = eventually("the last job", async || pool().await.filter(|pool| pool["requests"] == 500)).await;
    assert_eq!(last["errors"], 10, "{last}");
}

/// Requests, spans and the breaker of a service, on the service's own port.
#[cfg(all(feature = "tower", feature = "failsafe"))]
#[tokio::test]
async fn the_service_shows_its_requests_and_its_breaker() {
    let served = Served::start("axum_service").await;
    let mut answers = Vec::new();
    for _ in 0..9 {
        answers.push(served.get("/pay").await.status);
    }
    // The third failure opens the breaker, which stays open for longer than this loop takes.
    assert_eq!(answers, [200, 200, 200, 200, 502, 502, 502, 503, 503]);
    let named = |list: &serde_json::Value, name: &str| {
        let found = list["items"].as_array().and_then(|all| all.iter().find(|one| one["name"] == name)).cloned();
        found.unwrap_or_else(|| panic!("no {name} in {list}"))
    };
    // A picture may be a quarter of a second old.
    eventually("the last calls", async || {
        let breaker = named(&served.get("/api/v1/breakers").await.json(), "payments");
        (breaker["calls_rejected"] == 2 && breaker["state"] == "open").then_some(())
    })
    .await;
    let component = named(&served.get("/api/v1/components").await.json(), "shop_api");
    assert_eq!(component["last_error"], "503: answered with 503 Service Unavailable", "{component}");
    let text = served.get("/metrics").await.text();
    let value = |start: &str, label: &str| {
        let line = text.lines().find(|line| line.starts_with(start) && line.contains(label));
        line.and_then(|line| line.rsplit(' ').next()).unwrap_or_else(|| panic!("no {start} {label} in {text}"))
    };
    assert_eq!(value("component_items_processed{", "shop_api"), "9");
    assert_eq!(value("component_errors_total{", "shop_api"), "5");
    assert_eq!(value("circuit_breaker_calls_total{", "outcome=\"success\""), "4");
    assert_eq!(value("circuit_breaker_calls_total{", "outcome=\"failure\""), "3");
    assert_eq!(value("circuit_breaker_calls_total{", "outcome=\"rejected\""), "2");
    assert_eq!(value("active_traces_total", ""), "9");
    let failed = served.get("/api/v1/traces").await.json();
    assert!(failed.to_string().contains("GET /pay"), "{failed}");
}
