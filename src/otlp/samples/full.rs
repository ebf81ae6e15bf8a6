//! Requests in which every field of every message is set, built from the generated types without `..Default`: a field that
//! opentelemetry-proto gains stops the tests from compiling, and one that the schema table lacks is lost and so noticed.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, EntityRef, InstrumentationScope, KeyValue, KeyValueList,
};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::exponential_histogram_data_point::Buckets;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::summary_data_point::ValueAtQuantile;
use opentelemetry_proto::tonic::metrics::v1::{
    Exemplar, ExponentialHistogram, ExponentialHistogramDataPoint, Gauge, Histogram, HistogramDataPoint, Metric,
    NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, Summary, SummaryDataPoint, exemplar, number_data_point,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};

use crate::model::signal::Signal;
use crate::otlp::samples::Decoded;

const START: u64 = 1_700_000_000_000_000_001;
const TIME: u64 = 18_446_744_073_709_551_615;

/// The full request of a signal.
pub(crate) fn request(signal: Signal) -> Decoded {
    let schema_url = "https://example/1".to_owned();
    match signal {
        Signal::Metrics => {
            let scope_metrics =
                vec![ScopeMetrics { scope: Some(scope()), metrics: metrics(), schema_url: schema_url.clone() }];
            let resource = ResourceMetrics { resource: Some(resource()), scope_metrics, schema_url };
            Decoded::Metrics(ExportMetricsServiceRequest { resource_metrics: vec![resource] })
        }
        Signal::Traces => {
            let scope_spans =
                vec![ScopeSpans { scope: Some(scope()), spans: vec![span()], schema_url: schema_url.clone() }];
            let resource = ResourceSpans { resource: Some(resource()), scope_spans, schema_url };
            Decoded::Traces(ExportTraceServiceRequest { resource_spans: vec![resource] })
        }
        Signal::Logs => {
            let log_records = vec![log_record()];
            let scope_logs = vec![ScopeLogs { scope: Some(scope()), log_records, schema_url: schema_url.clone() }];
            let resource = ResourceLogs { resource: Some(resource()), scope_logs, schema_url };
            Decoded::Logs(ExportLogsServiceRequest { resource_logs: vec![resource] })
        }
    }
}

fn pair(key: &str, value: Value) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), key_strindex: 0 }
}

fn text(text: &str) -> Value {
    Value::StringValue(text.to_owned())
}

fn attributes() -> Vec<KeyValue> {
    let list =
        ArrayValue { values: vec![AnyValue { value: Some(Value::IntValue(i64::MIN)) }, AnyValue { value: None }] };
    vec![
        pair("string", text("é \"quoted\"\n\u{0}")),
        pair("bool", Value::BoolValue(false)),
        pair("int", Value::IntValue(-1)),
        pair("double", Value::DoubleValue(-0.0)),
        pair("array", Value::ArrayValue(list)),
        pair("map", Value::KvlistValue(KeyValueList { values: vec![pair("inner", text(""))] })),
        pair("bytes", Value::BytesValue(vec![0, 255, 254, 62, 63])),
        KeyValue { key: String::new(), value: None, key_strindex: 7 },
    ]
}

fn resource() -> Resource {
    let entity = EntityRef {
        schema_url: "url".to_owned(),
        r#type: "service".to_owned(),
        id_keys: vec!["a".to_owned(), String::new()],
        description_keys: vec!["b".to_owned()],
    };
    Resource { attributes: attributes(), dropped_attributes_count: 1, entity_refs: vec![entity] }
}

fn scope() -> InstrumentationScope {
    InstrumentationScope {
        name: "scope".to_owned(),
        version: "1.2".to_owned(),
        attributes: attributes(),
        dropped_attributes_count: u32::MAX,
    }
}

fn exemplars() -> Vec<Exemplar> {
    let exemplar = |value| Exemplar {
        filtered_attributes: attributes(),
        time_unix_nano: TIME,
        span_id: vec![0xab; 8],
        trace_id: vec![0xcd; 16],
        value: Some(value),
    };
    vec![exemplar(exemplar::Value::AsInt(0)), exemplar(exemplar::Value::AsDouble(1e18))]
}

fn number(value: Option<number_data_point::Value>) -> NumberDataPoint {
    NumberDataPoint {
        attributes: attributes(),
        start_time_unix_nano: START,
        time_unix_nano: TIME,
        exemplars: exemplars(),
        flags: 1,
        value,
    }
}

fn metrics() -> Vec<Metric> {
    use number_data_point::Value::{AsDouble, AsInt};
    let histogram = HistogramDataPoint {
        attributes: attributes(),
        start_time_unix_nano: START,
        time_unix_nano: TIME,
        count: 3,
        sum: Some(0.0),
        bucket_counts: vec![0, 1, u64::MAX],
        explicit_bounds: vec![-1.5, f64::INFINITY],
        exemplars: exemplars(),
        flags: 1,
        min: Some(f64::NEG_INFINITY),
        max: Some(5e-324),
    };
    let side = |offset| Some(Buckets { offset, bucket_counts: vec![1, 0, u64::MAX] });
    let exponential = ExponentialHistogramDataPoint {
        attributes: attributes(),
        start_time_unix_nano: START,
        time_unix_nano: TIME,
        count: 9,
        sum: Some(-1.0),
        scale: -3,
        zero_count: 2,
        positive: side(i32::MIN),
        negative: side(i32::MAX),
        flags: 1,
        exemplars: exemplars(),
        min: Some(0.5),
        max: Some(1.0),
        zero_threshold: 1e-9,
    };
    let summary = SummaryDataPoint {
        attributes: attributes(),
        start_time_unix_nano: START,
        time_unix_nano: TIME,
        count: 4,
        sum: 1.25,
        quantile_values: vec![ValueAtQuantile { quantile: 0.99, value: f64::INFINITY }],
        flags: 1,
    };
    let numbers = vec![number(Some(AsInt(i64::MIN))), number(Some(AsDouble(0.0))), number(None)];
    [
        Data::Gauge(Gauge { data_points: numbers.clone() }),
        Data::Sum(Sum { data_points: numbers, aggregation_temporality: 2, is_monotonic: true }),
        Data::Histogram(Histogram { data_points: vec![histogram], aggregation_temporality: 1 }),
        Data::ExponentialHistogram(ExponentialHistogram { data_points: vec![exponential], aggregation_temporality: 1 }),
        Data::Summary(Summary { data_points: vec![summary] }),
    ]
    .into_iter()
    .map(|data| Metric {
        name: "metric".to_owned(),
        description: "what it is".to_owned(),
        unit: "By".to_owned(),
        metadata: attributes(),
        data: Some(data),
    })
    .collect()
}

fn span() -> Span {
    let event =
        Event { time_unix_nano: TIME, name: "event".to_owned(), attributes: attributes(), dropped_attributes_count: 2 };
    let link = Link {
        trace_id: vec![1; 16],
        span_id: vec![2; 8],
        trace_state: "a=b".to_owned(),
        attributes: attributes(),
        dropped_attributes_count: 3,
        flags: 0x300,
    };
    Span {
        trace_id: vec![3; 16],
        span_id: vec![4; 8],
        trace_state: "c=d".to_owned(),
        parent_span_id: vec![5; 8],
        flags: u32::MAX,
        name: "span".to_owned(),
        kind: 5,
        start_time_unix_nano: START,
        end_time_unix_nano: TIME,
        attributes: attributes(),
        dropped_attributes_count: 4,
        events: vec![event],
        dropped_events_count: 5,
        links: vec![link],
        dropped_links_count: 6,
        status: Some(Status { message: "broken".to_owned(), code: 2 }),
    }
}

fn log_record() -> LogRecord {
    LogRecord {
        time_unix_nano: START,
        observed_time_unix_nano: TIME,
        severity_number: 17,
        severity_text: "ERROR".to_owned(),
        body: Some(AnyValue { value: Some(text("body")) }),
        attributes: attributes(),
        dropped_attributes_count: 1,
        flags: 1,
        trace_id: vec![6; 16],
        span_id: vec![7; 8],
        event_name: "component.error".to_owned(),
    }
}
