//! What reading a request in place, and storing it, costs beside decoding it: one request of 1,000 points with four attributes
//! each, about 150 bytes a point. The last lines give nanoseconds a point and ratios, taken in the same run.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value};
use opentelemetry_proto::tonic::metrics::v1::{
    Gauge, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, metric, number_data_point,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use otel_bridge::clock::Clock;
use otel_bridge::config::state::State;
use otel_bridge::model::health::HealthRules;
use otel_bridge::model::signal::Signal;
use otel_bridge::otlp::attributes::AnyValue as Value;
use otel_bridge::otlp::envelope::resources;
use otel_bridge::otlp::metrics::Data;
use otel_bridge::otlp::metrics::points::Number;
use otel_bridge::otlp::{frame, json, scan};
use otel_bridge::state::accounting::Accounting;
use otel_bridge::state::{Store, StoreOptions};
use prost::Message as _;

const POINTS: u64 = 1_000;

fn attribute(key: &str, value: String) -> KeyValue {
    let value = Some(AnyValue { value: Some(any_value::Value::StringValue(value)) });
    KeyValue { key: key.to_owned(), value, ..KeyValue::default() }
}

fn request() -> Vec<u8> {
    let point = |index: u64| NumberDataPoint {
        attributes: vec![
            attribute("worker.id", format!("worker-{index:05}")),
            attribute("pool.name", "image-resize".to_owned()),
            attribute("worker.state", "busy".to_owned()),
            attribute("host.zone", "eu-west-1b".to_owned()),
        ],
        start_time_unix_nano: 1_700_000_000_000_000_000,
        time_unix_nano: 1_700_000_010_000_000_000 + index,
        value: Some(number_data_point::Value::AsInt(index as i64)),
        ..NumberDataPoint::default()
    };
    let metrics = (0..10).map(|metric| Metric {
        name: format!("worker.metric.{metric}"),
        unit: "By".to_owned(),
        data: Some(metric::Data::Gauge(Gauge { data_points: (metric * 100..metric * 100 + 100).map(point).collect() })),
        ..Metric::default()
    });
    let scope = InstrumentationScope { name: "bench".to_owned(), ..InstrumentationScope::default() };
    let scopes = vec![ScopeMetrics { scope: Some(scope), metrics: metrics.collect(), schema_url: String::new() }];
    let resource = Resource { attributes: vec![attribute("service.name", "bench".to_owned())], ..Resource::default() };
    let resource = ResourceMetrics { resource: Some(resource), scope_metrics: scopes, schema_url: String::new() };
    ExportMetricsServiceRequest { resource_metrics: vec![resource] }.encode_to_vec()
}

/// A store that knows the request's series.
struct Stored {
    store: Arc<Store>,
    request: Vec<u8>,
}

fn stored() -> Stored {
    let store = Store::new(StoreOptions {
        state: State {
            series_max: 200_000,
            workers_max: 50_000,
            history: Duration::from_mins(15),
            history_bytes_max: 64 << 20,
            stale_after: None,
            forget_after: Duration::from_mins(15),
            snapshot_interval: Duration::from_millis(250),
        },
        mappings: Vec::new(),
        health: HealthRules::default(),
        expect: Vec::new(),
        expect_grace: Duration::ZERO,
        rules: Vec::new(),
        bindings: Vec::new(),
        local: None,
        clock: Clock::system(),
        accounting: Arc::new(Accounting::default()),
    });
    let stored = Stored { store, request: request() };
    ingest(&stored);
    stored
}

/// What a door does with a request beside forwarding it: the check and the store.
fn ingest(stored: &Stored) -> u64 {
    let found = pre_scan(&stored.request) as u64;
    found + stored.store.ingest(Signal::Metrics, &stored.request).unreadable
}

fn prost_decode(bytes: &[u8]) -> usize {
    ExportMetricsServiceRequest::decode(bytes).map_or(0, |request| request.resource_metrics.len())
}

fn pre_scan(bytes: &[u8]) -> usize {
    scan::scan(Signal::Metrics, bytes, 10_000).map_or(0, |found| found.items)
}

/// Value, time and the bytes of the attributes: what a known series costs.
fn walk_known(bytes: &[u8]) -> u64 {
    let mut sum = 0u64;
    for metric in resources(bytes).flat_map(|resource| resource.scopes()).flat_map(|scope| scope.metrics()) {
        let Data::Gauge(points) = metric.data else { continue };
        for point in points {
            let Number::Int(value) = point.value else { continue };
            let attributes = point.attributes.raw().unwrap_or_default();
            sum = sum.wrapping_add(value as u64 ^ point.time_unix_nano ^ attributes.len() as u64);
        }
    }
    sum
}

/// Every attribute as checked text: what a new series costs before it is stored.
fn walk_full(bytes: &[u8]) -> u64 {
    let mut sum = 0u64;
    for metric in resources(bytes).flat_map(|resource| resource.scopes()).flat_map(|scope| scope.metrics()) {
        let Data::Gauge(points) = metric.data else { continue };
        for point in points {
            let Number::Int(value) = point.value else { continue };
            sum = sum.wrapping_add(value as u64 ^ point.time_unix_nano);
            for pair in point.attributes {
                let Value::Str(text) = pair.value else { continue };
                sum = sum.wrapping_add((pair.key.len() ^ text.len()) as u64);
            }
        }
    }
    sum
}

fn cut(bytes: &[u8]) -> usize {
    frame::split(Signal::Metrics, bytes, 40_000, usize::MAX).map_or(0, |pieces| pieces.len())
}

fn from_json(text: &[u8]) -> usize {
    json::decode(Signal::Metrics, text, 64 << 20).map_or(0, |bytes| bytes.len())
}

fn to_json(bytes: &[u8]) -> usize {
    json::encode(Signal::Metrics, bytes).map_or(0, |text| text.len())
}

fn serde_json_decode(text: &[u8]) -> usize {
    serde_json::from_slice::<ExportMetricsServiceRequest>(text).map_or(0, |request| request.resource_metrics.len())
}

macro_rules! benches {
    ($($name:ident $input:ident;)*) => { mod divan_benches {
        $(#[divan::bench]
        fn $name(bencher: divan::Bencher) {
            let input = super::$input();
            bencher.bench(|| super::$name(std::hint::black_box(&input)));
        })*
    } };
}

fn json_request() -> Vec<u8> {
    json::encode(Signal::Metrics, &request()).unwrap_or_default()
}

benches! {
    prost_decode request;
    pre_scan request;
    walk_known request;
    walk_full request;
    ingest stored;
    cut request;
    to_json request;
    from_json json_request;
    serde_json_decode json_request;
}

/// Nanoseconds a point: the best of many rounds, because the machine may be shared.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures the machine's time")]
fn ns_per_point<T>(run: impl Fn() -> T) -> f64 {
    let mut best = Duration::MAX;
    for _ in 0..200 {
        let start = Instant::now();
        black_box(run());
        best = best.min(start.elapsed());
    }
    best.as_nanos() as f64 / POINTS as f64
}

#[expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
fn main() {
    divan::main();
    let (bytes, text) = (request(), json_request());
    let prost = ns_per_point(|| prost_decode(black_box(&bytes)));
    println!("{} bytes a point; ns a point (share of prost decode):", bytes.len() as u64 / POINTS);
    let line = |name: &str, ns: f64| println!("  {name:<18} {ns:8.1}  {:.3}", ns / prost);
    line("prost decode", prost);
    line("scan", ns_per_point(|| pre_scan(black_box(&bytes))));
    line("walk, known series", ns_per_point(|| walk_known(black_box(&bytes))));
    line("walk, all text", ns_per_point(|| walk_full(black_box(&bytes))));
    let stored = stored();
    line("scan and store", ns_per_point(|| ingest(black_box(&stored))));
    line("split in four", ns_per_point(|| cut(black_box(&bytes))));
    line("JSON encode", ns_per_point(|| to_json(black_box(&bytes))));
    line("JSON decode", ns_per_point(|| from_json(black_box(&text))));
    line("serde_json decode", ns_per_point(|| serde_json_decode(black_box(&text))));
}
