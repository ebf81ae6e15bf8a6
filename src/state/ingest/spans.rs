//! Received spans: counted, and the slow and failed ones kept.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::limits::{SLOW_SPAN_NS, SPANS_KEPT_MAX};
use crate::model::trace::SpanKind;
use crate::otlp::envelope::Resource;
use crate::otlp::traces::Span;
use crate::state::identity::bounded;
use crate::state::instance::Instance;
use crate::state::spans::{Kept, KeptSpans};

/// OTLP `STATUS_CODE_ERROR`.
const ERROR: i32 = 2;

/// Reads the spans of one resource. Counts are the instance's own where it tells them; the local process tells all.
pub(super) fn read(instance: &Instance, resource: Resource<'_>, kept: &KeptSpans) {
    let (mut spans, mut roots, mut rings) = (0, 0, [0; 2]);
    for span in resource.scopes().flat_map(|scope| scope.spans()) {
        spans += 1;
        // An all-zero parent is no parent.
        roots += u64::from(span.parent_span_id.iter().all(|byte| *byte == 0));
        let why = match span.status_code {
            ERROR => SpanKind::Failed,
            _ if span.duration_ns() > SLOW_SPAN_NS => SpanKind::Slow,
            _ => continue,
        };
        // More of one request would only push each other out.
        let [slow, failed] = &mut rings;
        let count = if why == SpanKind::Slow { slow } else { failed };
        *count += 1;
        if *count <= SPANS_KEPT_MAX {
            kept.keep(keep(instance.id, why, &span));
        }
    }
    if !instance.is_local {
        instance.received.spans.fetch_add(spans, Ordering::Relaxed);
        instance.received.roots.fetch_add(roots, Ordering::Relaxed);
    }
}

fn keep(instance: u32, why: SpanKind, span: &Span<'_>) -> Kept {
    Kept {
        place: 0,
        instance,
        why,
        trace_id: hex(span.trace_id, 16),
        span_id: hex(span.span_id, 8),
        name: bounded(span.name).into(),
        start_unix_ns: span.start_time_unix_nano,
        duration_s: span.duration_ns() as f64 / 1e9,
        message: bounded(span.status_message).into(),
    }
}

/// At most `bytes_max` bytes in lower-case hex.
fn hex(bytes: &[u8], bytes_max: usize) -> Arc<str> {
    use std::fmt::Write as _;
    bytes
        .iter()
        .take(bytes_max)
        .fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
        .into()
}
