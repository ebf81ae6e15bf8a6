//! The last slow and the last failed spans of all instances.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use crate::limits::{SLOW_SPAN_NS, SPANS_KEPT_MAX};
use crate::model::trace::SpanKind;
use crate::state::identity::bounded;

/// A span that ended, received or recorded.
#[derive(Clone, Copy, Debug, Default)]
pub struct FinishedSpan<'a> {
    /// 16 bytes.
    pub trace_id: &'a [u8],
    /// 8 bytes.
    pub span_id: &'a [u8],
    /// The operation.
    pub name: &'a str,
    /// Start in Unix nanoseconds.
    pub start_unix_ns: u64,
    /// Duration in nanoseconds.
    pub duration_ns: u64,
    /// Whether its status is an error.
    pub is_error: bool,
    /// The status message.
    pub message: &'a str,
}

impl FinishedSpan<'_> {
    /// Why it is kept, if it is: an error goes before slowness.
    pub(crate) const fn why(&self) -> Option<SpanKind> {
        match (self.is_error, self.duration_ns > SLOW_SPAN_NS) {
            (true, _) => Some(SpanKind::Failed),
            (false, true) => Some(SpanKind::Slow),
            (false, false) => None,
        }
    }

    pub(crate) fn kept(&self, instance: u32) -> Option<Kept> {
        Some(Kept {
            place: 0,
            instance,
            why: self.why()?,
            trace_id: hex(self.trace_id, 16),
            span_id: hex(self.span_id, 8),
            name: bounded(self.name).into(),
            start_unix_ns: self.start_unix_ns,
            duration_s: self.duration_ns as f64 / 1e9,
            message: bounded(self.message).into(),
        })
    }
}

/// Two bounded rings, one for each reason to keep a span.
#[derive(Debug, Default)]
pub(crate) struct KeptSpans(Mutex<Rings>);

#[derive(Debug, Default)]
struct Rings {
    slow: VecDeque<Kept>,
    failed: VecDeque<Kept>,
    kept: u64,
}

/// A kept span, and the number of its instance.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    /// Grows with every kept span.
    pub(crate) place: u64,
    pub(crate) instance: u32,
    pub(crate) why: SpanKind,
    pub(crate) trace_id: Arc<str>,
    pub(crate) span_id: Arc<str>,
    pub(crate) name: Arc<str>,
    pub(crate) start_unix_ns: u64,
    pub(crate) duration_s: f64,
    pub(crate) message: Arc<str>,
}

impl KeptSpans {
    /// Keeps a span; the oldest of its kind leaves.
    pub(crate) fn keep(&self, mut span: Kept) {
        let mut rings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rings.kept += 1;
        span.place = rings.kept;
        let ring = match span.why {
            SpanKind::Slow => &mut rings.slow,
            SpanKind::Failed => &mut rings.failed,
        };
        if ring.len() >= SPANS_KEPT_MAX {
            ring.pop_back();
        }
        ring.push_front(span);
    }

    /// All kept spans, newest first.
    pub(crate) fn all(&self) -> Vec<Kept> {
        let rings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<Kept> = rings.slow.iter().chain(&rings.failed).cloned().collect();
        all.sort_by_key(|span| std::cmp::Reverse(span.place));
        all
    }
}

/// At most `bytes_max` bytes in lower-case hex.
fn hex(bytes: &[u8], bytes_max: usize) -> Arc<str> {
    let mut text = String::new();
    for byte in bytes.iter().take(bytes_max) {
        let _ = write!(text, "{byte:02x}");
    }
    text.into()
}
