//! Spans and log records.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::NumberDataPoint;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use prost::Message as _;

use crate::limits::SPANS_KEPT_MAX;
use crate::model::signal::Signal;
use crate::model::trace::SpanKind;
use crate::state::store::tests::{Bench, CUMULATIVE, SHOP, START_UNIX_MS, attributes, breaker_status, counter, point};

fn traces(bench: &Bench, spans: Vec<Span>) {
    let resource = Some(Resource { attributes: attributes(SHOP), ..Resource::default() });
    let scope_spans = vec![ScopeSpans { spans, ..ScopeSpans::default() }];
    let of_resource = ResourceSpans { resource, scope_spans, ..ResourceSpans::default() };
    let request = ExportTraceServiceRequest { resource_spans: vec![of_resource] };
    assert_eq!(bench.store.ingest(Signal::Traces, &request.encode_to_vec()).unreadable, 0);
}

fn logs(bench: &Bench, log_records: Vec<LogRecord>) {
    let resource = Some(Resource { attributes: attributes(SHOP), ..Resource::default() });
    let scope_logs = vec![ScopeLogs { log_records, ..ScopeLogs::default() }];
    let of_resource = ResourceLogs { resource, scope_logs, ..ResourceLogs::default() };
    let request = ExportLogsServiceRequest { resource_logs: vec![of_resource] };
    assert_eq!(bench.store.ingest(Signal::Logs, &request.encode_to_vec()).unreadable, 0);
}

fn span(duration_ms: u64, parent: u8, code: i32) -> Span {
    let start = 1_000_000_000_000;
    Span {
        trace_id: vec![0xab; 16],
        span_id: vec![1; 8],
        parent_span_id: if parent == 0 { Vec::new() } else { vec![parent; 8] },
        name: "GET /".to_owned(),
        start_time_unix_nano: start,
        end_time_unix_nano: start + duration_ms * 1_000_000,
        status: Some(Status { code, message: "refused".to_owned() }),
        ..Span::default()
    }
}

/// Spans without parent count traces; slow and failed ones are kept, newest first, bounded.
#[test]
fn spans_are_counted_and_kept() {
    let bench = Bench::new();
    traces(&bench, vec![span(5, 0, 0), span(1_500, 7, 0), span(5, 7, 2), span(1_000, 0, 1)]);
    let mut backwards = span(5, 7, 0);
    backwards.end_time_unix_nano = 0;
    traces(&bench, vec![backwards]);
    let snapshot = bench.store.snapshot();
    assert_eq!((snapshot.instances[0].traces, snapshot.instances[0].spans), (2, 5));
    let kept: Vec<_> = snapshot.spans.iter().map(|span| (span.why, span.duration_s, &*span.message)).collect();
    assert_eq!(kept, [(SpanKind::Failed, 0.005, "refused"), (SpanKind::Slow, 1.5, "refused")]);
    assert_eq!((&*snapshot.spans[0].trace_id, snapshot.spans[0].span_id.len()), ("ab".repeat(16).as_str(), 16));
    for _ in 0..3 {
        traces(&bench, vec![span(5, 0, 2); SPANS_KEPT_MAX]);
    }
    assert_eq!(bench.store.snapshot().spans.len(), SPANS_KEPT_MAX + 1, "the slow one is not pushed out");
}

/// `trace.count` goes before what is counted in spans.
#[test]
fn a_told_count_goes_first() {
    let bench = Bench::new();
    traces(&bench, vec![span(5, 0, 0), span(5, 0, 0)]);
    bench.export(SHOP, vec![counter("trace.count", CUMULATIVE, vec![point(&[], 45.0)])]);
    traces(&bench, vec![span(5, 0, 0)]);
    assert_eq!(bench.store.snapshot().instances[0].traces, 45);
}

/// Traces a second are those of the last minute, whoever counts them; an instance that has long counted is no burst.
#[test]
fn traces_of_the_last_minute() {
    let recent = |bench: &Bench| {
        let snapshot = bench.store.snapshot();
        (snapshot.instances[0].traces_recent, snapshot.instances[0].recent_s)
    };
    let bench = Bench::new();
    for _ in 0..20 {
        traces(&bench, vec![span(5, 0, 0); 30]);
        recent(&bench);
        bench.after(10);
    }
    assert_eq!(recent(&bench), (180, 60.0));
    bench.after(90);
    traces(&bench, vec![span(5, 7, 0)]);
    assert_eq!(recent(&bench), (0, 60.0), "a busy hour ago does not count");
    let told = |count, after_s: u64| {
        let start_ns = START_UNIX_MS * 1_000_000;
        let (start_time_unix_nano, time_unix_nano) = (start_ns - 3_600_000_000_000, start_ns + after_s * 1_000_000_000);
        let point = NumberDataPoint { start_time_unix_nano, time_unix_nano, ..point(&[], count) };
        vec![counter("trace.count", CUMULATIVE, vec![point])]
    };
    let bench = Bench::new();
    bench.export(SHOP, told(7_200.0, 0));
    assert_eq!(recent(&bench), (120, 60.0), "its mean while nothing else is known");
    bench.after(60);
    bench.export(SHOP, told(7_230.0, 60));
    assert_eq!(recent(&bench), (30, 60.0));
}

fn event(name: &str, pairs: &[(&str, &str)]) -> LogRecord {
    LogRecord { event_name: name.to_owned(), attributes: attributes(pairs), ..LogRecord::default() }
}

/// `component.error`, by event name or by attribute, tells the last error, once.
#[test]
fn errors_are_told() {
    let bench = Bench::new();
    let error = [("component.name", "api"), ("error.type", "Timeout"), ("exception.message", "after 5 s")];
    let by_attribute = event("", &[&error[..2], &[("event.name", "component.error")]].concat());
    logs(&bench, vec![event("component.error", &error), event("component.error", &error), event("", &[])]);
    let snapshot = bench.store.snapshot();
    assert_eq!(snapshot.components[0].last_error.as_deref(), Some("Timeout: after 5 s"));
    assert_eq!(snapshot.instances[0].log_records, 3);
    logs(&bench, vec![by_attribute, event("component.error", &[("error.type", "nobody's")])]);
    assert_eq!(bench.store.snapshot().components[0].last_error.as_deref(), Some("Timeout"));
    let told = bench.store.events_after(0).into_iter().filter(|event| event.kind == "component_error");
    assert_eq!(told.count(), 2);
}

/// Log events run ahead of the figures: what they told is not counted again when the figures follow, with the states in between
/// or without. What the service counts itself holds above all of it.
#[test]
fn figures_that_follow_are_no_second_transition() {
    let change = |from: &str, to: &str| {
        event("circuit_breaker.transition", &[("circuit_breaker.name", "db"), ("from", from), ("to", to)])
    };
    let bench = Bench::new();
    let count = |bench: &Bench| {
        bench.after(1);
        let breaker = bench.store.snapshot().breakers[0].clone();
        (breaker.state.as_str(), breaker.transitions, breaker.recent_transitions.len())
    };
    bench.export(SHOP, vec![breaker_status("closed")]);
    logs(&bench, vec![change("closed", "open"), change("open", "half_open")]);
    assert_eq!(count(&bench), ("half_open", 2, 2));
    bench.export(SHOP, vec![breaker_status("open")]);
    bench.export(SHOP, vec![breaker_status("half_open")]);
    assert_eq!(count(&bench), ("half_open", 2, 2));
    logs(&bench, vec![change("half_open", "closed"), change("closed", "open")]);
    bench.export(SHOP, vec![breaker_status("open")]);
    assert_eq!(count(&bench), ("open", 4, 4), "closed was never seen");
    bench.export(SHOP, vec![breaker_status("closed")]);
    assert_eq!(count(&bench), ("closed", 5, 5), "nobody told this one");
    let told = point(&[("circuit_breaker.name", "db"), ("component.name", "api")], 3.0);
    bench.export(SHOP, vec![counter("circuit_breaker.transitions", CUMULATIVE, vec![told])]);
    assert_eq!(count(&bench).1, 3);
}

/// A transition that was observed gets its reason; one that was not is added, and the state follows.
#[test]
fn transitions_are_explained() {
    let change = |from: &str, to: &str, reason: &str| {
        let pairs = [("circuit_breaker.name", "db"), ("from", from), ("to", to), ("reason", reason)];
        event("circuit_breaker.transition", &pairs)
    };
    let bench = Bench::new();
    bench.export(SHOP, vec![breaker_status("closed")]);
    bench.export(SHOP, vec![breaker_status("open")]);
    bench.after(1);
    logs(&bench, vec![change("closed", "open", "5 failures"), change("open", "half_open", "timer")]);
    logs(&bench, vec![change("open", "sideways", "nonsense")]);
    bench.export(SHOP, vec![breaker_status("half_open")]);
    let snapshot = bench.store.snapshot();
    let breaker = &snapshot.breakers[0];
    let changes: Vec<_> = breaker
        .recent_transitions
        .iter()
        .map(|one| (one.from.as_str(), one.to.as_str(), one.reason.as_deref()))
        .collect();
    assert_eq!(changes, [("open", "half_open", Some("timer")), ("closed", "open", Some("5 failures"))]);
    assert_eq!((breaker.state.as_str(), breaker.transitions), ("half_open", 2));
}
