//! Listeners on loopback with an axum router behind them, as the pull endpoints have it.

mod delivery;
mod guard;
mod hostile;
mod stop;
mod tls;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::Extension;
use axum::routing::{get, post};
use axum::{Router, body::Body};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::*;
use crate::clock::Clock;
use crate::config::Secret;
use crate::config::listener::{Auth, Cors, RateLimit, ServerTls};
use crate::tasks::Tasks;

pub(super) struct Bench {
    pub(super) served: Served,
    pub(super) tasks: Tasks,
    pub(super) clock: Clock,
}

pub(super) fn config() -> Listener {
    Listener {
        address: "127.0.0.1:0".parse().unwrap(),
        key: "pull[0]".to_owned(),
        auth: None,
        tls: None,
        rate_limit: None,
        connections_max: 64,
        insecure: false,
        cors: Cors::default(),
        trusted_proxies: Vec::new(),
    }
}

/// Every clock at a tenth of a second or a few; what is not tested at hours.
pub(super) fn quick() -> Timings {
    let short = Duration::from_millis(150);
    Timings {
        first_byte: short,
        headers: short,
        handshake: short,
        body_silence: short,
        body_grace: short,
        write: short,
        drain: Duration::from_millis(500),
        accept_pause: Duration::from_millis(10),
        reload: Duration::from_millis(20),
        ..Timings::default()
    }
}

fn router() -> Router {
    let wait = || async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        "late"
    };
    let endless = || async {
        Body::from_stream(futures_util::stream::repeat_with(|| Ok::<_, io::Error>(Bytes::from(vec![0; 65_536]))))
    };
    let who = |Extension(address): Extension<ClientAddress>, Extension(caller): Extension<Caller>| async move {
        format!("{} {}", address.0, caller.verified)
    };
    let length = |body: Result<Bytes, axum::extract::rejection::BytesRejection>| async move {
        body.map(|body| body.len().to_string())
    };
    Router::new()
        .route("/", get(|| async { "hello" }))
        .route("/who", get(who))
        .route("/livez", get(who))
        .route("/wait", get(wait))
        .route("/endless", get(endless))
        .route("/length", post(length))
}

impl Bench {
    pub(super) fn new(config: &Listener, timings: Timings) -> Self {
        let (tasks, clock) = (Tasks::new(), Clock::manual(0));
        let door = RouterDoor::new(router())
            .with_probes(|head| head.uri.path() == "/livez")
            .with_sessions(|head| head.headers.get("cookie").is_some_and(|cookie| cookie == "session=good"));
        let served = serve(bind(config).unwrap(), Arc::new(door), timings, &clock, &tasks).unwrap();
        Self { served, tasks, clock }
    }

    pub(super) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.served.address).await.unwrap()
    }

    /// Sends bytes on a new connection and reads until it closes; fails when it stays open.
    pub(super) async fn send(&self, bytes: impl AsRef<[u8]>) -> String {
        let mut stream = self.connect().await;
        stream.write_all(bytes.as_ref()).await.unwrap();
        until_closed(&mut stream).await
    }

    pub(super) async fn get(&self, path: &str, headers: &str) -> String {
        self.send(format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{headers}\r\n")).await
    }

    /// Waits until no connection is left; the accept loop and the watch of TLS files stay.
    pub(super) async fn until_tasks(&self, count: usize) {
        for _ in 0..1000 {
            if self.tasks.len() == count {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("{} tasks are left", self.tasks.len());
    }
}

/// What comes until the connection closes, in whatever way; fails when it stays open.
pub(super) async fn until_closed(stream: &mut (impl tokio::io::AsyncRead + Unpin)) -> String {
    let mut text = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut text)).await;
    assert!(read.is_ok(), "the connection stays open");
    String::from_utf8_lossy(&text).into_owned()
}

pub(super) fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or("closed")
}

/// A bind error names address and configuration key.
#[tokio::test]
async fn a_taken_address_is_named() {
    let bench = Bench::new(&config(), Timings::default());
    let error = bind(&Listener { address: bench.served.address, ..config() }).unwrap_err().to_string();
    assert!(error.contains(&bench.served.address.to_string()) && error.contains("pull[0].address"), "{error}");
}
