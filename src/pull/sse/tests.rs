//! Streams on paused time: what a client hears, when, and what a slow one does not.

mod client;

use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use futures_util::StreamExt;
use tokio::time::{advance, timeout};
use tower::ServiceExt;

use client::{call, open, open_with};

use super::*;
use crate::limits::{SSE_LIFETIME_MS, SSE_LINGER_MS, SSE_SETS_MAX};
use crate::model::snapshot::Snapshot;
use crate::pull::router;
use crate::pull::v1::tests::{endpoint, picture, state, state_of, worker};
use crate::state::events::Event;

fn staged() -> PullState {
    let state = state();
    state.show(picture());
    state
}

/// The picture in which worker 0 has handled so many requests.
fn stage(state: &PullState, id: u64, requests: u64) {
    let mut picture = picture();
    picture.id = id;
    picture.workers[0].requests = Some(requests);
    state.show(picture);
}

fn event(message: &str, service: Option<&str>) -> Event {
    Event {
        id: 0,
        at_unix_ms: 1,
        kind: "alert_fired",
        service: service.map(Into::into),
        instance: None,
        environment: None,
        subject: "x".into(),
        message: message.into(),
    }
}

/// S1, S8: the headers of a stream; HEAD has them too and takes no seat.
#[tokio::test(start_paused = true)]
async fn headers() {
    let state = staged();
    for uri in ["/api/v1/stream", "/metrics/api/metrics/sse", "/metrics/api/sse"] {
        let response = call(&state, uri, None, None).await;
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["cache-control"], "no-cache, no-transform");
        assert_eq!(response.headers()["x-accel-buffering"], "no");
        assert!(response.headers().get("content-encoding").is_none());
    }
    let request = Request::builder().method("HEAD").uri("/api/v1/stream").body(Body::empty()).unwrap();
    let head = router(state.clone()).oneshot(request).await.unwrap();
    assert_eq!(head.headers()["content-type"], "text/event-stream");
    assert_eq!(state.store.accounting().sse_clients.load(Ordering::Relaxed), 0);
}

/// S4 and the life of a stream: retry, snapshot, then only what changed, each with an id of its own; a ping within 15 s (S6).
#[tokio::test(start_paused = true)]
async fn snapshot_then_deltas() {
    let state = staged();
    let mut client = open(&state, "/api/v1/stream?topics=workers,events").await;
    assert_eq!(client.heard().await.retry.as_deref(), Some("3000"));
    let whole = client.heard().await;
    assert_eq!(whole.event(), "snapshot");
    assert_eq!(whole.json()["workers"].as_array().unwrap().len(), 4);
    assert!(whole.json().get("pools").is_none());

    stage(&state, 8, 11);
    let delta = client.news().await;
    assert_eq!(delta.event(), "delta");
    assert_eq!(delta.json()["snapshot_id"], 8);
    assert_eq!(delta.json()["workers"]["changed"][0]["requests"], 11);
    assert_ne!(delta.id, whole.id);

    state.store.events().push(event("over here", None));
    let told = client.news().await;
    assert_eq!(told.event(), "event");
    assert_eq!(told.json()["message"], "over here");
    assert_ne!(told.id, delta.id);

    let ping = timeout(Duration::from_secs(15), client.heard()).await.unwrap();
    assert_eq!(ping.event(), "ping");
    assert_eq!(ping.id, told.id);
}

/// A sign of life that falls on the same moment as a change hides it from nobody.
#[tokio::test(start_paused = true)]
async fn a_ping_beside_a_change() {
    let state = staged();
    let mut client = open(&state, "/api/v1/stream?topics=workers").await;
    client.heard().await;
    client.heard().await;
    for step in 1..=30 {
        stage(&state, 7 + step, 10 + step);
        assert_eq!(client.news().await.event(), "delta", "{step}");
    }
}

/// An event outside the filter is not told.
#[tokio::test(start_paused = true)]
async fn events_are_filtered() {
    let state = staged();
    let mut client = open(&state, "/api/v1/stream?topics=events&service=shop").await;
    client.heard().await;
    client.heard().await;
    state.store.events().push(event("not ours", Some("cart")));
    state.store.events().push(event("ours", Some("shop")));
    assert_eq!(client.news().await.json()["message"], "ours");
}

/// S5: a client that comes back gets what it missed, nothing when it missed nothing, and a snapshot for an id that is nonsense,
/// of another set, of another run or too old.
#[tokio::test(start_paused = true)]
async fn replay() {
    let state = staged();
    let uri = "/api/v1/stream?topics=workers";
    let mut client = open(&state, uri).await;
    client.heard().await;
    let first = client.heard().await.id.unwrap();
    stage(&state, 8, 11);
    let second = client.news().await.id.unwrap();
    stage(&state, 9, 12);
    let third = client.news().await;
    drop(client);

    let mut back = open_with(&state, uri, Some(first.as_bytes())).await;
    back.heard().await;
    assert_eq!(back.news().await.id.unwrap(), second);
    assert_eq!(back.news().await, third);

    let mut back = open_with(&state, uri, third.id.as_deref().map(str::as_bytes)).await;
    back.heard().await;
    stage(&state, 10, 13);
    let next = back.news().await;
    assert_eq!((next.event(), next.json()["snapshot_id"].as_u64()), ("delta", Some(10)));

    let other_run = first.replacen("run1", "run2", 1);
    let ahead = format!("{}99", third.id.unwrap());
    for id in [&b"nonsense"[..], b"", b"\xff\xfe", b"-1", other_run.as_bytes(), ahead.as_bytes(), &[b'9'; 4000]] {
        let mut back = open_with(&state, uri, Some(id)).await;
        back.heard().await;
        assert_eq!(back.heard().await.event(), "snapshot", "{}", String::from_utf8_lossy(id));
    }
    let mut other_set = open_with(&state, "/api/v1/stream?topics=pools", Some(first.as_bytes())).await;
    other_set.heard().await;
    assert_eq!(other_set.heard().await.event(), "snapshot");
}

/// S11: who does not read for a while hears the latest state once, and no backlog; who reads hears every change.
#[tokio::test(start_paused = true)]
async fn slow_readers_get_the_latest() {
    let state = staged();
    let uri = "/api/v1/stream?topics=workers";
    let (mut slow, mut quick) = (open(&state, uri).await, open(&state, uri).await);
    for client in [&mut slow, &mut quick] {
        client.heard().await;
        client.heard().await;
    }
    for step in 1..=20 {
        stage(&state, 7 + step, 10 + step);
        let delta = quick.news().await;
        assert_eq!(delta.json()["workers"]["changed"][0]["requests"], 10 + step);
    }
    let latest = slow.heard().await;
    assert_eq!(latest.event(), "snapshot");
    let workers = latest.json()["workers"].clone();
    assert!(workers.as_array().unwrap().iter().any(|worker| worker["requests"] == 30));
    stage(&state, 100, 77);
    assert_eq!(slow.news().await.event(), "delta");
}

/// S10: subscribers of one set share the very same bytes; topics in another order are the same set.
#[tokio::test(start_paused = true)]
async fn one_rendering_for_all() {
    let state = staged();
    let mut bodies = Vec::new();
    for uri in ["/api/v1/stream?topics=pools,workers", "/api/v1/stream?topics=workers,pools"] {
        let mut body = call(&state, uri, None, None).await.into_body().into_data_stream();
        body.next().await.unwrap().unwrap();
        bodies.push((body.next().await.unwrap().unwrap(), body));
    }
    assert_eq!(state.hubs().len(), 1);
    assert_eq!(bodies[0].0.as_ptr(), bodies[1].0.as_ptr());
    stage(&state, 8, 11);
    let mut deltas = Vec::new();
    for (_, body) in &mut bodies {
        deltas.push(body.next().await.unwrap().unwrap());
    }
    assert_eq!(deltas[0].as_ptr(), deltas[1].as_ptr());
}

/// S12: caps in all, of one address (one /64 for IPv6) and of distinct sets give 503 with Retry-After; a seat that is given
/// back can be taken again, and the gauge follows.
#[tokio::test(start_paused = true)]
async fn caps() {
    let mut endpoint = endpoint();
    (endpoint.sse_clients_max, endpoint.sse_clients_per_address_max) = (3, 2);
    let state = state_of(endpoint);
    state.show(picture());
    let gauge = || state.store.accounting().sse_clients.load(Ordering::Relaxed);
    let from = async |address: &str| call(&state, "/api/v1/stream", None, Some(address)).await;
    let first = from("2001:db8::1").await;
    let second = from("2001:db8::2").await;
    assert_eq!((first.status(), second.status(), gauge()), (StatusCode::OK, StatusCode::OK, 2));
    let refused = from("2001:db8::3").await;
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(refused.headers()["retry-after"], "5");
    assert_eq!(refused.headers()["content-type"], "application/problem+json");
    let third = from("192.0.2.1").await;
    assert_eq!(third.status(), StatusCode::OK);
    assert_eq!(from("192.0.2.2").await.status(), StatusCode::SERVICE_UNAVAILABLE);
    drop((first, second));
    assert_eq!(gauge(), 1);
    assert_eq!(from("192.0.2.2").await.status(), StatusCode::OK);
    drop(third);
    assert_eq!(gauge(), 0);
}

/// The 65th distinct set is refused while all are in use; one that is only remembered makes room.
#[tokio::test(start_paused = true)]
async fn sets_are_capped() {
    let state = staged();
    let mut open = Vec::new();
    for number in 0..SSE_SETS_MAX {
        open.push(call(&state, &format!("/metrics/api/sse?pool=p{number}"), None, None).await);
    }
    let refused = call(&state, "/metrics/api/sse?pool=more", None, None).await;
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    open.pop();
    assert_eq!(call(&state, "/metrics/api/sse?pool=more", None, None).await.status(), StatusCode::OK);
    assert_eq!(state.hubs().len(), SSE_SETS_MAX);
}

/// A set's task ends soon after its last client has gone; with nobody listening nothing runs.
#[tokio::test(start_paused = true)]
async fn nothing_runs_for_nobody() {
    let state = staged();
    let client = open(&state, "/api/v1/stream").await;
    assert_eq!((state.tasks.len(), state.hubs().len()), (1, 1));
    drop(client);
    tokio::time::sleep(Duration::from_millis(SSE_LINGER_MS + 2_000)).await;
    assert_eq!((state.tasks.len(), state.hubs().len()), (0, 0));
}

/// S13: no stream outlives an hour and a tenth; it ends with a word, not before nine tenths of an hour.
#[tokio::test(start_paused = true)]
async fn lifetime_ends() {
    let state = staged();
    let mut client = open(&state, "/api/v1/stream?topics=events").await;
    let start = tokio::time::Instant::now();
    client.heard().await;
    client.heard().await;
    let last = loop {
        let heard = client.heard().await;
        if heard.event() != "ping" {
            break heard;
        }
    };
    assert_eq!((last.event(), last.json()["reason"].as_str()), ("close", Some("lifetime")));
    assert_eq!(client.next().await, None);
    let lived = start.elapsed().as_millis() as u64;
    assert!((SSE_LIFETIME_MS * 9 / 10..=SSE_LIFETIME_MS * 11 / 10 + 1).contains(&lived), "{lived}");
}

/// S17: on stop every stream gets a final message and ends, tasks end, and new clients are turned away.
#[tokio::test(start_paused = true)]
async fn stop_says_goodbye() {
    let state = staged();
    let mut streams = [open(&state, "/api/v1/stream").await, open(&state, "/metrics/api/metrics/sse").await];
    for client in &mut streams {
        client.heard().await;
        client.heard().await;
    }
    state.tasks.cancel();
    for client in &mut streams {
        let last = client.heard().await;
        assert_eq!((last.event(), last.json()["reason"].as_str()), ("close", Some("stopping")));
        assert_eq!(client.next().await, None);
    }
    state.tasks.join().await;
    assert!(state.hubs().is_empty());
    assert_eq!(call(&state, "/api/v1/stream", None, None).await.status(), StatusCode::SERVICE_UNAVAILABLE);
}

/// The plugin's stream: default messages at the configured interval, changed or not, equal to the JSON route; `stats` adds
/// the workers, `pool` picks one.
#[tokio::test(start_paused = true)]
async fn the_plugins_stream() {
    let mut endpoint = endpoint();
    endpoint.sse_interval = Duration::from_secs(2);
    let state = state_of(endpoint);
    state.show(picture());
    let mut client = open(&state, "/metrics/api/metrics/sse").await;
    client.heard().await;
    let first = client.heard().await;
    assert_eq!((first.event.as_deref(), first.json()["pool"]["active"].as_u64()), (None, Some(36)));
    let (_, printed) = crate::pull::v1::tests::get(&state, "/metrics/api/metrics/").await;
    assert_eq!(first.json(), printed);
    let start = tokio::time::Instant::now();
    let second = client.heard().await;
    assert_eq!(start.elapsed(), Duration::from_secs(2));
    assert_eq!(second.json(), first.json());
    assert_ne!(second.id, first.id);

    let mut full = open(&state, "/metrics/api/sse?stats=true&pool=jobs").await;
    full.heard().await;
    let full = full.heard().await.json();
    assert_eq!(full["pool"]["active"], 12);
    assert!(full["workers"].is_array());
}

/// `sse_interval` is the plugin's: however long it is, the version 1 stream tells a change within two seconds.
#[tokio::test(start_paused = true)]
async fn the_plugins_interval_is_its_own() {
    let mut endpoint = endpoint();
    endpoint.sse_interval = Duration::from_hours(1);
    let state = state_of(endpoint);
    state.show(picture());
    let mut client = open(&state, "/api/v1/stream?topics=workers").await;
    client.heard().await;
    client.heard().await;
    stage(&state, 8, 11);
    let delta = timeout(Duration::from_secs(2), client.news()).await.expect("a delta");
    assert_eq!(delta.event(), "delta");
}

/// A reader that stalls holds one piece and no more, whatever happens meanwhile: the stream is not polled, and makes nothing.
#[tokio::test(start_paused = true)]
async fn a_stalled_reader_holds_nothing() {
    let state = staged();
    let response = call(&state, "/api/v1/stream?topics=workers", None, None).await;
    let mut body = response.into_body().into_data_stream();
    body.next().await.unwrap().unwrap();
    body.next().await.unwrap().unwrap();
    for step in 1..=500 {
        stage(&state, 7 + step, 10 + step);
        advance(Duration::from_secs(1)).await;
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    let piece = body.next().await.unwrap().unwrap();
    assert!(piece.starts_with(b"event: snapshot\n"));
    // Then at most a sign of life, never one of the 500 messages that were missed.
    if let Ok(Some(Ok(more))) = timeout(Duration::from_millis(500), body.next()).await {
        assert!(more.starts_with(b"event: ping\n"), "{more:?}");
    }
}

/// 10,000 workers of which ten move: the message holds the ten.
#[tokio::test(start_paused = true)]
async fn deltas_are_small() {
    let state = state();
    let draw = |id: u64, requests: u64| {
        let mut workers: Vec<_> = (0..10_000).map(|number| worker(0, &format!("worker-{number}"))).collect();
        for worker in workers.iter_mut().take(10) {
            worker.requests = Some(requests);
        }
        Snapshot { id, workers, ..picture() }
    };
    state.show(draw(1, 1));
    let mut client = open(&state, "/api/v1/stream?topics=workers").await;
    client.heard().await;
    assert_eq!(client.heard().await.json()["workers"].as_array().unwrap().len(), 10_000);
    state.show(draw(2, 2));
    let delta = client.news().await;
    assert_eq!(delta.json()["workers"]["changed"].as_array().unwrap().len(), 10);
    assert!(delta.data.len() < 16 * 1024, "{}", delta.data.len());
}
