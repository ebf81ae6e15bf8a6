//! The version 1 routes on snapshots drawn by hand.

mod fixture;

use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode};
use axum::response::Response;
use serde_json::Value;
use tower::ServiceExt;

use crate::pull::{PullState, router};

pub(crate) use fixture::*;

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

/// Every list can be cut to words of its rows and to text in their names; a word that none has keeps none.
#[tokio::test]
async fn filters_of_every_list() {
    let state = staged();
    let total = async |uri: &str| get(&state, &format!("/api/v1/{uri}")).await.1["total"].clone();
    for (uri, expected) in [
        ("components?status=missing", 1),
        ("components?status=missing,%20stale", 2),
        ("components?q=AP", 1),
        ("components?name=cart", 1),
        ("breakers?state=open", total("breakers").await.as_u64().unwrap()),
        ("breakers?state=closed", 0),
        ("breakers?component=none", 0),
        ("alerts?level=critical", 1),
        ("alerts?level=info", 0),
        ("alerts?state=all&level=critical,warning,info", 3),
        ("pools?q=nothing", 0),
        ("services?q=cart", 1),
        ("exporters?state=stopped", 0),
        ("streams?from=nobody", 0),
    ] {
        assert_eq!(total(uri).await, expected, "{uri}");
    }
    assert_eq!(get(&state, "/api/v1/pools?q=a&q=b").await.0, StatusCode::BAD_REQUEST);
}

/// Transitions of all breakers in one answer: newest first, as far back as asked, no more than asked.
#[tokio::test]
async fn transitions_of_all() {
    let state = staged();
    let (_, all) = get(&state, "/api/v1/transitions").await;
    let rows = all["items"].as_array().unwrap();
    assert!(!rows.is_empty() && all["total"] == rows.len());
    let moments: Vec<f64> = rows.iter().map(|row| row["at"].as_f64().unwrap()).collect();
    assert!(moments.is_sorted_by(|newer, older| newer >= older));
    let (_, one) = get(&state, "/api/v1/breakers/db/transitions").await;
    assert!(rows.contains(&one["items"][0]), "the same item as the breaker's own");
    let (_, short) = get(&state, "/api/v1/transitions?limit=1").await;
    assert_eq!((short["items"].as_array().unwrap().len(), &short["total"]), (1, &all["total"]));
    let (_, scoped) = get(&state, "/api/v1/transitions?service=nobody").await;
    assert_eq!(scoped["total"], 0);
    for bad in ["range=0s", "range=x", "limit=0", "limit=10001"] {
        assert_eq!(get(&state, &format!("/api/v1/transitions?{bad}")).await.0, StatusCode::BAD_REQUEST, "{bad}");
    }
}

/// The system's history is of the whole: a filter leaves it empty rather than wrong.
#[tokio::test]
async fn history_of_the_system() {
    let state = staged();
    state.store.tick();
    let (_, history) = get(&state, "/api/v1/history?entity=system").await;
    let fields: Vec<&str> =
        history["columns"].as_array().unwrap().iter().map(|one| one["field"].as_str().unwrap()).collect();
    assert_eq!(fields[..2], ["health_score", "error_rate"]);
    assert!(history["columns"].as_array().unwrap().iter().all(|one| one["key"] == "system"));
    let (status, filtered) = get(&state, "/api/v1/history?entity=system&service=shop").await;
    assert_eq!((status, filtered["columns"].as_array().unwrap().len()), (StatusCode::OK, 0));
    for entity in ["breaker", "exporter"] {
        assert_eq!(get(&state, &format!("/api/v1/history?entity={entity}")).await.0, StatusCode::OK);
    }
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
        "/api/v1/history?entity=pool&range=15mm",
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
