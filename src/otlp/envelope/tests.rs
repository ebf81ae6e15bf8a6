//! The views against prost: each request is rebuilt from what the views show, into prost's own types, and compared with what
//! prost decodes. Fields that the views do not show are cleared on both sides.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest as Logs;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest as Metrics;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest as Traces;
use opentelemetry_proto::tonic::common::v1 as common;
use opentelemetry_proto::tonic::common::v1::any_value;
use opentelemetry_proto::tonic::logs::v1::{self as wire_logs, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::{
    self as wire, ResourceMetrics, ScopeMetrics, exemplar, metric, number_data_point,
};
use opentelemetry_proto::tonic::resource::v1::Resource as WireResource;
use opentelemetry_proto::tonic::trace::v1::{self as wire_traces, ResourceSpans, ScopeSpans, Status};
use proptest::prelude::*;
use prost::Message as _;

use crate::model::signal::Signal;
use crate::otlp::attributes::{AnyValue, Attributes};
use crate::otlp::envelope::{Resource, Scope, resources};
use crate::otlp::logs::LogRecord;
use crate::otlp::metrics::points::{
    Buckets, Exemplars, ExponentialHistogramPoint, HistogramPoint, Number, NumberPoint, PointView as _, SummaryPoint,
};
use crate::otlp::metrics::{Data, Metric, Monotonicity, Temporality};
use crate::otlp::samples::{full, signal_and_request};
use crate::otlp::traces::Span;

mod decoded;
use decoded::decoded;

fn value(value: AnyValue<'_>) -> common::AnyValue {
    use any_value::Value;
    let value = match value {
        AnyValue::Empty => None,
        AnyValue::Str(text) => Some(Value::StringValue(text.to_owned())),
        AnyValue::Bool(value) => Some(Value::BoolValue(value)),
        AnyValue::Int(number) => Some(Value::IntValue(number)),
        AnyValue::Double(number) => Some(Value::DoubleValue(number)),
        AnyValue::Bytes(bytes) => Some(Value::BytesValue(bytes.to_vec())),
        AnyValue::Array(values) => {
            Some(Value::ArrayValue(common::ArrayValue { values: values.into_iter().map(self::value).collect() }))
        }
        AnyValue::KvList(pairs) => Some(Value::KvlistValue(common::KeyValueList { values: attributes(pairs) })),
    };
    common::AnyValue { value }
}

fn attributes(pairs: Attributes<'_>) -> Vec<common::KeyValue> {
    assert_eq!(pairs.bodies().count(), pairs.into_iter().count());
    let pair = |pair: crate::otlp::attributes::KeyValue<'_>| common::KeyValue {
        key: pair.key.to_owned(),
        value: Some(value(pair.value)),
        key_strindex: 0,
    };
    pairs.into_iter().map(pair).collect()
}

fn resource(resource: Resource<'_>) -> WireResource {
    WireResource { attributes: attributes(resource.attributes()), ..WireResource::default() }
}

fn scope(scope: &Scope<'_>) -> common::InstrumentationScope {
    common::InstrumentationScope {
        name: scope.name.to_owned(),
        version: scope.version.to_owned(),
        attributes: attributes(scope.attributes()),
        dropped_attributes_count: 0,
    }
}

fn exemplars(exemplars: Exemplars<'_>) -> Vec<wire::Exemplar> {
    exemplars
        .map(|found| wire::Exemplar {
            filtered_attributes: attributes(found.filtered_attributes),
            time_unix_nano: found.time_unix_nano,
            span_id: found.span_id.to_vec(),
            trace_id: found.trace_id.to_vec(),
            value: match found.value {
                Number::Empty => None,
                Number::Int(number) => Some(exemplar::Value::AsInt(number)),
                Number::Double(number) => Some(exemplar::Value::AsDouble(number)),
            },
        })
        .collect()
}

fn number(point: NumberPoint<'_>) -> wire::NumberDataPoint {
    wire::NumberDataPoint {
        attributes: attributes(point.attributes),
        start_time_unix_nano: point.start_time_unix_nano,
        time_unix_nano: point.time_unix_nano,
        exemplars: exemplars(point.exemplars()),
        flags: point.flags,
        value: match point.value {
            Number::Empty => None,
            Number::Int(number) => Some(number_data_point::Value::AsInt(number)),
            Number::Double(number) => Some(number_data_point::Value::AsDouble(number)),
        },
    }
}

fn histogram(point: HistogramPoint<'_>) -> wire::HistogramDataPoint {
    wire::HistogramDataPoint {
        attributes: attributes(point.attributes),
        start_time_unix_nano: point.start_time_unix_nano,
        time_unix_nano: point.time_unix_nano,
        count: point.count,
        sum: point.sum,
        bucket_counts: point.bucket_counts().collect(),
        explicit_bounds: point.explicit_bounds().collect(),
        exemplars: exemplars(point.exemplars()),
        flags: point.flags,
        min: point.min,
        max: point.max,
    }
}

fn buckets(buckets: Buckets<'_>) -> wire::exponential_histogram_data_point::Buckets {
    let bucket_counts = buckets.counts().collect();
    wire::exponential_histogram_data_point::Buckets { offset: buckets.offset, bucket_counts }
}

fn exponential(point: ExponentialHistogramPoint<'_>) -> wire::ExponentialHistogramDataPoint {
    wire::ExponentialHistogramDataPoint {
        attributes: attributes(point.attributes),
        start_time_unix_nano: point.start_time_unix_nano,
        time_unix_nano: point.time_unix_nano,
        count: point.count,
        sum: point.sum,
        scale: point.scale,
        zero_count: point.zero_count,
        positive: Some(buckets(point.positive)),
        negative: Some(buckets(point.negative)),
        flags: point.flags,
        exemplars: exemplars(point.exemplars()),
        min: point.min,
        max: point.max,
        zero_threshold: point.zero_threshold,
    }
}

fn summary(point: SummaryPoint<'_>) -> wire::SummaryDataPoint {
    let quantile = |(quantile, value)| wire::summary_data_point::ValueAtQuantile { quantile, value };
    wire::SummaryDataPoint {
        attributes: attributes(point.attributes),
        start_time_unix_nano: point.start_time_unix_nano,
        time_unix_nano: point.time_unix_nano,
        count: point.count,
        sum: point.sum,
        quantile_values: point.quantiles().map(quantile).collect(),
        flags: point.flags,
    }
}

fn temporality(temporality: Temporality) -> i32 {
    match temporality {
        Temporality::Unspecified => 0,
        Temporality::Delta => 1,
        Temporality::Cumulative => 2,
    }
}

fn metric(metric: Metric<'_>) -> wire::Metric {
    let data = match metric.data {
        Data::Empty => None,
        Data::Gauge(points) => {
            Some(metric::Data::Gauge(wire::Gauge { data_points: points.into_iter().map(number).collect() }))
        }
        Data::Sum(points, found, monotonicity) => Some(metric::Data::Sum(wire::Sum {
            data_points: points.into_iter().map(number).collect(),
            aggregation_temporality: temporality(found),
            is_monotonic: monotonicity == Monotonicity::Monotonic,
        })),
        Data::Histogram(points, found) => Some(metric::Data::Histogram(wire::Histogram {
            data_points: points.into_iter().map(histogram).collect(),
            aggregation_temporality: temporality(found),
        })),
        Data::ExponentialHistogram(points, found) => {
            Some(metric::Data::ExponentialHistogram(wire::ExponentialHistogram {
                data_points: points.into_iter().map(exponential).collect(),
                aggregation_temporality: temporality(found),
            }))
        }
        Data::Summary(points) => {
            Some(metric::Data::Summary(wire::Summary { data_points: points.into_iter().map(summary).collect() }))
        }
    };
    let (name, description, unit) = (metric.name.to_owned(), metric.description.to_owned(), metric.unit.to_owned());
    wire::Metric { name, description, unit, data, metadata: Vec::new() }
}

fn span(span: Span<'_>) -> wire_traces::Span {
    wire_traces::Span {
        trace_id: span.trace_id.to_vec(),
        span_id: span.span_id.to_vec(),
        parent_span_id: span.parent_span_id.to_vec(),
        trace_state: span.trace_state.to_owned(),
        name: span.name.to_owned(),
        kind: span.kind,
        start_time_unix_nano: span.start_time_unix_nano,
        end_time_unix_nano: span.end_time_unix_nano,
        attributes: attributes(span.attributes),
        status: Some(Status { message: span.status_message.to_owned(), code: span.status_code }),
        ..wire_traces::Span::default()
    }
}

fn record(record: LogRecord<'_>) -> wire_logs::LogRecord {
    wire_logs::LogRecord {
        time_unix_nano: record.time_unix_nano,
        observed_time_unix_nano: record.observed_time_unix_nano,
        severity_number: record.severity_number,
        severity_text: record.severity_text.to_owned(),
        event_name: record.event_name.to_owned(),
        body: Some(value(record.body)),
        attributes: attributes(record.attributes),
        trace_id: record.trace_id.to_vec(),
        span_id: record.span_id.to_vec(),
        ..wire_logs::LogRecord::default()
    }
}

/// The request as the views show it, in canonical bytes.
fn seen(signal: Signal, bytes: &[u8]) -> Vec<u8> {
    let around = |found: Resource<'_>| (Some(resource(found)), found.schema_url().to_owned());
    macro_rules! rebuild {
        ($request:ident, $list:ident, $resource:ident, $scopes:ident, $scope:ident, $items:ident, $read:ident, $convert:ident) => {{
            let scopes = |found: Resource<'_>| {
                let read = |found: Scope<'_>| $scope {
                    scope: Some(scope(&found)),
                    $items: found.$read().map($convert).collect(),
                    schema_url: found.schema_url.to_owned(),
                };
                found.scopes().map(read).collect()
            };
            let read = |found: Resource<'_>| {
                let (resource, schema_url) = around(found);
                $resource { resource, $scopes: scopes(found), schema_url }
            };
            $request { $list: resources(bytes).map(read).collect() }.encode_to_vec()
        }};
    }
    match signal {
        Signal::Metrics => {
            rebuild!(Metrics, resource_metrics, ResourceMetrics, scope_metrics, ScopeMetrics, metrics, metrics, metric)
        }
        Signal::Traces => rebuild!(Traces, resource_spans, ResourceSpans, scope_spans, ScopeSpans, spans, spans, span),
        Signal::Logs => {
            rebuild!(Logs, resource_logs, ResourceLogs, scope_logs, ScopeLogs, log_records, log_records, record)
        }
    }
}

proptest! {
    /// Fields in any order, twice, packed or not, merged messages, replaced members of a oneof: the views show what prost decodes.
    #[test]
    fn views_show_what_prost_decodes((signal, request) in signal_and_request()) {
        prop_assert_eq!(seen(signal, &request), decoded(signal, &request));
    }

    /// F22: the views end on any bytes, scanned or not.
    #[test]
    fn views_end_on_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        for signal in Signal::ALL {
            let _ = seen(signal, &bytes);
        }
    }
}

/// A request with every field set shows what prost decodes.
#[test]
fn full_requests_are_shown() {
    for signal in Signal::ALL {
        let bytes = full::request(signal).encode();
        assert_eq!(seen(signal, &bytes), decoded(signal, &bytes));
    }
}

/// Attributes side by side are one run of bytes; with another field between them there is none, and all are still shown.
#[test]
fn attributes_are_one_run_of_bytes() {
    let pair = [0x3a, 8, 0x0a, 1, b'k', 0x12, 3, 0x0a, 1, b'v'];
    let time = [0x19, 1, 0, 0, 0, 0, 0, 0, 0];
    let together = [&time[..], &pair, &pair, &time].concat();
    assert_eq!(NumberPoint::parse(&together).attributes.raw(), Some([pair, pair].as_flattened()));
    let apart = [&pair[..], &time, &pair].concat();
    let attributes = NumberPoint::parse(&apart).attributes;
    assert_eq!((attributes.raw(), attributes.bodies().count()), (None, 2));
    assert_eq!(NumberPoint::parse(&time).attributes.raw(), Some(&[][..]));
    assert!(matches!(attributes.get("k"), Some(AnyValue::Str("v"))));
    assert!(attributes.get("x").is_none());
}
