//! The printed configurations start a bridge as they stand (but for the ports), and it answers on the printed routes.

use crate::harness::{BridgeUnderTest, Service};

/// Routes of the metrics endpoint's document, with the status of a system whose expected components are not there yet.
const ENDPOINT_ROUTES: [(&str, &str); 8] = [
    ("/", "application/json"),
    ("/health", "application/json"),
    ("/metrics", "text/plain"),
    ("/prometheus", "text/plain"),
    ("/metrics/json", "application/json"),
    ("/alerts", "application/json"),
    ("/components", "application/json"),
    ("/openapi.json", "application/json"),
];

const PLUGIN_ROUTES: [(&str, &str); 6] = [
    ("/metrics/api/metrics/", "application/json"),
    ("/metrics/api/metrics/prometheus", "text/plain"),
    ("/metrics/api/metrics/stats", "application/json"),
    ("/metrics/api/", "application/json"),
    ("/metrics/api/prometheus", "text/plain"),
    ("/metrics/api/stats", "application/json"),
];

async fn check_routes(bridge: &BridgeUnderTest, endpoint: &str) {
    for (path, kind) in ENDPOINT_ROUTES.into_iter().chain(PLUGIN_ROUTES) {
        let answer = bridge.client.get(&format!("{}{path}", bridge.door(endpoint))).await;
        assert_eq!(answer.status, 200, "{endpoint}{path}: {answer:?}");
        assert!(answer.header("content-type").starts_with(kind), "{endpoint}{path}: {answer:?}");
        assert!(!answer.body.is_empty(), "{endpoint}{path}");
        if kind == "application/json" {
            answer.json();
        } else {
            assert!(answer.text().ends_with('\n'), "{endpoint}{path}");
        }
    }
    for path in ["/metrics/api/metrics/sse", "/metrics/api/sse"] {
        let event = bridge.client.first_event(&format!("{}{path}", bridge.door(endpoint))).await;
        let event: serde_json::Value = serde_json::from_str(&event).unwrap();
        assert!(event["pool"]["utilization"].is_number(), "{event}");
    }
}

/// Every blueprint: each `MetricsEndpoint` is an endpoint of its own, and all routes answer there.
#[tokio::test(flavor = "multi_thread")]
async fn printed_blueprints_serve() {
    let blueprints: [(&str, &[&str]); 3] = [
        (include_str!("printed/basic.yaml"), &["system_metrics"]),
        (include_str!("printed/production.yaml"), &["metrics_server", "health_check"]),
        (
            include_str!("printed/multi_environment.yaml"),
            &["production_metrics", "staging_metrics", "development_metrics"],
        ),
    ];
    for (blueprint, endpoints) in blueprints {
        let bridge = BridgeUnderTest::start(blueprint).await;
        for endpoint in endpoints {
            check_routes(&bridge, endpoint).await;
        }
        bridge.bridge.stop().await;
    }
}

/// What the first blueprint declares can be seen: the components that report, and the stream between them.
#[tokio::test(flavor = "multi_thread")]
async fn declared_components_report() {
    let bridge = BridgeUnderTest::start(include_str!("printed/basic.yaml")).await;
    let service = Service::new("shop").component("app_server", "running", 1500, 2);
    bridge.hear(&service.component("data_store", "running", 1450, 0)).await;
    let components = bridge.get("/components").await.json();
    assert_eq!(components["components"]["app_server"]["items_processed"], 1500, "{components}");
    assert_eq!(components["components"]["data_store"]["status"], "running", "{components}");
    assert_eq!(bridge.get("/health").await.json()["status"], "healthy");
    let streams = bridge.get("/api/v1/streams").await.text();
    assert!(streams.contains("app_server") && streams.contains("data_store"), "{streams}");
}

/// The manifest as printed is switched off, and says so; switched on it serves the plugin's routes.
#[tokio::test(flavor = "multi_thread")]
async fn printed_manifest_serves() {
    let manifest = include_str!("printed/manifest.yaml");
    let directory = tempfile::tempdir().unwrap();
    let config = crate::harness::bridge::config(manifest, directory.path());
    assert!(config.warnings.iter().any(|warning| warning.contains("enabled: false")), "{:?}", config.warnings);
    let off = BridgeUnderTest::start(manifest).await;
    assert!(off.bridge.doors().await.iter().all(|door| door.name.starts_with("OTLP/")));
    let on = BridgeUnderTest::start(&manifest.replace("enabled: false", "enabled: true")).await;
    let name = on.bridge.doors().await.pop().unwrap().name;
    check_routes(&on, &name).await;
    let without = manifest.replace("enabled: false", "enabled: true").replace("prometheus: true", "prometheus: false");
    let without = BridgeUnderTest::start(&without).await;
    for path in ["/metrics", "/prometheus", "/metrics/api/metrics/prometheus", "/metrics/api/prometheus"] {
        assert_eq!(without.get(path).await.status, 404, "{path}");
    }
    assert_eq!(without.get("/metrics/api/metrics/").await.status, 200);
}
