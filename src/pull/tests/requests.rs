//! Methods, paths, probes, and the cache of renderings.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Extension;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use bytes::Bytes;
use http_body_util::BodyExt;
use tower::ServiceExt;

use crate::config::listener::Auth;
use crate::limits::{RENDERED_BYTES_MAX, RENDERED_VIEWS_MAX};
use crate::listen::Caller;
use crate::model::fixture::documented;
use crate::model::scope::Scope;
use crate::model::snapshot::Snapshot;
use crate::pull::cache::{Cache, Rendered, View};
use crate::pull::tests::{Answer, endpoint, get, send, shared};
use crate::pull::ui::Dashboard;
use crate::pull::{PullState, Shared, accept, route};
use crate::readiness::Standing;

fn state() -> PullState {
    PullState::showing(shared(endpoint()), documented())
}

/// The listing names every route of the router, and each one that is a document answers; so do they to HEAD, without a body
/// and with the same length. Any other method is 405 with `Allow`.
#[tokio::test]
async fn every_listed_route_answers() {
    let table = route::table(&shared(endpoint()));
    let listed = get(documented(), "/").await.json();
    let listed = listed["endpoints"].as_object().expect("a map").len();
    assert_eq!(listed, table.iter().filter(|route| route.is_listed).count());
    for route in table.iter().filter(|route| !route.path.contains('{')) {
        if route.path.contains("sse") || route.path.contains("stream") {
            continue;
        }
        let whole = send(state(), Method::GET, &route.path, "*/*").await;
        let says = !whole.body.is_empty() || whole.status.is_redirection();
        assert!(whole.status != StatusCode::NOT_FOUND && says, "{}", route.path);
        let head = send(state(), Method::HEAD, &route.path, "*/*").await;
        assert_eq!((head.status, head.body.as_str()), (whole.status, ""), "{}", route.path);
        assert_eq!(head.header(header::CONTENT_TYPE), whole.header(header::CONTENT_TYPE));
        assert_eq!(head.header(header::CONTENT_LENGTH), whole.body.len().to_string(), "{}", route.path);
        for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
            let refused = send(state(), method, &route.path, "*/*").await;
            assert_eq!(refused.status, StatusCode::METHOD_NOT_ALLOWED, "{}", route.path);
            assert_eq!(refused.header(header::ALLOW), "GET,HEAD");
            problem(&refused, 405, "Method Not Allowed");
        }
    }
}

fn problem(answer: &Answer, status: u16, title: &str) {
    assert_eq!(answer.status, status);
    assert_eq!(answer.header(header::CONTENT_TYPE), "application/problem+json");
    let body = answer.json();
    assert_eq!((body["type"].as_str(), body["title"].as_str()), (Some("about:blank"), Some(title)));
    assert_eq!(body["status"], status);
    assert!(body["detail"].as_str().is_some_and(|detail| !detail.is_empty()));
}

/// `prometheus: false` makes every Prometheus route 404, and leaves them out of the listing; the rest stays.
#[tokio::test]
async fn prometheus_is_switched_off() {
    let paths = ["/metrics", "/prometheus", "/metrics/api/metrics/prometheus", "/metrics/api/prometheus"];
    let mut without = endpoint();
    without.prometheus = None;
    for path in paths {
        assert_eq!(get(documented(), path).await.status, StatusCode::OK, "{path}");
        let state = PullState::showing(shared(without.clone()), documented());
        problem(&send(state, Method::GET, path, "*/*").await, 404, "Not Found");
        assert!(!route::table(&shared(without.clone())).iter().any(|route| route.path == path));
    }
    let browser = send(state(), Method::GET, "/metrics", "text/html,*/*;q=0.8").await;
    assert!(browser.header(header::CONTENT_TYPE).starts_with("text/plain"), "never HTML");
}

/// Unknown paths are 404 as problem+json, whatever the method.
#[tokio::test]
async fn unknown_paths() {
    for path in ["/nothing", "/metrics/json/", "/health/x", "/metrics/api/metrics/nothing", "/%00", "//health"] {
        problem(&get(documented(), path).await, 404, "Not Found");
        problem(&send(state(), Method::POST, path, "*/*").await, 404, "Not Found");
    }
}

/// A browser at `/` is sent to the dashboard, anybody else gets the listing, and caches are told that it depends on `Accept`.
#[tokio::test]
async fn discovery_varies() {
    let browser = "text/html,application/xhtml+xml,*/*;q=0.8";
    let answer = send(state(), Method::GET, "/", browser).await;
    assert_eq!((answer.status, answer.header(header::LOCATION)), (StatusCode::TEMPORARY_REDIRECT, "/ui/"));
    assert!(answer.header(header::VARY).contains("Accept"));
    let without = Shared { dashboard: Dashboard::of(&[]), ..shared(endpoint()) };
    let without = send(PullState::showing(without, documented()), Method::GET, "/", browser).await;
    assert_eq!(without.status, StatusCode::OK, "there is nowhere to send it");
    let answer = send(state(), Method::GET, "/", "*/*").await;
    assert_eq!((answer.status, answer.header(header::VARY)), (StatusCode::OK, "Accept"));
    assert_eq!(answer.header(header::CACHE_CONTROL), "no-store");
    let document = answer.json();
    let members: Vec<&String> = document.as_object().expect("an object").keys().collect();
    assert_eq!(members, ["endpoints", "service", "timestamp", "version"]);
    for path in ["/health", "/alerts", "/components"] {
        assert!(document["endpoints"][path].is_string(), "{path}");
    }
}

async fn probe(state: &PullState, path: &str) -> (u16, String) {
    let answer = send(state.clone(), Method::GET, path, "*/*").await;
    assert!(crate::pull::probes::is_probe(path.split('?').next().expect("a path")));
    (answer.status.as_u16(), answer.body)
}

/// The probes speak as those of Kubernetes do; a warning is 200, a failure 503, and liveness looks at nothing of that.
#[tokio::test]
async fn probes() {
    let state = state();
    let readiness = &state.readiness;
    readiness.set("queue/stack", Standing::Warning("destination is down".to_owned()));
    let table = [
        ("/livez", 200, "ok"),
        ("/healthz", 200, "ok"),
        ("/livez?verbose", 200, "[+]ping ok\nlivez check passed\n"),
        ("/livez/ping", 200, "ok"),
        ("/readyz", 200, "ok"),
        ("/readyz?verbose=true", 200, "[+]start ok\n[+]queue/stack ok: destination is down\nreadyz check passed\n"),
        ("/readyz/queue/stack", 200, "ok"),
    ];
    for (path, status, body) in table {
        assert_eq!(probe(&state, path).await, (status, body.to_owned()), "{path}");
    }
    readiness.set("otlp-grpc", Standing::Failed("draining".to_owned()));
    let lines = "[+]start ok\n[+]queue/stack ok: destination is down\n[-]otlp-grpc failed: draining\n";
    let warn = "warn: some health checks cannot be excluded: no matches for \"x\"\n";
    let table = [
        ("/readyz", 503, format!("{lines}readyz check failed\n")),
        ("/readyz?exclude=x", 503, format!("{lines}{warn}readyz check failed\n")),
        ("/readyz?exclude=x&exclude=otlp-grpc", 200, "ok".to_owned()),
        ("/readyz/otlp-grpc", 503, "[-]otlp-grpc failed: draining\n".to_owned()),
        ("/readyz/start", 200, "ok".to_owned()),
        ("/livez", 200, "ok".to_owned()),
    ];
    for (path, status, body) in table {
        assert_eq!(probe(&state, path).await, (status, body), "{path}");
    }
    let excluded = probe(&state, "/readyz?verbose&exclude=otlp-grpc").await.1;
    assert!(excluded.contains("[+]otlp-grpc excluded: ok\n"), "{excluded}");
    problem(&send(state.clone(), Method::GET, "/readyz/nothing", "*/*").await, 404, "Not Found");
    problem(&send(state, Method::GET, "/readyz?verbose=perhaps", "*/*").await, 400, "Bad Request");
}

/// Where the endpoint asks for credentials, a probe tells no reasons.
#[tokio::test]
async fn probes_withhold_reasons() {
    let mut guarded = endpoint();
    guarded.listener.auth = Some(Auth::default());
    let state = PullState::showing(shared(guarded), documented());
    state.readiness.set("otlp-grpc", Standing::Failed("secret reason".to_owned()));
    state.readiness.set("queue", Standing::Warning("secret reason".to_owned()));
    for path in ["/readyz", "/readyz?verbose", "/readyz/otlp-grpc"] {
        let (status, body) = probe(&state, path).await;
        assert_eq!(status, 503);
        assert!(body.contains("[-]otlp-grpc failed: reason withheld\n") && !body.contains("secret"), "{body}");
    }
}

/// One who brought credentials is told the reasons, one who did not is not.
#[tokio::test]
async fn verified_callers_are_told_reasons() {
    for verified in [true, false] {
        let state = state();
        state.readiness.set("otlp-grpc", Standing::Failed("draining".to_owned()));
        let caller = Caller { address: [127, 0, 0, 1].into(), verified };
        let router = crate::pull::router(state).layer(Extension(caller));
        let request = Request::get("/readyz").body(Body::empty()).expect("a request");
        let body = router.oneshot(request).await.expect("an answer").into_body().collect().await.expect("a body");
        let expected: &[u8] = if verified { b"failed: draining\n" } else { b"failed: reason withheld\n" };
        assert!(body.to_bytes().windows(expected.len()).any(|bytes| bytes == expected), "{verified}");
    }
}

/// The most specific range decides; among equals the first offered; nothing acceptable gives the first all the same.
#[test]
fn accept_is_negotiated() {
    let offered = ["application/json", "application/health+json"];
    for (accept, expected) in [
        (None, 0),
        (Some("*/*"), 0),
        (Some("application/health+json"), 1),
        (Some("application/*;q=0.5, application/health+json;q=0.9"), 1),
        (Some("application/health+json;q=0, */*"), 0),
        (Some("application/json;q=0.1, APPLICATION/HEALTH+JSON ; Q=0.2"), 1),
        (Some("text/html"), 0),
        (Some("garbage;;q=x,/,"), 0),
        (Some("application/health+json;q=nan"), 1),
    ] {
        let mut headers = HeaderMap::new();
        if let Some(accept) = accept {
            headers.insert(header::ACCEPT, HeaderValue::from_str(accept).expect("a header"));
        }
        assert_eq!(accept::choose(&headers, &offered), Some(offered[expected]), "{accept:?}");
    }
}

fn view(variant: &str) -> View {
    View { name: "test", scope: Scope::default(), variant: variant.to_owned() }
}

fn rendered(bytes: usize) -> Rendered {
    Rendered::ok(HeaderValue::from_static("text/plain"), Bytes::from(vec![b'x'; bytes]))
}

fn at(id: u64) -> Snapshot {
    Snapshot { id, ..Snapshot::default() }
}

/// One rendering for a snapshot and view; another view or a newer snapshot makes another; an older snapshot disturbs nothing.
#[tokio::test]
async fn a_view_is_rendered_once() {
    let cache = Cache::default();
    let count = Arc::new(AtomicUsize::new(0));
    let ask = async |id: u64, variant: &str| {
        let render = || {
            count.fetch_add(1, Ordering::Relaxed);
            rendered(1)
        };
        cache.get(&at(id), view(variant), render).await;
        count.load(Ordering::Relaxed)
    };
    for (id, variant, expected) in
        [(1, "a", 1), (1, "a", 1), (1, "b", 2), (2, "a", 3), (2, "a", 3), (1, "a", 4), (2, "a", 4)]
    {
        assert_eq!(ask(id, variant).await, expected, "{id} {variant}");
    }
}

/// Beyond its limits the cache serves all the same, and keeps nothing more.
#[tokio::test]
async fn the_cache_is_bounded() {
    let cache = Cache::default();
    let made = AtomicUsize::new(0);
    let ask = async |variant: &str, bytes: usize| {
        let render = || {
            made.fetch_add(1, Ordering::Relaxed);
            rendered(bytes)
        };
        cache.get(&at(1), view(variant), render).await
    };
    for _ in 0..2 {
        assert_eq!(ask("large", RENDERED_BYTES_MAX + 1).await.body.len(), RENDERED_BYTES_MAX + 1);
    }
    assert_eq!(made.load(Ordering::Relaxed), 2, "too large to keep");
    for place in 0..=RENDERED_VIEWS_MAX {
        ask(&place.to_string(), 1).await;
    }
    let before = made.load(Ordering::Relaxed);
    ask("0", 1).await;
    assert_eq!(made.load(Ordering::Relaxed), before, "kept");
    ask(&RENDERED_VIEWS_MAX.to_string(), 1).await;
    assert_eq!(made.load(Ordering::Relaxed), before + 1, "one too many");
}
