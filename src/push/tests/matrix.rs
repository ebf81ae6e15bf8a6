//! The reply matrix (conformance D, C1–C16): what every answer leads to, over every transport, with exact books.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::*;

/// What the books must say once ten points were submitted and nothing waits.
#[derive(Debug, Default, PartialEq, Eq)]
struct Expected {
    delivered: u64,
    dropped: Vec<(&'static str, u64)>,
    requests: usize,
    warnings: u64,
}

fn repeated() -> Expected {
    Expected { delivered: 10, requests: 2, ..Expected::default() }
}

fn dropped(reason: &'static str) -> Expected {
    Expected { dropped: vec![(reason, 10)], requests: 1, ..Expected::default() }
}

async fn run(protocol: Protocol, script: Vec<Answer>, configure: impl FnOnce(&mut Destination)) -> (Bench, Sink) {
    let home = tempfile::tempdir().unwrap();
    let sink = Sink::start(script).await;
    let mut destination = destination("stack", &sink, protocol, &home.path().join("q"));
    configure(&mut destination);
    let bench = Bench::start(&[destination]);
    bench.submit(0, 10).await.unwrap();
    bench.drained("stack").await;
    bench.push.stop(STOP).await;
    (bench, sink)
}

async fn expect(protocol: Protocol, answer: Answer, expected: Expected, configure: impl FnOnce(&mut Destination)) {
    let (bench, sink) = run(protocol, vec![answer.clone()], configure).await;
    let books = bench.metrics("stack");
    let requests = sink.received().len();
    let warnings = bench.facts("stack").warnings;
    let got = Expected { delivered: books.delivered, dropped: books.dropped.clone(), requests, warnings };
    assert_eq!(got, expected, "{protocol:?} {answer:?}");
    assert_eq!(books.retries, requests as u64 - 1, "{protocol:?} {answer:?}");
}

fn http(status: u16) -> Answer {
    Answer::Http(status, vec![], Bytes::new())
}

/// C1, C2, C7, C16 and the permanent answers of OTLP/HTTP, for protobuf and JSON.
#[tokio::test]
async fn http_statuses() {
    for protocol in [Protocol::HttpProtobuf, Protocol::HttpJson] {
        for status in [429, 502, 503, 504, 401, 403, 404] {
            expect(protocol, http(status), repeated(), |_| {}).await;
        }
        let permanent = [
            (301, "refused_3xx"),
            (307, "refused_3xx"),
            (400, "refused_400"),
            (405, "refused_4xx"),
            (415, "refused_4xx"),
            (500, "refused_5xx"),
            (501, "refused_5xx"),
        ];
        for (status, reason) in permanent {
            expect(protocol, http(status), dropped(reason), |_| {}).await;
        }
        for (status, reason) in [(401, "refused_401"), (403, "refused_403"), (404, "refused_404")] {
            expect(protocol, http(status), dropped(reason), |one| one.retry.on_auth_error = OnAuthError::Drop).await;
        }
    }
}

/// C1 and the permanent codes of OTLP/gRPC.
#[tokio::test]
async fn grpc_codes() {
    for code in [1, 4, 10, 11, 14, 15, 7, 16] {
        expect(Protocol::Grpc, Answer::Grpc(code, "not now", vec![]), repeated(), |_| {}).await;
    }
    let permanent = [
        (2, "refused_unknown"),
        (3, "refused_invalid_argument"),
        (5, "refused_not_found"),
        (6, "refused_already_exists"),
        (8, "refused_resource_exhausted"),
        (9, "refused_failed_precondition"),
        (12, "refused_unimplemented"),
        (13, "refused_internal"),
        (99, "refused_other"),
    ];
    for (code, reason) in permanent {
        expect(Protocol::Grpc, Answer::Grpc(code, "no%20way", vec![]), dropped(reason), |_| {}).await;
    }
    for (code, reason) in [(7, "refused_permission_denied"), (16, "refused_unauthenticated")] {
        let drops = |one: &mut Destination| one.retry.on_auth_error = OnAuthError::Drop;
        expect(Protocol::Grpc, Answer::Grpc(code, "", vec![]), dropped(reason), drops).await;
    }
    for status in [503, 404] {
        expect(Protocol::Grpc, http(status), repeated(), |_| {}).await;
    }
}

/// The details of a status with a `RetryInfo` of that many milliseconds.
fn retry_info(delay_ms: u8) -> String {
    let nanos = u32::from(delay_ms) * 1_000_000;
    let mut delay = vec![0x10];
    prost::encoding::encode_varint(u64::from(nanos), &mut delay);
    let wrap = |key: u8, inner: &[u8]| [&[key, inner.len() as u8][..], inner].concat();
    let info = wrap(0x0a, &delay);
    let any = [wrap(0x0a, b"type.googleapis.com/google.rpc.RetryInfo"), wrap(0x12, &info)].concat();
    STANDARD.encode([&[0x08, 8][..], &wrap(0x1a, &any)].concat()).trim_end_matches('=').to_owned()
}

/// C1, C4: `RESOURCE_EXHAUSTED` is repeated only with `RetryInfo`, and no sooner than that says.
#[tokio::test]
async fn retry_info_is_waited_for() {
    let answer = Answer::Grpc(8, "slow down", vec![("grpc-status-details-bin", retry_info(120))]);
    let started = Clock::system();
    expect(Protocol::Grpc, answer, repeated(), |_| {}).await;
    assert!(started.elapsed_ms() >= 120);
}

/// C5: Retry-After in seconds is waited for; nonsense is ignored; a date and the cap are read.
#[tokio::test]
async fn retry_after_is_waited_for() {
    let answer = |value: &str| Answer::Http(503, vec![("retry-after", value.to_owned())], Bytes::new());
    let started = Clock::system();
    expect(Protocol::HttpProtobuf, answer("soon"), repeated(), |_| {}).await;
    assert!(started.elapsed_ms() < 1000);
    expect(Protocol::HttpProtobuf, answer("1"), repeated(), |_| {}).await;
    assert!(started.elapsed_ms() >= 1000);
    let clock = Clock::manual(784_111_777_000);
    let parse = |value| client::status::retry_after(value, &clock).map(|wait| wait.as_secs());
    assert_eq!(parse("Sun, 06 Nov 1994 08:50:37 GMT"), Some(60));
    assert_eq!(parse("Sun, 06 Nov 1994 07:49:37 GMT"), Some(0));
    assert_eq!((parse("86400"), parse("99999999999999999999999")), (Some(3600), Some(3600)));
    assert_eq!(
        (parse("Mon, 06 Nov 2094 08:49:37 GMT"), parse("-1"), parse(""), parse("1.5")),
        (None, None, None, None)
    );
    assert_eq!(parse("Sat, 06 Nov 2094 08:49:37 GMT"), Some(3600));
}

/// C6: a partial success is never repeated; rejected items are dropped, the rest is delivered.
#[tokio::test]
async fn partial_success() {
    let expected = || Expected { delivered: 7, dropped: vec![("rejected", 3)], requests: 1, warnings: 0 };
    let message = Bytes::from_static(&[0x0a, 5, 0x08, 3, 0x12, 1, b'x']);
    for protocol in [Protocol::Grpc, Protocol::HttpProtobuf] {
        expect(protocol, Answer::Taken(message.clone()), expected(), |_| {}).await;
    }
    for body in [r#"{"partialSuccess":{"rejectedDataPoints":"3"}}"#, r#"{"partialSuccess":{"rejectedDataPoints":3}}"#] {
        expect(Protocol::HttpJson, Answer::Taken(body.into()), expected(), |_| {}).await;
    }
    // More rejected than sent is all of it; a warning rejects nothing.
    let absurd = Bytes::from_static(&[0x0a, 3, 0x08, 0xff, 0x7f]);
    let all = Expected { dropped: vec![("rejected", 10)], requests: 1, ..Expected::default() };
    expect(Protocol::HttpProtobuf, Answer::Taken(absurd), all, |_| {}).await;
    let warning = Bytes::from_static(&[0x0a, 3, 0x12, 1, b'x']);
    let delivered = Expected { delivered: 10, requests: 1, ..Expected::default() };
    expect(Protocol::Grpc, Answer::Taken(warning), delivered, |_| {}).await;
}

/// C8: a success whose body is HTML, without end or a bomb counts as delivered, with a warning.
#[tokio::test]
async fn unreadable_success() {
    let expected = || Expected { delivered: 10, requests: 1, warnings: 1, ..Expected::default() };
    let html = Answer::Http(200, vec![("content-type", "text/html".to_owned())], "<html>hello</html>".into());
    for protocol in [Protocol::HttpProtobuf, Protocol::HttpJson] {
        expect(protocol, html.clone(), expected(), |_| {}).await;
        expect(protocol, Answer::Endless, expected(), |_| {}).await;
        expect(protocol, Answer::Stuck, expected(), |one| one.timeout = Duration::from_millis(200)).await;
    }
    expect(Protocol::Grpc, Answer::Endless, expected(), |_| {}).await;
    expect(Protocol::Grpc, Answer::Taken(Bytes::from_static(&[0x0a, 0xff])), expected(), |_| {}).await;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut encoder, &vec![0; crate::limits::RESPONSE_BYTES_MAX + 1]).unwrap();
    let bomb = Bytes::from(encoder.finish().unwrap());
    let answer = Answer::Http(200, vec![("content-encoding", "gzip".to_owned())], bomb);
    expect(Protocol::HttpProtobuf, answer, expected(), |_| {}).await;
}

/// C7: no answer, a cut connection and silence are repeated, and counted as possible duplicates.
#[tokio::test]
async fn no_answer() {
    for protocol in [Protocol::Grpc, Protocol::HttpProtobuf, Protocol::HttpJson] {
        for answer in [Answer::Cut, Answer::Hang] {
            let (bench, sink) =
                run(protocol, vec![answer.clone()], |one| one.timeout = Duration::from_millis(100)).await;
            assert_eq!(bench.metrics("stack").delivered, 10, "{protocol:?} {answer:?}");
            let unanswered = bench.metrics("stack").unanswered;
            assert_eq!(unanswered, sink.received().len() as u64 - 1, "{protocol:?} {answer:?}");
        }
    }
}

/// C9: an answer that the request is too large halves it, down to single items; one item goes to the dead.
#[tokio::test]
async fn too_large_is_halved() {
    let whole = "grpc: received message larger than max (5 vs. 4)";
    let answers = [
        (Protocol::HttpProtobuf, http(413)),
        (Protocol::HttpJson, http(413)),
        (Protocol::Grpc, Answer::Grpc(8, whole, vec![])),
        (Protocol::Grpc, Answer::Grpc(11, "Error, decoded message length too large: found 5", vec![])),
    ];
    for (protocol, answer) in answers {
        let (bench, sink) = run(protocol, vec![answer.clone()], |_| {}).await;
        assert_eq!(bench.metrics("stack").delivered, 10);
        let received = sink.received();
        let sizes: Vec<usize> = received.iter().map(|one| values(&one.body).len()).collect();
        assert_eq!(sizes, [10, 5, 5], "{protocol:?}");
        let all: Vec<i64> = received[1..].iter().flat_map(|one| values(&one.body)).collect();
        assert_eq!(all, (0..10).collect::<Vec<i64>>());
        let (bench, sink) = run(protocol, vec![answer; 19], |_| {}).await;
        assert_eq!(bench.metrics("stack").dropped, [("too_large", 10)], "{protocol:?}");
        assert_eq!(sink.received().len(), 19);
    }
}

/// A request larger than one may be is cut before it is sent, and nothing of it is lost.
#[tokio::test]
async fn large_requests_are_cut() {
    let home = tempfile::tempdir().unwrap();
    let sink = Sink::start(vec![]).await;
    let bench = Bench::start(&[destination("stack", &sink, Protocol::Grpc, &home.path().join("q"))]);
    let count = 150_000;
    assert!(points(0, count).len() > crate::limits::FORWARD_BYTES_MAX);
    bench.submit(0, count).await.unwrap();
    let books = bench.drained("stack").await;
    bench.push.stop(STOP).await;
    assert_eq!(books.delivered, count as u64);
    let received = sink.received();
    assert!(received.len() > 1 && received.iter().all(|one| one.body.len() <= crate::limits::FORWARD_BYTES_MAX));
    let all: Vec<i64> = received.iter().flat_map(|one| values(&one.body)).collect();
    assert_eq!(all, (0..count).collect::<Vec<i64>>());
}

/// C15: a redirect is not followed; C16: a held destination says so, keeps its data, and tries again.
#[tokio::test]
async fn held_destinations_keep_and_say_so() {
    let home = tempfile::tempdir().unwrap();
    let elsewhere = Sink::start(vec![]).await;
    let location = format!("http://{}/v1/metrics", elsewhere.address);
    let redirect = Answer::Http(308, vec![("location", location)], Bytes::new());
    let (_bench, _sink) = run(Protocol::HttpProtobuf, vec![redirect], |_| {}).await;
    assert!(elsewhere.received().is_empty());

    let sink = Sink::start(vec![]).await;
    sink.always(Some(http(401)));
    let mut held = destination("stack", &sink, Protocol::HttpProtobuf, &home.path().join("q"));
    held.retry.max = Duration::from_hours(1);
    let bench = Bench::start(std::slice::from_ref(&held));
    bench.submit(0, 10).await.unwrap();
    sink.wait_for_requests(1).await;
    bench.until("stack", |_| bench.facts("stack").state == "held").await;
    let facts = bench.facts("stack");
    assert_eq!(&*facts.last_error.unwrap().0, "HTTP 401");
    assert!(facts.retry_in_s.unwrap() > 3000.0);
    assert_eq!(bench.metrics("stack").queue_items, 10);
    // A reload tries at once, though nothing changed.
    sink.always(None);
    bench.push.reload(&[held]).await.unwrap();
    bench.drained("stack").await;
    assert_eq!(bench.facts("stack").state, "ok");
    bench.push.stop(STOP).await;
}

/// A destination that quotes our credentials does not get them into what we show.
#[tokio::test]
async fn secrets_are_not_quoted() {
    let body = Bytes::from_static(b"bad token s3cr3t-canary in Bearer s3cr3t-canary");
    let quoting = Answer::Http(400, vec![("content-type", "text/plain".to_owned())], body);
    let (bench, _sink) = run(Protocol::HttpProtobuf, vec![quoting], |one| {
        one.headers.push(("authorization".to_owned(), Secret::new("Bearer s3cr3t-canary")));
    })
    .await;
    let error = bench.facts("stack").last_error.unwrap().0;
    assert!(error.contains("bad token") && !error.contains("canary"), "{error}");
}

/// P4: without `give_up_after` nothing expires; with it what is older is dropped and counted, what is younger is not.
#[tokio::test]
async fn old_requests_expire() {
    let answers = vec![http(503); 200];
    let (bench, _sink) = run(Protocol::HttpProtobuf, answers, |one| {
        one.retry.give_up_after = Some(Duration::from_millis(60));
    })
    .await;
    assert_eq!(bench.metrics("stack").dropped, [("expired", 10)]);
    let (bench, sink) = run(Protocol::HttpProtobuf, vec![http(503); 30], |_| {}).await;
    assert_eq!((bench.metrics("stack").delivered, sink.received().len()), (10, 31));
}

/// The breaker opens after five failures in a row, probes, and closes; whoever watches hears of it.
#[tokio::test]
async fn the_breaker_opens_probes_and_closes() {
    #[derive(Default)]
    struct Watcher(std::sync::Mutex<Vec<String>>);
    impl hooks::BreakerObserver for Watcher {
        fn called(&self, outcome: hooks::CallOutcome) {
            self.0.lock().unwrap().push(format!("{outcome:?}"));
        }
        fn changed(&self, from: BreakerState, to: BreakerState, _reason: &str) {
            self.0.lock().unwrap().push(format!("{}>{}", from.as_str(), to.as_str()));
        }
    }
    let home = tempfile::tempdir().unwrap();
    let sink = Sink::start(vec![http(503); 6]).await;
    let watcher = Arc::new(Watcher::default());
    let given: Arc<Watcher> = Arc::clone(&watcher);
    let observer: hooks::ObserverFactory = Arc::new(move |_| Arc::clone(&given) as Arc<dyn hooks::BreakerObserver>);
    let accounting = Arc::new(Accounting::default());
    let config = destination("stack", &sink, Protocol::HttpProtobuf, &home.path().join("q"));
    let hooks = Hooks { jitter: Jitter::zero(), observer };
    let push = Push::start(&[config], Arc::clone(&accounting), Clock::system(), hooks).unwrap();
    let bench = Bench { push, accounting };
    bench.submit(0, 10).await.unwrap();
    bench.drained("stack").await;
    assert_eq!(bench.facts("stack").breaker, BreakerState::Closed);
    bench.push.stop(STOP).await;
    let seen = watcher.0.lock().unwrap().clone();
    let changes: Vec<&String> = seen.iter().filter(|one| one.contains('>')).collect();
    assert_eq!(changes, ["closed>open", "open>half_open", "half_open>open", "open>half_open", "half_open>closed"]);
    assert_eq!(seen.iter().filter(|one| *one == "Failure").count(), 6);
    assert_eq!(seen.iter().filter(|one| *one == "Success").count(), 1);
}
