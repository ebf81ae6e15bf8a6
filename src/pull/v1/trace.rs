//! Traces: totals, and the few spans that are kept.

use serde::Serialize;
use utoipa::ToSchema;

use crate::model::health::System;
use crate::model::trace::{KeptSpan, SpanKind};
use crate::pull::v1::links;
use crate::pull::v1::noun::{Context, seconds};

/// What is known of traces in scope.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Traces<'a> {
    /// Traces counted so far.
    pub total_traces: u64,
    /// Spans received or started so far.
    pub total_spans: u64,
    /// Spans that are open now, where services report them.
    pub active_spans: u64,
    /// Traces a second over the last minute.
    pub traces_per_second: f64,
    /// The last slow spans, newest first.
    pub slow: Vec<Span<'a>>,
    /// The last failed spans, newest first.
    pub failed: Vec<Span<'a>>,
}

/// One kept span.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Span<'a> {
    /// `service.name` of its service.
    pub service: &'a str,
    /// Id of its instance.
    pub instance: &'a str,
    /// `deployment.environment.name` of its instance.
    pub environment: Option<&'a str>,
    /// The span's name.
    pub name: &'a str,
    /// Its span id again, as every entry has a key.
    pub key: &'a str,
    /// Trace id, 32 lower-case hexadecimal digits.
    pub trace_id: &'a str,
    /// Span id, 16 lower-case hexadecimal digits.
    pub span_id: &'a str,
    /// Start in Unix seconds, as the service said.
    pub start: f64,
    /// Duration in seconds.
    pub duration_seconds: f64,
    /// Status message of a failed span; empty when there is none.
    pub message: &'a str,
    /// The trace in another tool, by the template `links.trace`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

impl<'a> Traces<'a> {
    /// The traces in scope.
    pub fn new(context: &Context<'a>, system: &System) -> Self {
        let mut traces = Self {
            total_traces: system.traces_total,
            total_spans: 0,
            active_spans: system.spans_active,
            traces_per_second: system.traces_per_second,
            slow: spans(context, SpanKind::Slow),
            failed: spans(context, SpanKind::Failed),
        };
        for (place, instance) in context.snapshot.instances.iter().enumerate() {
            if context.holds(Some(place)) {
                traces.total_spans += instance.spans;
            }
        }
        traces
    }
}

fn spans<'a>(context: &Context<'a>, why: SpanKind) -> Vec<Span<'a>> {
    let kept = context.snapshot.spans.iter();
    kept.filter(|span| span.why == why && context.holds(Some(span.owner))).map(|span| view(context, span)).collect()
}

fn view<'a>(context: &Context<'a>, span: &'a KeptSpan) -> Span<'a> {
    let owner = context.owner(span.owner);
    let link = context.links.trace.as_deref();
    Span {
        service: owner.service,
        instance: owner.instance,
        environment: owner.environment,
        name: &span.name,
        key: &span.span_id,
        trace_id: &span.trace_id,
        span_id: &span.span_id,
        start: seconds(span.start_unix_ns / 1_000_000),
        duration_seconds: span.duration_s,
        message: &span.message,
        link: link.map(|template| links::fill(template, ("trace_id", &span.trace_id), &owner)),
    }
}
