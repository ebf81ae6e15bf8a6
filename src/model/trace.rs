//! Traces as the bridge counts them, and the few spans that it keeps: the last slow and the last failed ones.

use std::sync::Arc;

/// Why a span was kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpanKind {
    /// It took longer than the slow-span threshold.
    Slow,
    /// Its status was an error.
    Failed,
}

/// One kept span.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptSpan {
    /// Why it was kept.
    pub why: SpanKind,
    /// Lower-case hex, 32 digits.
    pub trace_id: Arc<str>,
    /// Lower-case hex, 16 digits.
    pub span_id: Arc<str>,
    /// The span's name, truncated like a label.
    pub name: Arc<str>,
    /// Start, in Unix nanoseconds, as the service said.
    pub start_unix_ns: u64,
    /// Duration in seconds; 0 when the end lies before the start.
    pub duration_s: f64,
    /// The status message of a failed span; empty when there is none.
    pub message: Arc<str>,
    /// Index of its instance in the snapshot's `instances`.
    pub owner: usize,
}
