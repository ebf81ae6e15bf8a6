//! OTLP over gRPC (conformance A): the three Export calls are read and inflated here, under the same budgets as HTTP; every
//! other call goes to the services that the caller has added, and to UNIMPLEMENTED.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Version, header};
use tonic::server::NamedService;
use tower::{Service, ServiceExt as _};

use crate::listen::{Caller, ClientAddress, Handle, Refusal, RequestBody};
use crate::model::signal::Signal;
use crate::receive::Activity;
use crate::receive::answer::Answer;
use crate::receive::errors::{Reason, Refused};
use crate::receive::inflate::{Encoding, inflate};
use crate::receive::intake::{Accepted, Forward, Intake};
use crate::receive::{read, status};
use crate::state::accounting::Receiver;

const GRPC: HeaderValue = HeaderValue::from_static("application/grpc");
const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
const GRPC_MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
const GRPC_DETAILS: HeaderName = HeaderName::from_static("grpc-status-details-bin");
const GRPC_ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");
const GRPC_ACCEPT_ENCODING: HeaderName = HeaderName::from_static("grpc-accept-encoding");
/// What is percent-encoded in a message beside what is not ASCII: the sign itself, too (gRPC over HTTP/2, Status-Message).
const NOT_PLAIN: &percent_encoding::AsciiSet = &percent_encoding::CONTROLS.add(b'%');
/// Before every message: a flag and a length of four bytes.
const PREFIX_BYTES: usize = 5;

/// Further services on the gRPC port; a call of none of them is answered with UNIMPLEMENTED.
#[derive(Clone, Debug)]
pub struct Services(Router);

impl Default for Services {
    fn default() -> Self {
        let unimplemented = || async {
            let headers = [(header::CONTENT_TYPE, GRPC), (GRPC_STATUS, HeaderValue::from_static("12"))];
            (headers, axum::body::Body::empty())
        };
        Self(Router::new().fallback(unimplemented))
    }
}

impl Services {
    /// Adds a tonic service under its name.
    #[must_use]
    pub fn with<S>(self, service: S) -> Self
    where
        S: Service<Request<tonic::body::Body>, Response = Response<tonic::body::Body>, Error = Infallible>
            + NamedService
            + Clone
            + Send
            + Sync
            + 'static,
        S::Future: Send + 'static,
    {
        let path = format!("/{}/{{*method}}", S::NAME);
        let service = service.map_request(|request: Request<axum::body::Body>| request.map(tonic::body::Body::new));
        Self(self.0.route_service(&path, service))
    }

    async fn call(&self, request: Request<RequestBody>) -> Response<Answer> {
        match self.0.clone().oneshot(request).await {
            Ok(response) => response.map(Answer::Routed),
            Err(never) => match never {},
        }
    }
}

/// The door.
#[derive(Debug)]
pub(crate) struct GrpcDoor<F> {
    pub(crate) intake: Arc<Intake<F>>,
    pub(crate) services: Services,
    pub(crate) activity: Activity,
}

impl<F: Forward> Handle for GrpcDoor<F> {
    type Body = Answer;

    async fn handle(&self, mut request: Request<RequestBody>, caller: Caller) -> Response<Answer> {
        // Whatever the path: a sender of OTLP/HTTP that came to this door must not take tonic's 200 for success.
        if let Some(status) = not_grpc(&request) {
            let mut response = Response::new(Answer::default());
            *response.status_mut() = status;
            return response;
        }
        let Some(signal) = signal_of(request.uri().path()) else {
            request.extensions_mut().insert(ClientAddress(caller.address));
            // A call of these may be a stream that rests.
            return self.services.call(request.map(RequestBody::unpaced)).await;
        };
        let (head, body) = request.into_parts();
        match self.take(&head, signal, body).await {
            Ok(accepted) => {
                self.activity.processed(self.intake.clock(), accepted.items);
                success(accepted.warning.as_deref())
            }
            Err(refused) => self.refusal(Some(signal), &refused),
        }
    }

    fn refuse(&self, head: &Parts, refusal: Refusal) -> Response<Answer> {
        let refused = match refusal {
            Refusal::Unauthenticated { .. } => Reason::Unauthenticated.into(),
            Refusal::RateLimited { retry_after_s } => Refused { retry_after_s, ..Reason::RateLimited.into() },
        };
        self.refusal(signal_of(head.uri.path()), &refused)
    }

    fn is_probe(&self, head: &Parts) -> bool {
        head.uri.path().starts_with("/grpc.health.v1.Health/")
    }
}

impl<F: Forward> GrpcDoor<F> {
    async fn take(&self, head: &Parts, signal: Signal, body: RequestBody) -> Result<Accepted, Refused> {
        let encoding = Encoding::parse(head.headers.get(GRPC_ENCODING))?;
        let bytes_max = self.intake.request_bytes_max();
        let mut reservation = self.intake.in_flight().reserve();
        let early = |bytes: &[u8]| Prefix::read(bytes).map_or(Ok(()), |prefix| prefix.check(encoding, bytes_max));
        let mut body = read::whole(body, PREFIX_BYTES + bytes_max, &early, &mut reservation).await?;
        let prefix = Prefix::read(&body).ok_or(Reason::Malformed)?;
        body.advance(PREFIX_BYTES);
        // Shorter is a cut message, longer is a second one.
        if body.len() != prefix.len {
            return Err(Reason::Malformed.into());
        }
        let encoding = if prefix.is_compressed { encoding } else { Encoding::Identity };
        let (request, reservation) = inflate(encoding, body, bytes_max, reservation).await?;
        self.intake.accept(Receiver::Grpc, signal, request, reservation).await
    }

    /// An answer without a message: the status stands in the headers.
    fn refusal(&self, signal: Option<Signal>, refused: &Refused) -> Response<Answer> {
        self.intake.refused(Receiver::Grpc, signal, refused);
        self.activity.failed(self.intake.clock());
        let mut response = Response::new(Answer::default());
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, GRPC);
        headers.insert(GRPC_STATUS, HeaderValue::from(refused.reason.row().grpc_code));
        let message = percent_encoding::utf8_percent_encode(refused.message(), NOT_PLAIN).to_string();
        if let Ok(message) = HeaderValue::try_from(message) {
            headers.insert(GRPC_MESSAGE, message);
        }
        if refused.retry_after_s().is_some()
            && let Ok(details) = HeaderValue::try_from(status::details_bin(refused))
        {
            headers.insert(GRPC_DETAILS, details);
        }
        if refused.reason == Reason::Encoding {
            headers.insert(GRPC_ACCEPT_ENCODING, HeaderValue::from_static("identity,gzip,zstd"));
        }
        response
    }
}

/// What stands before a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Prefix {
    is_compressed: bool,
    is_known: bool,
    len: usize,
}

impl Prefix {
    fn read(bytes: &[u8]) -> Option<Self> {
        let [flag, len @ ..] = bytes.first_chunk::<PREFIX_BYTES>()?;
        Some(Self { is_compressed: *flag == 1, is_known: *flag <= 1, len: u32::from_be_bytes(*len) as usize })
    }

    /// What can be refused before the message is there.
    fn check(self, encoding: Encoding, bytes_max: usize) -> Result<(), Reason> {
        if !self.is_known {
            Err(Reason::Malformed)
        } else if self.is_compressed && encoding == Encoding::Identity {
            Err(Reason::EncodingMissing)
        } else if self.len > bytes_max {
            Err(Reason::TooLarge)
        } else {
            Ok(())
        }
    }
}

/// The HTTP status for a call that is no gRPC call at all.
fn not_grpc<B>(request: &Request<B>) -> Option<StatusCode> {
    if request.version() != Version::HTTP_2 {
        return Some(StatusCode::HTTP_VERSION_NOT_SUPPORTED);
    }
    if request.method() != Method::POST {
        return Some(StatusCode::METHOD_NOT_ALLOWED);
    }
    let content_type = request.headers().get(header::CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    let is_grpc = content_type == b"application/grpc"
        || content_type.starts_with(b"application/grpc+proto")
        || content_type.starts_with(b"application/grpc;");
    (!is_grpc).then_some(StatusCode::UNSUPPORTED_MEDIA_TYPE)
}

fn success(warning: Option<&str>) -> Response<Answer> {
    let message = status::export_protobuf(warning);
    let mut framed = BytesMut::with_capacity(PREFIX_BYTES + message.len());
    framed.put_u8(0);
    framed.put_u32(message.len() as u32);
    framed.extend_from_slice(&message);
    let mut trailers = HeaderMap::with_capacity(1);
    trailers.insert(GRPC_STATUS, HeaderValue::from_static("0"));
    let framed: Bytes = framed.freeze();
    let mut response = Response::new(Answer::Framed(Some(framed), Some(trailers)));
    response.headers_mut().insert(header::CONTENT_TYPE, GRPC);
    response
}

fn signal_of(path: &str) -> Option<Signal> {
    match path {
        "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export" => Some(Signal::Metrics),
        "/opentelemetry.proto.collector.trace.v1.TraceService/Export" => Some(Signal::Traces),
        "/opentelemetry.proto.collector.logs.v1.LogsService/Export" => Some(Signal::Logs),
        _ => None,
    }
}
