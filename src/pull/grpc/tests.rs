//! The calls on paused time and on snapshots made by hand; the wire is tried in `tests/it/grpc.rs`.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage, SerializeOptions};
use serde_json::Value;
use tokio::time::advance;
use tonic::{Code, Request, Status};

use super::messages::Said as _;
use super::watch::WatchStream;
use super::*;
use crate::config::links::Links;
use crate::limits::{SSE_SETS_MAX, WATCHERS_PER_ADDRESS_MAX};
use crate::model::scope::Scope;
use crate::model::snapshot::Snapshot;
use crate::proto::v1::bridge_server::Bridge as _;
use crate::proto::v1::watch_response::Message;
use crate::proto::v1::{self, GetSnapshotRequest, WatchRequest, WatchResponse};
use crate::pull::tests::{endpoint, shared};
use crate::pull::v1::noun::Context;
use crate::pull::v1::tests::picture;
use crate::pull::v1::topics::Topics;
use crate::pull::v1::whole::Whole;
use crate::state::events::Event;

fn service() -> BridgeService {
    let shared = shared(endpoint());
    let service = BridgeService::new(shared.store, shared.clock, Links::default());
    show(&service, picture());
    service
}

fn show(service: &BridgeService, snapshot: Snapshot) {
    *service.ground().shown.lock().unwrap() = Some(Arc::new(snapshot));
}

/// The picture in which worker 0 has handled so many requests.
fn stage(service: &BridgeService, id: u64, requests: u64) {
    let mut picture = picture();
    picture.id = id;
    picture.workers[0].requests = Some(requests);
    show(service, picture);
}

async fn watch(service: &BridgeService, request: WatchRequest) -> Result<WatchStream, Status> {
    service.watch(Request::new(request)).await.map(tonic::Response::into_inner)
}

fn decoded(message: &Encoded) -> Message {
    WatchResponse::decode(message.bytes().clone()).unwrap().message.unwrap()
}

async fn heard(stream: &mut WatchStream) -> Message {
    decoded(&stream.next().await.unwrap().unwrap())
}

/// The next message that is no ping.
async fn news(stream: &mut WatchStream) -> Message {
    loop {
        match heard(stream).await {
            Message::Ping(_) => {}
            message => return message,
        }
    }
}

fn topics(names: &[&str]) -> WatchRequest {
    WatchRequest { topics: names.iter().map(|name| (*name).to_owned()).collect(), ..WatchRequest::default() }
}

/// JSON without what is null or an empty `errors`: protobuf leaves both out.
fn without_absent(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let held = map
                .into_iter()
                .filter(|(name, value)| !value.is_null() && (name != "errors" || *value != Value::Array(vec![])));
            Value::Object(held.map(|(name, value)| (name, without_absent(value))).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(without_absent).collect()),
        other => other,
    }
}

/// The message as JSON with the names of the descriptor, which is not the code that encoded it.
fn as_json(name: &str, bytes: &[u8]) -> Value {
    let pool = DescriptorPool::decode(crate::proto::DESCRIPTORS).unwrap();
    let message = DynamicMessage::decode(pool.get_message_by_name(name).unwrap(), bytes).unwrap();
    let options =
        SerializeOptions::new().use_proto_field_name(true).stringify_64_bit_integers(false).skip_default_fields(false);
    without_absent(message.serialize_with_options(serde_json::value::Serializer, &options).unwrap())
}

/// Invariant 1: every field of every noun says what JSON says, under the same name.
#[test]
fn messages_say_what_json_says() {
    let (snapshot, scope, links) = (picture(), Scope::default(), Links::default());
    let context = Context::new(&snapshot, &scope, &links, &snapshot.health_rules);
    let system = context.system();
    let whole = Whole::new(&context, &system, Topics::ALL, 42);
    let json = without_absent(serde_json::to_value(&whole).unwrap());
    for list in ["services", "pools", "workers", "components", "breakers", "streams", "alerts", "exporters"] {
        assert!(!json[list].as_array().unwrap().is_empty(), "the picture has {list}");
    }
    let message: v1::Snapshot = whole.said();
    assert_eq!(as_json("otel_bridge.v1.Snapshot", &message.encode_to_vec()), json);
}

/// A snapshot is encoded once for each picture and filter; a filter and topics narrow it.
#[tokio::test]
async fn snapshots() {
    let service = service();
    let ask = async |request: GetSnapshotRequest| {
        service.get_snapshot(Request::new(request)).await.map(tonic::Response::into_inner)
    };
    let first = ask(GetSnapshotRequest::default()).await.unwrap();
    let second = ask(GetSnapshotRequest::default()).await.unwrap();
    assert_eq!(first.bytes().as_ptr(), second.bytes().as_ptr(), "the same bytes");
    let whole = v1::Snapshot::decode(first.bytes().clone()).unwrap();
    assert_eq!((whole.snapshot_id, whole.workers.len()), (7, 4));
    let narrow = GetSnapshotRequest { service: "nobody".to_owned(), ..GetSnapshotRequest::default() };
    let narrow = v1::Snapshot::decode(ask(narrow).await.unwrap().bytes().clone()).unwrap();
    assert_eq!((narrow.services.len(), narrow.workers.len(), narrow.system.unwrap().status), (0, 0, None));
    let pools = GetSnapshotRequest { topics: vec!["pools".to_owned()], ..GetSnapshotRequest::default() };
    let pools = v1::Snapshot::decode(ask(pools).await.unwrap().bytes().clone()).unwrap();
    assert!(!pools.pools.is_empty() && pools.workers.is_empty() && pools.traces.is_none());
    let wrong = GetSnapshotRequest { topics: vec!["nope".to_owned()], ..GetSnapshotRequest::default() };
    let refused = ask(wrong).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert!(refused.message().contains("exporters") && refused.message().contains("nope"), "{refused}");
}

/// The life of a watch: a snapshot, then only what changes, and signs of life where nothing does.
#[tokio::test(start_paused = true)]
async fn snapshot_then_deltas() {
    let service = service();
    let mut stream = watch(&service, topics(&["workers", "events"])).await.unwrap();
    let Message::Snapshot(whole) = heard(&mut stream).await else { panic!("a snapshot first") };
    assert_eq!((whole.workers.len(), whole.pools.len()), (4, 0));
    stage(&service, 8, 11);
    let Message::Delta(delta) = news(&mut stream).await else { panic!("a delta") };
    let changed = delta.workers.unwrap().changed;
    assert_eq!((delta.snapshot_id, changed.len(), changed[0].requests), (8, 1, Some(11)));
    assert!(delta.pools.is_none() && delta.system.is_some());
    let event = Event {
        id: 0,
        at_unix_ms: 1_500,
        kind: "alert_fired",
        service: None,
        instance: None,
        environment: None,
        subject: "x".into(),
        message: "over here".into(),
    };
    service.ground().store.events().push(event);
    let Message::Event(event) = news(&mut stream).await else { panic!("an event") };
    assert_eq!((event.message.as_str(), event.at, event.r#type.as_str()), ("over here", 1.5, "alert_fired"));
    let ping = tokio::time::timeout(Duration::from_secs(6), heard(&mut stream)).await.unwrap();
    assert!(matches!(ping, Message::Ping(_)), "{ping:?}");
}

/// Invariant 7 and S10: one look and one encoding for all who watch the same; another interval is another set.
#[tokio::test(start_paused = true)]
async fn watchers_share() {
    let service = service();
    let mut streams = Vec::new();
    for interval_ms in [0, 1_000, 5_000] {
        streams.push(watch(&service, WatchRequest { interval_ms, ..WatchRequest::default() }).await.unwrap());
    }
    assert_eq!(service.ground().watchers.sets_len(), 2, "0 means 1,000");
    let mut wholes = Vec::new();
    for stream in &mut streams {
        wholes.push(stream.next().await.unwrap().unwrap());
    }
    assert_eq!(wholes[0].bytes().as_ptr(), wholes[1].bytes().as_ptr(), "the same bytes");
    stage(&service, 8, 11);
    let first = streams[0].next().await.unwrap().unwrap();
    let second = streams[1].next().await.unwrap().unwrap();
    assert!(matches!(decoded(&first), Message::Delta(_)));
    assert_eq!(first.bytes().as_ptr(), second.bytes().as_ptr(), "the same bytes");
    drop(streams);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(service.ground().watchers.sets_len(), 0, "nobody watches");
    assert_eq!(service.ground().tasks.len(), 0);
}

/// S11: a watcher that reads slowly gets the present, however much it has missed, and no delta that does not fit.
#[tokio::test(start_paused = true)]
async fn a_slow_watcher_gets_the_present() {
    let service = service();
    let mut slow = watch(&service, topics(&["workers"])).await.unwrap();
    heard(&mut slow).await;
    for step in 1..=40 {
        stage(&service, 7 + step, 100 + step);
        advance(Duration::from_secs(1)).await;
        tokio::task::yield_now().await;
    }
    let Message::Snapshot(whole) = news(&mut slow).await else { panic!("the whole") };
    assert!(whole.snapshot_id > 40, "{}", whole.snapshot_id);
    stage(&service, 90, 7);
    let Message::Delta(delta) = news(&mut slow).await else { panic!("a delta again") };
    assert_eq!(delta.snapshot_id, 90);
}

/// Caps: watchers of one address, distinct sets; those that leave make room.
#[tokio::test(start_paused = true)]
async fn caps() {
    let service = service();
    let mut streams = Vec::new();
    for _ in 0..WATCHERS_PER_ADDRESS_MAX {
        streams.push(watch(&service, WatchRequest::default()).await.unwrap());
    }
    let refused = watch(&service, WatchRequest::default()).await.err().unwrap();
    assert_eq!(refused.code(), Code::ResourceExhausted);
    streams.clear();
    for number in 0..SSE_SETS_MAX {
        let request = WatchRequest { service: format!("s{number}"), ..WatchRequest::default() };
        streams.push(watch(&service, request).await.unwrap());
    }
    let request = WatchRequest { service: "one more".to_owned(), ..WatchRequest::default() };
    assert_eq!(watch(&service, request).await.err().unwrap().code(), Code::ResourceExhausted);
}

/// A stop ends every watch and lets none begin; new links end those that were told the old ones.
#[tokio::test(start_paused = true)]
async fn watches_end() {
    let service = service();
    let mut first = watch(&service, WatchRequest::default()).await.unwrap();
    heard(&mut first).await;
    service.relink(&Links::default());
    service.relink(&Links { worker: Some("https://w/{worker_id}".to_owned()), ..Links::default() });
    assert_eq!(first.next().await.unwrap().unwrap_err().code(), Code::Unavailable);
    assert!(first.next().await.is_none());
    show(&service, picture());
    let mut second = watch(&service, WatchRequest::default()).await.unwrap();
    let Message::Snapshot(whole) = heard(&mut second).await else { panic!("a snapshot") };
    assert!(whole.workers[0].link.as_deref().unwrap().starts_with("https://w/"));
    service.close().await;
    assert_eq!(second.next().await.unwrap().unwrap_err().code(), Code::Unavailable);
    assert_eq!(watch(&service, WatchRequest::default()).await.err().unwrap().code(), Code::Unavailable);
}

/// Every service on the port is described, each file with all that it imports.
#[test]
fn descriptors_are_whole() {
    let pool = DescriptorPool::decode(crate::proto::DESCRIPTORS).unwrap();
    let services: Vec<String> = pool.services().map(|service| service.full_name().to_owned()).collect();
    assert_eq!(services.len(), 4, "{services:?}");
    let watch = pool.get_service_by_name("otel_bridge.v1.Bridge").unwrap();
    assert_eq!(watch.methods().map(|method| method.name().to_owned()).collect::<Vec<_>>(), ["GetSnapshot", "Watch"]);
}
