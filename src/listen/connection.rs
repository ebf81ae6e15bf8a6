//! One connection from its first byte to its end: the protocol is told by its first bytes, and an age or a stopping listener
//! ends it gracefully.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderValue, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};

use crate::limits;
use crate::listen::delivery::{self, Pieces};
use crate::listen::guard::Guard;
use crate::listen::paced::{Paced, Phase};
use crate::listen::{Handle, RequestBody, Timings};
use crate::tasks::Tasks;

/// How every HTTP/2 connection begins.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Longest HTTP/1 read, which is also how much of a body is copied at once.
const READ_BYTES_MAX: usize = 128 * 1024;
/// HTTP/2 flow control: what a client may send before anybody reads it, on a stream and on its connection.
const WINDOW_BYTES: u32 = 256 * 1024;
/// Streams that a client reset before they were looked at; more of them end the connection (rapid reset).
const RESET_STREAMS_MAX: usize = 32;

/// What HTTP/2 keeps of one answer that the socket does not take yet.
const SEND_BYTES_MAX: usize = 64 * 1024;

/// Runs the tasks of HTTP/2 streams in the listener's group, each under the clock of its answer.
#[derive(Clone, Debug)]
struct StreamTasks {
    tasks: Tasks,
    write: Duration,
}

impl<F> hyper::rt::Executor<F> for StreamTasks
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, work: F) {
        self.tasks.spawn(delivery::watch(work, self.write));
    }
}

/// Serves one connection until it ends; whatever goes wrong on it ends it alone.
pub(crate) async fn run<S, H>(mut stream: S, peer: SocketAddr, guard: Arc<Guard<H>>, timings: Timings, tasks: Tasks)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    H: Handle,
{
    let Some((first, is_http2)) = first_bytes(&mut stream, &timings, &tasks).await else { return };
    let phase = if is_http2 { Phase::unwatched() } else { Phase::head() };
    let io = TokioIo::new(Paced::new(stream, first, phase.clone(), &timings));
    if is_http2 {
        let service = service_fn(move |request: Request<Incoming>| {
            let guard = guard.clone();
            async move {
                let request = request.map(|body| RequestBody::new(body, &timings));
                Ok::<_, Infallible>(guard.serve(request, peer.ip()).await.map(Pieces::new))
            }
        });
        let connection = http2(&timings, &tasks).serve_connection(io, service);
        return until_asked(pin!(connection), http2::Connection::graceful_shutdown, &timings, &tasks).await;
    }
    let service = service_fn(move |request: Request<Incoming>| {
        let (guard, phase) = (guard.clone(), phase.clone());
        async move {
            phase.serving();
            let request = request.map(|body| RequestBody::new(body, &timings));
            let response: Response<H::Body> =
                if is_ambiguous(&request, &phase) { ambiguous() } else { guard.serve(request, peer.ip()).await };
            phase.idle();
            Ok::<_, Infallible>(response)
        }
    });
    let connection = http1().serve_connection(io, service);
    until_asked(pin!(connection), http1::Connection::graceful_shutdown, &timings, &tasks).await;
}

/// Whether the request's length is told in two ways (RFC 9112, 6.3).
fn is_ambiguous<B>(request: &Request<B>, phase: &Phase) -> bool {
    request.headers().contains_key(header::TRANSFER_ENCODING) && phase.told_a_length()
}

fn ambiguous<B: Default>() -> Response<B> {
    let mut response = Response::new(B::default());
    *response.status_mut() = StatusCode::BAD_REQUEST;
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

fn http1() -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        // `Paced` does this, and tells a head that does not come from a connection that rests.
        .header_read_timeout(None)
        .max_header_size(limits::HEADER_BYTES_MAX)
        .max_buf_size(READ_BYTES_MAX);
    builder
}

fn http2(timings: &Timings, tasks: &Tasks) -> http2::Builder<StreamTasks> {
    let mut builder = http2::Builder::new(StreamTasks { tasks: tasks.clone(), write: timings.write });
    builder
        .timer(TokioTimer::new())
        .max_header_list_size(limits::HEADER_BYTES_MAX as u32)
        .max_concurrent_streams(timings.streams_max)
        .max_pending_accept_reset_streams(RESET_STREAMS_MAX)
        .initial_stream_window_size(WINDOW_BYTES)
        .initial_connection_window_size(WINDOW_BYTES)
        .max_send_buf_size(SEND_BYTES_MAX)
        .keep_alive_interval(timings.ping_interval)
        .keep_alive_timeout(timings.ping_timeout);
    builder
}

/// Reads until the protocol is clear; none if the client is silent, slow or gone, or the listener stops.
async fn first_bytes<S>(stream: &mut S, timings: &Timings, tasks: &Tasks) -> Option<(Bytes, bool)>
where
    S: AsyncRead + Unpin,
{
    let mut first = BytesMut::with_capacity(PREFACE.len());
    let read = async {
        let mut patience = timings.first_byte;
        while first.len() < PREFACE.len() && PREFACE.starts_with(&first) {
            let mut rest = (&mut *stream).take((PREFACE.len() - first.len()) as u64);
            let count = tokio::time::timeout(patience, rest.read_buf(&mut first)).await.ok()?.ok()?;
            if count == 0 {
                return None;
            }
            patience = timings.headers;
        }
        Some(first.len() == PREFACE.len() && PREFACE.starts_with(&first))
    };
    // A preface that comes byte by byte gets no more time than other headers.
    let limit = timings.first_byte + timings.headers;
    let is_http2 = tokio::select! {
        is_http2 = tokio::time::timeout(limit, read) => is_http2.ok()??,
        () = tasks.cancelled() => return None,
    };
    Some((first.freeze(), is_http2))
}

/// Drives a connection to its end; when it is old or the listener stops it is asked to go, and given a while to finish.
async fn until_asked<C>(mut connection: Pin<&mut C>, ask: fn(Pin<&mut C>), timings: &Timings, tasks: &Tasks)
where
    C: Future<Output = Result<(), hyper::Error>>,
{
    let grace = tokio::select! {
        ended = connection.as_mut() => return note(ended),
        () = tokio::time::sleep(age(timings.age_max)) => timings.age_grace,
        () = tasks.cancelled() => timings.drain,
    };
    ask(connection.as_mut());
    let stopped_while_old = async {
        tasks.cancelled().await;
        tokio::time::sleep(timings.drain).await;
    };
    tokio::select! {
        ended = connection => note(ended),
        () = tokio::time::sleep(grace) => {}
        () = stopped_while_old => {}
    }
}

/// The age with a random part, so that connections made together do not leave together.
fn age(age_max: Duration) -> Duration {
    use std::hash::{BuildHasher, RandomState};
    age_max + age_max.mul_f64((RandomState::new().hash_one(0_u8) % 1024) as f64 / 10_240.0)
}

fn note(ended: Result<(), hyper::Error>) {
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}
