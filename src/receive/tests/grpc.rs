//! Conformance A, the gRPC door.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::logs::v1::logs_service_client::LogsServiceClient;
use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_client::MetricsServiceClient;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use tonic::codec::CompressionEncoding;
use tonic::transport::Channel;
use tonic::{Code, Status};

use super::*;

const EXPORT: &str = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";

async fn client(bench: &Bench) -> MetricsServiceClient<Channel> {
    MetricsServiceClient::connect(format!("http://{}", bench.grpc())).await.unwrap()
}

/// A call by hand: headers beside the usual ones, and the raw body.
async fn call(bench: &Bench, path: &str, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Seen {
    let client = Client::builder(TokioExecutor::new()).http2_only(true).build_http();
    let mut request = ::http::Request::post(format!("http://{}{path}", bench.grpc()));
    if !headers.iter().any(|(name, _)| *name == "content-type") {
        request = request.header("content-type", "application/grpc");
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    seen(client.request(request.body(Full::new(body.into())).unwrap()).await.unwrap()).await
}

fn framed(flag: u8, message: &[u8]) -> Vec<u8> {
    [&[flag][..], &(message.len() as u32).to_be_bytes(), message].concat()
}

fn code(seen: &Seen) -> i32 {
    assert_eq!((seen.status, seen.header("content-type")), (200, "application/grpc"));
    let trailers = seen.trailers.as_ref().unwrap_or(&seen.headers);
    trailers.get("grpc-status").unwrap().to_str().unwrap().parse().unwrap()
}

/// G1, G6, G7: the three signals; an export is forwarded byte for byte, an empty one succeeds, `partial_success` stays unset.
#[tokio::test]
async fn exports_are_taken() {
    let bench = Bench::new();
    let response = client(&bench).await.export(metrics(10)).await.unwrap();
    assert_eq!(response.into_inner().partial_success, None);
    assert_eq!(*bench.forward.requests.lock().unwrap(), [(Signal::Metrics, metrics_bytes(10), 10)]);
    assert_eq!(bench.received(Receiver::Grpc), [10, 0, 0]);
    let address = format!("http://{}", bench.grpc());
    let mut traces = TraceServiceClient::connect(address.clone()).await.unwrap();
    let traces = traces.export(ExportTraceServiceRequest::default());
    let logs = LogsServiceClient::connect(address).await.unwrap().export(ExportLogsServiceRequest::default()).await;
    assert!(traces.await.is_ok() && logs.is_ok());
    assert_eq!((bench.forwarded(), bench.cell.items_processed.get()), (1, 10));
    bench.rests().await;
}

/// G1: another signal, another method, and a service that is not there are UNIMPLEMENTED.
#[tokio::test]
async fn anything_else_is_unimplemented() {
    let bench = Bench::new();
    for path in [
        "/opentelemetry.proto.collector.profiles.v1development.ProfilesService/Export",
        "/opentelemetry.proto.collector.metrics.v1.MetricsService/Import",
        "/",
    ] {
        assert_eq!(code(&call(&bench, path, &[], framed(0, b"")).await), 12, "{path}");
    }
}

/// G2: gzip and zstd, also as several members; a client that names an encoding may still send plain messages.
#[tokio::test]
async fn encodings() {
    let bench = Bench::new();
    for encoding in [CompressionEncoding::Gzip, CompressionEncoding::Zstd] {
        client(&bench).await.send_compressed(encoding).export(metrics(10)).await.unwrap();
    }
    let body = metrics_bytes(10);
    let (first, second) = body.split_at(40);
    let members = framed(1, &[gzip(first), gzip(second)].concat());
    assert_eq!(code(&call(&bench, EXPORT, &[("grpc-encoding", "gzip")], members).await), 0);
    assert_eq!(code(&call(&bench, EXPORT, &[("grpc-encoding", "gzip")], framed(0, &body)).await), 0);
    let requests = bench.forward.requests.lock().unwrap();
    assert_eq!(requests.len(), 4);
    assert!(requests.iter().all(|(_, request, items)| *request == body && *items == 10));
}

/// G14: a compressed message without an encoding is INTERNAL, an unknown encoding UNIMPLEMENTED.
#[tokio::test]
async fn wrong_encodings() {
    let bench = Bench::new();
    let message = gzip(&metrics_bytes(1));
    assert_eq!(code(&call(&bench, EXPORT, &[], framed(1, &message)).await), 13);
    assert_eq!(code(&call(&bench, EXPORT, &[("grpc-encoding", "identity")], framed(1, &message)).await), 13);
    let unknown = call(&bench, EXPORT, &[("grpc-encoding", "br")], framed(1, &message)).await;
    assert_eq!((code(&unknown), unknown.header("grpc-accept-encoding")), (12, "identity,gzip,zstd"));
}

/// G3, G4: over the limit, plain and inflated, is `RESOURCE_EXHAUSTED` without `RetryInfo`; a length alone reserves nothing.
#[tokio::test]
async fn too_large_is_resource_exhausted() {
    let bench =
        Bench::with(&Receive { request_bytes_max: 10_000, ..config() }, Recorder::default(), Timings::default());
    let zeros = vec![0; 10_001];
    let promise = [&[0][..], &u32::MAX.to_be_bytes(), b"little"].concat();
    for (headers, body) in [
        (vec![], framed(0, &zeros)),
        (vec![("grpc-encoding", "gzip")], framed(1, &gzip(&zeros))),
        (vec![("grpc-encoding", "zstd")], framed(1, &zstd::encode_all(&zeros[..], 1).unwrap())),
        (vec![], promise),
    ] {
        let seen = call(&bench, EXPORT, &headers, body).await;
        assert_eq!((code(&seen), seen.header("grpc-status-details-bin")), (8, ""), "{headers:?}");
    }
    bench.rests().await;
}

/// G11: what cannot be decoded or inflated, a cut message and a second one are `INVALID_ARGUMENT`.
#[tokio::test]
async fn undecodable_is_invalid_argument() {
    let bench = Bench::new();
    let good = metrics_bytes(10);
    let cut = framed(0, &good)[..60].to_vec();
    let second = [framed(0, &good), framed(0, &good)].concat();
    for (what, body) in [
        ("wrong wire type", framed(0, b"\x08\x01")),
        ("a group", framed(0, b"\x0b\x0c")),
        ("invalid UTF-8", framed(0, b"\x0a\x07\x12\x05\x0a\x03\x0a\x01\xff")),
        ("a cut message", cut),
        ("a second message", second),
        ("an unknown flag", framed(7, &good)),
        ("no message", Vec::new()),
        ("a cut prefix", vec![0, 0]),
    ] {
        assert_eq!(code(&call(&bench, EXPORT, &[], body).await), 3, "{what}");
    }
    let mut corrupt = gzip(&good);
    let place = corrupt.len() - 6;
    corrupt[place] ^= 1;
    for (what, message) in [("corrupt", corrupt), ("garbage after it", [gzip(&good), b"garbage".to_vec()].concat())] {
        assert_eq!(code(&call(&bench, EXPORT, &[("grpc-encoding", "gzip")], framed(1, &message)).await), 3, "{what}");
    }
    assert_eq!(bench.forwarded(), 0);
    bench.rests().await;
}

/// G10: overload is UNAVAILABLE with `RetryInfo`.
#[tokio::test]
async fn overload_is_unavailable_with_retry_info() {
    let bench = Bench::new();
    let full = Unavailable { reason: "queue_full", message: "the queue is full", retry_after_s: Some(7) };
    *bench.forward.refusal.lock().unwrap() = Some(full);
    let status: Status = client(&bench).await.export(metrics(3)).await.unwrap_err();
    assert_eq!((status.code(), status.message()), (Code::Unavailable, "the queue is full"));
    let details = http::tonic_status(status.details());
    assert_eq!(details.details[0].type_url, "type.googleapis.com/google.rpc.RetryInfo");
    assert_eq!(details.details[0].value, [0x0a, 2, 0x08, 7], "retry_delay: 7 s");
    assert_eq!(bench.refused(Receiver::Grpc), [(Signal::Metrics, "queue_full", 3)]);
    let seen = call(&bench, EXPORT, &[], framed(0, &metrics_bytes(1))).await;
    assert!(STANDARD_NO_PAD.decode(seen.header("grpc-status-details-bin")).is_ok());
}

/// G12: UNAUTHENTICATED without a byte of the body having been sent.
#[tokio::test]
async fn unauthenticated_before_the_body() {
    let grpc = Some(with_token());
    let bench = Bench::with(&Receive { grpc, ..config() }, Recorder::default(), Timings::default());
    let client = Client::builder(TokioExecutor::new()).http2_only(true).build_http();
    let (_sender, body) = tokio::sync::mpsc::channel::<Result<http_body::Frame<Bytes>, std::io::Error>>(1);
    let request = ::http::Request::post(format!("http://{}{EXPORT}", bench.grpc()))
        .header("content-type", "application/grpc")
        .body(http_body_util::StreamBody::new(tokio_stream::wrappers::ReceiverStream::new(body)))
        .unwrap();
    assert_eq!(code(&seen(client.request(request).await.unwrap()).await), 16);
    let right = call(&bench, EXPORT, &[("authorization", "Bearer right")], framed(0, &metrics_bytes(1))).await;
    assert_eq!(code(&right), 0);
    // Health needs none, and is not served here: what counts is that it came through.
    assert_eq!(code(&call(&bench, "/grpc.health.v1.Health/Check", &[], framed(0, b"")).await), 12);
}

/// What is no gRPC call at all gets an HTTP status.
#[tokio::test]
async fn not_grpc() {
    let bench = Bench::new();
    let seen = call(&bench, EXPORT, &[("content-type", "application/json")], "{}").await;
    assert_eq!(seen.status, 415);
    let http1 = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let request = ::http::Request::post(format!("http://{}{EXPORT}", bench.grpc())).body(Full::default()).unwrap();
    assert_eq!(http1.request(request).await.unwrap().status(), 505);
}

/// G15: thousands of exports multiplexed on one connection all succeed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_streams_on_one_connection() {
    let bench = Bench::new();
    let client = client(&bench).await;
    let exports = (0..500).map(|_| {
        let mut client = client.clone();
        async move { client.export(metrics(2)).await.is_ok() }
    });
    assert!(futures_util::future::join_all(exports).await.into_iter().all(|ok| ok));
    assert_eq!(bench.received(Receiver::Grpc), [1000, 0, 0]);
    bench.rests().await;
}
