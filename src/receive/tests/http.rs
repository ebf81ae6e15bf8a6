//! Conformance B, the HTTP door.

use super::*;

/// H6, G13: protobuf is taken, forwarded byte for byte, counted, and answered with an empty message.
#[tokio::test]
async fn protobuf_is_taken() {
    let bench = Bench::new();
    let mut body = metrics_bytes(10).to_vec();
    body.extend_from_slice(&[0xfa, 0x3e, 3, b'n', b'e', b'w']); // an unknown field, number 1007
    let seen = bench.post_metrics(&[], body.clone()).await;
    assert_eq!((seen.status, seen.header("content-type"), &seen.body[..]), (200, "application/x-protobuf", &b""[..]));
    assert_eq!(*bench.forward.requests.lock().unwrap(), [(Signal::Metrics, body.into(), 10)]);
    assert_eq!(bench.received(Receiver::Http), [10, 0, 0]);
    assert_eq!((bench.cell.items_processed.get(), bench.cell.errors.get()), (10, 0));
    assert!(bench.cell.last_activity.get().is_some());
    bench.rests().await;
}

/// H1: the three paths and POST; anything else is 404, or 405 with Allow.
#[tokio::test]
async fn only_post_to_the_three_paths() {
    let bench = Bench::new();
    let protobuf = [("content-type", "application/x-protobuf")];
    for path in ["/v1/metrics", "/v1/traces", "/v1/logs"] {
        assert_eq!(bench.post(path, &protobuf, "").await.status, 200, "{path}");
    }
    for path in ["/", "/v1/metrics/", "/V1/metrics", "/v1/profiles", "/v1%2fmetrics", "/v1development/profiles"] {
        let seen = bench.post(path, &protobuf, "").await;
        assert_eq!((seen.status, code_of(&seen)), (404, 12), "{path}");
    }
    for method in ["GET", "PUT", "DELETE", "OPTIONS"] {
        let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
        let request = ::http::Request::builder().method(method).uri(format!("http://{}/v1/logs", bench.http()));
        let seen = seen(client.request(request.body(Full::default()).unwrap()).await.unwrap()).await;
        assert_eq!((seen.status, seen.header("allow")), (405, "POST"), "{method}");
        check_problem(&seen, "Method Not Allowed", 12);
    }
}

/// H2: the two content types with parameters in any case; else 415.
#[tokio::test]
async fn content_types() {
    let bench = Bench::new();
    for name in ["application/x-protobuf", "Application/X-Protobuf; q=1", "application/x-protobuf;charset=utf-8"] {
        assert_eq!(bench.post("/v1/metrics", &[("content-type", name)], metrics_bytes(1)).await.status, 200, "{name}");
    }
    for name in ["text/plain", "application/protobuf", "application/x-protobuffer", "application/json5", ""] {
        let seen = bench.post("/v1/metrics", &[("content-type", name)], metrics_bytes(1)).await;
        assert_eq!(seen.status, 415, "{name}");
        check_problem(&seen, "Unsupported Media Type", 12);
    }
    let seen = bench.post("/v1/metrics", &[], metrics_bytes(1)).await;
    assert_eq!(seen.status, 415);
    check_problem(&seen, "Unsupported Media Type", 12);
}

/// H4: identity, gzip and zstd, several members and frames too; else 415 that says what is known.
#[tokio::test]
async fn encodings() {
    let bench = Bench::new();
    let body = metrics_bytes(10);
    let (first, second) = body.split_at(40);
    let members = [gzip(first), gzip(second)].concat();
    let frames = [zstd::encode_all(first, 1).unwrap(), zstd::encode_all(second, 1).unwrap()].concat();
    let one_frame = zstd::encode_all(&body[..], 3).unwrap();
    for (encoding, sent) in [
        ("identity", body.to_vec()),
        ("gzip", gzip(&body)),
        ("GZIP", gzip(&body)),
        ("gzip", members),
        ("zstd", one_frame),
        ("zstd", frames),
    ] {
        let seen = bench.post_metrics(&[("content-encoding", encoding)], sent).await;
        assert_eq!(seen.status, 200, "{encoding}: {seen:?}");
    }
    assert!(bench.forward.requests.lock().unwrap().iter().all(|(_, request, items)| *request == body && *items == 10));
    for encoding in ["br", "deflate", "gzip, gzip", "x-gzip"] {
        let seen = bench.post_metrics(&[("content-encoding", encoding)], gzip(&body)).await;
        assert_eq!((seen.status, seen.header("accept-encoding")), (415, "gzip, zstd"), "{encoding}");
    }
    let twice = [("content-encoding", "gzip"), ("content-encoding", "gzip")];
    assert_eq!(bench.post_metrics(&twice, gzip(&gzip(&body))).await.status, 415);
    bench.rests().await;
}

/// H5, G3: 413 over the limit, as sent (told or not) and after decompression; exactly the limit passes the reader.
#[tokio::test]
async fn too_large_is_413() {
    let bench =
        Bench::with(&Receive { request_bytes_max: 10_000, ..config() }, Recorder::default(), Timings::default());
    let zeros = vec![0; 10_001];
    assert_eq!(bench.post_metrics(&[], zeros.clone()).await.status, 413);
    let exactly = bench.post_metrics(&[], zeros[..10_000].to_vec()).await;
    assert_eq!(exactly.status, 400, "it is read, and then no message");
    for (encoding, sent) in [("gzip", gzip(&zeros)), ("zstd", zstd::encode_all(&zeros[..], 1).unwrap())] {
        let seen = bench.post_metrics(&[("content-encoding", encoding)], sent).await;
        assert_eq!((seen.status, code_of(&seen), seen.header("retry-after")), (413, 8, ""), "{encoding}");
    }
    assert_eq!(
        bench.refused(Receiver::Http)[0..2],
        [(Signal::Metrics, "malformed", 0), (Signal::Metrics, "too_large", 0)]
    );
    bench.rests().await;
}

/// H8, H9: what cannot be decoded is 400 with a Status.
#[tokio::test]
async fn undecodable_is_400() {
    let bench = Bench::new();
    let bodies: [&[u8]; 6] = [
        b"\x0a",                                 // cut
        b"\x0a\xff\xff\xff\xff\x07",             // a length of 2^31
        b"\x08\x01",                             // a number where a message stands
        b"\x0b\x0c",                             // a group
        b"\xff\xff\xff\xff\xff\xff\xff\xff",     // an endless varint
        b"\x0a\x07\x12\x05\x0a\x03\x0a\x01\xff", // a name that is not UTF-8
    ];
    for body in bodies {
        let seen = bench.post_metrics(&[], body).await;
        assert_eq!((seen.status, code_of(&seen)), (400, 3), "{body:?}");
    }
    let good = gzip(&metrics_bytes(10));
    let mut flipped = good.clone();
    let place = flipped.len() - 6;
    flipped[place] ^= 1;
    for (what, body) in [
        ("cut", good[..good.len() - 1].to_vec()),
        ("flipped", flipped),
        ("trailing garbage", [&good[..], b"garbage"].concat()),
        ("nested", gzip(&good)),
        ("plain", metrics_bytes(10).to_vec()),
    ] {
        assert_eq!(bench.post_metrics(&[("content-encoding", "gzip")], body).await.status, 400, "{what}");
    }
    let zstd = zstd::encode_all(&metrics_bytes(10)[..], 1).unwrap();
    for body in [zstd[..zstd.len() - 1].to_vec(), [&zstd[..], b"garbage"].concat()] {
        assert_eq!(bench.post_metrics(&[("content-encoding", "zstd")], body).await.status, 400);
    }
    assert_eq!(bench.forwarded(), 0);
    assert_eq!(bench.cell.errors.get(), 13);
    bench.rests().await;
}

/// G6, H6: an empty request succeeds in every encoding and is not forwarded.
#[tokio::test]
async fn an_empty_request_succeeds() {
    let bench = Bench::new();
    assert_eq!(bench.post_metrics(&[], "").await.status, 200);
    assert_eq!(bench.post_metrics(&[("content-encoding", "gzip")], "").await.status, 200);
    assert_eq!(bench.post_metrics(&[("content-encoding", "gzip")], gzip(b"")).await.status, 200);
    assert_eq!(bench.post_metrics(&[], "\n\0").await.status, 200);
    assert_eq!(bench.forwarded(), 0);
}

/// H10, H13: a full queue is 503 with Retry-After in seconds and `RetryInfo`, counted with its items; afterwards it goes on.
#[tokio::test]
async fn unavailable_is_503() {
    let bench = Bench::new();
    let full = Unavailable { reason: "queue_full", message: "the queue is full", retry_after_s: Some(7) };
    *bench.forward.refusal.lock().unwrap() = Some(full);
    let seen = bench.post_metrics(&[], metrics_bytes(3)).await;
    assert_eq!((seen.status, seen.header("retry-after"), code_of(&seen)), (503, "7", 14));
    let status = tonic_status(&seen.body);
    assert_eq!((status.message.as_str(), status.details.len()), ("the queue is full", 1));
    assert_eq!(bench.refused(Receiver::Http), [(Signal::Metrics, "queue_full", 3)]);
    assert_eq!(bench.received(Receiver::Http), [0, 0, 0]);
    *bench.forward.refusal.lock().unwrap() = None;
    assert_eq!(bench.post_metrics(&[], metrics_bytes(3)).await.status, 200);
}

/// A request that would never be taken is 413 without a time to try again: its sender must not block on it for ever.
#[tokio::test]
async fn a_request_that_never_fits_is_413() {
    let bench = Bench::new();
    let giant = Unavailable { reason: "larger_than_queue", message: "too large for the queue", retry_after_s: None };
    *bench.forward.refusal.lock().unwrap() = Some(giant);
    let seen = bench.post_metrics(&[], metrics_bytes(3)).await;
    assert_eq!((seen.status, code_of(&seen)), (413, 8));
    assert!(!seen.headers.contains_key("retry-after"));
    assert_eq!(tonic_status(&seen.body).details.len(), 0, "no RetryInfo");
    assert_eq!(bench.refused(Receiver::Http), [(Signal::Metrics, "larger_than_queue", 3)]);
    assert_eq!(bench.refused_requests(Receiver::Http), [(Signal::Metrics, "larger_than_queue", 1)]);
}

/// H10: a spent budget of bytes is 503 for the one that does not fit, and small ones still pass.
#[tokio::test]
async fn a_spent_budget_is_503() {
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    let forward = Recorder { gate: Some(gate.clone()), ..Recorder::default() };
    let bench = Bench::with(&Receive { inflight_bytes_max: 15_000, ..config() }, forward, Timings::default());
    let body = metrics_bytes(500);
    assert!((8_000..15_000).contains(&body.len()));
    let first = bench.post_metrics(&[], body.clone());
    let second = async {
        bench.until_held(|bytes| bytes >= body.len()).await;
        let seen = bench.post_metrics(&[], body.clone()).await;
        assert_eq!((seen.status, seen.header("retry-after"), code_of(&seen)), (503, "1", 14));
        gate.add_permits(2);
        assert_eq!(bench.post_metrics(&[], metrics_bytes(1)).await.status, 200);
    };
    let (first, ()) = tokio::join!(first, second);
    assert_eq!(first.status, 200);
    bench.rests().await;
}

/// H10: JSON may become four times as long as protobuf; what it becomes is held, too.
#[tokio::test]
async fn json_that_grows_is_held_whole() {
    let zeros = "0,".repeat(100_000);
    let point = format!(r#"{{"explicitBounds":[{}]}}"#, zeros.trim_end_matches(','));
    let text = format!(
        r#"{{"resourceMetrics":[{{"scopeMetrics":[{{"metrics":[{{"name":"h","histogram":{{"dataPoints":[{point}]}}}}]}}]}}]}}"#
    );
    let json = [("content-type", "application/json")];
    for (inflight_bytes_max, status) in [(700_000, 503), (2_000_000, 200)] {
        let bench = Bench::with(&Receive { inflight_bytes_max, ..config() }, Recorder::default(), Timings::default());
        let seen = bench.post("/v1/metrics", &json, text.clone()).await;
        assert_eq!(seen.status, status, "{inflight_bytes_max}");
        bench.rests().await;
    }
}

/// P2: a client that hangs up after its request is on its way leaves the books as if it had stayed.
#[tokio::test]
async fn a_hang_up_does_not_split_queue_and_books() {
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    let forward = Recorder { gate: Some(gate.clone()), ..Recorder::default() };
    let bench = Bench::with(&config(), forward, Timings::default());
    let body = metrics_bytes(5);
    let hang_up = bench.until_held(|bytes| bytes > 0);
    tokio::select! {
        _ = bench.post_metrics(&[], body.clone()) => panic!("answered before it was committed"),
        () = hang_up => {}
    }
    gate.add_permits(1);
    bench.rests().await;
    assert_eq!((bench.forwarded(), bench.received(Receiver::Http)), (1, [5, 0, 0]));
}

/// H14: HTTP/2 with prior knowledge on the same port.
#[tokio::test]
async fn h2c_on_the_same_port() {
    let bench = Bench::new();
    let client = Client::builder(TokioExecutor::new()).http2_only(true).build_http();
    let request = ::http::Request::post(format!("http://{}/v1/metrics", bench.http()))
        .header("content-type", "application/x-protobuf")
        .body(Full::new(metrics_bytes(2)))
        .unwrap();
    let seen = seen(client.request(request).await.unwrap()).await;
    assert_eq!((seen.status, bench.received(Receiver::Http)), (200, [2, 0, 0]));
}

/// G12, H: wrong credentials are 401 with a challenge and a Status; right ones pass; a preflight needs none.
#[tokio::test]
async fn credentials_and_cors() {
    let cors = Cors { origins: vec!["https://app.example".to_owned()] };
    let http = Some(Listener { cors, ..with_token() });
    let bench = Bench::with(&Receive { http, ..config() }, Recorder::default(), Timings::default());
    let seen = bench.post_metrics(&[("origin", "https://app.example")], metrics_bytes(1)).await;
    assert_eq!((seen.status, seen.header("www-authenticate"), code_of(&seen)), (401, "Bearer", 16));
    assert_eq!(seen.header("access-control-allow-origin"), "https://app.example");
    let right = ("authorization", "Bearer right");
    assert_eq!(bench.post_metrics(&[right], metrics_bytes(1)).await.status, 200);
    assert_eq!(bench.post_metrics(&[right, right], metrics_bytes(1)).await.status, 401);
    for origin in ["null", "https://app.example.evil", "https://evil-app.example", "http://app.example"] {
        let seen = bench.post_metrics(&[right, ("origin", origin)], metrics_bytes(1)).await;
        assert_eq!((seen.status, seen.header("access-control-allow-origin")), (200, ""), "{origin}");
    }
    let preflight = ::http::Request::options(format!("http://{}/v1/metrics", bench.http()))
        .header("origin", "https://app.example")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization,content-type")
        .body(Full::<Bytes>::default())
        .unwrap();
    let client = Client::builder(TokioExecutor::new()).build_http();
    let seen = super::seen(client.request(preflight).await.unwrap()).await;
    assert_eq!(seen.status, 200);
    assert_eq!(seen.header("access-control-allow-headers"), "authorization,content-type");
}

/// H2, H3, H9, J12: a JSON request is forwarded as the same protobuf, and answered in JSON, errors too.
#[tokio::test]
async fn json_is_taken() {
    let bench = Bench::new();
    let json = [("content-type", "application/json; charset=utf-8")];
    let text = r#"{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"queue.depth","gauge":
        {"dataPoints":[{"timeUnixNano":"1700000000000000000","asInt":"1"}]}}]}]}],"unknown":1}"#;
    let seen = bench.post("/v1/metrics", &json, text).await;
    assert_eq!((seen.status, seen.header("content-type"), &seen.body[..]), (200, "application/json", &b"{}"[..]));
    let gzipped = [json[0], ("content-encoding", "gzip")];
    assert_eq!(bench.post("/v1/metrics", &gzipped, gzip(text.as_bytes())).await.status, 200);
    let expected = ExportMetricsServiceRequest::decode(metrics_bytes(1)).unwrap();
    for (_, request, items) in bench.forward.requests.lock().unwrap().iter() {
        assert_eq!((ExportMetricsServiceRequest::decode(&request[..]).unwrap(), *items), (expected.clone(), 1));
    }
    let nested = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
    for wrong in ["{", "[]", r#"{"resourceMetrics":1}"#, r#"{"resourceMetrics":[],"resourceMetrics":[]}"#, &nested] {
        let seen = bench.post("/v1/metrics", &json, wrong.to_owned()).await;
        let status: serde_json::Value = serde_json::from_slice(&seen.body).unwrap();
        assert_eq!((seen.status, seen.header("content-type")), (400, "application/json"), "{wrong:.40}");
        assert_eq!(status["code"], 3);
        assert!(status["message"].is_string());
    }
    *bench.forward.refusal.lock().unwrap() =
        Some(Unavailable { reason: "queue_full", message: "the queue is full", retry_after_s: Some(7) });
    let seen = bench.post("/v1/metrics", &json, text).await;
    let status: serde_json::Value = serde_json::from_slice(&seen.body).unwrap();
    let info = serde_json::json!({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "7s"});
    assert_eq!((seen.status, &status["details"][0]), (503, &info));
    bench.rests().await;
}

/// H10: the rate limit is 429 with Retry-After.
#[tokio::test]
async fn the_rate_limit_is_429() {
    let limit = crate::config::listener::RateLimit { per_second: 1, burst: 2 };
    let http = Some(Listener { rate_limit: Some(limit), ..listener() });
    let bench = Bench::with(&Receive { http, ..config() }, Recorder::default(), Timings::default());
    for _ in 0..2 {
        assert_eq!(bench.post_metrics(&[], metrics_bytes(1)).await.status, 200);
    }
    let seen = bench.post_metrics(&[], metrics_bytes(1)).await;
    assert_eq!((seen.status, seen.header("retry-after"), code_of(&seen)), (429, "1", 14));
}

#[derive(prost::Message)]
pub(super) struct Status {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    pub(super) message: String,
    #[prost(message, repeated, tag = "3")]
    pub(super) details: Vec<Any>,
}

#[derive(prost::Message)]
pub(super) struct Any {
    #[prost(string, tag = "1")]
    pub(super) type_url: String,
    #[prost(bytes, tag = "2")]
    pub(super) value: Vec<u8>,
}

pub(super) fn tonic_status(bytes: &[u8]) -> Status {
    Status::decode(bytes).unwrap()
}

/// H3, H9: who does not speak OTLP gets an error that can be read, and that is a `google.rpc.Status` as well.
fn check_problem(seen: &Seen, title: &str, code: i64) {
    assert_eq!(seen.header("content-type"), "application/problem+json");
    let problem: serde_json::Value = serde_json::from_slice(&seen.body).unwrap();
    assert_eq!((problem["title"].as_str(), problem["status"].as_u64()), (Some(title), Some(u64::from(seen.status))));
    assert_eq!((problem["code"].as_i64(), &problem["message"]), (Some(code), &problem["detail"]));
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.len() > 10), "{problem}");
}

fn code_of(seen: &Seen) -> i32 {
    tonic_status(&seen.body).code
}
