//! Spans of the local process: counted, and kept for the next export up to a bound.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use opentelemetry::Context;
use opentelemetry::trace::{SpanId, TracerProvider as _};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider, Span, SpanData, SpanProcessor};
use prost::Message;

use crate::limits::OWN_SPANS_MAX;
use crate::record::Recorder;
use crate::record::export::Encoded;

/// The local process's spans.
#[derive(Debug)]
pub struct OwnSpans {
    provider: SdkTracerProvider,
    kept: Kept,
    resource: ResourceAttributesWithSchema,
}

/// Ended spans that wait for their export; beyond the bound they are only counted.
#[derive(Clone, Debug, Default)]
struct Kept(Arc<Mutex<Vec<SpanData>>>);

/// Counts spans in the store and hands the ended ones over.
#[derive(Debug)]
struct Counting {
    recorder: Recorder,
    live: AtomicU64,
    kept: Kept,
}

impl SpanProcessor for Counting {
    fn on_start(&self, _span: &mut Span, context: &Context) {
        use opentelemetry::trace::TraceContextExt as _;
        let is_root = !context.span().span_context().is_valid();
        let instance = self.recorder.instance();
        instance.spans.add(1);
        instance.traces.add(u64::from(is_root));
        instance.spans_active.set(self.live.fetch_add(1, Ordering::Relaxed) as f64 + 1.0);
    }

    fn on_end(&self, span: SpanData) {
        let live = self.live.fetch_sub(1, Ordering::Relaxed).saturating_sub(1);
        self.recorder.instance().spans_active.set(live as f64);
        let mut kept = self.kept.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < OWN_SPANS_MAX && span.span_context.span_id() != SpanId::INVALID {
            kept.push(span);
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
        let kept = Kept::default();
        let counting = Counting { recorder: recorder.clone(), live: AtomicU64::new(0), kept: kept.clone() };
        let attributes = ResourceAttributesWithSchema::from(&resource);
        let provider = SdkTracerProvider::builder().with_resource(resource).with_span_processor(counting).build();
        Self { provider, kept, resource: attributes }
    }

    /// The process's tracer.
    pub fn tracer(&self) -> SdkTracer {
        self.provider.tracer(env!("CARGO_PKG_NAME"))
    }

    /// The spans that ended since the last call; none when there are none.
    pub fn collect(&self) -> Option<Encoded> {
        let spans = std::mem::take(&mut *self.kept.0.lock().unwrap_or_else(PoisonError::into_inner));
        if spans.is_empty() {
            return None;
        }
        let items = spans.len() as u64;
        let resource_spans = group_spans_by_resource_and_scope(spans, &self.resource);
        Some(Encoded { body: ExportTraceServiceRequest { resource_spans }.encode_to_vec(), items })
    }
}
