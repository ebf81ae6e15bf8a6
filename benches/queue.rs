//! What a request costs between its commit and its delivery: CPU of this process for each request that is submitted, stored,
//! merged, compressed, sent and taken out again, by submitters that wait for the commit. The destination is another process.
//! The queue stands in this folder, or in that of `BENCH_DIRECTORY`, such as one on another disk.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a benchmark"
)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::metrics::v1::{
    Gauge, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, metric, number_data_point,
};
use otel_bridge::clock::Clock;
use otel_bridge::config::push::{Compression, Destination, Durability, Protocol};
use otel_bridge::model::signal::Signal;
use otel_bridge::push::Push;
use otel_bridge::push::hooks::Hooks;
use otel_bridge::state::accounting::Accounting;
use prost::Message as _;

const SINK: &str = "OTEL_BRIDGE_BENCH_SINK";
const RUN: Duration = Duration::from_secs(2);

fn attribute(key: &str, value: String) -> KeyValue {
    let value = Some(AnyValue { value: Some(any_value::Value::StringValue(value)) });
    KeyValue { key: key.to_owned(), value, ..KeyValue::default() }
}

fn request(points: u64, seed: u64) -> Bytes {
    let point = |index: u64| NumberDataPoint {
        attributes: vec![
            attribute("worker.id", format!("worker-{:05}", (index + seed) % 10_000)),
            attribute("pool.name", "image-resize".to_owned()),
            attribute("worker.state", "busy".to_owned()),
        ],
        time_unix_nano: 1_700_000_010_000_000_000 + index + seed * 1_000,
        value: Some(number_data_point::Value::AsInt((index * 7 + seed) as i64)),
        ..NumberDataPoint::default()
    };
    let gauge = Gauge { data_points: (0..points).map(point).collect() };
    let metric =
        Metric { name: "worker.requests".to_owned(), data: Some(metric::Data::Gauge(gauge)), ..Metric::default() };
    let scope = ScopeMetrics { metrics: vec![metric], ..ScopeMetrics::default() };
    let resource = ResourceMetrics { scope_metrics: vec![scope], ..ResourceMetrics::default() };
    ExportMetricsServiceRequest { resource_metrics: vec![resource] }.encode_to_vec().into()
}

/// Answers every request on every connection with an empty success.
fn sink() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let mut out = std::io::stdout();
    writeln!(out, "{}", listener.local_addr().expect("an address")).expect("a parent");
    out.flush().expect("a parent");
    for stream in listener.incoming().flatten() {
        std::thread::spawn(move || serve(stream));
    }
}

fn serve(mut stream: TcpStream) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().ok()?;
            }
            if line == "\r\n" {
                break;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n")
            .ok()?;
    }
}

fn cpu() -> Duration {
    let stat = procfs::process::Process::myself().and_then(|me| me.stat()).expect("procfs");
    Duration::from_secs_f64((stat.utime + stat.stime) as f64 / procfs::ticks_per_second() as f64)
}

struct Case {
    points: u64,
    submitters: usize,
    compression: Compression,
    durability: Durability,
}

async fn measure(endpoint: &str, case: &Case) {
    let home = tempfile::tempdir_in(std::env::var("BENCH_DIRECTORY").unwrap_or(".".to_owned())).expect("a folder");
    let mut destination = Destination::new("bench", endpoint)
        .protocol(Protocol::HttpProtobuf)
        .compression(case.compression)
        .signals([Signal::Metrics]);
    destination.queue.directory = home.path().join("q");
    destination.queue.durability = case.durability;
    let accounting = Arc::new(Accounting::default());
    let push = Push::start(&[destination], Arc::clone(&accounting), Clock::system(), Hooks::default()).expect("starts");
    let bodies: Arc<Vec<Bytes>> = Arc::new((0..64).map(|seed| request(case.points, seed)).collect());
    let (push, until) = (Arc::new(push), Instant::now() + RUN);
    let before = cpu();
    let tasks: Vec<_> = (0..case.submitters)
        .map(|place| {
            let (push, bodies, points) = (Arc::clone(&push), Arc::clone(&bodies), case.points);
            async move {
                let mut count = 0_usize;
                while Instant::now() < until {
                    let body = bodies[(place * 7 + count) % bodies.len()].clone();
                    match push.submit(Signal::Metrics, body, points).await {
                        Ok(()) => count += 1,
                        // The queue is full: the destination does not follow. Its pace is the measure then.
                        Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
                    }
                }
                count
            }
        })
        .map(tokio::task::spawn)
        .collect();
    let mut count = 0;
    for task in tasks {
        count += task.await.expect("ends");
    }
    while accounting.destinations(0)[0].signals[0].as_ref().expect("metrics").queue_bytes > 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let spent = cpu().saturating_sub(before);
    push.stop(Duration::from_secs(5)).await;
    let bytes = bodies[0].len();
    println!(
        "{:>6} B × {:>3} submitters, {:?}, {:?}: {:>7.1} µs CPU a request, {:>6} requests/s",
        bytes,
        case.submitters,
        case.durability,
        case.compression,
        spent.as_secs_f64() * 1e6 / count as f64,
        count as u64 / RUN.as_secs(),
    );
}

fn main() {
    if std::env::var_os(SINK).is_some() {
        return sink();
    }
    let program = std::env::current_exe().expect("a program");
    let mut child = Command::new(program).env(SINK, "1").stdout(Stdio::piped()).spawn().expect("a child");
    let mut address = String::new();
    BufReader::new(child.stdout.take().expect("piped")).read_line(&mut address).expect("an address");
    let endpoint = format!("http://{}", address.trim());
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let (commit, gzip) = (Durability::Commit, Compression::Gzip);
        for (points, submitters, durability, compression) in [
            (10, 1, commit, gzip),
            (10, 16, commit, gzip),
            (10, 16, commit, Compression::None),
            (10, 64, commit, gzip),
            (10, 16, Durability::Interval, gzip),
            (10, 16, Durability::Memory, gzip),
            (1000, 8, commit, gzip),
            (1000, 8, commit, Compression::None),
            (1000, 8, Durability::Memory, gzip),
        ] {
            measure(&endpoint, &Case { points, submitters, compression, durability }).await;
        }
    });
    child.kill().expect("a child of ours");
    let _ = child.wait();
}
