//! What a million generic series cost: resident memory for each, and nanoseconds for a point of a known one (walk over the
//! bytes, hash, look-up, store). Run with `cargo bench --bench series_memory`.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::unchecked_time_subtraction,
    reason = "a benchmark tells its figures and may stop"
)]

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::metrics::v1::NumberDataPoint;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as PointValue;
use otel_bridge::clock::Clock;
use otel_bridge::otlp::metrics::points::{NumberPoint, PointView};
use otel_bridge::state::series::{Head, Kind, Metric, Number, Scope, SeriesCaps, SeriesTable, Temporality};
use prost::Message;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const INSTANCES: usize = 20;
const METRICS: usize = 10;
const SERIES: usize = 5_000;
const KIND: Kind = Kind::Sum { temporality: Temporality::Cumulative, is_monotonic: true };

fn text(key: &str, value: String) -> KeyValue {
    let value = Some(AnyValue { value: Some(Value::StringValue(value)) });
    KeyValue { key: key.to_owned(), value, ..KeyValue::default() }
}

/// A point with four attributes of usual length.
fn point(series: usize) -> Vec<u8> {
    let attributes = vec![
        text("http.request.method", ["GET", "POST", "PUT", "DELETE"][series % 4].to_owned()),
        text("http.route", format!("/api/v1/things/{}", series / 4)),
        text("http.response.status_code", (200 + series % 5).to_string()),
        text("server.address", "shop.example.internal".to_owned()),
    ];
    let value = Some(PointValue::AsInt(series as i64));
    let (start, time) = (1_700_000_000_000_000_000, 1_700_000_010_000_000_000);
    NumberDataPoint { attributes, start_time_unix_nano: start, time_unix_nano: time, value, ..Default::default() }
        .encode_to_vec()
}

fn fill(table: &mut SeriesTable, metrics: usize, points: &[Vec<u8>], now_ms: u64) {
    table.begin(now_ms);
    let scope = Scope { name: "io.opentelemetry.http", version: "1.2", schema_url: "", attributes: std::iter::empty() };
    let scope = table.scope(&scope);
    for number in 0..metrics {
        let name = format!("http.server.requests.{number}");
        let metric = Metric { name: &name, unit: "{request}", description: "Requests that were handled", kind: KIND };
        let metric = table.metric(&scope, &metric);
        for raw in points {
            let point = NumberPoint::parse(raw);
            let head = Head { flags: point.flags, start_ns: point.start_time_unix_nano, time_ns: point.time_unix_nano };
            let value = point.value.as_f64().unwrap_or_default();
            table.number(metric, point.attributes.bodies(), &head, Number::Float(value)).unwrap();
        }
    }
}

fn resident_bytes() -> u64 {
    let page = rustix::param::page_size() as u64;
    procfs::process::Process::myself().unwrap().statm().unwrap().resident * page
}

fn main() {
    let clock = Clock::system();
    let points: Vec<Vec<u8>> = (0..SERIES).map(point).collect();
    let caps = SeriesCaps::with_limits(INSTANCES * METRICS * (SERIES + 1), usize::MAX, SERIES);
    let before = resident_bytes();
    let started = clock.elapsed();
    let mut tables: Vec<SeriesTable> = Vec::new();
    for _ in 0..INSTANCES {
        let mut table = SeriesTable::new(caps.clone());
        fill(&mut table, METRICS, &points, 0);
        tables.push(table);
    }
    let made = clock.elapsed() - started;
    let held: usize = tables.iter().map(SeriesTable::len).sum();
    let resident = resident_bytes() - before;
    println!("{held} series: {} MiB resident, {} bytes each", resident >> 20, resident / held as u64);
    println!("booked: {} MiB, {} bytes each", caps.bytes() >> 20, caps.bytes() / held);
    println!("made in {} ns each", made.as_nanos() / held as u128);
    for (order, points) in [("same order", points.clone()), ("reversed", points.iter().rev().cloned().collect())] {
        let started = clock.elapsed();
        for (number, table) in tables.iter_mut().enumerate() {
            fill(table, METRICS, &points, 10_000 + number as u64);
        }
        let known = clock.elapsed() - started;
        println!("known series, {order}: {} ns a point of {} bytes", known.as_nanos() / held as u128, points[1].len());
    }
    let table = &mut tables[0];
    let small = &points[..500];
    for round in 0..3 {
        let started = clock.elapsed();
        for _ in 0..200 {
            fill(table, 1, small, 20_000 + round);
        }
        let known = clock.elapsed() - started;
        println!("known series, in cache: {} ns a point", known.as_nanos() / (200 * 500));
    }
}
