//! Conformance H, slow readers over HTTP/2: one end is written by hand, and time is paused.

use std::net::Ipv4Addr;

use http_body::{Body as _, Frame};
use http_body_util::{BodyExt as _, StreamBody};
use proptest::prelude::*;
use tokio::io::DuplexStream;
use tokio::time::Instant;

use super::*;
use crate::listen::connection;
use crate::listen::delivery::Pieces;
use crate::listen::guard::Guard;

const BIG_BYTES: usize = 1 << 20;
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RESET: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const WINDOW_UPDATE: u8 = 8;
/// More than any answer here.
const OPEN: u32 = 1 << 24;

/// A page that counts its holders.
struct Page(Vec<u8>, #[expect(dead_code, reason = "counted")] Arc<()>);

impl AsRef<[u8]> for Page {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// A client of one connection that does what a test says, and answers pings.
struct Client {
    stream: DuplexStream,
    started: Instant,
    held: Arc<()>,
    tasks: Tasks,
}

/// How a stream of the client ended, what came of it, and after how many seconds.
#[derive(Debug, PartialEq)]
struct End {
    bytes: usize,
    is_reset: bool,
    after_s: u64,
}

impl Client {
    /// A connection whose streams begin with `stream_window`, and which itself has what it begins with and `more`.
    async fn connect(stream_window: u32, more: u32, buffer_bytes: usize) -> Self {
        let (stream, other) = tokio::io::duplex(buffer_bytes);
        let (tasks, held) = (Tasks::new(), Arc::new(()));
        let guard = Guard::new(&config(), Arc::new(RouterDoor::new(pages(&held))), &Clock::manual(0)).unwrap();
        let peer = (Ipv4Addr::LOCALHOST, 1).into();
        tasks.spawn(connection::run(other, peer, Arc::new(guard), Timings::default(), tasks.clone()));
        let mut client = Self { stream, started: Instant::now(), held, tasks };
        client.stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
        // SETTINGS_INITIAL_WINDOW_SIZE
        client.frame(SETTINGS, 0, 0, &[&[0, 4][..], &stream_window.to_be_bytes()].concat()).await;
        if more > 0 {
            client.open(0, more).await;
        }
        client
    }

    async fn frame(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        let len = (payload.len() as u32).to_be_bytes();
        let frame = [&len[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat();
        self.stream.write_all(&frame).await.unwrap();
    }

    async fn open(&mut self, stream: u32, bytes: u32) {
        self.frame(WINDOW_UPDATE, 0, stream, &bytes.to_be_bytes()).await;
    }

    async fn get(&mut self, stream: u32, path: &str) {
        let head = [&[0x82, 0x86, 0x04, path.len() as u8], path.as_bytes(), &[0x01, 1, b'a']].concat();
        self.frame(HEADERS, 5, stream, &head).await;
    }

    /// Kind, flags, stream and payload of the next frame.
    async fn next(&mut self) -> (u8, u8, u32, Vec<u8>) {
        let mut head = [0; 9];
        self.stream.read_exact(&mut head).await.unwrap();
        let [a, b, c, kind, flags, id @ ..] = head;
        let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
        self.stream.read_exact(&mut payload).await.unwrap();
        if kind == PING && flags == 0 {
            self.frame(PING, 1, 0, &payload).await;
        }
        (kind, flags, u32::from_be_bytes(id), payload)
    }

    /// Reads until the stream ends, whatever else comes; `taken` is called with what came of it so far.
    async fn read(&mut self, wanted: u32, mut window: impl FnMut(usize) -> Option<(Duration, u32)>) -> End {
        let mut bytes = 0;
        loop {
            let (kind, flags, stream, payload) = self.next().await;
            if stream != wanted || ![DATA, HEADERS, RESET].contains(&kind) {
                continue;
            }
            bytes += if kind == DATA { payload.len() } else { 0 };
            if kind == RESET || flags & 1 == 1 {
                return End { bytes, is_reset: kind == RESET, after_s: self.started.elapsed().as_secs() };
            }
            if let Some((pause, more)) = window(bytes) {
                tokio::time::sleep(pause).await;
                self.open(wanted, more).await;
            }
        }
    }
}

fn pages(held: &Arc<()>) -> Router {
    let held = held.clone();
    let big = move || async move { Body::from(Bytes::from_owner(Page(vec![7; BIG_BYTES], held))) };
    let events = || async {
        let pauses = [0, 600, 0].map(Duration::from_secs);
        Body::from_stream(futures_util::stream::unfold(pauses.into_iter(), |mut pauses| async {
            tokio::time::sleep(pauses.next()?).await;
            Some((Ok::<_, io::Error>("data: x\n\n"), pauses))
        }))
    };
    Router::new().route("/", get(|| async { "hello" })).route("/big", get(big)).route("/events", get(events))
}

/// H, slow reader: a stream that gets no window is reset when the write timeout is over, wherever in the answer it stops; what
/// it held is released, and the connection goes on.
#[tokio::test(start_paused = true)]
async fn a_stream_without_a_window_is_reset() {
    for (path, window) in [("/", 0), ("/", 1), ("/", 3), ("/", 4), ("/big", 0), ("/big", 1), ("/big", 65_535)] {
        let mut client = Client::connect(window, OPEN, 1 << 20).await;
        client.get(1, path).await;
        let end = client.read(1, |_| None).await;
        assert_eq!(end, End { bytes: window as usize, is_reset: true, after_s: 10 }, "{path} {window}");
        client.get(3, "/").await;
        client.open(3, OPEN).await;
        assert_eq!(client.read(3, |_| None).await, End { bytes: 5, is_reset: false, after_s: 10 });
        assert_eq!((Arc::strong_count(&client.held), client.tasks.len()), (2, 1), "{path} {window}");
    }
    let mut client = Client::connect(5, OPEN, 1 << 20).await;
    client.get(1, "/").await;
    assert_eq!(client.read(1, |_| None).await, End { bytes: 5, is_reset: false, after_s: 0 });
}

/// H, slow reader: the same where it is the connection that has no window left; every stream of it that has something to send
/// is reset.
#[tokio::test(start_paused = true)]
async fn a_connection_without_a_window_loses_its_streams() {
    let mut client = Client::connect(OPEN, 0, 1 << 20).await;
    for stream in [1, 3, 5] {
        client.get(stream, "/big").await;
    }
    let (mut bytes, mut resets) = (0, Vec::new());
    while resets.len() < 3 {
        let (kind, _, stream, payload) = client.next().await;
        bytes += if kind == DATA { payload.len() } else { 0 };
        if kind == RESET {
            resets.push((stream, client.started.elapsed().as_secs()));
        }
    }
    resets.sort_unstable();
    assert_eq!((bytes, resets), (65_535, vec![(1, 10), (3, 10), (5, 10)]));
    assert_eq!((Arc::strong_count(&client.held), client.tasks.len()), (2, 1));
}

/// A client that is slow but steady gets all of it: 16 KiB every nine seconds are progress, one byte is none.
#[tokio::test(start_paused = true)]
async fn a_steady_stream_is_not_cut() {
    for (more, is_reset) in [(16 * 1024, false), (1, true)] {
        let mut client = Client::connect(16 * 1024, OPEN, 1 << 20).await;
        client.get(1, "/big").await;
        let mut opened = 16 * 1024;
        let end = client
            .read(1, |bytes| {
                (bytes == opened).then(|| {
                    opened += more as usize;
                    (Duration::from_secs(9), more)
                })
            })
            .await;
        assert_eq!(end.is_reset, is_reset, "{more}: {end:?}");
        assert_eq!(end.bytes == BIG_BYTES, !is_reset, "{more}: {end:?}");
    }
}

/// A stream of events at rest is no slow reader, however long it rests.
#[tokio::test(start_paused = true)]
async fn a_stream_at_rest_is_not_cut() {
    let mut client = Client::connect(OPEN, OPEN, 1 << 20).await;
    client.get(1, "/events").await;
    let end = client.read(1, |_| None).await;
    assert_eq!(end, End { bytes: 27, is_reset: false, after_s: 600 });
}

/// H, slow reader: a client that opens every window and does not read its socket loses the connection at the write timeout,
/// also if it goes on sending.
#[tokio::test(start_paused = true)]
async fn a_socket_that_is_not_read_is_closed() {
    for is_sending in [false, true] {
        let mut client = Client::connect(OPEN, OPEN, 4096).await;
        client.get(1, "/big").await;
        let (started, mut closed) = (client.started, false);
        while is_sending && !closed && started.elapsed() < Duration::from_mins(1) {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let ping = [&[0, 0, 8, PING, 1, 0, 0, 0, 0][..], &[0; 8]].concat();
            closed = client.stream.write_all(&ping).await.is_err();
        }
        client.tasks.join().await;
        assert!((10..=11).contains(&started.elapsed().as_secs()), "{is_sending}: {:?}", started.elapsed());
        assert_eq!(Arc::strong_count(&client.held), 1);
    }
}

proptest! {
    /// Pieces hold the same bytes in the same order, none is too large, the trailers stay, and the length is told.
    #[test]
    fn pieces_are_the_same_bytes(sizes in proptest::collection::vec(0_usize..100_000, 0..5)) {
        let data: Vec<Bytes> = sizes.iter().map(|size| (0..*size).map(|byte| byte as u8).collect()).collect();
        let whole = data.concat();
        let frames = data.into_iter().map(Frame::data).chain([Frame::trailers(http::HeaderMap::new())]);
        let body = StreamBody::new(futures_util::stream::iter(frames.map(Ok::<_, io::Error>)));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut pieces = Pieces::new(body);
            let (mut came, mut trailers) = (Vec::new(), 0);
            while let Some(frame) = pieces.frame().await {
                match frame.unwrap().into_data() {
                    Ok(piece) => {
                        assert!(piece.len() <= 16 * 1024);
                        came.extend_from_slice(&piece);
                    }
                    Err(_) => trailers += 1,
                }
            }
            assert!(came == whole && trailers == 1);
            let mut pieces = Pieces::new(http_body_util::Full::new(Bytes::from(whole.clone())));
            let mut left = whole.len() as u64;
            while left > 0 {
                assert!(!pieces.is_end_stream());
                assert_eq!(pieces.size_hint().exact(), Some(left));
                left -= pieces.frame().await.unwrap().unwrap().into_data().unwrap().len() as u64;
            }
            assert!(pieces.is_end_stream());
        });
    }
}
