//! What is sent, and what it costs to merely decode or copy it.

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value};
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, metric, number_data_point,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use prost::Message;

fn attribute(key: &str, value: String) -> KeyValue {
    let value = Some(AnyValue { value: Some(any_value::Value::StringValue(value)) });
    KeyValue { key: key.to_owned(), value, ..KeyValue::default() }
}

fn point(series: usize, value: i64) -> NumberDataPoint {
    NumberDataPoint {
        attributes: vec![
            attribute("http.request.method", "GET".to_owned()),
            attribute("http.route", format!("/api/v1/items/{}", series % 50)),
            attribute("http.response.status_code", (200 + series % 5).to_string()),
            attribute("server.address", format!("shard-{series:06}.example")),
        ],
        start_time_unix_nano: 1_700_000_000_000_000_000,
        time_unix_nano: 1_700_000_001_000_000_000 + value as u64,
        value: Some(number_data_point::Value::AsInt(value)),
        ..NumberDataPoint::default()
    }
}

/// The metric that is sent.
const NAME: &str = "http.server.requests";

/// One request of a service's points: those series, each with the value.
fn request(instance: usize, name: &str, series: std::ops::Range<usize>, value: i64) -> Vec<u8> {
    let sum = Sum {
        data_points: series.map(|number| point(number, value)).collect(),
        aggregation_temporality: AggregationTemporality::Cumulative as i32,
        is_monotonic: true,
    };
    let metric = Metric {
        name: name.to_owned(),
        description: "Requests served".to_owned(),
        unit: "{request}".to_owned(),
        data: Some(metric::Data::Sum(sum)),
        ..Metric::default()
    };
    let scope =
        InstrumentationScope { name: "load".to_owned(), version: "1".to_owned(), ..InstrumentationScope::default() };
    let resource = Resource {
        attributes: vec![
            attribute("service.name", "load".to_owned()),
            attribute("service.instance.id", format!("load-{instance}")),
        ],
        ..Resource::default()
    };
    let scope_metrics = vec![ScopeMetrics { scope: Some(scope), metrics: vec![metric], ..ScopeMetrics::default() }];
    let resource_metrics =
        vec![ResourceMetrics { resource: Some(resource), scope_metrics, ..ResourceMetrics::default() }];
    ExportMetricsServiceRequest { resource_metrics }.encode_to_vec()
}

/// Bodies of so many points each, which a few instances export again and again.
pub fn metrics(points: usize, bodies: usize) -> Vec<Vec<u8>> {
    (0..bodies).map(|number| request(number % 4, NAME, 0..points, number as i64)).collect()
}

/// Bodies that make so many different series, ten thousand of each metric.
pub fn series(series: usize, points: usize) -> Vec<Vec<u8>> {
    (0..series.div_ceil(points))
        .map(|number| {
            let first = number * points;
            request(0, &format!("{NAME}.{}", first / 10_000), first..first + points, 1)
        })
        .collect()
}

/// Points in a decoded request, but for the bridge's own.
pub fn points_of(request: &ExportMetricsServiceRequest) -> u64 {
    let metrics =
        request.resource_metrics.iter().flat_map(|resource| &resource.scope_metrics).flat_map(|scope| &scope.metrics);
    let counts = metrics.filter(|metric| metric.name == NAME).map(|metric| match &metric.data {
        Some(metric::Data::Sum(sum)) => sum.data_points.len() as u64,
        _ => 0,
    });
    counts.sum()
}

fn thread_seconds() -> f64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    now.tv_sec as f64 + now.tv_nsec as f64 / 1e9
}

/// CPU of decoding the bodies by prost, in turn, `count` of them.
pub fn decode_seconds(bodies: &[Vec<u8>], count: usize) -> f64 {
    let before = thread_seconds();
    for number in 0..count {
        let decoded = ExportMetricsServiceRequest::decode(&bodies[number % bodies.len()][..]).unwrap();
        std::hint::black_box(&decoded);
    }
    thread_seconds() - before
}

/// CPU of copying the text into a fresh buffer whose pages are there, the median of some.
pub fn copy_seconds(text: &[u8]) -> f64 {
    let mut target = vec![0_u8; text.len()];
    let mut times: Vec<f64> = (0..21)
        .map(|_| {
            let before = thread_seconds();
            target.copy_from_slice(std::hint::black_box(text));
            std::hint::black_box(&target);
            thread_seconds() - before
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
