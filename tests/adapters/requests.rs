//! The layer around real servers of axum and tonic.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::MatchedPath;
use axum::routing::{any, get};
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Empty};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use opentelemetry::Context;
use opentelemetry::trace::{SpanKind, Status, TraceContextExt as _};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{TraceService, TraceServiceServer};
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse};
use opentelemetry_proto::tonic::trace::v1::ResourceSpans;
use otel_bridge::Bridge;
use otel_bridge::model::pool::PoolCounts;
use otel_bridge::record::adapters::tower::RequestLayer;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tower::ServiceExt as _;

use super::spans::{Ended, attributes};
use super::{bridge, pool_of, until, view};

fn map<const N: usize>(pairs: [(&str, &str); N]) -> BTreeMap<String, String> {
    pairs.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

/// Items, errors and the last error of the only component.
fn component(bridge: &Bridge) -> (u64, u64, Option<String>) {
    let snapshot = bridge.snapshot();
    let component = &snapshot.components[0];
    (component.items_processed, component.errors, component.last_error.as_deref().map(str::to_owned))
}

async fn trace_id() -> String {
    Context::current().span().span_context().trace_id().to_string()
}

/// Serves the router on a port; it ends with the set.
async fn serve(app: Router, serving: &mut JoinSet<()>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    serving.spawn(async move { axum::serve(listener, app).await.unwrap() });
    address
}

#[tokio::test]
async fn axum_requests_are_items_with_spans() {
    let (bridge, (tracer, ended), mut serving) = (bridge(), Ended::tracer(), JoinSet::new());
    let api = bridge.component("task_api").kind("http").register().unwrap();
    let layer = RequestLayer::of_component(&api)
        .spans(tracer)
        .route(|extensions| extensions.get::<MatchedPath>().map(|path| path.as_str().to_owned()));
    let app = Router::new()
        .route("/tasks/{id}", get(trace_id))
        .route("/broken", any(async || StatusCode::INTERNAL_SERVER_ERROR))
        .layer(layer);
    let address = serve(app, &mut serving).await;
    let client: Client<_, Empty<bytes::Bytes>> = Client::builder(TokioExecutor::new()).build_http();

    let known = "0af7651916cd43dd8448eb211c80319c";
    let request = Request::get(format!("http://{address}/tasks/7?token=secret"))
        .header("traceparent", format!("00-{known}-b7ad6b7169203331-01"));
    let answer = client.request(request.body(Empty::new()).unwrap()).await.unwrap();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, known, "the span is the current one in the handler, and of the caller's trace");
    let [span] = <[_; 1]>::try_from(ended.take()).unwrap();
    assert_eq!((&*span.name, &span.span_kind, &span.status), ("GET /tasks/{id}", &SpanKind::Server, &Status::Unset));
    assert_eq!(span.parent_span_id.to_string(), "b7ad6b7169203331");
    let wanted = [
        ("http.request.method", "GET"),
        ("http.response.status_code", "200"),
        ("http.route", "/tasks/{id}"),
        ("url.path", "/tasks/7"),
    ];
    assert_eq!(attributes(&span), map(wanted));

    let request = Request::builder().method("BREW").uri(format!("http://{address}/broken"));
    assert_eq!(client.request(request.body(Empty::new()).unwrap()).await.unwrap().status(), 500);
    let [span] = <[_; 1]>::try_from(ended.take()).unwrap();
    assert_eq!((&*span.name, &span.status), ("HTTP /broken", &Status::error("")));
    let all = attributes(&span);
    assert_eq!((&*all["http.request.method"], &*all["error.type"]), ("_OTHER", "500"));

    assert_eq!(client.get(format!("http://{address}/tasks").parse().unwrap()).await.unwrap().status(), 404);
    assert_eq!(ended.take()[0].name, "GET", "no route, no guess");
    let last_error = Some("500: answered with 500 Internal Server Error".to_owned());
    assert_eq!(component(&bridge), (3, 1, last_error), "a caller's mistake is no error of the service");
    let text = view(&bridge, "/metrics").await;
    let count = text.lines().find(|line| line.starts_with("component_process_duration_seconds_count{"));
    assert!(count.is_some_and(|line| line.ends_with(" 3")), "{text}");
    bridge.shutdown().await.unwrap();
}

struct Collector;

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        request: tonic::Request<ExportTraceServiceRequest>,
    ) -> Result<tonic::Response<ExportTraceServiceResponse>, tonic::Status> {
        match request.into_inner().resource_spans.len() {
            0 => Ok(tonic::Response::new(ExportTraceServiceResponse::default())),
            1 => Err(tonic::Status::invalid_argument("the caller's fault")),
            _ => Err(tonic::Status::internal("the server's fault")),
        }
    }
}

#[tokio::test]
async fn tonic_calls_are_items_with_spans() {
    let (bridge, (tracer, ended), mut serving) = (bridge(), Ended::tracer(), JoinSet::new());
    let api = bridge.component("collector").kind("grpc").register().unwrap();
    let layer = RequestLayer::of_component(&api).spans(tracer);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tonic::transport::Server::builder().layer(layer).add_service(TraceServiceServer::new(Collector));
    let incoming = tonic::transport::server::TcpIncoming::from(listener);
    serving.spawn(async move { server.serve_with_incoming(incoming).await.unwrap() });
    let mut client = TraceServiceClient::connect(format!("http://{address}")).await.unwrap();
    let mut codes = Vec::new();
    for count in 0..3 {
        let request = ExportTraceServiceRequest { resource_spans: vec![ResourceSpans::default(); count] };
        codes.push(client.export(request).await.map_or_else(|status| status.code() as u32, |_| 0));
    }
    assert_eq!(codes, [0, 3, 13]);
    assert_eq!(component(&bridge), (3, 1, Some("INTERNAL: answered with INTERNAL".to_owned())));
    let spans = ended.take();
    let method = "opentelemetry.proto.collector.trace.v1.TraceService/Export";
    assert!(spans.iter().all(|span| span.name == method && span.span_kind == SpanKind::Server));
    let status = |span| attributes(span).remove("rpc.response.status_code");
    let told: Vec<_> = spans.iter().map(status).collect();
    assert_eq!(told, [None, Some("INVALID_ARGUMENT".to_owned()), Some("INTERNAL".to_owned())], "OK is in the trailers");
    let statuses: Vec<_> = spans.iter().map(|span| span.status.clone()).collect();
    assert_eq!(statuses, [Status::Unset, Status::Unset, Status::error("")]);
    let wanted = [
        ("error.type", "INTERNAL"),
        ("http.response.status_code", "200"),
        ("rpc.method", method),
        ("rpc.response.status_code", "INTERNAL"),
        ("rpc.system.name", "grpc"),
    ];
    assert_eq!(attributes(&spans[2]), map(wanted));
    bridge.shutdown().await.unwrap();
}

/// A limit of one: the second request waits for the first, and each is seen where it is.
#[tokio::test]
async fn requests_are_activity_of_a_pool() {
    let bridge = bridge();
    let pool = bridge.pool("http").size(1).register().unwrap();
    let gate = Arc::new(Semaphore::new(0));
    let held = gate.clone();
    let slow = tower::service_fn(move |_: Request<Body>| {
        let gate = held.clone();
        async move {
            gate.acquire().await.unwrap().forget();
            Ok::<_, std::io::Error>(http::Response::new(Body::empty()))
        }
    });
    let service = tower::ServiceBuilder::new().layer(RequestLayer::of_pool(&pool)).concurrency_limit(1).service(slow);
    let facts = || pool_of(&bridge.snapshot(), "http").unwrap();
    let idle = (PoolCounts::default(), Some(0), Some(0), Some(0));
    assert_eq!((facts().counts, facts().pending, facts().requests, facts().errors), idle);
    let mut requests = JoinSet::new();
    for _ in 0..3 {
        let service = service.clone();
        requests.spawn(async move { service.oneshot(Request::new(Body::empty())).await.map(drop) });
    }
    until("one works and two wait", || facts().counts.active == 1 && facts().pending == Some(2)).await;
    assert_eq!(facts().workers_created, None, "there are no workers to count");
    gate.add_permits(1);
    requests.join_next().await.unwrap().unwrap().unwrap();
    until("one works and one waits", || facts().counts.active == 1 && facts().pending == Some(1)).await;
    assert_eq!(facts().requests, Some(1));
    // Callers that leave: the one that works and the one that waits.
    requests.shutdown().await;
    assert_eq!((facts().counts.active, facts().pending, facts().requests), (0, Some(0), Some(2)));
    assert_eq!(facts().errors, Some(0), "a caller that leaves is no error");
    // An error of the service itself.
    gate.close();
    let broken =
        tower::service_fn(async |_: Request<Body>| Err::<http::Response<Body>, _>(std::io::Error::other("no")));
    let broken = tower::ServiceBuilder::new().layer(RequestLayer::of_pool(&pool)).service(broken);
    assert!(broken.oneshot(Request::new(Body::empty())).await.is_err());
    assert_eq!((facts().requests, facts().errors), (Some(3), Some(1)));
    bridge.shutdown().await.unwrap();
}

async fn broken() -> StatusCode {
    panic!("on purpose")
}

/// A panic goes on its way, and is an error of the service.
#[tokio::test]
async fn a_panic_is_an_error() {
    let (bridge, (tracer, ended)) = (bridge(), Ended::tracer());
    let api = bridge.component("task_api").register().unwrap();
    let app = Router::new().route("/", get(broken)).layer(RequestLayer::of_component(&api).spans(tracer));
    let mut task = JoinSet::new();
    task.spawn(async move { app.oneshot(Request::new(Body::empty())).await });
    assert!(task.join_next().await.unwrap().unwrap_err().is_panic());
    assert_eq!(component(&bridge), (1, 1, Some("panic: it panicked".to_owned())));
    assert_eq!(ended.take()[0].status, Status::error("it panicked"));
    bridge.shutdown().await.unwrap();
}
