//! Errors as `application/problem+json` (RFC 9457).

use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// An error answer: `type` (always `about:blank`, so the status says what it is), `title`, `status`, `detail`, and members of
/// its own.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Problem {
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'static str,
    #[serde(serialize_with = "number")]
    status: StatusCode,
    detail: String,
    #[serde(flatten)]
    members: serde_json::Map<String, serde_json::Value>,
}

// serde's `serialize_with` hands the field over by reference.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
fn number<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}

impl Problem {
    /// A problem with that status; the detail is for people and says what to do.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let title = status.canonical_reason().unwrap_or("Error");
        Self { kind: "about:blank", title, status, detail: detail.into(), members: serde_json::Map::new() }
    }

    /// 400.
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    /// 404.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    /// 409: a name that fits several things; the candidates stand beside it as `candidates`.
    pub fn ambiguous(detail: impl Into<String>, candidates: Vec<serde_json::Value>) -> Self {
        Self::new(StatusCode::CONFLICT, detail).with("candidates", serde_json::Value::Array(candidates))
    }

    /// 500.
    pub fn internal(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, detail)
    }

    /// Adds a member of its own.
    #[must_use]
    pub fn with(mut self, member: &str, value: serde_json::Value) -> Self {
        self.members.insert(member.to_owned(), value);
        self
    }

    /// Its status.
    pub const fn status(&self) -> StatusCode {
        self.status
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let kind = (header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        (self.status, [kind, (header::CACHE_CONTROL, HeaderValue::from_static("no-store"))], body).into_response()
    }
}

/// What every unknown path answers.
pub async fn unknown_path(uri: Uri) -> Problem {
    Problem::not_found(format!("Nothing stands at {}; GET / lists every route", uri.path()))
}

/// What every known path answers to an unknown method; the router adds `Allow`.
pub async fn unknown_method(method: Method, uri: Uri) -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, format!("{} does not take {method}", uri.path()))
}
