//! OTLP over HTTP (conformance B): a hand-written door, since three exact paths need no router.

use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};

use crate::listen::{Caller, Handle, Refusal, RequestBody};
use crate::model::signal::Signal;
use crate::otlp::json;
use crate::receive::Activity;
use crate::receive::admission::Reservation;
use crate::receive::answer::Answer;
use crate::receive::errors::{Reason, Refused};
use crate::receive::inflate::{Encoding, inflate};
use crate::receive::intake::{Accepted, Forward, Intake};
use crate::receive::{read, status};
use crate::state::accounting::Receiver;

const PROTOBUF: HeaderValue = HeaderValue::from_static("application/x-protobuf");
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const PROBLEM: HeaderValue = HeaderValue::from_static("application/problem+json");

/// JSON takes ten times as long as protobuf, so it leaves the reactor sooner.
const JSON_INLINE_BYTES_MAX: usize = 64 * 1024;

/// The door.
#[derive(Debug)]
pub(crate) struct HttpDoor<F> {
    pub(crate) intake: Arc<Intake<F>>,
    pub(crate) activity: Activity,
}

/// The form of a request, which is the form of its answer (H3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Protobuf,
    Json,
}

impl<F: Forward> Handle for HttpDoor<F> {
    type Body = Answer;

    async fn handle(&self, request: Request<RequestBody>, _caller: Caller) -> Response<Answer> {
        let (head, body) = request.into_parts();
        let signal = signal_of(head.uri.path());
        match self.take(&head, signal, body).await {
            Ok((accepted, form)) => {
                self.activity.processed(self.intake.clock(), accepted.items);
                let warning = accepted.warning.as_deref();
                let (content_type, body) = match form {
                    Form::Protobuf => (PROTOBUF, status::export_protobuf(warning)),
                    Form::Json => (JSON, status::export_json(warning)),
                };
                answer(StatusCode::OK, content_type, body)
            }
            Err(refused) => self.refusal(&head, signal, &refused),
        }
    }

    fn refuse(&self, head: &Parts, refusal: Refusal) -> Response<Answer> {
        let signal = signal_of(head.uri.path());
        match refusal {
            Refusal::Unauthenticated { challenge } => {
                let mut response = self.refusal(head, signal, &Reason::Unauthenticated.into());
                response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
                response
            }
            Refusal::RateLimited { retry_after_s } => {
                self.refusal(head, signal, &Refused { retry_after_s, ..Reason::RateLimited.into() })
            }
        }
    }
}

impl<F: Forward> HttpDoor<F> {
    async fn take(&self, head: &Parts, signal: Option<Signal>, body: RequestBody) -> Result<(Accepted, Form), Refused> {
        let signal = signal.ok_or(Reason::Path)?;
        if head.method != Method::POST {
            return Err(Reason::Method.into());
        }
        let form = form_of(&head.headers).ok_or(Reason::MediaType)?;
        let encoding = encoding_of(&head.headers)?;
        let bytes_max = self.intake.request_bytes_max();
        let mut reservation = self.intake.in_flight().reserve();
        let body = read::whole(body, bytes_max, &|_| Ok(()), &mut reservation).await?;
        let (body, reservation) = inflate(encoding, body, bytes_max, reservation).await?;
        let (request, reservation) = match form {
            Form::Protobuf => (body, reservation),
            Form::Json => from_json(signal, body, bytes_max, reservation).await?,
        };
        let accepted = self.intake.accept(Receiver::Http, signal, request, reservation).await?;
        Ok((accepted, form))
    }

    fn refusal(&self, head: &Parts, signal: Option<Signal>, refused: &Refused) -> Response<Answer> {
        self.intake.refused(Receiver::Http, signal, refused);
        self.activity.failed(self.intake.clock());
        let (content_type, body) = match form_of(&head.headers) {
            Some(Form::Protobuf) => (PROTOBUF, status::protobuf(refused)),
            Some(Form::Json) => (JSON, status::json(refused)),
            // A browser, or a client that is not set up yet: somebody reads it.
            None => (PROBLEM, status::problem(refused)),
        };
        let mut response = answer(refused.reason.row().http_status, content_type, body);
        let headers = response.headers_mut();
        if let Some(seconds) = refused.retry_after_s() {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if refused.reason == Reason::Method {
            headers.insert(header::ALLOW, HeaderValue::from_static("POST"));
        }
        if refused.reason == Reason::Encoding {
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip, zstd"));
        }
        response
    }
}

/// The protobuf of a JSON request; an empty body is an empty request, as in protobuf.
async fn from_json(
    signal: Signal,
    text: Bytes,
    bytes_max: usize,
    mut reservation: Reservation,
) -> Result<(Bytes, Reservation), Refused> {
    if text.is_empty() {
        return Ok((text, reservation));
    }
    let text_len = text.len();
    let work = move || {
        let decoded = json::decode_within(signal, &text, bytes_max, &mut |more| reservation.grow(more).is_ok());
        decoded.map(|request| (request, reservation))
    };
    let (request, mut reservation) = if text_len <= JSON_INLINE_BYTES_MAX {
        work()?
    } else {
        tokio::task::spawn_blocking(work).await.map_err(|_| Reason::Busy)??
    };
    reservation.shrink_to(request.capacity());
    Ok((request.into(), reservation))
}

fn answer(status: StatusCode, content_type: HeaderValue, body: Bytes) -> Response<Answer> {
    let mut response = Response::new(Answer::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    response
}

fn signal_of(path: &str) -> Option<Signal> {
    match path {
        "/v1/metrics" => Some(Signal::Metrics),
        "/v1/traces" => Some(Signal::Traces),
        "/v1/logs" => Some(Signal::Logs),
        _ => None,
    }
}

fn form_of(headers: &HeaderMap) -> Option<Form> {
    let value = headers.get(header::CONTENT_TYPE)?.as_bytes();
    let name = value.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    if name.eq_ignore_ascii_case(b"application/x-protobuf") {
        Some(Form::Protobuf)
    } else if name.eq_ignore_ascii_case(b"application/json") {
        Some(Form::Json)
    } else {
        None
    }
}

/// The one encoding of the body; several headers are as much a list as a comma is.
fn encoding_of(headers: &HeaderMap) -> Result<Encoding, Reason> {
    let mut values = headers.get_all(header::CONTENT_ENCODING).iter();
    let encoding = Encoding::parse(values.next())?;
    if values.next().is_some() { Err(Reason::Encoding) } else { Ok(encoding) }
}
