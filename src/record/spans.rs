//! Spans of the local process: counted, kept in the store when they were slow or failed as received ones are, and kept for the
//! next export up to a bound.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

use opentelemetry::Context;
use opentelemetry::trace::{Status, TraceContextExt as _, TracerProvider as _};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider, Span, SpanData, SpanProcessor};
use prost::Message;
use tokio::sync::Notify;

use crate::limits::OWN_SPANS_MAX;
use crate::record::Recorder;
use crate::record::export::Encoded;
use crate::state::instance::Instance;
use crate::state::spans::FinishedSpan;

/// The local process's spans.
#[derive(Debug)]
pub struct OwnSpans {
    provider: SdkTracerProvider,
    counter: SpanCounter,
    kept: Arc<Kept>,
    resource: ResourceAttributesWithSchema,
}

/// Ended spans that wait for their export; beyond the bound they are only counted.
#[derive(Debug, Default)]
struct Kept {
    spans: Mutex<Vec<SpanData>>,
    dropped: AtomicU64,
    /// Told when so many wait that they should go before their time.
    enough: Notify,
}

/// A span processor that counts spans in the store, and keeps the slow and the failed ones there. It exports nothing, so that it
/// can stand beside any exporter; clones count together. A span whose parent is elsewhere begins no trace here.
#[derive(Clone, Debug)]
pub struct SpanCounter {
    instance: Arc<Instance>,
}

impl SpanProcessor for SpanCounter {
    fn on_start(&self, _span: &mut Span, context: &Context) {
        let is_root = !context.span().span_context().is_valid();
        self.instance.spans.add(1);
        self.instance.traces.add(u64::from(is_root));
        self.instance.spans_active.add(1.0);
    }

    fn on_end(&self, span: SpanData) {
        self.ended(&span);
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
        Ok(())
    }
}

impl SpanCounter {
    fn ended(&self, span: &SpanData) {
        self.instance.spans_active.add(-1.0);
        let (is_error, message) = match &span.status {
            Status::Error { description } => (true, &**description),
            Status::Unset | Status::Ok => (false, ""),
        };
        let nanoseconds = |duration: Duration| u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        self.instance.span_finished(&FinishedSpan {
            trace_id: &span.span_context.trace_id().to_bytes(),
            span_id: &span.span_context.span_id().to_bytes(),
            name: &span.name,
            start_unix_ns: nanoseconds(span.start_time.duration_since(UNIX_EPOCH).unwrap_or_default()),
            duration_ns: nanoseconds(span.end_time.duration_since(span.start_time).unwrap_or_default()),
            is_error,
            message,
        });
    }
}

/// Counts spans, and keeps the ended ones for the next export.
#[derive(Debug)]
struct Keeping {
    counter: SpanCounter,
    kept: Arc<Kept>,
}

impl SpanProcessor for Keeping {
    fn on_start(&self, span: &mut Span, context: &Context) {
        self.counter.on_start(span, context);
    }

    fn on_end(&self, span: SpanData) {
        self.counter.ended(&span);
        if !span.span_context.is_sampled() {
            return;
        }
        let mut kept = self.kept.spans.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < OWN_SPANS_MAX {
            kept.push(span);
            if kept.len() == OWN_SPANS_MAX / 4 {
                self.kept.enough.notify_one();
            }
        } else {
            self.kept.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
        Ok(())
    }
}

impl OwnSpans {
    /// A tracer provider whose spans are counted in the recorder's instance.
    pub fn new(recorder: &Recorder, resource: Resource) -> Self {
        let kept = Arc::new(Kept::default());
        let counter = SpanCounter { instance: recorder.local().instance.clone() };
        let keeping = Keeping { counter: counter.clone(), kept: kept.clone() };
        let attributes = ResourceAttributesWithSchema::from(&resource);
        let provider = SdkTracerProvider::builder().with_resource(resource).with_span_processor(keeping).build();
        Self { provider, counter, kept, resource: attributes }
    }

    /// The process's tracer.
    pub fn tracer(&self) -> SdkTracer {
        self.provider.tracer(env!("CARGO_PKG_NAME"))
    }

    /// The provider, for a service's own tracers.
    pub fn provider(&self) -> SdkTracerProvider {
        self.provider.clone()
    }

    /// A processor for another provider, which counts into the same figures.
    pub fn counter(&self) -> SpanCounter {
        self.counter.clone()
    }

    /// The spans that ended since the last call.
    pub fn take(&self) -> Vec<SpanData> {
        std::mem::take(&mut *self.kept.spans.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Completes when so many spans wait that they should go before their time.
    pub async fn enough(&self) {
        self.kept.enough.notified().await;
    }

    /// Spans that found no room while they waited.
    pub fn dropped(&self) -> u64 {
        self.kept.dropped.load(Ordering::Relaxed)
    }

    /// The spans that ended since the last call, as an export request; none when there are none.
    pub fn collect(&self) -> Option<Encoded> {
        let spans = self.take();
        if spans.is_empty() {
            return None;
        }
        let items = spans.len() as u64;
        let resource_spans = group_spans_by_resource_and_scope(spans, &self.resource);
        Some(Encoded { body: ExportTraceServiceRequest { resource_spans }.encode_to_vec(), items })
    }
}
