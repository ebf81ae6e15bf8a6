//! What all JSON documents share: how figures, moments and failed parts are written.

use axum::http::HeaderValue;
use bytes::Bytes;
use jiff::Timestamp;
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use crate::model::snapshot::Snapshot;
use crate::pull::cache::Rendered;

/// A JSON answer with status 200. What cannot be written (no document here can fail to be) becomes `null`.
pub fn answer(document: &impl Serialize) -> Rendered {
    let body = serde_json::to_vec(document).map_or_else(|_| Bytes::from_static(b"null"), Bytes::from);
    Rendered::ok(HeaderValue::from_static("application/json"), body)
}

/// A moment as ISO 8601 in UTC with milliseconds; the epoch when the year has more than four digits.
pub fn iso_8601(unix_ms: u64) -> String {
    let moment = i64::try_from(unix_ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    format!("{:.3}", moment.unwrap_or_default())
}

/// Unix seconds with milliseconds, as the endpoint's documents print moments.
pub fn seconds(unix_ms: u64) -> f64 {
    unix_ms as f64 / 1000.0
}

/// A figure that the documents print without decimals where it has none.
#[derive(Clone, Copy, Debug, PartialEq, ToSchema)]
#[schema(as = compat::Figure)]
pub struct Figure(pub f64);

impl Serialize for Figure {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        const EXACT: f64 = 9_007_199_254_740_992.0;
        if self.0.fract() == 0.0 && self.0.abs() < EXACT {
            serializer.serialize_i64(self.0 as i64)
        } else {
            serializer.serialize_f64(self.0)
        }
    }
}

/// A part of the picture that could not be read; the rest of the document is true all the same.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = compat::FailedPart)]
pub struct FailedPart<'a> {
    part: &'a str,
    message: &'a str,
}

/// The parts of a snapshot that could not be read; documents leave an empty list out.
pub fn failed_parts(snapshot: &Snapshot) -> Vec<FailedPart<'_>> {
    snapshot.errors.iter().map(|error| FailedPart { part: &error.part, message: &error.message }).collect()
}
