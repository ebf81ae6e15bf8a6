//! `otel_bridge.v1.Bridge` and reflection, on the wire.

use std::collections::BTreeSet;

use otel_bridge::proto::v1::bridge_client::BridgeClient;
use otel_bridge::proto::v1::watch_response::Message;
use otel_bridge::proto::v1::{GetSnapshotRequest, WatchRequest};
use prost::Message as _;
use prost_reflect::prost_types::FileDescriptorProto;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request};
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
use tonic_reflection::pb::v1::{ServerReflectionRequest, ServerReflectionResponse};
use tonic_reflection::pb::v1alpha;

use crate::harness::{BridgeUnderTest, Service, eventually};

/// What `grpcurl list` shows.
const SERVICES: [&str; 7] = [
    "grpc.health.v1.Health",
    "grpc.reflection.v1.ServerReflection",
    "grpc.reflection.v1alpha.ServerReflection",
    "opentelemetry.proto.collector.logs.v1.LogsService",
    "opentelemetry.proto.collector.metrics.v1.MetricsService",
    "opentelemetry.proto.collector.trace.v1.TraceService",
    "otel_bridge.v1.Bridge",
];

async fn channel(bridge: &BridgeUnderTest) -> Channel {
    Endpoint::from_shared(bridge.door("OTLP/gRPC")).unwrap().connect().await.unwrap()
}

/// A watch begins with what is there, and goes on with what comes; the bridge's stop ends it, and waits for no watcher.
#[tokio::test(flavor = "multi_thread")]
async fn watching() {
    let bridge = BridgeUnderTest::start("").await;
    let mut client = BridgeClient::new(channel(&bridge).await);
    let mut stream =
        client.watch(WatchRequest { interval_ms: 250, ..WatchRequest::default() }).await.unwrap().into_inner();
    let first = stream.message().await.unwrap().unwrap().message.unwrap();
    let Message::Snapshot(whole) = first else { panic!("a snapshot first: {first:?}") };
    assert!(whole.services.iter().any(|service| service.is_bridge), "{whole:?}");
    bridge.hear(&Service::new("shop").component("cart", "running", 7, 0)).await;
    let change = async {
        loop {
            let Message::Delta(delta) = stream.message().await.unwrap().unwrap().message.unwrap() else { continue };
            let components = delta.components.map(|all| all.changed).unwrap_or_default();
            if let Some(cart) = components.into_iter().find(|one| one.name == "cart") {
                return cart;
            }
        }
    };
    let cart = tokio::time::timeout(crate::harness::PATIENCE, change).await.unwrap();
    assert_eq!((cart.service(), cart.items_processed, cart.status.as_str()), ("shop", 7, "running"));
    let filtered = GetSnapshotRequest { service: "shop".to_owned(), ..GetSnapshotRequest::default() };
    let filtered = client.get_snapshot(filtered).await.unwrap().into_inner();
    assert_eq!(filtered.services.len(), 1);
    let end = async {
        loop {
            match stream.message().await {
                Ok(Some(_)) => {}
                end => return end,
            }
        }
    };
    let ((), end) = tokio::join!(bridge.bridge.stop(), end);
    assert_eq!(end.unwrap_err().code(), Code::Unavailable);
}

/// The listener's credentials hold for snapshots, watches and reflection; a request that is too large is refused.
#[tokio::test(flavor = "multi_thread")]
async fn credentials() {
    let auth = "receive: { otlp: { grpc: { address: 127.0.0.1:0, auth: { bearer_tokens: [right-token] } } } }";
    let bridge = BridgeUnderTest::start(auth).await;
    let channel = channel(&bridge).await;
    let mut client = BridgeClient::new(channel.clone());
    let refused = client.get_snapshot(GetSnapshotRequest::default()).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unauthenticated);
    assert_eq!(client.watch(WatchRequest::default()).await.unwrap_err().code(), Code::Unauthenticated);
    let ask = futures_util::stream::iter([ServerReflectionRequest::default()]);
    let refused = ServerReflectionClient::new(channel).server_reflection_info(ask).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unauthenticated);
    let with_token = |message: GetSnapshotRequest| {
        let mut request = Request::new(message);
        request.metadata_mut().insert("authorization", "Bearer right-token".parse().unwrap());
        request
    };
    assert!(client.get_snapshot(with_token(GetSnapshotRequest::default())).await.is_ok());
    let large = GetSnapshotRequest { service: "x".repeat(20_000), ..GetSnapshotRequest::default() };
    assert_eq!(client.get_snapshot(with_token(large)).await.unwrap_err().code(), Code::OutOfRange);
}

async fn ask(channel: &Channel, question: MessageRequest) -> MessageResponse {
    let request = ServerReflectionRequest { host: String::new(), message_request: Some(question) };
    let mut client = ServerReflectionClient::new(channel.clone());
    let answers = client.server_reflection_info(futures_util::stream::iter([request])).await.unwrap();
    let ServerReflectionResponse { message_response, .. } = answers.into_inner().message().await.unwrap().unwrap();
    message_response.unwrap()
}

async fn file(channel: &Channel, question: MessageRequest) -> FileDescriptorProto {
    let MessageResponse::FileDescriptorResponse(files) = ask(channel, question.clone()).await else {
        panic!("no file: {question:?}")
    };
    FileDescriptorProto::decode(files.file_descriptor_proto[0].as_slice()).unwrap()
}

/// What `grpcurl` needs: every service of the port by name, its file, and each file that this one imports, in both versions.
#[tokio::test(flavor = "multi_thread")]
async fn reflection_is_whole() {
    let bridge = BridgeUnderTest::start("").await;
    let channel = channel(&bridge).await;
    let MessageResponse::ListServicesResponse(list) = ask(&channel, MessageRequest::ListServices(String::new())).await
    else {
        panic!("no list")
    };
    let mut names: Vec<String> = list.service.into_iter().map(|service| service.name).collect();
    names.sort();
    assert_eq!(names, SERVICES);
    let mut imports = BTreeSet::new();
    for name in SERVICES {
        let file = file(&channel, MessageRequest::FileContainingSymbol(name.to_owned())).await;
        assert!(!file.service.is_empty(), "{name}");
        imports.extend(file.dependency);
    }
    let mut known = BTreeSet::new();
    while let Some(import) = imports.pop_first() {
        let file = file(&channel, MessageRequest::FileByFilename(import.clone())).await;
        known.insert(import);
        imports.extend(file.dependency.into_iter().filter(|name| !known.contains(name)));
    }
    assert!(known.contains("opentelemetry/proto/common/v1/common.proto"), "{known:?}");
    let bridge_file = file(&channel, MessageRequest::FileContainingSymbol("otel_bridge.v1.Worker".to_owned())).await;
    let locations = bridge_file.source_code_info.unwrap().location;
    let comments: String = locations.iter().filter_map(|location| location.leading_comments.as_deref()).collect();
    assert!(comments.contains("in bytes") && comments.contains("in Unix seconds"), "comments with units");
    let question = v1alpha::server_reflection_request::MessageRequest::ListServices(String::new());
    let question = v1alpha::ServerReflectionRequest { host: String::new(), message_request: Some(question) };
    let mut older = v1alpha::server_reflection_client::ServerReflectionClient::new(channel);
    let answers = older.server_reflection_info(futures_util::stream::iter([question])).await.unwrap();
    assert!(answers.into_inner().message().await.unwrap().is_some());
}

/// A watcher that never reads holds nobody up: others see what comes, and the bridge stops.
#[tokio::test(flavor = "multi_thread")]
async fn a_watcher_that_never_reads() {
    let bridge = BridgeUnderTest::start("").await;
    let mut silent = BridgeClient::new(channel(&bridge).await);
    let _unread = silent.watch(WatchRequest { interval_ms: 250, ..WatchRequest::default() }).await.unwrap();
    bridge.hear(&Service::new("shop").component("cart", "running", 7, 0)).await;
    let mut client = BridgeClient::new(channel(&bridge).await);
    eventually("the service over gRPC", async || {
        let snapshot = client.clone().get_snapshot(GetSnapshotRequest::default()).await.unwrap().into_inner();
        snapshot.components.iter().any(|one| one.name == "cart").then_some(())
    })
    .await;
    let stream = client.watch(WatchRequest::default()).await.unwrap().into_inner().message().await;
    assert!(stream.unwrap().is_some());
    bridge.bridge.stop().await;
}
