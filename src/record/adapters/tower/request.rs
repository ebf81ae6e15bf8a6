//! One request from its beginning to its end, and one that waits for the service.

use std::borrow::Cow;
use std::fmt::{Display, Write as _};
use std::sync::Arc;
use std::time::Duration;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, Request, Response};
use opentelemetry::{Context, ContextGuard};

use crate::record::adapters::tower::spans::{self, Answer};
use crate::record::adapters::tower::{Subject, Told};
use crate::record::error_type;

/// Names of the codes of gRPC, by number.
const CODES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];
/// Those that are the server's fault (semantic conventions for gRPC).
const SERVER_FAULTS: [&str; 6] =
    ["UNKNOWN", "DEADLINE_EXCEEDED", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"];

/// A service that is not ready, counted while somebody waits for it.
#[derive(Default)]
pub(super) struct Waiting(Option<Arc<Told>>);

impl Waiting {
    /// Somebody waits.
    pub(super) fn begin(&mut self, told: &Arc<Told>) {
        if let (None, Subject::Pool(pool)) = (&self.0, &told.subject) {
            pool.request_waits();
            self.0 = Some(told.clone());
        }
    }

    /// Nobody does any more.
    pub(super) fn end(&mut self) {
        if let Some(Told { subject: Subject::Pool(pool), .. }) = self.0.take().as_deref() {
            pool.request_waits_no_more();
        }
    }
}

/// Whoever waits for a service waits for no other clone of it.
impl Clone for Waiting {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.end();
    }
}

/// A request that is being served; whoever drops it ends it.
pub(super) struct InFlight {
    told: Arc<Told>,
    began: Duration,
    span: Option<Context>,
    is_grpc: bool,
    is_over: bool,
}

impl InFlight {
    pub(super) fn begin<B>(told: &Arc<Told>, request: &Request<B>) -> Self {
        let kind = request.headers().get(CONTENT_TYPE).map(http::HeaderValue::as_bytes);
        let is_grpc = kind.is_some_and(|kind| kind.starts_with(b"application/grpc"));
        let span = told.tracer.as_ref().map(|tracer| {
            let route = told.route.as_ref().and_then(|route| route(request.extensions()));
            spans::begin(tracer, request, route, is_grpc)
        });
        let began = match &told.subject {
            Subject::Component(component) => component.item_began(),
            Subject::Pool(pool) => pool.request_began(),
        };
        Self { told: told.clone(), began, span, is_grpc, is_over: false }
    }

    /// Makes its span the current one.
    pub(super) fn attach(&self) -> Option<ContextGuard> {
        self.span.clone().map(Context::attach)
    }

    /// The head of the response is there.
    pub(super) fn answered<R>(mut self, response: &Response<R>) {
        let status = response.status();
        let code = self.is_grpc.then(|| grpc_code(response.headers())).flatten();
        let mut error = None;
        if let Some(code) = code.filter(|code| SERVER_FAULTS.contains(code)) {
            error = Some(Cow::Borrowed(code));
        } else if status.is_server_error() {
            error = Some(Cow::Owned(status.as_str().to_owned()));
        }
        let mut words = String::new();
        if error.is_some() {
            let _ = match code {
                Some(code) => write!(words, "answered with {code}"),
                None => write!(words, "answered with {status}"),
            };
        }
        self.end(Answer { status: Some(status), code, error, words: &words, is_own_error: false });
    }

    /// The service has an error instead of a response.
    pub(super) fn failed<E: Display>(mut self, error: &E) {
        let words = error.to_string();
        let error = Some(error_type::of::<E>());
        self.end(Answer { status: None, code: None, error, words: &words, is_own_error: true });
    }

    fn end(&mut self, answer: Answer<'_>) {
        self.is_over = true;
        if let Some(span) = self.span.take() {
            spans::end(&span, &answer);
        }
        match &self.told.subject {
            Subject::Component(component) => {
                if let Some(error) = answer.error {
                    component.fail_as(error, answer.words);
                }
                component.item_ended(self.began);
            }
            Subject::Pool(pool) => pool.request_ended(self.began, answer.error.is_some()),
        }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        // A caller that leaves drops the future; a panic drops this on its way up.
        let is_panic = std::thread::panicking();
        let (error, words) = if is_panic { (Some(Cow::Borrowed("panic")), "it panicked") } else { (None, "") };
        self.end(Answer { status: None, code: None, error, words, is_own_error: is_panic });
    }
}

/// The code that the head tells; none while the trailers have still to tell it.
fn grpc_code(headers: &HeaderMap) -> Option<&'static str> {
    let code: usize = headers.get("grpc-status")?.to_str().ok()?.parse().ok()?;
    // A code that nobody knows is taken as UNKNOWN, as the specification of gRPC says.
    Some(CODES.get(code).copied().unwrap_or("UNKNOWN"))
}
