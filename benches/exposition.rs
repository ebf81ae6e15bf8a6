//! `/metrics` of 100,000 generic series, measured against a copy of the same text in memory and against
//! `opentelemetry-prometheus` with the `TextEncoder` (fewer series, since it takes a while) in the same run, so that the ratios
//! hold on any machine. Run with `cargo bench --bench exposition`.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::unchecked_time_subtraction,
    reason = "a benchmark tells its figures and may stop"
)]

use std::hint::black_box;
use std::sync::Arc;

use opentelemetry::metrics::MeterProvider;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_sdk::metrics::{SdkMeterProvider, Stream};
use otel_bridge::clock::Clock;
use otel_bridge::config::pull::Prometheus;
use otel_bridge::model::health::HealthRules;
use otel_bridge::model::scope::Scope;
use otel_bridge::model::snapshot::{InstanceFacts, Liveness, Snapshot};
use otel_bridge::pull::prometheus::{Format, Sources, render};
use otel_bridge::state::series::{
    self, Head, Kind, Metric, Number, SeriesCaps, SeriesSource, SeriesTable, Temporality,
};
use prometheus::{Encoder, TextEncoder};
use prost::Message;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const INSTANCES: u32 = 10;
const METRICS: usize = 10;
const SERIES: usize = 1_000;
const ELSEWHERE: usize = 5_000;

struct Tables {
    caps: Arc<SeriesCaps>,
    all: Vec<SeriesTable>,
}

impl SeriesSource for Tables {
    fn read_table(&self, instance: u32, read: &mut dyn FnMut(&SeriesTable)) {
        if let Some(table) = self.all.get(instance as usize) {
            read(table);
        }
    }

    fn caps(&self) -> &SeriesCaps {
        &self.caps
    }
}

fn text(key: &str, value: String) -> Vec<u8> {
    let value = Some(AnyValue { value: Some(Value::StringValue(value)) });
    KeyValue { key: key.to_owned(), value, ..KeyValue::default() }.encode_to_vec()
}

fn labels(series: usize) -> [(&'static str, String); 4] {
    [
        ("http.request.method", ["GET", "POST", "PUT", "DELETE"][series % 4].to_owned()),
        ("http.route", format!("/api/v1/things/{}", series / 4)),
        ("http.response.status_code", (200 + series % 5).to_string()),
        ("server.address", "shop.example.internal".to_owned()),
    ]
}

fn tables(value: impl Fn(usize) -> Number) -> Tables {
    let caps = SeriesCaps::with_limits(1_000_000, 1_000_000, 1_000_000);
    let kind = Kind::Sum { temporality: Temporality::Cumulative, is_monotonic: true };
    let mut all = Vec::new();
    for _ in 0..INSTANCES {
        let mut table = SeriesTable::new(caps.clone());
        table.begin(0);
        let scope = series::Scope { name: "http", version: "1", schema_url: "", attributes: std::iter::empty() };
        let scope = table.scope(&scope);
        for metric in 0..METRICS {
            let name = format!("http.server.requests.{metric}");
            let metric = table.metric(&scope, &Metric { name: &name, unit: "", description: "Requests", kind });
            for series in 0..SERIES {
                let raw = labels(series).map(|(key, value)| text(key, value));
                table.number(metric, raw.iter().map(Vec::as_slice), &Head::default(), value(series)).unwrap();
            }
        }
        all.push(table);
    }
    Tables { caps, all }
}

fn snapshot() -> Snapshot {
    let instance = |id: u32| InstanceFacts {
        id,
        key: id.to_string().into(),
        service: "shop".into(),
        instance: format!("shop-7d9f8b6c5-{id}").into(),
        job: "production/shop".into(),
        environment: None,
        resource: Arc::new([]),
        liveness: Liveness::Live,
        is_local: false,
        is_bridge: false,
        first_seen_unix_ms: 0,
        last_seen_unix_ms: 0,
        export_interval_s: None,
        cpu_utilization: None,
        memory_bytes: None,
        uptime_s: None,
        traces: 0,
        traces_recent: 0,
        recent_s: 60.0,
        spans_active: 0,
        spans: 0,
        log_records: 0,
        series: 0,
        restarts: 0,
    };
    Snapshot { instances: (0..INSTANCES).map(instance).collect(), ..Snapshot::default() }
}

/// The median time of eleven runs, in nanoseconds.
fn median(mut run: impl FnMut()) -> f64 {
    let clock = Clock::system();
    let mut times: Vec<u128> = (0..11)
        .map(|_| {
            let started = clock.elapsed();
            run();
            (clock.elapsed() - started).as_nanos()
        })
        .collect();
    times.sort_unstable();
    times[5] as f64
}

fn ours(name: &str, tables: &Tables, format: Format) -> f64 {
    let (snapshot, rules, options) = (snapshot(), HealthRules::default(), Prometheus::default());
    let sources = Sources { snapshot: &snapshot, rules: &rules, series: tables, gathered: &[] };
    let page = render(&sources, &Scope::default(), &options, format);
    let series = f64::from(INSTANCES) * (METRICS * SERIES) as f64;
    let rendered = median(|| {
        black_box(render(&sources, &Scope::default(), &options, format));
    });
    let copied = median(|| {
        black_box(page.clone());
    });
    println!(
        "{name}: {series} series, {:.1} MB: {:.1} ms, {:.0} ns a series; copy of the text {:.2} ms; ratio {:.1}",
        page.len() as f64 / 1e6,
        rendered / 1e6,
        rendered / series,
        copied / 1e6,
        rendered / copied,
    );
    rendered / series
}

fn elsewhere() -> f64 {
    let registry = prometheus::Registry::new();
    let reader = opentelemetry_prometheus::exporter().with_registry(registry.clone()).build().unwrap();
    let view = |_: &opentelemetry_sdk::metrics::Instrument| {
        Stream::builder().with_cardinality_limit(2 * ELSEWHERE).build().ok()
    };
    let provider = SdkMeterProvider::builder().with_reader(reader).with_view(view).build();
    let counter = provider.meter("http").u64_counter("http.server.requests").build();
    for series in 0..ELSEWHERE {
        counter.add(series as u64, &labels(series).map(|(key, value)| opentelemetry::KeyValue::new(key, value)));
    }
    let mut out = Vec::new();
    let rendered = median(|| {
        out.clear();
        TextEncoder::new().encode(&registry.gather(), &mut out).unwrap();
        black_box(&out);
    });
    println!(
        "opentelemetry-prometheus: {ELSEWHERE} series, {:.1} ms, {:.0} ns a series",
        rendered / 1e6,
        rendered / ELSEWHERE as f64
    );
    rendered / ELSEWHERE as f64
}

fn main() {
    let whole = ours("whole numbers", &tables(|series| Number::Int(series as i64 * 977)), Format::Text);
    let floats = tables(|series| Number::Float(series as f64 * 1.237_1 + 0.1));
    ours("fractions", &floats, Format::Text);
    ours("fractions, OpenMetrics", &floats, Format::OpenMetrics);
    println!("opentelemetry-prometheus takes {:.1} times as long a series", elsewhere() / whole);
}
