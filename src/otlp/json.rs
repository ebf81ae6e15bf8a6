//! OTLP/JSON, both ways: text to protobuf bytes in one pass (conformance J1 to J12) and protobuf bytes to text. Both follow the
//! table in [`crate::otlp::schema`]; nothing is decoded into owned structs.

mod decode;
mod encode;
mod number;
mod output;

use crate::limits::DEPTH_MAX;
use crate::model::signal::Signal;
use crate::otlp::scan::ScanError;
use crate::otlp::schema::request;

/// Why text is not an OTLP/JSON request.
#[derive(Debug, thiserror::Error)]
pub enum JsonError {
    /// The text is not UTF-8: 400.
    #[error("the request is not valid UTF-8")]
    Utf8,
    /// Not JSON, or not of the expected shape; the text names line and column: 400.
    #[error("malformed JSON request: {0}")]
    Malformed(#[from] serde_json::Error),
    /// Messages are nested deeper than [`DEPTH_MAX`]: 400.
    #[error("messages are nested more than {DEPTH_MAX} deep")]
    TooDeep,
    /// The request would be larger than this many bytes as protobuf: 413.
    #[error("the request is larger than {0} bytes as protobuf")]
    TooLarge(usize),
    /// The caller's [`Room`] did not agree: worth a retry.
    #[error("there is no room for the request as protobuf")]
    NoRoom,
}

/// Asked before so many bytes more are taken for the protobuf; `false` stops the reading.
pub type Room<'r> = &'r mut dyn FnMut(usize) -> bool;

/// Reads an OTLP/JSON `Export…ServiceRequest` and writes the same request as protobuf, of at most `bytes_max` bytes
/// (one that comes within sixteen bytes of them may be refused already).
///
/// Accepted: ids as hexadecimal in any case; 64-bit integers as strings or numbers, `1e18` too; doubles as numbers, numeric
/// strings, `"NaN"`, `"Infinity"`, `"-Infinity"`; base64 in both alphabets, padded or not; `null` as absence. Unknown fields
/// are passed over (and lost: there is no protobuf form of them). Refused: names of enum values, repeated keys, two members of a
/// oneof, `null` in a list, more than 128 levels of JSON.
///
/// # Errors
/// [`JsonError`]: the request must be refused for good.
pub fn decode(signal: Signal, text: &[u8], bytes_max: usize) -> Result<Vec<u8>, JsonError> {
    decode_within(signal, text, bytes_max, &mut |_| true)
}

/// The same, in memory that the caller hands out bit by bit: the protobuf is usually a third of the text, and in the worst case
/// four times as long (a bucket that counts nothing takes two bytes of text and eight of protobuf).
///
/// # Errors
/// As [`decode`], and [`JsonError::NoRoom`], which passes.
pub fn decode_within(signal: Signal, text: &[u8], bytes_max: usize, room: Room<'_>) -> Result<Vec<u8>, JsonError> {
    let text = str::from_utf8(text).map_err(|_| JsonError::Utf8)?;
    decode::decode(request(signal), text, bytes_max, room)
}

/// Writes the protobuf request as OTLP/JSON: lowerCamelCase, 64-bit integers as strings, ids as lower-case hexadecimal, enum
/// values as integers, defaults and unknown fields left out. The text may be about ten times as long as the bytes if they are
/// chosen so, and is about four times as long usually.
///
/// # Errors
/// [`ScanError`] when the body would not have passed the pre-scan.
pub fn encode(signal: Signal, body: &[u8]) -> Result<Vec<u8>, ScanError> {
    let mut out = Vec::with_capacity(body.len().saturating_mul(4));
    encode::message(&mut out, request(signal), body, 0)?;
    Ok(out)
}

#[cfg(test)]
mod tests;
