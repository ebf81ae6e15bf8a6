//! What a destination answers, and the one table that says what follows from it (conformance C1–C9, C16).

use std::error::Error;
use std::time::Duration;

use crate::causes::with_causes;

/// Longest text of a destination that is kept.
const MESSAGE_CHARS_MAX: usize = 300;
/// A destination may not make us wait longer than this at once (C5).
pub(crate) const WAIT_MAX: Duration = Duration::from_hours(1);

/// An answer, or the lack of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    /// The request was taken.
    Accepted {
        /// Items of it that were not.
        rejected: u64,
        /// What the destination says about it.
        message: String,
        /// Whether the answer could be read.
        readable: bool,
    },
    /// An HTTP status other than success.
    Http {
        /// The status.
        status: u16,
        /// `Retry-After`.
        after: Option<Duration>,
        /// What the destination says about it.
        message: String,
    },
    /// A gRPC status other than OK.
    Grpc {
        /// The code.
        code: u32,
        /// The delay of `RetryInfo`, if there is one.
        after: Option<Duration>,
        /// What the destination says about it.
        message: String,
    },
    /// No answer.
    Failed {
        /// The request may have arrived.
        maybe_taken: bool,
        /// Why.
        message: String,
    },
}

/// What to do after an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Done.
    Delivered {
        /// Items that the destination rejected.
        rejected: u64,
        /// The answer could not be read.
        warning: bool,
    },
    /// Try again, after the destination's own delay if it gave one.
    Retry(Option<Duration>),
    /// The credentials or the address are wrong: `on_auth_error` says what follows; the reason if it is to be dropped.
    Refused(&'static str),
    /// Send less at once.
    TooLarge,
    /// Never try again; the reason.
    Permanent(&'static str),
}

impl Reply {
    /// No answer because of `error`.
    pub(crate) fn failed(connecting: bool, error: &dyn Error) -> Self {
        Self::Failed { maybe_taken: !connecting, message: shortened(&with_causes(error)) }
    }

    /// No answer in time.
    pub(crate) fn silent() -> Self {
        Self::Failed { maybe_taken: true, message: "no answer in time".to_owned() }
    }

    /// What the destination says, or why it says nothing.
    pub(crate) fn message(&self) -> &str {
        match self {
            Self::Accepted { message, .. }
            | Self::Http { message, .. }
            | Self::Grpc { message, .. }
            | Self::Failed { message, .. } => message,
        }
    }

    /// See [`Reply::message`].
    pub(crate) fn message_mut(&mut self) -> &mut String {
        match self {
            Self::Accepted { message, .. }
            | Self::Http { message, .. }
            | Self::Grpc { message, .. }
            | Self::Failed { message, .. } => message,
        }
    }

    /// The table.
    pub(crate) fn verdict(&self) -> Verdict {
        match self {
            Self::Accepted { rejected, readable, .. } => {
                Verdict::Delivered { rejected: *rejected, warning: !*readable }
            }
            Self::Http { status, after, .. } => http_verdict(*status, *after),
            Self::Grpc { code, after, message } => grpc_verdict(*code, *after, message),
            Self::Failed { .. } => Verdict::Retry(None),
        }
    }

    /// For the log and for people.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Http { status, message, .. } if message.is_empty() => format!("HTTP {status}"),
            Self::Http { status, message, .. } => format!("HTTP {status}: {message}"),
            Self::Grpc { code, message, .. } => format!("{}: {message}", code_name(*code)),
            Self::Accepted { message, .. } | Self::Failed { message, .. } => message.clone(),
        }
    }
}

fn http_verdict(status: u16, after: Option<Duration>) -> Verdict {
    match status {
        429 | 502 | 503 | 504 => Verdict::Retry(after),
        401 => Verdict::Refused("refused_401"),
        403 => Verdict::Refused("refused_403"),
        404 => Verdict::Refused("refused_404"),
        413 => Verdict::TooLarge,
        400 => Verdict::Permanent("refused_400"),
        300..=399 => Verdict::Permanent("refused_3xx"),
        500..=599 => Verdict::Permanent("refused_5xx"),
        _ => Verdict::Permanent("refused_4xx"),
    }
}

fn grpc_verdict(code: u32, after: Option<Duration>, message: &str) -> Verdict {
    match code {
        // Receivers say so in their own words when a message is over their limit; some with OUT_OF_RANGE.
        8 | 11 if after.is_none() && speaks_of_size(message) => Verdict::TooLarge,
        8 if after.is_some() => Verdict::Retry(after),
        8 => Verdict::Permanent("refused_resource_exhausted"),
        1 | 4 | 10 | 11 | 14 | 15 => Verdict::Retry(after),
        7 => Verdict::Refused("refused_permission_denied"),
        16 => Verdict::Refused("refused_unauthenticated"),
        2 => Verdict::Permanent("refused_unknown"),
        3 => Verdict::Permanent("refused_invalid_argument"),
        5 => Verdict::Permanent("refused_not_found"),
        6 => Verdict::Permanent("refused_already_exists"),
        9 => Verdict::Permanent("refused_failed_precondition"),
        12 => Verdict::Permanent("refused_unimplemented"),
        13 => Verdict::Permanent("refused_internal"),
        _ => Verdict::Permanent("refused_other"),
    }
}

fn speaks_of_size(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    ["larger than", "too large", "too big", "exceeds maximum", "exceeds the maximum", "message length", "message size"]
        .iter()
        .any(|words| message.contains(words))
}

fn code_name(code: u32) -> &'static str {
    const NAMES: [&str; 17] = [
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
    NAMES.get(code as usize).copied().unwrap_or("code out of range")
}

/// A text of a destination, fit for a log line.
pub(crate) fn shortened(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).take(MESSAGE_CHARS_MAX).collect()
}
