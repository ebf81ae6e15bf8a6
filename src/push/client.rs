//! The OTLP client of one destination: gRPC, HTTP with protobuf and HTTP with JSON over one kind of connection pool.

pub(crate) mod compress;
pub(crate) mod reply;
pub(crate) mod status;
pub(crate) mod tls;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, TE, USER_AGENT};
use http::{Method, Request, Uri, Version};
use http_body_util::Full;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioTimer;
use tokio::time::Instant;

use crate::clock::Clock;
use crate::config::Secret;
use crate::config::push::{Compression, Destination, Protocol};
use crate::limits::{FORWARD_BYTES_MAX, HEADER_BYTES_MAX};
use crate::model::signal::Signal;
use crate::otlp::json;
use crate::otlp::scan::ScanError;
use crate::push::PushError;
use crate::push::client::compress::Compressor;
use crate::push::client::reply::Reply;
use crate::tasks::Tasks;

/// Time for a connection to stand.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const IDLE_TIMEOUT: Duration = Duration::from_mins(1);
const PING_INTERVAL: Duration = Duration::from_secs(30);
const PING_TIMEOUT: Duration = Duration::from_secs(10);
const GRPC_HEAD_BYTES: usize = 5;

/// See the module.
#[derive(Debug)]
pub(crate) struct Client {
    pool: Pool<HttpsConnector<HttpConnector>, Full<Bytes>>,
    uris: [Uri; 3],
    protocol: Protocol,
    compression: Compression,
    headers: HeaderMap,
    /// What no message may show.
    secrets: Vec<Secret>,
    timeout: Duration,
    clock: Clock,
}

/// A request that is ready to go, any number of times.
#[derive(Clone, Debug)]
pub(crate) struct Prepared {
    signal: Signal,
    body: Bytes,
}

impl Client {
    /// A client for the destination; its connections run in `tasks`.
    pub(crate) fn try_new(destination: &Destination, clock: &Clock, tasks: &Tasks) -> Result<Self, PushError> {
        let invalid = |reason: String| PushError::Endpoint { destination: destination.name.clone(), reason };
        let [metrics, traces, logs] = Signal::ALL.map(|signal| uri(destination, signal));
        let uris = [metrics.map_err(&invalid)?, traces.map_err(&invalid)?, logs.map_err(&invalid)?];
        let secure = uris.iter().any(is_secure);
        let pool = pool(destination, secure, tasks).map_err(&invalid)?;
        Ok(Self {
            pool,
            uris,
            protocol: destination.protocol,
            compression: destination.compression,
            headers: headers(destination).map_err(&invalid)?,
            secrets: secrets(destination),
            timeout: destination.timeout,
            clock: clock.clone(),
        })
    }

    /// Puts `parts`, requests of one signal, into one request: repeated fields of concatenated messages merge.
    ///
    /// # Errors
    /// When they cannot be written as JSON.
    pub(crate) fn prepare(
        &self,
        signal: Signal,
        parts: &[Bytes],
        compressor: &mut Compressor,
    ) -> Result<Prepared, ScanError> {
        let text;
        let parts = match (self.protocol, parts) {
            (Protocol::HttpJson, [one]) => {
                text = [Bytes::from(json::encode(signal, one)?)];
                &text
            }
            (Protocol::HttpJson, parts) => {
                text = [Bytes::from(json::encode(signal, &parts.concat())?)];
                &text
            }
            (Protocol::Grpc | Protocol::HttpProtobuf, parts) => parts,
        };
        let head = if self.protocol == Protocol::Grpc { GRPC_HEAD_BYTES } else { 0 };
        let mut body = match (self.compression, parts) {
            (Compression::None, [one]) if head == 0 => return Ok(Prepared { signal, body: one.clone() }),
            (compression, parts) => compressor.pack(compression, head, parts),
        };
        if head > 0 {
            let length = (body.len() - head) as u32;
            if let Some(frame) = body.get_mut(..head) {
                let mut frame: &mut [u8] = frame;
                frame.put_u8(u8::from(self.compression != Compression::None));
                frame.put_u32(length);
            }
        }
        Ok(Prepared { signal, body: body.freeze() })
    }

    /// Most bytes of protobuf in one request; JSON is several times as long.
    pub(crate) fn batch_bytes_max(&self) -> usize {
        match self.protocol {
            Protocol::Grpc | Protocol::HttpProtobuf => FORWARD_BYTES_MAX,
            Protocol::HttpJson => FORWARD_BYTES_MAX / 4,
        }
    }

    /// Sends a request and reads the answer.
    pub(crate) async fn send(&self, prepared: &Prepared) -> Reply {
        let request = self.request(prepared);
        let deadline = Instant::now() + self.timeout;
        let mut reply = match tokio::time::timeout_at(deadline, self.pool.request(request)).await {
            Ok(Ok(response)) if self.protocol == Protocol::Grpc => status::grpc_reply(response, deadline).await,
            Ok(Ok(response)) => status::http_reply(response, deadline, prepared.signal, &self.clock).await,
            Ok(Err(error)) => Reply::failed(error.is_connect(), &error),
            Err(_) => Reply::silent(),
        };
        // Some destinations quote what they refuse.
        for secret in &self.secrets {
            if reply.message().contains(secret.reveal()) {
                let clean = reply.message().replace(secret.reveal(), "<redacted>");
                *reply.message_mut() = clean;
            }
        }
        reply
    }

    fn request(&self, prepared: &Prepared) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::new(prepared.body.clone()));
        *request.method_mut() = Method::POST;
        let [metrics, traces, logs] = &self.uris;
        let uri = match prepared.signal {
            Signal::Metrics => metrics,
            Signal::Traces => traces,
            Signal::Logs => logs,
        };
        *request.uri_mut() = uri.clone();
        if self.protocol == Protocol::Grpc {
            *request.version_mut() = Version::HTTP_2;
        }
        *request.headers_mut() = self.headers.clone();
        request
    }
}

/// Connections to a destination, which run in `tasks`.
pub(crate) fn pool(
    destination: &Destination,
    secure: bool,
    tasks: &Tasks,
) -> Result<Pool<HttpsConnector<HttpConnector>, Full<Bytes>>, String> {
    let connector = tls::connector(destination, secure, CONNECT_TIMEOUT)?;
    let grpc = destination.protocol == Protocol::Grpc;
    Ok(Pool::builder(Owned(tasks.clone()))
        .timer(TokioTimer::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE_TIMEOUT)
        .http2_only(grpc)
        .http2_keep_alive_interval(grpc.then_some(PING_INTERVAL))
        .http2_keep_alive_timeout(PING_TIMEOUT)
        .http2_max_header_list_size(HEADER_BYTES_MAX as u32)
        .http1_max_buf_size(HEADER_BYTES_MAX * 4)
        .build(connector))
}

/// Connections belong to their destination: they end with its tasks.
#[derive(Clone, Debug)]
pub(crate) struct Owned(pub(crate) Tasks);

impl<F> hyper::rt::Executor<F> for Owned
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, work: F) {
        let token = self.0.token();
        self.0.spawn(async move {
            tokio::select! {
                () = work => {}
                () = token.cancelled() => {}
            }
        });
    }
}

/// What is wrong with the destination's files and name of TLS, each with its key under `tls`; nothing is sent or kept. An
/// endpoint that is no URL is the configuration's to report.
pub(crate) fn examine(destination: &Destination) -> Vec<(&'static str, String)> {
    let uri = uri(destination, Signal::Metrics);
    tls::examine(&destination.tls, uri.is_ok_and(|uri| is_secure(&uri)))
}

/// Whether it is reached by TLS.
pub(crate) fn is_secure(uri: &Uri) -> bool {
    uri.scheme_str() == Some("https")
}

/// Where requests of a signal go.
pub(crate) fn uri(destination: &Destination, signal: Signal) -> Result<Uri, String> {
    let endpoint = destination.endpoint.trim();
    let with_scheme = if endpoint.contains("://") { endpoint.to_owned() } else { format!("http://{endpoint}") };
    let parsed: Uri = with_scheme.parse().map_err(|error| format!("the endpoint is not a URL: {error}"))?;
    if !matches!(parsed.scheme_str(), Some("http" | "https")) || parsed.host().is_none_or(str::is_empty) {
        return Err("the endpoint is not an http or https URL".to_owned());
    }
    let base = parsed.path().trim_end_matches('/');
    let path = match destination.protocol {
        Protocol::Grpc => format!("{base}{}", grpc_path(signal)),
        _ if destination.endpoint_is_exact || base.ends_with(&format!("/v1/{}", signal.as_str())) => {
            parsed.path().to_owned()
        }
        _ => format!("{base}/v1/{}", signal.as_str()),
    };
    let path = parsed.query().map_or(path.clone(), |query| format!("{path}?{query}"));
    let authority = parsed.authority().map_or("", http::uri::Authority::as_str);
    // Credentials in the URL would show up wherever the URL does; they belong into `headers`.
    if authority.contains('@') {
        return Err("the endpoint carries credentials: put them into `headers`".to_owned());
    }
    Uri::builder()
        .scheme(parsed.scheme_str().unwrap_or("http"))
        .authority(authority)
        .path_and_query(path)
        .build()
        .map_err(|error| format!("the endpoint is not a URL: {error}"))
}

const fn grpc_path(signal: Signal) -> &'static str {
    match signal {
        Signal::Metrics => "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
        Signal::Traces => "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
        Signal::Logs => "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
    }
}

/// The headers of every request; those of the file are marked as sensitive.
pub(crate) fn headers(destination: &Destination) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    headers.insert(USER_AGENT, HeaderValue::from_static(concat!("otel-bridge/", env!("CARGO_PKG_VERSION"))));
    let content_type = match destination.protocol {
        Protocol::Grpc => "application/grpc",
        Protocol::HttpProtobuf => "application/x-protobuf",
        Protocol::HttpJson => "application/json",
    };
    let encoding = match destination.compression {
        Compression::None => None,
        Compression::Gzip => Some("gzip"),
        Compression::Zstd => Some("zstd"),
    };
    if destination.protocol == Protocol::Grpc {
        headers.insert(TE, HeaderValue::from_static("trailers"));
    }
    if let Some(encoding) = encoding {
        let name = if destination.protocol == Protocol::Grpc {
            HeaderName::from_static("grpc-encoding")
        } else {
            CONTENT_ENCODING
        };
        headers.insert(name, HeaderValue::from_static(encoding));
    }
    for (name, value) in &destination.headers {
        // Neither the value nor what is wrong with it is told: it may be a secret.
        let name = HeaderName::try_from(name.as_str()).map_err(|_| format!("header name `{name}` is not valid"))?;
        let mut value =
            HeaderValue::try_from(value.reveal()).map_err(|_| format!("the value of header `{name}` is not valid"))?;
        value.set_sensitive(true);
        headers.append(name, value);
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    Ok(headers)
}

/// The values of the configured headers, and the words of those such as `Bearer …` that are long enough to be secret.
pub(crate) fn secrets(destination: &Destination) -> Vec<Secret> {
    const CHARS_MIN: usize = 6;
    let values = destination.headers.iter().map(|(_, value)| value.reveal());
    values
        .flat_map(|value| std::iter::once(value).chain(value.split_whitespace()))
        .filter(|word| word.len() >= CHARS_MIN && !["Bearer", "bearer"].contains(word))
        .map(Secret::new)
        .collect()
}

/// The shared provider of cryptography, chosen here and nowhere else.
pub(crate) fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// A buffer with room for `head` bytes in front.
pub(crate) fn buffer(head: usize, capacity: usize) -> BytesMut {
    let mut buffer = BytesMut::with_capacity(head + capacity);
    buffer.put_bytes(0, head);
    buffer
}
