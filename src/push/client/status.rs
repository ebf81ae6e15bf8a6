//! Reading answers: bounded, whatever the destination sends.

use std::io::Read;
use std::time::Duration;

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::{Buf, Bytes};
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use http::{Response, StatusCode};
use http_body_util::{BodyExt, Collected, Limited};
use hyper::body::Incoming;
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};
use tokio::time::{Instant, timeout_at};

use crate::clock::Clock;
use crate::limits::RESPONSE_BYTES_MAX;
use crate::model::signal::Signal;
use crate::push::client::reply::{Reply, WAIT_MAX, shortened};

const STANDARD: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The answer of an HTTP destination.
pub(crate) async fn http_reply(
    response: Response<Incoming>,
    deadline: Instant,
    signal: Signal,
    clock: &Clock,
) -> Reply {
    let (head, body) = response.into_parts();
    // Without a body in time the status stands by itself.
    let body = timeout_at(deadline, Limited::new(body, RESPONSE_BYTES_MAX).collect()).await;
    let body = body.ok().and_then(Result::ok).map(Collected::to_bytes);
    if head.status.is_success() && is_grpc(&head.headers) {
        let message = "a gRPC server answered: use `protocol: grpc`, or the port of OTLP/HTTP".to_owned();
        return Reply::Failed { maybe_taken: false, message };
    }
    if head.status.is_success() {
        // It was taken, whatever the body turns out to be.
        let read = body.and_then(|body| inflate(body, head.headers.get(CONTENT_ENCODING)));
        let is_json =
            head.headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
        let partial = read.and_then(|body| if is_json { partial_json(&body, signal) } else { partial(&body) });
        let (rejected, message) = partial.clone().unwrap_or_default();
        return Reply::Accepted { rejected, message: shortened(&message), readable: partial.is_some() };
    }
    let status = head.status;
    let text = body.map_or_else(String::new, |body| error_text(&body, &head.headers));
    let after = head.headers.get(RETRY_AFTER).and_then(|value| retry_after(value.to_str().ok()?, clock));
    Reply::Http { status: status.as_u16(), after, message: shortened(&text) }
}

/// Whether an answer speaks gRPC, whose status stands elsewhere: its 200 says nothing.
fn is_grpc(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).map_or(&b""[..], |kind| kind.as_bytes());
    headers.contains_key("grpc-status") || kind.starts_with(b"application/grpc")
}

/// The answer of a gRPC destination.
pub(crate) async fn grpc_reply(response: Response<Incoming>, deadline: Instant) -> Reply {
    let (head, body) = response.into_parts();
    if head.headers.contains_key("grpc-status") {
        return grpc_status(&head.headers, &Bytes::new());
    }
    if head.status != StatusCode::OK {
        // A proxy in between.
        let status = head.status.as_u16();
        return Reply::Http { status, after: None, message: "not a gRPC server".to_owned() };
    }
    let Ok(body) = timeout_at(deadline, Limited::new(body, RESPONSE_BYTES_MAX).collect()).await else {
        return Reply::silent();
    };
    match body {
        Ok(collected) => {
            let trailers = collected.trailers().cloned();
            let body = collected.to_bytes();
            match trailers {
                Some(trailers) => grpc_status(&trailers, &body),
                None => Reply::Failed { maybe_taken: true, message: "the answer ended without a status".to_owned() },
            }
        }
        Err(error) if error.is::<http_body_util::LengthLimitError>() => {
            Reply::Accepted { rejected: 0, message: "the answer is too large".to_owned(), readable: false }
        }
        Err(error) => Reply::failed(false, &*error),
    }
}

fn grpc_status(trailers: &HeaderMap, body: &Bytes) -> Reply {
    let code = trailers.get("grpc-status").and_then(|code| code.to_str().ok()?.parse().ok()).unwrap_or(2);
    if code == 0 {
        let message =
            body.split_first_chunk::<5>().and_then(|(head, message)| (head.first() == Some(&0)).then_some(message));
        let partial = message.and_then(partial);
        let (rejected, text) = partial.clone().unwrap_or_default();
        return Reply::Accepted { rejected, message: shortened(&text), readable: partial.is_some() };
    }
    let text = trailers.get("grpc-message").map_or_else(String::new, |text| {
        percent_encoding::percent_decode(text.as_bytes()).decode_utf8_lossy().into_owned()
    });
    let after = trailers
        .get("grpc-status-details-bin")
        .and_then(|details| STANDARD.decode(details.as_bytes()).ok())
        .and_then(|status| retry_info(&status));
    Reply::Grpc { code, after, message: shortened(&text) }
}

fn inflate(body: Bytes, encoding: Option<&http::HeaderValue>) -> Option<Bytes> {
    match encoding.map(http::HeaderValue::as_bytes) {
        None | Some(b"" | b"identity") => Some(body),
        Some(b"gzip") => {
            let mut inflated = Vec::new();
            let limit = RESPONSE_BYTES_MAX as u64 + 1;
            flate2::read::MultiGzDecoder::new(&body[..]).take(limit).read_to_end(&mut inflated).ok()?;
            (inflated.len() <= RESPONSE_BYTES_MAX).then(|| inflated.into())
        }
        Some(_) => None,
    }
}

/// The fields of a protobuf message: calls `found` with number and either varint or bytes.
fn walk<'a>(mut message: &'a [u8], mut found: impl FnMut(u32, u64, &'a [u8])) -> Option<()> {
    while message.has_remaining() {
        let (number, wire) = decode_key(&mut message).ok()?;
        match wire {
            WireType::Varint => found(number, decode_varint(&mut message).ok()?, &[]),
            WireType::LengthDelimited => {
                let length = usize::try_from(decode_varint(&mut message).ok()?).ok()?;
                let (value, rest) = message.split_at_checked(length)?;
                found(number, 0, value);
                message = rest;
            }
            other => skip_field(other, number, &mut message, DecodeContext::default()).ok()?,
        }
    }
    Some(())
}

/// Rejected items and message of an `Export…ServiceResponse`; none when it is not one.
fn partial(response: &[u8]) -> Option<(u64, String)> {
    let mut inner = None;
    walk(response, |number, _, value| {
        if number == 1 {
            inner = Some(value);
        }
    })?;
    let (mut rejected, mut message) = (0, &[][..]);
    walk(inner.unwrap_or_default(), |number, amount, value| match number {
        1 => rejected = (amount as i64).max(0) as u64,
        2 => message = value,
        _ => {}
    })?;
    Some((rejected, String::from_utf8_lossy(message).into_owned()))
}

fn partial_json(response: &[u8], signal: Signal) -> Option<(u64, String)> {
    let field = match signal {
        Signal::Metrics => "rejectedDataPoints",
        Signal::Traces => "rejectedSpans",
        Signal::Logs => "rejectedLogRecords",
    };
    if response.is_empty() {
        return Some((0, String::new()));
    }
    let answer: serde_json::Value = serde_json::from_slice(response).ok()?;
    let partial = answer.as_object()?.get("partialSuccess").and_then(serde_json::Value::as_object);
    let Some(partial) = partial else { return Some((0, String::new())) };
    let rejected = match partial.get(field) {
        Some(serde_json::Value::String(text)) => text.parse::<i64>().ok()?,
        Some(number) => number.as_i64()?,
        None => 0,
    };
    let message = partial.get("errorMessage").and_then(serde_json::Value::as_str).unwrap_or_default();
    Some((rejected.max(0) as u64, message.to_owned()))
}

/// The message of a `google.rpc.Status`, or a short text.
fn error_text(body: &[u8], headers: &HeaderMap) -> String {
    let kind = headers.get(CONTENT_TYPE).map_or(&b""[..], http::HeaderValue::as_bytes);
    if kind.starts_with(b"application/json") {
        let answer: Option<serde_json::Value> = serde_json::from_slice(body).ok();
        let message = answer.as_ref().and_then(|answer| answer.get("message")).and_then(serde_json::Value::as_str);
        return message.unwrap_or_default().to_owned();
    }
    if kind.starts_with(b"application/x-protobuf") {
        let mut message = &[][..];
        let whole = walk(body, |number, _, value| {
            if number == 2 {
                message = value;
            }
        });
        return if whole.is_some() { String::from_utf8_lossy(message).into_owned() } else { String::new() };
    }
    if kind.starts_with(b"text/plain") { String::from_utf8_lossy(body).trim().to_owned() } else { String::new() }
}

/// The delay of the `RetryInfo` among the details of a `google.rpc.Status` (C4).
fn retry_info(status: &[u8]) -> Option<Duration> {
    let mut delay = None;
    walk(status, |number, _, any| {
        let (mut kind, mut value) = (&[][..], &[][..]);
        if number != 3 {
            return;
        }
        let whole = walk(any, |number, _, bytes| match number {
            1 => kind = bytes,
            2 => value = bytes,
            _ => {}
        });
        if whole.is_some() && kind.ends_with(b"google.rpc.RetryInfo") {
            delay = Some(duration(value).unwrap_or_default());
        }
    })?;
    delay
}

/// `RetryInfo.retry_delay`, capped.
fn duration(info: &[u8]) -> Option<Duration> {
    let mut inner = &[][..];
    walk(info, |number, _, bytes| {
        if number == 1 {
            inner = bytes;
        }
    })?;
    let (mut seconds, mut nanos) = (0, 0);
    walk(inner, |number, amount, _| match number {
        1 => seconds = (amount as i64).max(0) as u64,
        2 => nanos = (amount as i64).clamp(0, 999_999_999) as u32,
        _ => {}
    })?;
    Some(Duration::new(seconds.min(WAIT_MAX.as_secs()), nanos).min(WAIT_MAX))
}

/// `Retry-After` in seconds or as a date, capped; nonsense is none (C5).
pub(crate) fn retry_after(value: &str, clock: &Clock) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)).min(WAIT_MAX));
    }
    let date = jiff::fmt::rfc2822::parse(value).ok()?;
    let wait_ms = date.timestamp().as_millisecond().saturating_sub(clock.unix_ms() as i64).max(0);
    Some(Duration::from_millis(wait_ms as u64).min(WAIT_MAX))
}
