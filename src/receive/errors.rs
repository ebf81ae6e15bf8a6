//! The one table of refusals: what each means to a gRPC client, to an HTTP client, and in the books.

use http::StatusCode;

use crate::otlp::json::JsonError;
use crate::otlp::scan::ScanError;

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// It cannot be decoded, or not be decompressed.
    Malformed,
    /// Its messages are nested too deep.
    TooDeep,
    /// It has more items, or more parts, than allowed.
    TooManyItems,
    /// It is larger than allowed, as sent or decompressed.
    TooLarge,
    /// It is compressed in a way that is not known.
    Encoding,
    /// A gRPC message says that it is compressed, but not how.
    EncodingMissing,
    /// Its content type is not OTLP's.
    MediaType,
    /// It is not a POST.
    Method,
    /// Nothing is there.
    Path,
    /// It came too slowly.
    TooSlow,
    /// Its sender went away.
    Disconnected,
    /// Its sender's credentials are missing or wrong.
    Unauthenticated,
    /// Its sender sends too many.
    RateLimited,
    /// Too many bytes are being worked on.
    Busy,
    /// It cannot be forwarded now; [`Refused::retry_after_s`] says when.
    Unavailable,
}

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// The word in the books and in the log.
    pub word: &'static str,
    /// The code of gRPC.
    pub grpc_code: u32,
    /// The status of HTTP.
    pub http_status: StatusCode,
    /// Whether the same request may succeed later; then the answer says when.
    pub is_retryable: bool,
    /// What the client is told, unless there is more to say.
    pub message: &'static str,
}

const CANCELLED: u32 = 1;
const INVALID_ARGUMENT: u32 = 3;
const DEADLINE_EXCEEDED: u32 = 4;
const RESOURCE_EXHAUSTED: u32 = 8;
const UNIMPLEMENTED: u32 = 12;
const INTERNAL: u32 = 13;
const UNAVAILABLE: u32 = 14;
const UNAUTHENTICATED: u32 = 16;

impl Reason {
    /// What the reason means (OTLP specification, conformance G4, G10, G11, G14, H1, H4, H5, H8, H10, H13).
    #[rustfmt::skip]
    pub const fn row(self) -> Row {
        let (word, grpc_code, http_status, is_retryable, message) = match self {
            Self::Malformed => ("malformed", INVALID_ARGUMENT, StatusCode::BAD_REQUEST, false, "the request cannot be decoded"),
            Self::TooDeep => ("too_deep", INVALID_ARGUMENT, StatusCode::BAD_REQUEST, false, "the request is nested too deep"),
            Self::TooManyItems => ("too_many_items", RESOURCE_EXHAUSTED, StatusCode::PAYLOAD_TOO_LARGE, false, "the request has too many items"),
            Self::TooLarge => ("too_large", RESOURCE_EXHAUSTED, StatusCode::PAYLOAD_TOO_LARGE, false, "the request is too large"),
            Self::Encoding => ("encoding", UNIMPLEMENTED, StatusCode::UNSUPPORTED_MEDIA_TYPE, false, "the encoding is none of identity, gzip, zstd"),
            Self::EncodingMissing => ("encoding", INTERNAL, StatusCode::BAD_REQUEST, false, "a message is flagged as compressed, but no grpc-encoding is given"),
            Self::MediaType => ("media_type", UNIMPLEMENTED, StatusCode::UNSUPPORTED_MEDIA_TYPE, false, "the content type is none of application/x-protobuf, application/json"),
            Self::Method => ("method", UNIMPLEMENTED, StatusCode::METHOD_NOT_ALLOWED, false, "only POST is allowed"),
            Self::Path => ("path", UNIMPLEMENTED, StatusCode::NOT_FOUND, false, "OTLP is taken at /v1/metrics, /v1/traces and /v1/logs"),
            Self::TooSlow => ("too_slow", DEADLINE_EXCEEDED, StatusCode::REQUEST_TIMEOUT, false, "the request came too slowly"),
            Self::Disconnected => ("disconnected", CANCELLED, StatusCode::BAD_REQUEST, false, "the request ended early"),
            Self::Unauthenticated => ("unauthenticated", UNAUTHENTICATED, StatusCode::UNAUTHORIZED, false, "credentials are missing or wrong"),
            Self::RateLimited => ("rate_limited", UNAVAILABLE, StatusCode::TOO_MANY_REQUESTS, true, "too many requests from this address"),
            Self::Busy => ("busy", UNAVAILABLE, StatusCode::SERVICE_UNAVAILABLE, true, "too many requests are being worked on"),
            Self::Unavailable => ("unavailable", UNAVAILABLE, StatusCode::SERVICE_UNAVAILABLE, true, "the request cannot be forwarded now"),
        };
        Row { word, grpc_code, http_status, is_retryable, message }
    }
}

/// A refusal with what is known beyond its reason.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.message())]
pub struct Refused {
    /// Why.
    pub reason: Reason,
    /// More for the client than the table's message; never a part of the payload.
    pub detail: Option<Box<str>>,
    /// The word in the books, where it is finer than the table's.
    pub word: &'static str,
    /// When to try again, in seconds, where the reason is retryable.
    pub retry_after_s: u64,
    /// Items of the request; 0 where they could not be counted.
    pub items: u64,
}

impl Refused {
    /// The message for the client.
    pub fn message(&self) -> &str {
        self.detail.as_deref().unwrap_or(self.reason.row().message)
    }

    /// Seconds for `Retry-After` and `RetryInfo`; none where trying again is of no use.
    pub fn retry_after_s(&self) -> Option<u64> {
        self.reason.row().is_retryable.then(|| self.retry_after_s.max(1))
    }
}

impl From<Reason> for Refused {
    fn from(reason: Reason) -> Self {
        Self { reason, detail: None, word: reason.row().word, retry_after_s: 1, items: 0 }
    }
}

impl From<ScanError> for Refused {
    fn from(error: ScanError) -> Self {
        let reason = match error {
            ScanError::Malformed(_) => Reason::Malformed,
            ScanError::TooDeep => Reason::TooDeep,
            ScanError::TooManyItems(_) | ScanError::TooManyParts(_) => Reason::TooManyItems,
        };
        Self { detail: Some(error.to_string().into()), ..reason.into() }
    }
}

impl From<JsonError> for Refused {
    fn from(error: JsonError) -> Self {
        let reason = match error {
            JsonError::Utf8 | JsonError::Malformed(_) => Reason::Malformed,
            JsonError::TooDeep => Reason::TooDeep,
            JsonError::TooLarge(_) => Reason::TooLarge,
            JsonError::NoRoom => return Reason::Busy.into(),
        };
        Self { detail: Some(error.to_string().into()), ..reason.into() }
    }
}
