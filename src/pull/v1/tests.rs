//! The version 1 routes on snapshots drawn by hand.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode};
use axum::response::Response;
use serde_json::Value;
use tower::ServiceExt;

use crate::clock::Clock;
use crate::config::links::Links;
use crate::config::listener::Listener;
use crate::config::pull::PullEndpoint;
use crate::config::state::State;
use crate::model::alert::{Alert, AlertBoard, Level};
use crate::model::breaker::BreakerState;
use crate::model::component::ComponentState;
use crate::model::health::HealthRules;
use crate::model::pool::PoolCounts;
use crate::model::scope::Scope;
use crate::model::snapshot::{
    BreakerFacts, ComponentFacts, DestinationFacts, DestinationSignal, InstanceFacts, Liveness, PartError, PoolFacts,
    Snapshot, StreamFacts, Transition, WorkerFacts,
};
use crate::model::trace::{KeptSpan, SpanKind};
use crate::model::worker::WorkerState;
use crate::pull::{PullState, Shared, router};
use crate::readiness::Readiness;
use crate::state::{Store, StoreOptions};
use crate::tasks::Tasks;

/// A date in 2026, in Unix milliseconds.
pub(crate) const NOW_MS: u64 = 1_790_000_000_000;

pub(crate) fn endpoint() -> PullEndpoint {
    PullEndpoint {
        name: "system_metrics".to_owned(),
        listener: Listener {
            address: ([127, 0, 0, 1], 0).into(),
            key: "pull[0]".to_owned(),
            auth: None,
            tls: None,
            rate_limit: None,
            connections_max: 1024,
            insecure: false,
            cors: Default::default(),
            trusted_proxies: Vec::new(),
        },
        base: "/metrics".to_owned(),
        pool_namespace: "buntime".to_owned(),
        prometheus: Some(Default::default()),
        sse_interval: Duration::from_secs(1),
        filter: Scope::default(),
        sse_clients_max: 10_000,
        sse_clients_per_address_max: 1_000,
        enabled: true,
    }
}

pub(crate) fn state_of(endpoint: PullEndpoint) -> PullState {
    let clock = Clock::manual(NOW_MS);
    let options = StoreOptions {
        state: State {
            series_max: 1000,
            workers_max: 50_000,
            history: Duration::from_secs(900),
            history_bytes_max: 1 << 20,
            stale_after: None,
            forget_after: Duration::from_secs(900),
            snapshot_interval: Duration::from_millis(250),
        },
        mappings: Vec::new(),
        health: HealthRules::default(),
        expect: Vec::new(),
        expect_grace: Duration::ZERO,
        rules: Vec::new(),
        bindings: Vec::new(),
        local: None,
        clock: clock.clone(),
        accounting: Arc::default(),
    };
    let links = Links {
        worker: Some("https://g/w?id={worker_id}&s={service}".to_owned()),
        trace: Some("https://g/t/{trace_id}".to_owned()),
    };
    PullState::new(Shared {
        store: Store::new(options),
        endpoint,
        exposition: crate::pull::tests::no_series(),
        readiness: Readiness::default(),
        clock,
        about: serde_json::json!({ "pull": [] }),
        links,
        tasks: Tasks::new(),
    })
}

pub(crate) fn state() -> PullState {
    state_of(endpoint())
}

pub(crate) fn instance(service: &str, instance: &str) -> InstanceFacts {
    InstanceFacts {
        id: 0,
        key: format!("{service}-{instance}").into(),
        service: service.into(),
        instance: instance.into(),
        job: service.into(),
        environment: Some("production".into()),
        resource: Arc::new([("service.name".into(), service.into())]),
        liveness: Liveness::Live,
        is_local: false,
        is_bridge: false,
        first_seen_unix_ms: NOW_MS - 60_000,
        last_seen_unix_ms: NOW_MS,
        export_interval_s: Some(10.0),
        cpu_utilization: Some(0.5),
        memory_bytes: Some(1 << 20),
        uptime_s: Some(60.0),
        traces: 30,
        spans_active: 2,
        spans: 90,
        log_records: 1,
        series: 3,
        restarts: 0,
    }
}

pub(crate) fn pool(owner: usize, name: &str) -> PoolFacts {
    PoolFacts {
        owner,
        key: format!("p{owner}-{name}").into(),
        name: name.into(),
        size: Some(500),
        counts: PoolCounts { active: 12, idle: 3, creating: 0 },
        pending: None,
        requests: Some(7),
        errors: Some(1),
        workers_created: None,
        workers_failed: None,
        workers_retired: None,
    }
}

pub(crate) fn worker(owner: usize, id: &str) -> WorkerFacts {
    WorkerFacts {
        owner,
        key: format!("w{owner}-{id}").into(),
        id: id.into(),
        app: "shop".into(),
        pool: "requests".into(),
        state: Some(WorkerState::Active),
        state_age_s: 1.0,
        progress_age_s: 1.0,
        requests: Some(10),
        errors: Some(0),
        uptime_s: Some(60.0),
        memory_rss: None,
        memory_heap_used: None,
    }
}

pub(crate) fn component(owner: usize, name: &str, state: ComponentState) -> ComponentFacts {
    ComponentFacts {
        owner,
        key: format!("c{owner}-{name}").into(),
        name: name.into(),
        kind: "Store".into(),
        state,
        items_processed: 100,
        errors: 2,
        items_recent: 60,
        errors_recent: 3,
        recent_s: 60.0,
        last_activity: Some(1.5),
        last_error: None,
    }
}

pub(crate) fn breaker(owner: usize, name: &str) -> BreakerFacts {
    BreakerFacts {
        owner,
        key: format!("b{owner}-{name}").into(),
        name: name.into(),
        component: None,
        state: BreakerState::Open,
        since_unix_ms: NOW_MS - 1_000,
        failures: 5,
        transitions: 1,
        calls: [1, 5, 2],
        last_failure: None,
        recent_transitions: Arc::new([Transition {
            from: BreakerState::Closed,
            to: BreakerState::Open,
            at_unix_ms: NOW_MS - 1_000,
            reason: Some("5 failures".into()),
        }]),
    }
}

pub(crate) fn alert(id: &str, level: Level, service: Option<&str>) -> Alert {
    Alert {
        id: id.into(),
        rule: "high_error_rate".into(),
        category: "system",
        level,
        message: "High".into(),
        subject: "shop".into(),
        service: service.map(Into::into),
        instance: None,
        environment: None,
        value: 0.3,
        threshold: Some(0.2),
        since_unix_ms: NOW_MS - 5_000,
        fired_unix_ms: NOW_MS - 5_000,
        resolved_unix_ms: None,
    }
}

/// Two services, one of them with a stale instance, with something of every noun.
pub(crate) fn picture() -> Snapshot {
    let stale = InstanceFacts { liveness: Liveness::Stale, environment: None, ..instance("cart", "c1") };
    let span = KeptSpan {
        why: SpanKind::Failed,
        trace_id: "0af7651916cd43dd8448eb211c80319c".into(),
        span_id: "b7ad6b7169203331".into(),
        name: "GET /".into(),
        start_unix_ns: NOW_MS * 1_000_000,
        duration_s: 0.25,
        message: "boom".into(),
        owner: 0,
    };
    let binding = StreamFacts {
        owner: None,
        key: "s-input".into(),
        name: "input".into(),
        from: "api".into(),
        to: "store".into(),
        active: None,
        queue_depth: None,
        messages: 0,
        messages_recent: 0,
        recent_s: 0.0,
        backpressure_events: 0,
    };
    let mut snapshot = Snapshot {
        id: 7,
        taken_at_unix_ms: NOW_MS,
        uptime: Duration::from_secs(90),
        run_id: "run-1".into(),
        instances: vec![instance("shop", "s1"), instance("shop", "s2"), stale],
        pools: vec![pool(0, "requests"), pool(1, "requests"), pool(0, "jobs")],
        workers: vec![worker(0, "a/1"), worker(0, "b"), worker(1, "b"), worker(2, "c")],
        components: vec![component(0, "api", ComponentState::Running), component(2, "cart", ComponentState::Running)],
        missing: vec!["ghost".into()],
        breakers: vec![breaker(0, "db")],
        streams: vec![binding],
        spans: vec![span],
        alerts: Arc::new(AlertBoard {
            active: vec![alert("a1", Level::Warning, Some("shop")), alert("a2", Level::Critical, None)],
            resolved: vec![Alert { resolved_unix_ms: Some(NOW_MS), ..alert("a0", Level::Critical, Some("shop")) }],
            recommendations: Vec::new(),
        }),
        errors: vec![PartError { part: "process".into(), message: "no /proc".into() }],
        ..Snapshot::default()
    };
    snapshot.bridge.destinations = vec![DestinationFacts {
        name: "stack".into(),
        endpoint: "http://localhost:14317".into(),
        protocol: "grpc",
        state: "retrying",
        breaker: BreakerState::Open,
        signals: [Some(DestinationSignal { accepted: 5, queue_items: 5, ..Default::default() }), None, None],
        queue_bytes_max: 1 << 30,
        in_flight: 0,
        last_success_unix_ms: None,
        last_error: Some(("refused".into(), NOW_MS)),
        retry_in_s: Some(2.5),
        warnings: 0,
    }];
    snapshot
}

pub(crate) async fn send(state: &PullState, method: Method, uri: &str) -> Response {
    let request = Request::builder().method(method).uri(uri).body(Body::empty()).unwrap();
    router(state.clone()).oneshot(request).await.unwrap()
}

pub(crate) async fn get(state: &PullState, uri: &str) -> (StatusCode, Value) {
    let response = send(state, Method::GET, uri).await;
    let status = response.status();
    let body = to_bytes(response.into_body(), 1 << 26).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap())
}

fn staged() -> PullState {
    let state = state();
    state.show(picture());
    state
}

fn names(list: &Value) -> Vec<&str> {
    list["items"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect()
}

/// Every list answers with its rows, the snapshot's id and moment, and what could not be read (contract §4.3).
#[tokio::test]
async fn every_list_has_the_envelope() {
    let state = staged();
    let rows = [
        ("services", 3),
        ("pools", 3),
        ("workers", 4),
        ("components", 3),
        ("breakers", 1),
        ("streams", 1),
        ("alerts", 2),
        ("recommendations", 0),
        ("exporters", 1),
        ("events", 0),
    ];
    for (noun, count) in rows {
        let (status, list) = get(&state, &format!("/api/v1/{noun}")).await;
        assert_eq!(status, StatusCode::OK, "{noun}: {list}");
        assert_eq!(list["snapshot_id"], 7, "{noun}");
        assert_eq!(list["timestamp"], 1_790_000_000.0, "{noun}");
        assert_eq!(list["errors"][0]["part"], "process", "{noun}");
        assert_eq!(list["items"].as_array().unwrap().len(), count, "{noun}");
        for row in list["items"].as_array().unwrap() {
            for member in ["service", "instance", "name", "key"] {
                assert!(row.get(member).is_some(), "{noun} without {member}: {row}");
            }
        }
    }
}

/// A row whole, so that a renamed or lost member is seen; what is not known is null.
#[tokio::test]
async fn rows_as_they_are() {
    let state = staged();
    let (_, pools) = get(&state, "/api/v1/pools?instance=s1&sort=-name").await;
    insta::assert_json_snapshot!("pool", pools["items"][0]);
    let (_, worker) = get(&state, "/api/v1/workers/a%2F1").await;
    insta::assert_json_snapshot!("worker", worker);
    let (_, exporters) = get(&state, "/api/v1/exporters").await;
    insta::assert_json_snapshot!("exporter", exporters["items"][0]);
    let (_, traces) = get(&state, "/api/v1/traces").await;
    insta::assert_json_snapshot!("traces", traces);
    let (_, transitions) = get(&state, "/api/v1/breakers/db/transitions").await;
    insta::assert_json_snapshot!("transitions", transitions["items"]);
}

/// A key means one thing; a bare name only while it is unique in the scope: else 409 with the candidates, or 404.
#[tokio::test]
async fn look_up_by_key_or_unique_name() {
    let state = staged();
    assert_eq!(get(&state, "/api/v1/workers/w0-b").await.1["item"]["instance"], "s1");
    assert_eq!(get(&state, "/api/v1/workers/b?instance=s2").await.1["item"]["key"], "w1-b");
    let (status, problem) = get(&state, "/api/v1/workers/b").await;
    assert_eq!(status, StatusCode::CONFLICT);
    let keys: Vec<&Value> = problem["candidates"].as_array().unwrap().iter().map(|one| &one["key"]).collect();
    assert_eq!(keys, ["w0-b", "w1-b"]);
    assert_eq!(get(&state, "/api/v1/workers/nobody").await.0, StatusCode::NOT_FOUND);
    assert_eq!(get(&state, "/api/v1/workers/b?service=cart").await.0, StatusCode::NOT_FOUND);
    assert_eq!(get(&state, "/api/v1/breakers/nope/transitions").await.0, StatusCode::NOT_FOUND);
    assert_eq!(get(&state, "/api/v1/workers/%FF").await.0, StatusCode::BAD_REQUEST);
}

/// The scope holds on every noun; what has no owner is there only without a filter (contract §9).
#[tokio::test]
async fn scope_and_the_ownerless() {
    let state = staged();
    let (_, components) = get(&state, "/api/v1/components").await;
    assert_eq!(names(&components), ["api", "cart", "ghost"]);
    assert_eq!(components["items"][1]["status"], "stale");
    assert_eq!(components["items"][1]["is_healthy"], false);
    assert_eq!(components["items"][2]["status"], "missing");
    let (_, components) = get(&state, "/api/v1/components?environment=production").await;
    assert_eq!(names(&components), ["api"]);
    assert!(names(&get(&state, "/api/v1/streams?service=shop").await.1).is_empty());
    assert!(names(&get(&state, "/api/v1/exporters?service=shop").await.1).is_empty());
    assert_eq!(names(&get(&state, "/api/v1/alerts?service=shop").await.1).len(), 1);
}

/// Filters of workers, and the words that they refuse.
#[tokio::test]
async fn worker_filters() {
    let state = staged();
    let count = async |query: &str| get(&state, &format!("/api/v1/workers?{query}")).await.1["total"].clone();
    assert_eq!(count("state=active,idle").await, 4);
    assert_eq!(count("state=idle").await, 0);
    assert_eq!(count("app=shop&pool=requests").await, 4);
    assert_eq!(count("pool=other").await, 0);
    assert_eq!(count("q=CART").await, 1);
    let (status, problem) = get(&state, "/api/v1/workers?state=sleepy").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(problem["detail"].as_str().unwrap().contains("creating, ready, active"));
}

/// Alerts: active by default, gravest first; resolved and all on demand.
#[tokio::test]
async fn alerts_by_state() {
    let state = staged();
    let keys = async |query: &str| {
        let list = get(&state, &format!("/api/v1/alerts{query}")).await.1;
        list["items"].as_array().unwrap().iter().map(|one| one["key"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(keys("").await, ["a2", "a1"]);
    assert_eq!(keys("?state=resolved").await, ["a0"]);
    assert_eq!(keys("?state=all&sort=level").await, ["a1", "a0", "a2"]);
    assert_eq!(get(&state, "/api/v1/alerts?state=old").await.0, StatusCode::BAD_REQUEST);
}

/// Bad parameters are 400 as a problem that says what would be right.
#[tokio::test]
async fn bad_parameters_are_problems() {
    let state = staged();
    for uri in [
        "/api/v1/pools?sort=colour",
        "/api/v1/pools?limit=0",
        "/api/v1/pools?limit=10001",
        "/api/v1/pools?limit=-1",
        "/api/v1/pools?cursor=%21%21",
        "/api/v1/pools?cursor=eyJ9",
        "/api/v1/pools?service=a&service=b",
        "/api/v1/pools?service=%FF",
        "/api/v1/events?after=x",
        "/api/v1/history",
        "/api/v1/history?entity=planet",
        "/api/v1/history?entity=pool&range=10y",
        "/api/v1/history?entity=pool&range=0s",
        "/api/v1/history?entity=pool&range=99999999999999999999h",
        "/api/v1/stream?topics=weather",
    ] {
        let (status, problem) = get(&state, uri).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{uri}");
        assert_eq!(problem["status"], 400, "{uri}");
        assert!(!problem["detail"].as_str().unwrap().is_empty(), "{uri}");
    }
    let cursor = get(&state, "/api/v1/pools?limit=1").await.1["next_cursor"].as_str().unwrap().to_owned();
    let other_sort = format!("/api/v1/pools?limit=1&sort=-size&cursor={cursor}");
    assert_eq!(get(&state, &other_sort).await.0, StatusCode::BAD_REQUEST);
}

/// HEAD answers as GET without a body; another method is 405 with `Allow`; an unknown route 404.
#[tokio::test]
async fn methods() {
    let state = staged();
    let head = send(&state, Method::HEAD, "/api/v1/workers").await;
    assert_eq!(head.status(), StatusCode::OK);
    assert!(to_bytes(head.into_body(), 1024).await.unwrap().is_empty());
    let post = send(&state, Method::POST, "/api/v1/workers").await;
    assert_eq!(post.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(post.headers()["allow"], "GET,HEAD");
    assert_eq!(get(&state, "/api/v1/nothing").await.0, StatusCode::NOT_FOUND);
}

/// The snapshot holds every noun, and its system figures are those of `/metrics/json` for the same snapshot.
#[tokio::test]
async fn snapshot_agrees_with_the_printed_views() {
    let state = staged();
    let (_, whole) = get(&state, "/api/v1/snapshot").await;
    let (_, printed) = get(&state, "/metrics/json").await;
    assert_eq!(whole["system"]["health_score"], printed["health_score"]);
    assert_eq!(whole["system"]["error_rate"], printed["performance"]["error_rate"]);
    assert_eq!(whole["system"]["items_per_second"], printed["performance"]["items_per_second"]);
    assert_eq!(whole["traces"]["total_traces"], printed["traces"]["total_traces"]);
    assert_eq!(whole["traces"]["active_spans"], printed["traces"]["active_spans"]);
    assert_eq!(whole["run_id"], "run-1");
    for (noun, count) in [("services", 3), ("pools", 3), ("workers", 4), ("components", 3), ("breakers", 1)] {
        assert_eq!(whole[noun].as_array().unwrap().len(), count, "{noun}");
    }
}

/// About names the run and the configuration as it was given, redacted.
#[tokio::test]
async fn about_says_who_answers() {
    let (status, about) = get(&staged(), "/api/v1/about").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(about["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(about["run_id"], "run-1");
    assert_eq!(about["uptime_seconds"], 90.0);
    assert_eq!(about["config"], serde_json::json!({ "pull": [] }));
    assert_eq!(about["limits"]["page_rows_max"], 10_000);
}
