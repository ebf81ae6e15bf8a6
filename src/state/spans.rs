//! The last slow and the last failed spans of all instances.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use crate::limits::SPANS_KEPT_MAX;
use crate::model::trace::SpanKind;

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
