//! Conformance H: slow, oversized and broken clients.

use super::*;
use std::sync::atomic::Ordering;

/// H: no bytes, and a head that comes byte by byte, on both protocols: closed in time.
#[tokio::test]
async fn slow_heads_are_closed() {
    let bench = Bench::new(&config(), quick());
    assert_eq!(bench.send("").await, "");
    for start in ["GET / HTTP/1.1\r\nx", "PRI * HTTP/2.0\r\n", "P", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"] {
        let mut stream = bench.connect().await;
        stream.write_all(start.as_bytes()).await.unwrap();
        if start.ends_with("SM\r\n\r\n") {
            continue; // HTTP/2 from here on: pings watch it
        }
        let drip = async {
            for _ in 0..100 {
                tokio::time::sleep(Duration::from_millis(20)).await;
                if stream.write_all(b"a").await.is_err() {
                    return true;
                }
            }
            false
        };
        assert!(drip.await, "{start:?} goes on for two seconds");
    }
}

/// A keepalive connection rests for longer than a head may take, serves again, and is closed after its idle time.
#[tokio::test]
async fn a_resting_connection_stays_for_a_while() {
    let timings = Timings { idle: Duration::from_millis(600), ..quick() };
    let bench = Bench::new(&config(), timings);
    let mut stream = bench.connect().await;
    let mut buffer = vec![0; 4096];
    for _ in 0..3 {
        stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
        let count = stream.read(&mut buffer).await.unwrap();
        assert!(buffer[..count].ends_with(b"hello"));
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    assert_eq!(until_closed(&mut stream).await, "");
    // A head that starts on a rested connection has the time of a head, not the rest of the idle time.
    let mut stream = bench.connect().await;
    stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    let _ = stream.read(&mut buffer).await.unwrap();
    stream.write_all(b"GET / HT").await.unwrap();
    let started = tokio::time::Instant::now();
    assert_eq!(until_closed(&mut stream).await, "");
    assert!(started.elapsed() < Duration::from_millis(500), "{:?}", started.elapsed());
}

/// H: a body that stops coming, and one that comes too slowly, fail for the handler; a steady one does not.
#[tokio::test]
async fn slow_bodies_fail() {
    let timings = Timings { body_bytes_per_second_min: 1000, ..quick() };
    let bench = Bench::new(&config(), timings);
    let head = "POST /length HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 100\r\n\r\n";
    let stopped = bench.send(format!("{head}abc")).await;
    assert_ne!(status(&stopped), "200");
    for (pause_ms, bytes, expected) in [(40, 1, false), (40, 100, true)] {
        let mut stream = bench.connect().await;
        stream.write_all(head.as_bytes()).await.unwrap();
        for _ in 0..100 / bytes {
            tokio::time::sleep(Duration::from_millis(pause_ms)).await;
            if stream.write_all(&vec![b'a'; bytes]).await.is_err() {
                break;
            }
        }
        assert_eq!(status(&until_closed(&mut stream).await) == "200", expected, "{bytes} bytes every {pause_ms} ms");
    }
}

/// H: a client that does not read its answer is cut off.
#[tokio::test]
async fn slow_readers_are_closed() {
    let bench = Bench::new(&config(), quick());
    let mut stream = bench.connect().await;
    stream.write_all(b"GET /endless HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    bench.until_tasks(2).await;
    bench.until_tasks(1).await;
}

/// H, G15: a head of more than 16 KiB is 431 and the connection closes; a little less passes.
#[tokio::test]
async fn long_heads_are_431() {
    let bench = Bench::new(&config(), Timings::default());
    let head = |bytes: usize| format!("x-long: {}\r\n", "a".repeat(bytes));
    assert_eq!(status(&bench.get("/", &head(15_000)).await), "200");
    assert_eq!(status(&bench.get("/", &head(17_000)).await), "431");
    let many = (0..200).fold(String::new(), |all, number| all + &format!("x-{number}: a\r\n"));
    assert_eq!(status(&bench.get("/", &many).await), "431");
}

/// H: two lengths, bare CR and odd request lines are 400 and close; what stands behind them is never served.
#[tokio::test]
async fn ambiguous_requests_are_400() {
    let bench = Bench::new(&config(), quick());
    let (length, chunked) = ("content-length: 5\r\n", "Transfer-Encoding: chunked\r\n");
    for headers in [
        format!("{length}{chunked}"),
        format!("{chunked}{length}"),
        format!("{length}content-length: 6\r\n"),
        "content-length: +5\r\n".to_owned(),
        "transfer-encoding: gzip\r\n".to_owned(),
        "x: a\rb\r\n".to_owned(),
        "x : a\r\n".to_owned(),
        " x: a\r\n".to_owned(),
        "x: a\0b\r\n".to_owned(),
    ] {
        let request =
            format!("POST /length HTTP/1.1\r\nhost: a\r\n{headers}\r\n0\r\n\r\nGET / HTTP/1.1\r\nhost: a\r\n\r\n");
        let answer = bench.send(&request).await;
        assert_eq!((status(&answer), answer.contains("hello")), ("400", false), "{headers:?}: {answer}");
    }
    for line in ["GET / HTTP/1.1\r \n", "GET  / HTTP/1.1", "GET /\u{1} HTTP/1.1", "GET / HTTP/9.9", "\u{16}\u{3}\u{1}"]
    {
        let answer = bench.send(format!("{line}\r\nhost: a\r\n\r\n")).await;
        assert_eq!(status(&answer), "400", "{line:?}: {answer}");
    }
    // A chunked body alone is fine, and so is one whose head comes in two pieces.
    let body = "5\r\nhello\r\n0\r\n\r\n";
    let mut stream = bench.connect().await;
    stream.write_all(b"POST /length HTTP/1.1\r\nhost: a\r\nconnection: close\r\nTransfer-En").await.unwrap();
    tokio::time::sleep(Duration::from_millis(20)).await;
    stream.write_all(format!("coding: chunked\r\n\r\n{body}").as_bytes()).await.unwrap();
    assert!(until_closed(&mut stream).await.ends_with('5'));
}

/// H: connections past the cap are closed at once and counted; afterwards there is room again.
#[tokio::test]
async fn connections_are_capped() {
    let bench = Bench::new(&Listener { connections_max: 2, ..config() }, Timings::default());
    let held = [bench.connect().await, bench.connect().await];
    bench.until_tasks(3).await;
    assert_eq!(until_closed(&mut bench.connect().await).await, "");
    assert_eq!(bench.served.stats.refused.load(Ordering::Relaxed), 1);
    drop(held);
    bench.until_tasks(1).await;
    assert_eq!(status(&bench.get("/", "").await), "200");
}

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let len = (payload.len() as u32).to_be_bytes();
    [&len[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// `:method GET`, `:scheme http`, `:path /`, `:authority a`.
const GET: &[u8] = &[0x82, 0x86, 0x84, 0x01, 1, b'a'];

/// The code of the GOAWAY that ends the connection.
async fn goaway(bench: &Bench, frames: impl Iterator<Item = Vec<u8>>) -> Option<u32> {
    let mut stream = bench.connect().await;
    let flood: Vec<u8> = frames.flatten().collect();
    let (mut read, mut write) = stream.split();
    let mut answer = Vec::new();
    let send = async {
        let _ = write.write_all(PREFACE).await;
        let _ = write.write_all(&flood).await;
    };
    let receive = tokio::time::timeout(Duration::from_secs(5), read.read_to_end(&mut answer));
    let ((), received) = tokio::join!(send, receive);
    assert!(received.is_ok(), "the connection stays open");
    let mut rest = &answer[..];
    while let [a, b, c, kind, _, _, _, _, _, after @ ..] = rest {
        let len = u32::from_be_bytes([0, *a, *b, *c]) as usize;
        let payload = after.get(..len)?;
        if *kind == 7 {
            return Some(u32::from_be_bytes(payload[4..8].try_into().unwrap()));
        }
        rest = &after[len..];
    }
    None
}

/// H: rapid reset and a CONTINUATION flood end in GOAWAY; a good client on another connection is served meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn http2_floods_end_in_goaway() {
    let bench = Bench::new(&config(), Timings::default());
    let resets = (0..20_000_u32).flat_map(|number| {
        let stream = 2 * number + 1;
        [frame(1, 5, stream, GET), frame(3, 0, stream, &8_u32.to_be_bytes())]
    });
    assert_eq!(goaway(&bench, resets).await, Some(11), "ENHANCE_YOUR_CALM");
    let literal = [&[0x00, 1, b'x', 0x7f, 0x81, 0x7e][..], &[b'a'; 16_000]].concat();
    let continuations = std::iter::once(frame(1, 0, 1, GET)).chain((0..1000).map(|_| frame(9, 0, 1, &literal)));
    assert!(goaway(&bench, continuations).await.is_some_and(|code| code != 0));
    assert_eq!(status(&bench.get("/", "").await), "200");
    bench.until_tasks(1).await;
}

/// Any bytes at all: the connection ends, the listener goes on.
#[tokio::test]
async fn any_bytes_are_survived() {
    let bench = Bench::new(&config(), quick());
    let mut state = 1_u64;
    for _ in 0..50 {
        let mut bytes = Vec::new();
        for _ in 0..200 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            bytes.push((state >> 56) as u8);
        }
        let mut stream = bench.connect().await;
        let _ = stream.write_all(&bytes).await;
        until_closed(&mut stream).await;
    }
    assert_eq!(status(&bench.get("/", "").await), "200");
}
