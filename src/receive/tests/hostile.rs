//! Conformance H, hostile input at the OTLP doors.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::*;
use crate::receive::inflate::{Encoding, inflate};

const MIB: usize = 1024 * 1024;

/// H: a bomb is 413 after at most the limit and 64 KiB, in every disguise, and gives everything back.
#[tokio::test]
async fn bombs() {
    let bench = Bench::new();
    let zeros = vec![0; 64 * MIB];
    let bomb = gzip(&zeros);
    let members = gzip(&zeros[..100_000]).repeat(100);
    let zstd_bomb = zstd::encode_all(&zeros[..], 1).unwrap();
    for (encoding, body) in [("gzip", &bomb), ("gzip", &members), ("zstd", &zstd_bomb)] {
        let seen = bench.post_metrics(&[("content-encoding", encoding)], body.clone()).await;
        assert_eq!(seen.status, 413, "{encoding}");
    }
    // The inner layer of a nested bomb is never unpacked: it is no request.
    let nested = bench.post_metrics(&[("content-encoding", "gzip")], gzip(&bomb)).await;
    assert_eq!(nested.status, 400);
    bench.rests().await;
    for (encoding, body) in [(Encoding::Gzip, &bomb), (Encoding::Zstd, &zstd_bomb)] {
        // The budget shows how far it got: no more than this is ever held.
        let enough = InFlight::new(MIB + 64 * 1024 + 64);
        let refused = inflate(encoding, body.clone().into(), MIB, enough.reserve()).await.unwrap_err();
        assert_eq!((refused, enough.bytes()), (Reason::TooLarge, 0), "{encoding:?}");
        let short = InFlight::new(MIB / 2);
        assert_eq!(inflate(encoding, body.clone().into(), MIB, short.reserve()).await.unwrap_err(), Reason::Busy);
        assert_eq!(short.bytes(), 0);
    }
}

/// H: a zstd frame that asks for a window of 128 MiB is refused before it gets one.
#[tokio::test]
async fn a_huge_window_is_refused() {
    let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
    encoder.window_log(27).unwrap();
    encoder.include_contentsize(false).unwrap();
    encoder.write_all(&metrics_bytes(10)).unwrap();
    let bench = Bench::new();
    let seen = bench.post_metrics(&[("content-encoding", "zstd")], encoder.finish().unwrap()).await;
    assert_eq!(seen.status, 400);
}

/// H: 32 M empty submessages are refused by the pre-scan, quickly and without memory for them.
#[tokio::test]
async fn empty_submessages() {
    let large = Receive { request_bytes_max: 64 * MIB, inflight_bytes_max: 256 * MIB, ..config() };
    let bench = Bench::with(&large, Recorder::default(), Timings::default());
    let inner = [0x12, 0x00].repeat(32_000_000 - 8);
    let len = inner.len();
    let mut body = vec![0x0a];
    prost::encoding::encode_varint(len as u64, &mut body);
    body.extend_from_slice(&inner);
    let seen = bench.post_metrics(&[("content-encoding", "gzip")], gzip(&body)).await;
    assert_eq!(seen.status, 413);
    assert_eq!(bench.refused(Receiver::Http), [(Signal::Metrics, "too_many_items", 0)]);
    let items = bench.post_metrics(&[], metrics_bytes(1001)).await;
    assert_eq!(items.status, 413, "items_max is 1000");
    bench.rests().await;
}

/// H: an `AnyValue` 20,000 deep is 400.
#[tokio::test]
async fn deep_nesting() {
    let bench = Bench::new();
    let mut value = vec![0x0a, 0x01, b'x']; // string_value
    for _ in 0..20_000 {
        // AnyValue.array_value { values: [value] }
        let mut list = vec![0x0a];
        prost::encoding::encode_varint(value.len() as u64, &mut list);
        list.append(&mut value);
        value = vec![0x2a];
        prost::encoding::encode_varint(list.len() as u64, &mut value);
        value.append(&mut list);
    }
    let wrap = |tag: u8, inner: &[u8]| {
        let mut outer = vec![tag];
        prost::encoding::encode_varint(inner.len() as u64, &mut outer);
        [&outer, inner].concat()
    };
    // LogRecord.body in ScopeLogs.log_records in ResourceLogs.scope_logs
    let body = wrap(0x0a, &wrap(0x12, &wrap(0x12, &wrap(0x2a, &value))));
    let seen = bench.post("/v1/logs", &[("content-type", "application/x-protobuf")], body).await;
    assert_eq!(seen.status, 400);
    assert_eq!(bench.refused(Receiver::Http), [(Signal::Logs, "too_deep", 0)]);
}

/// H: many slow senders of large requests hold only what they have sent, and a good client is served meanwhile.
#[tokio::test]
async fn slow_senders_hold_what_they_sent() {
    let large = Receive { request_bytes_max: 64 * MIB, inflight_bytes_max: MIB, ..config() };
    let bench = Bench::with(&large, Recorder::default(), Timings::default());
    let mut senders = Vec::new();
    for _ in 0..200 {
        let mut stream = TcpStream::connect(bench.http()).await.unwrap();
        let head = "POST /v1/metrics HTTP/1.1\r\nhost: a\r\ncontent-type: application/x-protobuf\r\n";
        stream
            .write_all(format!("{head}content-length: 60000000\r\n\r\n{}", "a".repeat(100)).as_bytes())
            .await
            .unwrap();
        senders.push(stream);
    }
    bench.until_held(|bytes| bytes >= 200 * 100).await;
    assert!(bench.intake.in_flight().bytes() < 200 * 200, "{}", bench.intake.in_flight().bytes());
    assert_eq!(bench.post_metrics(&[], metrics_bytes(10)).await.status, 200);
    drop(senders);
    bench.rests().await;
    assert_eq!(bench.refused(Receiver::Http), [(Signal::Metrics, "disconnected", 0)]);
    assert_eq!(bench.refused_requests(Receiver::Http), [(Signal::Metrics, "disconnected", 200)]);
}

/// H: a body that stops is 408 and counted.
#[tokio::test]
async fn a_body_that_stops() {
    let short = Duration::from_millis(100);
    let timings = Timings { body_silence: short, body_grace: short, ..Timings::default() };
    let bench = Bench::with(&config(), Recorder::default(), timings);
    let mut stream = TcpStream::connect(bench.http()).await.unwrap();
    let head =
        "POST /v1/metrics HTTP/1.1\r\nhost: a\r\ncontent-type: application/x-protobuf\r\ncontent-length: 9\r\n\r\n";
    stream.write_all(format!("{head}abc").as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert_eq!(bench.refused(Receiver::Http), [(Signal::Metrics, "too_slow", 0)]);
    bench.rests().await;
}

/// H5: a client that sends all of an oversized request before it reads gets its 413, not a reset that it would retry.
#[tokio::test]
async fn a_refused_body_does_not_reset_the_answer() {
    let bench = Bench::new();
    for _ in 0..5 {
        let mut stream = TcpStream::connect(bench.http()).await.unwrap();
        let head = "POST /v1/metrics HTTP/1.1\r\nhost: a\r\ncontent-type: application/x-protobuf\r\n";
        stream.write_all(format!("{head}content-length: 20000000\r\n\r\n").as_bytes()).await.unwrap();
        stream.write_all(&vec![0; 20_000_000]).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 413 "), "{}", String::from_utf8_lossy(&answer));
    }
}

/// H: while the largest requests are inflated and scanned, a small one on the same thread does not wait for them.
#[tokio::test]
async fn large_requests_do_not_hold_up_small_ones() {
    let large =
        Receive { request_bytes_max: 64 * MIB, inflight_bytes_max: 512 * MIB, items_max: 10_000_000, ..config() };
    let bench = Bench::with(&large, Recorder::default(), Timings::default());
    let body = gzip(&metrics_bytes(2_000_000));
    let big = bench.post_metrics(&[("content-encoding", "gzip")], body);
    let small = async {
        let mut slowest = Duration::ZERO;
        while bench.forwarded() < 20 {
            let started = Instant::now();
            assert_eq!(bench.post_metrics(&[], metrics_bytes(1)).await.status, 200);
            slowest = slowest.max(started.elapsed());
        }
        slowest
    };
    let (big, slowest) = tokio::join!(big, small);
    assert_eq!(big.status, 200);
    assert!(slowest < Duration::from_millis(500), "{slowest:?}");
    bench.rests().await;
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    /// Any bytes under any encoding: an answer, no panic, nothing held afterwards.
    #[test]
    fn any_bytes_inflate_or_are_refused(bytes: Vec<u8>, is_gzip: bool) {
        let encoding = if is_gzip { Encoding::Gzip } else { Encoding::Zstd };
        let budget = InFlight::new(MIB);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let _ = runtime.block_on(inflate(encoding, bytes.into(), MIB, budget.reserve()));
        proptest::prop_assert_eq!(budget.bytes(), 0);
    }

    /// What was compressed comes back, in one or two members, whatever its size.
    #[test]
    fn what_was_compressed_comes_back(text in proptest::collection::vec(0_u8..4, 0..300_000), cut: proptest::sample::Index) {
        let (first, second) = text.split_at(cut.index(text.len() + 1));
        let gzipped = [gzip(first), gzip(second)].concat();
        let zstd = [zstd::encode_all(first, 1).unwrap(), zstd::encode_all(second, 1).unwrap()].concat();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        for (encoding, body) in [(Encoding::Gzip, gzipped), (Encoding::Zstd, zstd)] {
            let budget = InFlight::new(4 * MIB);
            let back = runtime.block_on(inflate(encoding, body.into(), MIB, budget.reserve())).unwrap().0;
            proptest::prop_assert!(back == text);
            proptest::prop_assert_eq!(budget.bytes(), 0);
        }
    }
}
