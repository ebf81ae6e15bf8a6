//! An OTLP destination in this process that follows a script: one answer for each request, success after the last.

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
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::model::signal::Signal;
use crate::otlp::{frame, json};
use crate::tasks::Tasks;

type Body = BoxBody<Bytes, std::io::Error>;

/// One scripted answer.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// A status, headers and a body; over gRPC too, as a proxy would.
    Http(u16, Vec<(&'static str, String)>, Bytes),
    /// A gRPC status, its message, and headers beside it.
    Grpc(u32, &'static str, Vec<(&'static str, String)>),
    /// Success with this response message.
    Taken(Bytes),
    /// No answer, ever.
    Hang,
    /// The connection is cut.
    Cut,
    /// Success with a body without end.
    Endless,
    /// Success with a body that never comes.
    Stuck,
}

/// One request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) signal: Signal,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) taken: bool,
}

impl Received {
    pub(crate) fn items(&self) -> u64 {
        frame::items(self.signal, &self.body).unwrap() as u64
    }
}

#[derive(Debug, Default)]
struct Shared {
    script: Mutex<VecDeque<Answer>>,
    always: Mutex<Option<Answer>>,
    received: Mutex<Vec<Received>>,
}

/// The destination; its listener ends with it.
#[derive(Debug)]
pub(crate) struct Sink {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
    count: watch::Receiver<usize>,
    tasks: Tasks,
}

impl Sink {
    pub(crate) async fn start(script: Vec<Answer>) -> Self {
        Self::start_at("127.0.0.1:0", script).await
    }

    pub(crate) async fn start_at(address: &str, script: Vec<Answer>) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared { script: Mutex::new(script.into()), ..Shared::default() });
        let (counter, count) = watch::channel(0);
        let tasks = Tasks::new();
        let (all, state, counter) = (tasks.clone(), Arc::clone(&shared), Arc::new(counter));
        tasks.spawn(async move {
            loop {
                let stream = tokio::select! {
                    () = all.cancelled() => return,
                    accepted = listener.accept() => accepted.unwrap().0,
                };
                let (state, counter, token) = (Arc::clone(&state), Arc::clone(&counter), all.token());
                all.spawn(async move {
                    let serve = service_fn(move |request| answer(Arc::clone(&state), Arc::clone(&counter), request));
                    let builder = Builder::new(TokioExecutor::new());
                    let connection = builder.serve_connection(TokioIo::new(stream), serve);
                    tokio::select! {
                        _ = connection => {}
                        () = token.cancelled() => {}
                    }
                });
            }
        });
        Self { address, shared, count, tasks }
    }

    /// What every request after the script is answered with; none is success.
    pub(crate) fn always(&self, answer: Option<Answer>) {
        *self.shared.always.lock().unwrap() = answer;
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.shared.received.lock().unwrap().clone()
    }

    /// Items that were answered with success.
    pub(crate) fn taken_items(&self) -> u64 {
        self.received().iter().filter(|one| one.taken).map(Received::items).sum()
    }

    /// Waits until that many requests have come.
    pub(crate) async fn wait_for_requests(&self, count: usize) {
        let mut counter = self.count.clone();
        let reached = counter.wait_for(|seen| *seen >= count);
        tokio::time::timeout(Duration::from_secs(20), reached).await.expect("requests come").unwrap();
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.tasks.cancel();
    }
}

fn signal_of(path: &str) -> Signal {
    match path {
        path if path.contains("metrics") => Signal::Metrics,
        path if path.contains("trace") => Signal::Traces,
        _ => Signal::Logs,
    }
}

fn inflate(headers: &HeaderMap, body: Bytes) -> Bytes {
    let encoding = headers.get("content-encoding").or(headers.get("grpc-encoding"));
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

async fn answer(
    shared: Arc<Shared>,
    counter: Arc<watch::Sender<usize>>,
    request: Request<Incoming>,
) -> Result<Response<Body>, std::io::Error> {
    let grpc = request.headers().get("content-type").is_some_and(|kind| kind == "application/grpc");
    let is_json = request.headers().get("content-type").is_some_and(|kind| kind == "application/json");
    let signal = signal_of(request.uri().path());
    let (head, body) = request.into_parts();
    let mut body = body.collect().await.map_err(std::io::Error::other)?.to_bytes();
    if grpc {
        let length = u32::from_be_bytes(body[1..5].try_into().unwrap()) as usize;
        assert_eq!(body.len(), length + 5, "one frame");
        assert_eq!(body[0] == 1, head.headers.contains_key("grpc-encoding"));
        body = body.slice(5..);
    }
    body = inflate(&head.headers, body);
    if is_json {
        body = json::decode(signal, &body, usize::MAX).unwrap().into();
    }
    let scripted = shared.script.lock().unwrap().pop_front();
    let answer = scripted.or_else(|| shared.always.lock().unwrap().clone()).unwrap_or(Answer::Taken(Bytes::new()));
    let taken = matches!(&answer, Answer::Taken(_) | Answer::Endless | Answer::Stuck)
        || matches!(&answer, Answer::Http(status, ..) if (200..300).contains(status));
    shared.received.lock().unwrap().push(Received { signal, headers: head.headers, body, taken });
    counter.send_modify(|count| *count += 1);
    respond(answer, grpc, is_json).await
}

fn whole(bytes: Bytes) -> Body {
    Full::new(bytes).map_err(|never: Infallible| match never {}).boxed()
}

async fn respond(answer: Answer, grpc: bool, is_json: bool) -> Result<Response<Body>, std::io::Error> {
    let kind = match (grpc, is_json) {
        (true, _) => "application/grpc",
        (_, true) => "application/json",
        _ => "application/x-protobuf",
    };
    let response = Response::builder().header("content-type", kind);
    let response = match answer {
        Answer::Hang => std::future::pending().await,
        Answer::Cut => return Err(std::io::Error::other("cut")),
        Answer::Endless => {
            let chunk = Bytes::from(vec![b'x'; 64 * 1024]);
            let chunks = futures_util::stream::repeat_with(move || Ok(Frame::data(chunk.clone())));
            response.body(BodyExt::boxed(StreamBody::new(chunks)))
        }
        Answer::Stuck => {
            let nothing = futures_util::stream::pending::<Result<Frame<Bytes>, std::io::Error>>();
            response.body(BodyExt::boxed(StreamBody::new(nothing)))
        }
        Answer::Http(status, headers, body) => {
            let mut response = Response::builder().status(status);
            for (name, value) in headers {
                response = response.header(name, value);
            }
            response.body(whole(body))
        }
        Answer::Taken(message) if grpc => {
            let message = [&[0u8][..], &(message.len() as u32).to_be_bytes(), &message].concat();
            let mut trailers = HeaderMap::new();
            trailers.insert("grpc-status", HeaderValue::from_static("0"));
            let frames = [Ok(Frame::data(Bytes::from(message))), Ok(Frame::trailers(trailers))];
            response.body(BodyExt::boxed(StreamBody::new(futures_util::stream::iter(frames))))
        }
        Answer::Taken(message) => response.body(whole(message)),
        Answer::Grpc(code, message, headers) => {
            let mut response = response.header("grpc-status", code.to_string()).header("grpc-message", message);
            for (name, value) in headers {
                response = response.header(name, value);
            }
            response.body(whole(Bytes::new()))
        }
    };
    response.map_err(std::io::Error::other)
}
