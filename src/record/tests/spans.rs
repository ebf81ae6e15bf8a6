//! Spans of the process: counted, kept as received ones are, and taken.

use std::time::{Duration, UNIX_EPOCH};

use opentelemetry::Context;
use opentelemetry::trace::{
    Span as _, SpanContext, SpanId, Status, TraceContextExt as _, TraceFlags, TraceId, TraceState, Tracer as _,
    TracerProvider as _,
};
use opentelemetry_sdk::trace::SdkTracerProvider;

use super::Bench;
use crate::limits::OWN_SPANS_MAX;

/// Roots count as traces; a child does not, and neither does a span whose parent is in another process.
#[test]
fn roots_are_traces() {
    let bench = Bench::new();
    let tracer = bench.telemetry.tracer();
    let root = tracer.start("root");
    let parent = Context::new().with_span(root);
    let child = tracer.start_with_context("child", &parent);
    let far = SpanContext::new(
        TraceId::from_bytes([1; 16]),
        SpanId::from_bytes([2; 8]),
        TraceFlags::SAMPLED,
        true,
        TraceState::default(),
    );
    let served = tracer.start_with_context("served", &Context::new().with_remote_span_context(far));
    let facts = || bench.store.snapshot().instances[0].clone();
    assert_eq!((facts().traces, facts().spans_active), (1, 3));
    drop((child, served, parent));
    assert_eq!((facts().traces, facts().spans_active), (1, 0));
    assert_eq!(bench.pushed()["otel.sdk.span.started{}"].to_string(), "3");
    let received = bench.receiver().snapshot();
    assert_eq!(received.instances[0].traces, 1, "as many as the process says, whatever spans arrived");
}

/// A slow and a failed span are kept as a receiver keeps them.
#[test]
fn slow_and_failed_spans_are_kept() {
    let bench = Bench::new();
    let own = bench.telemetry.tracer();
    // A service that has a provider of its own adds the counting processor to it.
    let provider = SdkTracerProvider::builder().with_span_processor(bench.telemetry.span_processor()).build();
    let theirs = provider.tracer("theirs");
    let at = |milliseconds: u64| UNIX_EPOCH + Duration::from_millis(1_700_000_000_000 + milliseconds);
    let mut failed = own.span_builder("failed").with_start_time(at(0)).start(&own);
    failed.set_status(Status::error("no route"));
    failed.end_with_timestamp(at(5));
    own.span_builder("slow").with_start_time(at(0)).start(&own).end_with_timestamp(at(2_500));
    own.span_builder("quick").with_start_time(at(0)).start(&own).end_with_timestamp(at(10));
    theirs.span_builder("theirs").with_start_time(at(0)).start(&theirs).end_with_timestamp(at(1_500));
    let kept = bench.store.snapshot().spans.clone();
    let names: Vec<&str> = kept.iter().map(|span| &*span.name).collect();
    assert_eq!(names, ["theirs", "slow", "failed"]);
    assert_eq!(
        (&*kept[2].message, kept[1].duration_s, kept[1].start_unix_ns),
        ("no route", 2.5, 1_700_000_000_000_000_000)
    );
    assert_eq!(kept[0].trace_id.len(), 32);
    let received = bench.receiver().snapshot().spans.clone();
    let as_received: Vec<_> = received.iter().map(|span| (&span.name, &span.span_id, span.duration_s)).collect();
    let as_kept: Vec<_> = kept[1..].iter().map(|span| (&span.name, &span.span_id, span.duration_s)).collect();
    assert_eq!(as_received, as_kept, "and what the service exports itself is not exported twice");
    drop(provider);
}

/// A quarter of the bound is enough to go before the export's time.
#[test]
fn many_spans_do_not_wait_for_their_time() {
    use futures_util::FutureExt as _;
    let bench = Bench::new();
    let tracer = bench.telemetry.tracer();
    let some = OWN_SPANS_MAX / 4;
    (1..some).for_each(|_| drop(tracer.start("one")));
    assert!(bench.telemetry.enough_spans().now_or_never().is_none(), "they wait");
    drop(tracer.start("one"));
    assert!(bench.telemetry.enough_spans().now_or_never().is_some(), "that are enough to go");
    assert_eq!(bench.telemetry.take_spans().len(), some);
}

/// Spans that nobody fetches wait up to a bound; the rest is counted.
#[test]
fn spans_wait_up_to_a_bound() {
    let bench = Bench::new();
    let tracer = bench.telemetry.tracer();
    (0..OWN_SPANS_MAX + 3).for_each(|_| drop(tracer.start("one")));
    assert_eq!(bench.telemetry.take_spans().len(), OWN_SPANS_MAX);
    assert_eq!(bench.telemetry.dropped(), (3, 0));
    assert!(bench.telemetry.encode_spans().is_none());
}
