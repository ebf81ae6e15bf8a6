//! A tracer whose ended spans are kept.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use opentelemetry::Context;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider, Span, SpanData, SpanProcessor};

#[derive(Clone, Debug, Default)]
pub(crate) struct Ended(Arc<Mutex<Vec<SpanData>>>);

impl SpanProcessor for Ended {
    fn on_start(&self, _span: &mut Span, _context: &Context) {}

    fn on_end(&self, span: SpanData) {
        self.0.lock().unwrap().push(span);
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
        Ok(())
    }
}

impl Ended {
    pub(crate) fn tracer() -> (SdkTracer, Self) {
        let ended = Self::default();
        let provider = SdkTracerProvider::builder().with_span_processor(ended.clone()).build();
        (provider.tracer("test"), ended)
    }

    /// The spans that ended since the last call.
    pub(crate) fn take(&self) -> Vec<SpanData> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

/// A span's attributes by name, as text.
pub(crate) fn attributes(span: &SpanData) -> BTreeMap<String, String> {
    span.attributes.iter().map(|one| (one.key.to_string(), one.value.to_string())).collect()
}
