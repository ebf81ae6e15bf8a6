//! Invariant 1: for one snapshot, every view tells the same, to the last digit.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use prost_reflect::{DescriptorPool, DynamicMessage, SerializeOptions};
use serde_json::Value;

use crate::harness::{BridgeUnderTest, Service, eventually};

const COMPONENT_STATES: [&str; 5] = ["running", "degraded", "failed", "stopped", "starting"];
const BREAKER_STATES: [&str; 3] = ["closed", "open", "half_open"];
const WORKER_STATES: [&str; 3] = ["active", "idle", "creating"];
const CONFIG: &str = "self_observation: false\npull: [{ name: main, rate_limit: 0, sse_interval: 100ms }]\nstate: { snapshot_interval: 500ms }";

/// Any service: components, pools, workers and breakers with any figures.
fn any_service() -> impl Strategy<Value = Service> {
    let component = (0..5_usize, 0..1_u64 << 53, 0..1_u64 << 40);
    let pool = (0..1_000_u64, proptest::array::uniform3(0..500_u64));
    let worker = (0..3_usize, 0..1_u64 << 50, 0..1_u64 << 45);
    let breaker = (0..3_usize, 0..1_u64 << 40);
    let lists = (
        prop::collection::vec(component, 1..8),
        prop::collection::vec(pool, 1..4),
        prop::collection::vec(worker, 0..8),
        prop::collection::vec(breaker, 0..5),
    );
    lists.prop_map(|(components, pools, workers, breakers)| {
        let mut service = Service::new("shop");
        for (number, (state, items, errors)) in components.into_iter().enumerate() {
            service = service.component(&format!("c{number}"), COMPONENT_STATES[state], items, errors);
        }
        for (number, (size, counts)) in pools.into_iter().enumerate() {
            service = service.pool(&format!("p{number}"), size, counts);
        }
        for (number, (state, requests, rss)) in workers.into_iter().enumerate() {
            service = service.worker("p0", &format!("w{number}"), WORKER_STATES[state], requests, rss);
        }
        for (number, (state, failures)) in breakers.into_iter().enumerate() {
            service = service.breaker(&format!("b{number}"), &format!("c{number}"), BREAKER_STATES[state], failures);
        }
        service
    })
}

/// Every view of one snapshot.
#[derive(Debug)]
struct Views {
    health: Value,
    metrics: Value,
    components: Value,
    snapshot: Value,
    /// The message of `GetSnapshot`, read by its descriptor.
    grpc: Value,
    page: BTreeMap<String, String>,
    pool: Value,
    stats: Value,
    pool_page: BTreeMap<String, String>,
    event: Value,
}

/// The samples of a Prometheus page: name with labels, but without who reports it, and the value as it is printed.
fn samples(text: &str) -> BTreeMap<String, String> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let sample = |line: &str| {
        let (name, value) = line.rsplit_once(' ').unwrap();
        let name = name.replace(",job=\"shop\",instance=\"i-1\"", "");
        (name, value.to_owned())
    };
    lines.map(sample).collect()
}

/// The snapshot over gRPC as JSON. What reads it is the descriptor that reflection gives, and not the code that wrote it.
async fn over_grpc(bridge: &BridgeUnderTest) -> Value {
    let door = bridge.door("OTLP/gRPC");
    let answer = bridge.client.call(&door, "/otel_bridge.v1.Bridge/GetSnapshot", b"", &[]).await;
    assert_eq!(answer.grpc_code(), 0, "{answer:?}");
    let pool = DescriptorPool::decode(otel_bridge::proto::DESCRIPTORS).unwrap();
    let snapshot = pool.get_message_by_name("otel_bridge.v1.Snapshot").unwrap();
    let message = DynamicMessage::decode(snapshot, &answer.body[5..]).unwrap();
    let options = SerializeOptions::new().use_proto_field_name(true);
    let options = options.stringify_64_bit_integers(false).skip_default_fields(false);
    message.serialize_with_options(serde_json::value::Serializer, &options).unwrap()
}

/// A document without what is null or an empty `errors`: protobuf leaves out the one, JSON the other.
fn without_absent(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let held = map.iter().filter(|(name, value)| {
                !value.is_null() && (*name != "errors" || value.as_array().is_none_or(|errors| !errors.is_empty()))
            });
            Value::Object(held.map(|(name, value)| (name.clone(), without_absent(value))).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(without_absent).collect()),
        other => other.clone(),
    }
}

/// Reads all views until all of them fell into one snapshot.
async fn views(bridge: &BridgeUnderTest) -> Views {
    eventually("all views of one snapshot", async || {
        let before = bridge.get("/api/v1/snapshot").await.json();
        let event = bridge.client.first_event(&format!("{}/metrics/api/metrics/sse", bridge.pull())).await;
        let views = Views {
            health: bridge.get("/health").await.json(),
            metrics: bridge.get("/metrics/json").await.json(),
            components: bridge.get("/components").await.json(),
            page: samples(&bridge.get("/metrics").await.text()),
            pool: bridge.get("/metrics/api/metrics/").await.json(),
            stats: bridge.get("/metrics/api/metrics/stats").await.json(),
            pool_page: samples(&bridge.get("/metrics/api/metrics/prometheus").await.text()),
            event: serde_json::from_str(&event).unwrap(),
            grpc: over_grpc(bridge).await,
            snapshot: bridge.get("/api/v1/snapshot").await.json(),
        };
        let has_all = views.components["components"].as_object().is_some_and(|map| !map.is_empty());
        (before == views.snapshot && has_all).then_some(views)
    })
    .await
}

/// A figure as JSON and as Prometheus print it.
fn check(page: &BTreeMap<String, String>, name: &str, value: &Value) {
    let printed = page.get(name).unwrap_or_else(|| panic!("{name} is not on the page: {page:#?}"));
    let (number, value) = (printed.parse::<f64>().unwrap(), value.as_f64().unwrap());
    assert!(number.to_bits() == value.to_bits(), "{name}: {printed} and {value}");
}

fn check_system(views: &Views) {
    let (page, metrics) = (&views.page, &views.metrics);
    let score = &views.health["health_score"];
    check(page, "system_health_score", score);
    assert_eq!(*score, metrics["health_score"]);
    assert_eq!(views.health["status"], metrics["system_status"]);
    check(page, "system_uptime_seconds", &views.health["uptime_seconds"]);
    let performance = &metrics["performance"];
    check(page, "system_error_rate", &performance["error_rate"]);
    check(page, "system_items_per_second", &performance["items_per_second"]);
    assert_eq!(views.health["components"]["total"], views.components["components"].as_object().unwrap().len());
    assert_eq!(views.health["timestamp"], views.components["timestamp"]);
}

fn check_components(views: &Views) {
    let listed = views.components["components"].as_object().unwrap();
    let detailed = views.metrics["detailed_components"].as_object().unwrap();
    assert_eq!(listed.keys().collect::<Vec<_>>(), detailed.keys().collect::<Vec<_>>());
    let rows = views.snapshot["components"].as_array().unwrap_or_else(|| panic!("{}", views.snapshot));
    assert_eq!(rows.len(), listed.len());
    for (name, component) in listed {
        for field in ["is_healthy", "items_processed", "errors_encountered", "status"] {
            assert_eq!(component[field], detailed[name][field], "{name}.{field}");
        }
        let row = rows.iter().find(|row| row["name"] == **name).unwrap();
        assert_eq!(row["items_processed"], component["items_processed"], "{row}");
        assert_eq!(row["status"], component["status"], "{row}");
        let healthy = Value::from(u8::from(component["is_healthy"] == true));
        check(&views.page, &format!("component_health{{component=\"{name}\"}}"), &healthy);
        let items = format!("component_items_processed{{component=\"{name}\"}}");
        check(&views.page, &items, &component["items_processed"]);
        let errors = format!("component_errors_total{{component=\"{name}\"}}");
        check(&views.page, &errors, &component["errors_encountered"]);
    }
    assert_eq!(views.components["circuit_breakers"], views.metrics["circuit_breakers"]);
    for (name, breaker) in views.components["circuit_breakers"].as_object().unwrap() {
        let number = BREAKER_STATES.iter().position(|state| breaker["state"] == *state).unwrap();
        check(&views.page, &format!("circuit_breaker_state{{component=\"{name}\"}}"), &Value::from(number));
    }
}

fn check_pools(views: &Views) {
    assert_eq!(views.event, views.pool, "the stream and the summary");
    assert_eq!(views.stats["pool"], views.pool["pool"]);
    for field in ["size", "active", "idle", "creating", "total", "utilization"] {
        check(&views.pool_page, &format!("buntime_pool_{field}"), &views.pool["pool"][field]);
    }
    for (name, pool) in views.pool["pools"].as_object().unwrap() {
        for (field, family) in [("size", "size"), ("active", "active"), ("idle", "idle"), ("creating", "creating")]
            .into_iter()
            .chain([("total", "workers"), ("utilization", "utilization")])
        {
            check(&views.page, &format!("pool_{family}{{pool=\"{name}\"}}"), &pool[field]);
        }
    }
    for worker in views.stats["workers"].as_array().unwrap() {
        let id = worker["id"].as_str().unwrap();
        let labels = format!("worker=\"{id}\",app=\"shop\",pool=\"p0\"");
        check(&views.page, &format!("worker_requests_total{{{labels}}}"), &worker["requests"]);
        check(&views.page, &format!("worker_memory_bytes{{{labels},type=\"rss\"}}"), &worker["memory"]["rss"]);
        let state = worker["state"].as_str().unwrap();
        check(&views.page, &format!("worker_state{{{labels},state=\"{state}\"}}"), &Value::from(1));
    }
}

/// Random services, posted by OTLP: every view of the snapshot says the same.
#[tokio::test(flavor = "multi_thread")]
async fn every_view_agrees() {
    let mut runner = TestRunner::deterministic();
    for _ in 0..6 {
        let service = any_service().new_tree(&mut runner).unwrap().current();
        let bridge = BridgeUnderTest::start(CONFIG).await;
        bridge.hear(&service).await;
        let views = views(&bridge).await;
        check_system(&views);
        check_components(&views);
        check_pools(&views);
        assert_eq!(without_absent(&views.grpc), without_absent(&views.snapshot), "gRPC and JSON");
        bridge.bridge.stop().await;
    }
}
