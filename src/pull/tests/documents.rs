//! Whole documents, and that they agree.

use std::sync::Arc;

use axum::http::{Method, StatusCode, header};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::model::alert::judge::AlertEngine;
use crate::model::component::ComponentState::{Degraded, Running};
use crate::model::fixture::{NOW_UNIX_MS, any_snapshot, component, documented, snapshot};
use crate::model::health::{HealthRules, System};
use crate::model::scope::Scope;
use crate::model::snapshot::Liveness::Live;
use crate::model::snapshot::{ConfigRefused, PartError, Snapshot};
use crate::pull::PullState;
use crate::pull::tests::{endpoint, get, send, shared};

/// The documented system with its alerts judged, and a warning about memory among them.
fn judged() -> Snapshot {
    let mut snapshot = documented();
    snapshot.instances[1].memory_bytes = Some(1_536 << 20);
    let mut engine = AlertEngine::new(&[], HealthRules::default());
    snapshot.alerts = Arc::new(engine.judge(&snapshot, 0, NOW_UNIX_MS).board);
    snapshot
}

/// Every printed document, whole.
#[tokio::test]
async fn documents_are_as_printed() {
    let paths = [
        ("health", "/health"),
        ("metrics_json", "/metrics/json"),
        ("alerts", "/alerts"),
        ("components", "/components"),
        ("pool_summary", "/metrics/api/metrics/"),
        ("pool_stats", "/metrics/api/metrics/stats"),
    ];
    for (name, path) in paths {
        let answer = get(judged(), path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert_eq!(answer.header(header::CONTENT_TYPE), "application/json", "{path}");
        insta::assert_json_snapshot!(name, answer.json());
    }
}

/// The same documents stand under the shorter path that the plugin's own dashboard calls.
#[tokio::test]
async fn the_plugin_answers_under_both_paths() {
    for (long, short) in
        [("/metrics/api/metrics/", "/metrics/api/"), ("/metrics/api/metrics/stats", "/metrics/api/stats")]
    {
        assert_eq!(get(judged(), long).await.body, get(judged(), short).await.body);
    }
    let mut elsewhere = endpoint();
    elsewhere.base = "/plugins/{odd}".to_owned();
    let state = PullState::showing(shared(elsewhere), judged());
    let answer = send(state, Method::GET, "/plugins/%7Bodd%7D/api/metrics/", "*/*").await;
    assert_ne!(answer.status, StatusCode::INTERNAL_SERVER_ERROR, "a base with braces is text, not a pattern");
}

/// A degraded system is 503 with its reasons; in the health+json form it is a warning and 200.
#[tokio::test]
async fn degraded_health() {
    let mut degraded = snapshot(&[("tasks", "t-1", Live)]);
    degraded.components = vec![component(0, "api", Degraded)];
    let state = PullState::showing(shared(endpoint()), degraded);
    let answer = send(state.clone(), Method::GET, "/health", "*/*").await;
    assert_eq!((answer.status, answer.header(header::VARY)), (StatusCode::SERVICE_UNAVAILABLE, "Accept"));
    insta::assert_json_snapshot!("health_degraded", answer.json());
    let answer = send(state, Method::GET, "/health", "application/health+json").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header(header::CONTENT_TYPE), "application/health+json");
    let mut document = answer.json();
    assert_eq!(document["releaseId"].take(), env!("CARGO_PKG_VERSION"));
    insta::assert_json_snapshot!("health_json_degraded", document);
}

/// Nothing in scope is 503 with a message, in both forms; a filter that matches nothing is such a scope. Every other document
/// is there and tells no score: 0 would read as a failure.
#[tokio::test]
async fn nothing_in_scope() {
    for (snapshot, path) in [(snapshot(&[]), "/health"), (documented(), "/health?service=nobody")] {
        let state = PullState::showing(shared(endpoint()), snapshot);
        let answer = send(state.clone(), Method::GET, path, "application/json").await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(answer.json()["status"], "service_unavailable");
        assert!(answer.json()["message"].as_str().is_some_and(|message| !message.is_empty()));
        let answer = send(state, Method::GET, path, "application/health+json").await;
        assert_eq!((answer.status, answer.json()["status"].clone()), (StatusCode::SERVICE_UNAVAILABLE, json!("fail")));
    }
    let nobody = async |path: &str| {
        let answer = get(documented(), &format!("{path}?service=nobody")).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        answer
    };
    let metrics = nobody("/metrics/json").await.json();
    assert_eq!((&metrics["health_score"], &metrics["system_status"]), (&Value::Null, &json!("service_unavailable")));
    let system = nobody("/api/v1/snapshot").await.json()["system"].take();
    assert_eq!((&system["health_score"], &system["status"]), (&Value::Null, &Value::Null));
    let page = nobody("/metrics").await.body;
    assert!(!page.contains("health_score") && page.contains("\nsystem_error_rate 0\n"), "{page}");
    for path in ["/alerts", "/components", "/metrics/api/metrics/", "/metrics/api/metrics/stats"] {
        nobody(path).await;
    }
}

/// A part that could not be read is named, and the rest is served: partial, not 500.
#[tokio::test]
async fn failed_parts_are_listed() {
    let errors = json!([{ "part": "process", "message": "no /proc" }]);
    for path in ["/health", "/metrics/json", "/alerts", "/components", "/metrics/api/metrics/", "/metrics/api/stats"] {
        let mut partial = documented();
        partial.errors = vec![PartError { part: "process".into(), message: "no /proc".into() }];
        let answer = get(partial, path).await;
        assert_eq!((answer.status, answer.json()["errors"].clone()), (StatusCode::OK, errors.clone()), "{path}");
        assert_eq!(get(documented(), path).await.json()["errors"], Value::Null);
    }
}

/// A refused reload stands in `/health`, whatever the scope.
#[tokio::test]
async fn a_refused_reload_is_shown() {
    for path in ["/health", "/health?service=tasks", "/health?service=nobody"] {
        let mut refused = documented();
        refused.bridge.config_refused = Some(ConfigRefused { error: "3:1: unknown key".into(), at_unix_ms: 1_500 });
        let config = json!({ "status": "refused", "error": "3:1: unknown key", "at": 1.5 });
        assert_eq!(get(refused, path).await.json()["config"], config);
    }
    assert_eq!(get(documented(), "/health").await.json()["config"], Value::Null);
}

/// What nobody reports is null, not 0.
#[tokio::test]
async fn unknown_figures_are_null() {
    let mut unknown = snapshot(&[("tasks", "t-1", Live)]);
    unknown.components = vec![component(0, "api", Running)];
    let performance = &get(unknown, "/metrics/json").await.json()["performance"];
    assert_eq!((&performance["memory_usage_mb"], &performance["cpu_usage_percent"]), (&Value::Null, &Value::Null));
    assert_eq!(performance["error_rate"], 0.0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// For one snapshot all documents say the same, and what they say is the scope's `System`.
    #[test]
    fn the_documents_agree(snapshot in any_snapshot()) {
        let rules = HealthRules::default();
        for (query, service) in [("", None), ("?service=tasks", Some("tasks")), ("?service=otel-bridge", Some("otel-bridge"))] {
            let scope = Scope { service: service.map(str::to_owned), ..Scope::default() };
            let system = System::of(&snapshot, &scope, &rules);
            let health = document(&snapshot, &format!("/health{query}"));
            let metrics = document(&snapshot, &format!("/metrics/json{query}"));
            let components = document(&snapshot, &format!("/components{query}"));
            prop_assert_eq!(&metrics["health_score"], &system.known_score().map_or(Value::Null, told));
            prop_assert_eq!(&metrics["performance"]["error_rate"], &told(system.error_rate));
            prop_assert_eq!(&metrics["performance"]["items_per_second"], &told(system.items_per_second));
            prop_assert_eq!(
                metrics["performance"]["memory_usage_mb"].as_f64(),
                system.memory_usage_mb.map(told).as_ref().and_then(Value::as_f64)
            );
            prop_assert_eq!(&metrics["traces"]["total_traces"], system.traces_total);
            prop_assert_eq!(&metrics["circuit_breakers"], &components["circuit_breakers"]);
            let page = text(&snapshot, &format!("/metrics{query}"));
            prop_assert_eq!(sample(&page, "system_health_score"), system.known_score());
            prop_assert_eq!(sample(&page, "system_error_rate"), Some(system.error_rate));
            prop_assert_eq!(sample(&page, "system_items_per_second"), Some(system.items_per_second));
            prop_assert_eq!(sample(&page, "system_memory_usage_mb"), system.memory_usage_mb);
            prop_assert_eq!(sample(&page, "active_traces_total"), Some(system.traces_total as f64));
            if system.anything_in_scope {
                prop_assert_eq!(&health["health_score"], &metrics["health_score"]);
                prop_assert_eq!(&metrics["system_status"], system.status.as_str());
                prop_assert_eq!(&health["status"], &metrics["system_status"]);
                prop_assert_eq!(&health["uptime_seconds"], &metrics["uptime_seconds"]);
                prop_assert_eq!(&health["timestamp"], &components["timestamp"]);
                prop_assert_eq!(&health["components"]["total"], system.components.total);
                prop_assert_eq!(&health["components"]["healthy"], system.components.healthy);
            }
            let map = components["components"].as_object().expect("a map");
            prop_assert_eq!(map.len() as u64, system.components.total);
            for (key, component) in map {
                let mut component = component.clone();
                component.as_object_mut().expect("an object").remove("last_activity");
                prop_assert_eq!(&metrics["detailed_components"][key], &component);
            }
        }
    }
}

/// A figure as the reader of a document sees it; this parser may be off by a last digit, but always by the same one.
fn told(figure: f64) -> Value {
    serde_json::from_str(&json!(figure).to_string()).expect("a number")
}

/// The value of a family without labels.
fn sample(page: &str, name: &str) -> Option<f64> {
    let line = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?;
    line.parse().ok()
}

fn document(snapshot: &Snapshot, path: &str) -> Value {
    serde_json::from_str(&text(snapshot, path)).expect("a document")
}

fn text(snapshot: &Snapshot, path: &str) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let copy = Snapshot {
        id: snapshot.id,
        taken_at_unix_ms: snapshot.taken_at_unix_ms,
        uptime: snapshot.uptime,
        instances: snapshot.instances.clone(),
        pools: snapshot.pools.clone(),
        components: snapshot.components.clone(),
        breakers: snapshot.breakers.clone(),
        missing: snapshot.missing.clone(),
        ..Snapshot::default()
    };
    runtime.block_on(get(copy, path)).body
}
