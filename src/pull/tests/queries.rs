//! Query parameters: what they select, and which are refused.

use axum::http::{Method, StatusCode, header};
use proptest::prelude::*;

use crate::model::fixture::documented;
use crate::model::scope::Scope;
use crate::pull::PullState;
use crate::pull::query::Parameters;
use crate::pull::tests::{endpoint, get, send, shared};

fn scope(query: &str) -> Scope {
    Parameters::read(query).scope(&Scope::default()).expect("a scope")
}

/// Names and values are form-decoded; empty ones filter nothing; unknown ones are ignored.
#[test]
fn scopes_are_read() {
    let both = Scope { service: Some("a b/c".into()), environment: Some("ü".into()), instance: None };
    assert_eq!(scope("service=a+b%2Fc&environment=%C3%BC&_=17&instance="), both);
    assert!(scope("").is_everything());
    assert!(scope("&&=&service&x=%FF").is_everything());
}

/// The endpoint's own filter holds whatever is asked: a contradiction selects nothing.
#[tokio::test]
async fn the_endpoints_filter_stays() {
    let mut filtered = endpoint();
    filtered.filter.service = Some("tasks".to_owned());
    let state = PullState::showing(shared(filtered), documented());
    let total = async |path: &str| {
        let answer = send(state.clone(), Method::GET, path, "*/*").await;
        (answer.status.as_u16(), answer.json()["components"]["total"].as_u64())
    };
    assert_eq!(total("/health").await, (200, Some(2)));
    assert_eq!(total("/health?service=tasks").await, (200, Some(2)));
    assert_eq!(total("/health?service=otel-bridge").await, (503, None));
}

/// Filters reach every document.
#[tokio::test]
async fn documents_are_filtered() {
    let components = get(documented(), "/components?service=otel-bridge").await.json();
    let keys: Vec<&String> = components["components"].as_object().expect("a map").keys().collect();
    assert_eq!(keys, ["otlp-grpc"]);
    let pools = |path| async move { get(documented(), path).await.json()["pool"]["size"].clone() };
    assert_eq!(pools("/metrics/api/metrics/").await, 500);
    assert_eq!(pools("/metrics/api/metrics/?pool=web").await, 500);
    assert_eq!(pools("/metrics/api/metrics/?pool=other").await, 0);
    assert_eq!(pools("/metrics/api/metrics/?service=otel-bridge").await, 0);
    let stats = get(documented(), "/metrics/api/metrics/stats?pool=other").await.json();
    assert_eq!(stats["workers"].as_array().map(Vec::len), Some(0));
}

/// A value that cannot be meant is 400 as problem+json, on every route that takes a scope.
#[tokio::test]
async fn bad_values_are_refused() {
    let long = format!("service={}", "x".repeat(3_000));
    for path in ["/health", "/metrics/json", "/alerts", "/components", "/metrics/api/metrics/", "/metrics/api/stats"] {
        for query in ["service=%FF", "service=a&service=b", "instance=%C3", long.as_str()] {
            let answer = get(documented(), &format!("{path}?{query}")).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path}?{query}");
            assert_eq!(answer.header(header::CONTENT_TYPE), "application/problem+json");
        }
    }
    let answer = get(documented(), "/metrics/api/metrics/?pool=a&pool=b").await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
}

/// Switches and numbers say what is wrong with them.
#[test]
fn values_are_parsed() {
    let parameters = Parameters::read("on&yes=1&no=false&odd=maybe&limit=12&bad=-3");
    let flag = |name| parameters.flag(name).ok();
    assert_eq!(
        [flag("on"), flag("yes"), flag("no"), flag("absent")],
        [Some(true), Some(true), Some(false), Some(false)]
    );
    assert_eq!(flag("odd"), None);
    assert_eq!(parameters.parse::<u32>("limit").ok().flatten(), Some(12));
    assert_eq!(parameters.parse::<u32>("bad").expect_err("negative").status(), StatusCode::BAD_REQUEST);
}

proptest! {
    /// No query makes a handler panic or fail otherwise than by 400.
    #[test]
    fn any_query_is_answered(query in "[ -~]{0,40}") {
        let parameters = Parameters::read(&query);
        for name in ["service", "pool", "verbose"] {
            for error in [parameters.get(name).err(), parameters.flag(name).err(), parameters.all(name).err()] {
                prop_assert!(error.is_none_or(|problem| problem.status() == StatusCode::BAD_REQUEST));
            }
        }
    }
}
