//! Requests to send: what services say of themselves, and one request of each signal.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::{
    Gauge, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, metric, number_data_point,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message;

/// Some moment.
pub(crate) const AT_NS: u64 = 1_706_005_800_500_000_000;

/// A text attribute.
pub(crate) fn attribute(key: &str, value: &str) -> KeyValue {
    let value = Some(AnyValue { value: Some(any_value::Value::StringValue(value.to_owned())) });
    KeyValue { key: key.to_owned(), value, ..KeyValue::default() }
}

/// A point with text attributes.
pub(crate) fn point(value: number_data_point::Value, attributes: &[(&str, &str)]) -> NumberDataPoint {
    NumberDataPoint {
        attributes: attributes.iter().map(|(key, value)| attribute(key, value)).collect(),
        start_time_unix_nano: AT_NS,
        time_unix_nano: AT_NS + 1,
        value: Some(value),
        ..NumberDataPoint::default()
    }
}

/// What one service says: a list of metrics, which grows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Service {
    pub(crate) name: String,
    pub(crate) metrics: Vec<Metric>,
}

impl Service {
    pub(crate) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), metrics: Vec::new() }
    }

    /// Adds a gauge with one point.
    pub(crate) fn gauge(mut self, name: &str, value: f64, attributes: &[(&str, &str)]) -> Self {
        let points = vec![point(number_data_point::Value::AsDouble(value), attributes)];
        let data = Some(metric::Data::Gauge(Gauge { data_points: points }));
        self.metrics.push(Metric { name: name.to_owned(), data, ..Metric::default() });
        self
    }

    /// Adds a cumulative monotonic sum with one point.
    pub(crate) fn counter(mut self, name: &str, value: u64, attributes: &[(&str, &str)]) -> Self {
        let points = vec![point(number_data_point::Value::AsInt(value as i64), attributes)];
        let sum = Sum { data_points: points, aggregation_temporality: 2, is_monotonic: true };
        self.metrics.push(Metric { name: name.to_owned(), data: Some(metric::Data::Sum(sum)), ..Metric::default() });
        self
    }

    /// Adds a component.
    pub(crate) fn component(self, name: &str, state: &str, items: u64, errors: u64) -> Self {
        let subject = ("component.name", name);
        self.gauge("component.status", 1.0, &[subject, ("component.state", state)])
            .counter("component.items_processed", items, &[subject])
            .counter("component.errors", errors, &[subject])
    }

    /// Adds a pool with its counts of active, idle and creating workers.
    pub(crate) fn pool(mut self, name: &str, size: u64, counts: [u64; 3]) -> Self {
        let subject = ("pool.name", name);
        for (state, count) in ["active", "idle", "creating"].into_iter().zip(counts) {
            self = self.gauge("pool.worker.count", count as f64, &[subject, ("pool.worker.state", state)]);
        }
        self.gauge("pool.size", size as f64, &[subject])
    }

    /// Adds a worker.
    pub(crate) fn worker(self, pool: &str, id: &str, state: &str, requests: u64, rss: u64) -> Self {
        let subject = [("worker.id", id), ("worker.app", "shop"), ("pool.name", pool)];
        let with = |key, value| [&subject[..], &[(key, value)]].concat();
        self.gauge("worker.status", 1.0, &with("worker.state", state))
            .counter("worker.requests", requests, &subject)
            .gauge("worker.memory.usage", rss as f64, &with("worker.memory.type", "rss"))
    }

    /// Adds a circuit breaker.
    pub(crate) fn breaker(self, name: &str, component: &str, state: &str, failures: u64) -> Self {
        let subject = [("circuit_breaker.name", name), ("component.name", component)];
        self.gauge("circuit_breaker.status", 1.0, &[&subject[..], &[("circuit_breaker.state", state)]].concat())
            .counter("circuit_breaker.failures", failures, &subject)
    }

    pub(crate) fn request(&self) -> ExportMetricsServiceRequest {
        let scope = ScopeMetrics { metrics: self.metrics.clone(), ..ScopeMetrics::default() };
        let resource = Some(resource(&self.name));
        let resource = ResourceMetrics { resource, scope_metrics: vec![scope], ..ResourceMetrics::default() };
        ExportMetricsServiceRequest { resource_metrics: vec![resource] }
    }

    pub(crate) fn encoded(&self) -> Vec<u8> {
        self.request().encode_to_vec()
    }
}

fn resource(service: &str) -> Resource {
    let attributes = vec![attribute("service.name", service), attribute("service.instance.id", "i-1")];
    Resource { attributes, ..Resource::default() }
}

/// A request of spans with these names.
pub(crate) fn traces(service: &str, names: &[&str]) -> ExportTraceServiceRequest {
    let span = |(place, name): (usize, &&str)| Span {
        trace_id: vec![7; 16],
        span_id: vec![place as u8 + 1; 8],
        name: (*name).to_owned(),
        kind: 2,
        start_time_unix_nano: AT_NS,
        end_time_unix_nano: AT_NS + 1_000_000,
        attributes: vec![attribute("http.route", "/a")],
        ..Span::default()
    };
    let scope = Some(InstrumentationScope { name: "lib".to_owned(), ..InstrumentationScope::default() });
    let scope = ScopeSpans { scope, spans: names.iter().enumerate().map(span).collect(), ..ScopeSpans::default() };
    let resource = Some(resource(service));
    let resource = ResourceSpans { resource, scope_spans: vec![scope], ..ResourceSpans::default() };
    ExportTraceServiceRequest { resource_spans: vec![resource] }
}

/// A request of log records with these bodies.
pub(crate) fn logs(service: &str, bodies: &[&str]) -> ExportLogsServiceRequest {
    let record = |body: &&str| LogRecord {
        time_unix_nano: AT_NS,
        severity_number: 9,
        body: attribute("", body).value,
        trace_id: vec![7; 16],
        span_id: vec![1; 8],
        ..LogRecord::default()
    };
    let scope = ScopeLogs { log_records: bodies.iter().map(record).collect(), ..ScopeLogs::default() };
    let resource = Some(resource(service));
    let resource = ResourceLogs { resource, scope_logs: vec![scope], ..ResourceLogs::default() };
    ExportLogsServiceRequest { resource_logs: vec![resource] }
}

/// Numbered points `from..to` of one gauge, for counting what arrives.
pub(crate) fn numbered(from: u64, to: u64) -> Vec<u8> {
    let mut service = Service::new("counted").gauge("test.number", 0.0, &[]);
    let value = |number: u64| point(number_data_point::Value::AsInt(number as i64), &[]);
    let points = (from..to).map(value).collect();
    service.metrics[0].data = Some(metric::Data::Gauge(Gauge { data_points: points }));
    service.encoded()
}

/// The numbers in a request of metrics; of others nothing.
pub(crate) fn numbers(body: &[u8]) -> Vec<u64> {
    let request = ExportMetricsServiceRequest::decode(body).unwrap();
    let metrics = request.resource_metrics.into_iter().flat_map(|one| one.scope_metrics).flat_map(|one| one.metrics);
    let points = metrics.filter(|metric| metric.name == "test.number").filter_map(|metric| match metric.data {
        Some(metric::Data::Gauge(gauge)) => Some(gauge.data_points),
        _ => None,
    });
    let number = |point: NumberDataPoint| match point.value {
        Some(number_data_point::Value::AsInt(value)) => value as u64,
        value => panic!("{value:?}"),
    };
    points.flatten().map(number).collect()
}
