//! An OTLP destination in this process: all three transports on one port, with answers that can be ordered.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io::Read;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use otel_bridge::model::signal::Signal;
use otel_bridge::tasks::Tasks;
use tokio::net::TcpListener;

use super::eventually;

type Body = BoxBody<Bytes, Infallible>;

/// An answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    /// It is taken.
    Taken,
    /// It is taken, but the answer waits until [`Sink::always`] says otherwise.
    Held,
    /// This HTTP status; over gRPC too, as a proxy would.
    Status(u16),
}

/// A request as it came, uncompressed.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) signal: Signal,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) taken: bool,
}

#[derive(Debug, Default)]
struct Shared {
    script: Mutex<VecDeque<Reply>>,
    always: Mutex<Option<Reply>>,
    received: Mutex<Vec<Received>>,
}

/// The destination; it ends with this.
#[derive(Debug)]
pub(crate) struct Sink {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
    tasks: Tasks,
}

impl Sink {
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// Answers in this order, then takes everything.
    pub(crate) async fn start_with(script: &[Reply]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared { script: Mutex::new(script.iter().copied().collect()), ..Shared::default() });
        let tasks = Tasks::new();
        tasks.spawn(accept(listener, shared.clone(), tasks.clone()));
        Self { address, shared, tasks }
    }

    /// What everything after the script is answered with; none is success.
    pub(crate) fn always(&self, reply: Option<Reply>) {
        *self.shared.always.lock().unwrap() = reply;
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.shared.received.lock().unwrap().clone()
    }

    /// The bodies of one signal that were taken.
    pub(crate) fn taken(&self, signal: Signal) -> Vec<Bytes> {
        self.received().into_iter().filter(|one| one.taken && one.signal == signal).map(|one| one.body).collect()
    }

    /// Waits until the taken bodies of a signal satisfy.
    pub(crate) async fn wait_for(&self, signal: Signal, is_enough: impl Fn(&[Bytes]) -> bool) -> Vec<Bytes> {
        eventually("enough at the destination", async || {
            let taken = self.taken(signal);
            is_enough(&taken).then_some(taken)
        })
        .await
    }

    /// A destination of a bridge's configuration: its name is the protocol's.
    pub(crate) fn destination(&self, protocol: &str, rest: &str) -> String {
        let name = protocol.replace('/', "-");
        format!("{{ name: {name}, endpoint: \"http://{}\", protocol: {protocol}{rest} }}", self.address)
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.tasks.cancel();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>, tasks: Tasks) {
    loop {
        let stream = tokio::select! {
            () = tasks.cancelled() => return,
            accepted = listener.accept() => accepted.unwrap().0,
        };
        let (shared, token) = (shared.clone(), tasks.token());
        tasks.spawn(async move {
            let serve = service_fn(move |request| answer(shared.clone(), request));
            let builder = Builder::new(TokioExecutor::new());
            tokio::select! {
                _ = builder.serve_connection(TokioIo::new(stream), serve) => {}
                () = token.cancelled() => {}
            }
        });
    }
}

fn signal_of(path: &str) -> Signal {
    match path {
        path if path.contains("metrics") => Signal::Metrics,
        path if path.contains("trace") => Signal::Traces,
        _ => Signal::Logs,
    }
}

fn inflate(encoding: Option<&HeaderValue>, body: Bytes) -> Bytes {
    match encoding.map(|value| value.to_str().unwrap()) {
        Some("gzip") => {
            let mut inflated = Vec::new();
            flate2::read::GzDecoder::new(&body[..]).read_to_end(&mut inflated).unwrap();
            inflated.into()
        }
        Some("zstd") => zstd::stream::decode_all(&body[..]).unwrap().into(),
        _ => body,
    }
}

async fn answer(shared: Arc<Shared>, request: Request<Incoming>) -> Result<Response<Body>, hyper::Error> {
    let (head, body) = request.into_parts();
    let kind = head.headers.get("content-type").cloned().unwrap();
    let is_grpc = kind == "application/grpc";
    let mut body = body.collect().await?.to_bytes();
    if is_grpc {
        body = body.slice(5..);
    }
    let encoding = head.headers.get(if is_grpc { "grpc-encoding" } else { "content-encoding" });
    let body = inflate(encoding, body);
    let scripted = shared.script.lock().unwrap().pop_front();
    let always = || *shared.always.lock().unwrap();
    while always() == Some(Reply::Held) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let reply = scripted.or(always()).unwrap_or(Reply::Taken);
    let signal = signal_of(head.uri.path());
    let received = Received { signal, headers: head.headers, body, taken: reply == Reply::Taken };
    shared.received.lock().unwrap().push(received);
    let response = Response::builder().header("content-type", kind);
    Ok(match reply {
        Reply::Status(status) => Response::builder().status(status).body(BoxBody::default()),
        Reply::Taken if is_grpc => {
            let mut trailers = HeaderMap::new();
            trailers.insert("grpc-status", HeaderValue::from_static("0"));
            let frames = [Ok(Frame::data(Bytes::from_static(&[0; 5]))), Ok(Frame::trailers(trailers))];
            response.body(BodyExt::boxed(StreamBody::new(futures_util::stream::iter(frames))))
        }
        Reply::Taken | Reply::Held => response.body(Full::default().boxed()),
    }
    .unwrap())
}
