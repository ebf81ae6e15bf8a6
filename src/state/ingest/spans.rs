//! Received spans: counted, and the slow and failed ones kept.

use std::sync::atomic::Ordering;

use crate::limits::SPANS_KEPT_MAX;
use crate::model::trace::SpanKind;
use crate::otlp::envelope::Resource;
use crate::otlp::traces::Span;
use crate::state::instance::Instance;
use crate::state::spans::FinishedSpan;

/// OTLP `STATUS_CODE_ERROR`.
const ERROR: i32 = 2;

/// Reads the spans of one resource. Counts are the instance's own where it tells them; the local process tells all.
pub(super) fn read(instance: &Instance, resource: Resource<'_>) {
    let (mut spans, mut roots, mut slow, mut failed) = (0, 0, 0, 0);
    for span in resource.scopes().flat_map(|scope| scope.spans()) {
        spans += 1;
        // An all-zero parent is no parent.
        roots += u64::from(span.parent_span_id.iter().all(|byte| *byte == 0));
        let finished = finished(&span);
        let count = match finished.why() {
            Some(SpanKind::Slow) => &mut slow,
            Some(SpanKind::Failed) => &mut failed,
            None => continue,
        };
        // More of one request would only push each other out.
        if *count < SPANS_KEPT_MAX {
            *count += 1;
            instance.span_finished(&finished);
        }
    }
    if !instance.is_local {
        instance.received.spans.fetch_add(spans, Ordering::Relaxed);
        instance.received.roots.fetch_add(roots, Ordering::Relaxed);
    }
}

const fn finished<'a>(span: &Span<'a>) -> FinishedSpan<'a> {
    FinishedSpan {
        trace_id: span.trace_id,
        span_id: span.span_id,
        name: span.name,
        start_unix_ns: span.start_time_unix_nano,
        duration_ns: span.duration_ns(),
        is_error: span.status_code == ERROR,
        message: span.status_message,
    }
}
