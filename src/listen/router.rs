//! An axum router as a door, for the pull endpoints.

use std::fmt;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use http::request::Parts;
use http::{HeaderValue, Request, Response, StatusCode, header};
use tower::ServiceExt as _;

use crate::listen::{Caller, ClientAddress, Handle, Refusal, RequestBody};

type Judge = Arc<dyn Fn(&Parts) -> bool + Send + Sync>;

/// A router behind a listener. Handlers find [`ClientAddress`] and [`Caller`] in the request's extensions; refusals are
/// `application/problem+json`.
#[derive(Clone)]
pub struct RouterDoor {
    router: Router,
    probes: Option<Judge>,
    public: Option<Judge>,
    sessions: Option<Judge>,
}

impl fmt::Debug for RouterDoor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("RouterDoor").finish_non_exhaustive()
    }
}

impl RouterDoor {
    /// The router alone: no probes, nothing public, no sessions.
    pub fn new(router: Router) -> Self {
        Self { router, probes: None, public: None, sessions: None }
    }

    /// Requests of which `judge` says true need no credentials and are not rate limited.
    #[must_use]
    pub fn with_probes(mut self, judge: impl Fn(&Parts) -> bool + Send + Sync + 'static) -> Self {
        self.probes = Some(Arc::new(judge));
        self
    }

    /// Requests of which `judge` says true need no credentials, and are rate limited.
    #[must_use]
    pub fn with_public(mut self, judge: impl Fn(&Parts) -> bool + Send + Sync + 'static) -> Self {
        self.public = Some(Arc::new(judge));
        self
    }

    /// Requests of which `judge` says true have a session, which stands for credentials.
    #[must_use]
    pub fn with_sessions(mut self, judge: impl Fn(&Parts) -> bool + Send + Sync + 'static) -> Self {
        self.sessions = Some(Arc::new(judge));
        self
    }
}

/// Asks a page's script for a session. No browser knows this scheme, so none covers the page's own form with a dialog.
const SESSION: &str = "Session realm=\"otel-bridge\"";

/// Whether a script of a page asks, and not a person or a program.
fn is_script(head: &Parts) -> bool {
    let mode = head.headers.get("sec-fetch-mode");
    mode.is_some_and(|mode| mode != "navigate") || head.headers.contains_key("x-requested-with")
}

impl Handle for RouterDoor {
    type Body = Body;

    async fn handle(&self, mut request: Request<RequestBody>, caller: Caller) -> Response<Body> {
        request.extensions_mut().insert(ClientAddress(caller.address));
        request.extensions_mut().insert(caller);
        match self.router.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }

    fn refuse(&self, head: &Parts, refusal: Refusal) -> Response<Body> {
        let (status, header, value, detail) = match refusal {
            Refusal::Unauthenticated { challenge } => (
                StatusCode::UNAUTHORIZED,
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static(if is_script(head) { SESSION } else { challenge }),
                "This endpoint needs credentials.",
            ),
            Refusal::RateLimited { retry_after_s } => (
                StatusCode::TOO_MANY_REQUESTS,
                header::RETRY_AFTER,
                HeaderValue::from(retry_after_s),
                "Too many requests from this address.",
            ),
        };
        let title = status.canonical_reason().unwrap_or_default();
        let problem = serde_json::json!({
            "type": "about:blank", "title": title, "status": status.as_u16(), "detail": detail,
        });
        let mut response = Response::new(Body::from(problem.to_string()));
        *response.status_mut() = status;
        let problem_json = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, problem_json);
        response.headers_mut().insert(header, value);
        response
    }

    fn is_probe(&self, head: &Parts) -> bool {
        self.probes.as_ref().is_some_and(|judge| judge(head))
    }

    fn is_public(&self, head: &Parts) -> bool {
        self.public.as_ref().is_some_and(|judge| judge(head))
    }

    fn admits(&self, head: &Parts) -> bool {
        self.sessions.as_ref().is_some_and(|judge| judge(head))
    }
}
