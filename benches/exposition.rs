//! `/metrics` of 100,000 generic series, beside a copy of the same text in memory and beside `opentelemetry-prometheus` with
//! the `TextEncoder` (fewer series, since it takes a while). The last lines give nanoseconds a series and ratios, taken in the
//! same run, so that they hold on any machine. Run with `cargo bench --bench exposition`.
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
const PAGE_SERIES: usize = INSTANCES as usize * METRICS * SERIES;
/// Series of the other writer.
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

/// What a page is rendered from.
struct Page {
    tables: Tables,
    snapshot: Snapshot,
    format: Format,
}

impl Page {
    fn new(value: impl Fn(usize) -> Number, format: Format) -> Self {
        Self { tables: tables(value), snapshot: snapshot(), format }
    }

    fn render(&self) -> String {
        let (rules, options) = (HealthRules::default(), Prometheus::default());
        let sources = Sources { snapshot: &self.snapshot, rules: &rules, series: &self.tables, gathered: &[] };
        render(&sources, &Scope::default(), &options, self.format)
    }
}

fn whole_numbers() -> Page {
    Page::new(|series| Number::Int(series as i64 * 977), Format::Text)
}

fn fractions() -> Page {
    Page::new(|series| Number::Float(series as f64 * 1.237_1 + 0.1), Format::Text)
}

fn openmetrics() -> Page {
    Page { format: Format::OpenMetrics, ..fractions() }
}

/// A text, and where it is copied to: pages that are there already, so that only the copy is measured.
struct Copy {
    text: String,
    target: Vec<u8>,
}

impl Copy {
    fn new(text: String) -> Self {
        Self { target: vec![0; text.len()], text }
    }

    fn copy(&mut self) {
        self.target.copy_from_slice(black_box(self.text.as_bytes()));
        black_box(&self.target);
    }
}

/// The same kind of series, held by the SDK and gathered by `opentelemetry-prometheus`.
struct Elsewhere {
    registry: prometheus::Registry,
    _provider: SdkMeterProvider,
}

impl Elsewhere {
    fn new() -> Self {
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
        Self { registry, _provider: provider }
    }

    fn render(&self) -> Vec<u8> {
        let mut out = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut out).unwrap();
        out
    }
}

mod divan_benches {
    use divan::Bencher;
    use divan::counter::{BytesCount, ItemsCount};

    use super::{Copy, ELSEWHERE, Elsewhere, PAGE_SERIES, Page};

    fn page(bencher: Bencher<'_, '_>, page: &Page) {
        bencher.counter(ItemsCount::new(PAGE_SERIES)).bench_local(|| page.render());
    }

    #[divan::bench(sample_count = 11)]
    fn whole_numbers(bencher: Bencher) {
        page(bencher, &super::whole_numbers());
    }

    #[divan::bench(sample_count = 11)]
    fn fractions(bencher: Bencher) {
        page(bencher, &super::fractions());
    }

    #[divan::bench(sample_count = 11)]
    fn openmetrics(bencher: Bencher) {
        page(bencher, &super::openmetrics());
    }

    #[divan::bench(sample_count = 11)]
    fn copy_of_the_text(bencher: Bencher) {
        let mut copy = Copy::new(super::whole_numbers().render());
        bencher.counter(BytesCount::new(copy.text.len())).bench_local(|| copy.copy());
    }

    #[divan::bench(sample_count = 11)]
    fn opentelemetry_prometheus(bencher: Bencher) {
        let elsewhere = Elsewhere::new();
        bencher.counter(ItemsCount::new(ELSEWHERE)).bench_local(|| elsewhere.render());
    }
}

/// The median time of eleven runs, in nanoseconds.
fn median_ns<T>(mut run: impl FnMut() -> T) -> f64 {
    let clock = Clock::system();
    let mut times: Vec<u128> = (0..11)
        .map(|_| {
            let started = clock.elapsed();
            black_box(run());
            (clock.elapsed() - started).as_nanos()
        })
        .collect();
    times.sort_unstable();
    times[5] as f64
}

/// Prints a page's figures; nanoseconds a series.
fn report(name: &str, page: &Page) -> f64 {
    let rendered = median_ns(|| page.render());
    let mut copy = Copy::new(page.render());
    let copied = median_ns(|| copy.copy());
    let each = rendered / PAGE_SERIES as f64;
    println!(
        "  {name:<26} {each:8.0} ns a series, {:.1} MB in {:.1} ms, {:.1} × a copy of the text ({:.2} ms)",
        copy.text.len() as f64 / 1e6,
        rendered / 1e6,
        rendered / copied,
        copied / 1e6,
    );
    each
}

fn main() {
    divan::main();
    println!("a page of {PAGE_SERIES} series:");
    let ours = report("whole numbers", &whole_numbers());
    report("fractions", &fractions());
    report("fractions, OpenMetrics", &openmetrics());
    let elsewhere = Elsewhere::new();
    let each = median_ns(|| elsewhere.render()) / ELSEWHERE as f64;
    println!("  {:<26} {each:8.0} ns a series of {ELSEWHERE}, {:.1} × ours", "opentelemetry-prometheus", each / ours);
}
