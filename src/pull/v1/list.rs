//! The envelope of every answer with rows.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::model::snapshot::Snapshot;
use crate::pull::problem::Problem;
use crate::pull::query::Parameters;
use crate::pull::v1::noun::Context;
use crate::pull::v1::page::Page;
use crate::pull::v1::sort::Row;

/// Rows of one snapshot.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct List<T> {
    /// The snapshot; equal ids of one run mean the same numbers in every view.
    pub snapshot_id: u64,
    /// When it was taken, in Unix seconds.
    pub timestamp: f64,
    /// The rows of this page.
    pub items: Vec<T>,
    /// Rows on all pages.
    pub total: usize,
    /// Give it as `cursor` to get the next page; null on the last one.
    pub next_cursor: Option<String>,
    /// Parts that could not be read; the rest is true all the same.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<PartFailure>,
}

/// A part that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PartFailure {
    /// What is missing, such as `process`.
    pub part: String,
    /// Why.
    pub message: String,
}

/// What of the snapshot could not be read.
pub fn failures(snapshot: &Snapshot) -> Vec<PartFailure> {
    let failure = |one: &crate::model::snapshot::PartError| PartFailure {
        part: one.part.to_string(),
        message: one.message.to_string(),
    };
    snapshot.errors.iter().map(failure).collect()
}

/// The page of the rows that the parameters ask for, as an answer.
///
/// # Errors
/// 400 as [`Page::read`].
pub fn answer<R: Row + Serialize>(
    context: &Context<'_>,
    parameters: &Parameters,
    rows: Vec<R>,
    sort_default: &str,
) -> Result<Response, Problem> {
    let page = Page::read::<R>(parameters, sort_default)?;
    let total = rows.len();
    let (items, next_cursor) = page.cut(rows);
    json(&List { total, next_cursor, ..unpaged(context.snapshot, items) })
}

/// Rows that come whole.
pub fn unpaged<T>(snapshot: &Snapshot, items: Vec<T>) -> List<T> {
    List {
        snapshot_id: snapshot.id,
        timestamp: snapshot.timestamp(),
        total: items.len(),
        items,
        next_cursor: None,
        errors: failures(snapshot),
    }
}

/// A JSON answer.
///
/// # Errors
/// 500 when the value has no JSON form.
pub fn json<T: Serialize>(value: &T) -> Result<Response, Problem> {
    let body = serde_json::to_vec(value).map_err(|error| Problem::internal(error.to_string()))?;
    let kind = (header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(([kind, (header::CACHE_CONTROL, HeaderValue::from_static("no-store"))], body).into_response())
}
