//! A service that knows nothing of this crate: the plain OpenTelemetry SDK, and a pool of threads that does real work. Start the
//! bridge, then this, and watch the pool:
//!
//! ```text
//! cargo run --release                       # in one terminal
//! cargo run --release --example demo_service    # in another, for a minute
//! curl -N http://127.0.0.1:9000/metrics/api/metrics/sse
//! ```
//!
//! Arguments: how many seconds to work (60), and the OTLP/gRPC endpoint (`http://127.0.0.1:4317`).

#![expect(clippy::print_stdout, reason = "a program for a person at a terminal")]
#![expect(clippy::disallowed_methods, reason = "an example stands outside the program: it has the machine's clock")]

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Meter, MeterProvider as _};
use opentelemetry::trace::{Span as _, Status, Tracer as _, TracerProvider as _};
use opentelemetry_otlp::{MetricExporter, SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider};
use opentelemetry_sdk::trace::SdkTracerProvider;

const POOL: &str = "hashing";
const THREADS: usize = 4;

/// What one thread of the pool is doing.
struct Thread {
    id: String,
    is_active: AtomicBool,
    requests: AtomicU64,
    started: Instant,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let seconds: u64 = arguments.next().map_or(Ok(60), |text| text.parse())?;
    let endpoint = arguments.next().unwrap_or_else(|| "http://127.0.0.1:4317".to_owned());
    let instance = format!("demo-{}", std::process::id());
    let resource = Resource::builder()
        .with_service_name("demo")
        .with_attribute(KeyValue::new("service.instance.id", instance))
        .build();
    let exporter = MetricExporter::builder().with_tonic().with_endpoint(&endpoint).build()?;
    let reader = PeriodicReader::builder(exporter).with_interval(Duration::from_secs(1)).build();
    let meters = SdkMeterProvider::builder().with_resource(resource.clone()).with_reader(reader).build();
    let exporter = SpanExporter::builder().with_tonic().with_endpoint(&endpoint).build()?;
    let tracers = SdkTracerProvider::builder().with_resource(resource).with_batch_exporter(exporter).build();

    let threads: Arc<Vec<Thread>> = Arc::new((0..THREADS).map(thread).collect());
    let failures = Arc::new(AtomicU64::new(0));
    instruments(&meters.meter("demo"), &threads, &failures);
    println!("working on {THREADS} threads for {seconds} s, telling {endpoint}");
    let end = Instant::now() + Duration::from_secs(seconds);
    let workers = (0..THREADS).map(|number| {
        let (threads, failures, tracer) = (threads.clone(), failures.clone(), tracers.tracer("demo"));
        std::thread::spawn(move || {
            let Some(own) = threads.get(number) else { return };
            for request in 0_u64.. {
                if Instant::now() >= end {
                    return;
                }
                let mut span = tracer.start("hash");
                own.is_active.store(true, Ordering::Relaxed);
                std::hint::black_box((0..400_000_u64).fold(request, |sum, number| sum.rotate_left(5) ^ number));
                own.is_active.store(false, Ordering::Relaxed);
                own.requests.fetch_add(1, Ordering::Relaxed);
                if request % 50 == 49 {
                    failures.fetch_add(1, Ordering::Relaxed);
                    span.set_status(Status::error("every fiftieth request fails"));
                }
                drop(span);
                std::thread::sleep(Duration::from_millis(20 * (number as u64 + 1)));
            }
        })
    });
    let workers: Vec<_> = workers.collect();
    tokio::task::spawn_blocking(move || {
        for worker in workers {
            drop(worker.join());
        }
        // The last export tells the final figures.
        meters.shutdown().and(tracers.shutdown())
    })
    .await??;
    Ok(())
}

fn thread(number: usize) -> Thread {
    Thread {
        id: format!("{POOL}-{number}"),
        is_active: AtomicBool::new(false),
        requests: AtomicU64::new(0),
        started: Instant::now(),
    }
}

/// The instruments of the conventions: a pool, its workers, and the component that they are.
fn instruments(meter: &Meter, threads: &Arc<Vec<Thread>>, failures: &Arc<AtomicU64>) {
    let pool = KeyValue::new("pool.name", POOL);
    meter
        .i64_observable_up_down_counter("pool.size")
        .with_unit("{worker}")
        .with_callback(move |observer| observer.observe(THREADS as i64, std::slice::from_ref(&pool)))
        .build();
    let labels = |thread: &Thread| {
        [
            KeyValue::new("worker.id", thread.id.clone()),
            KeyValue::new("worker.app", "demo"),
            KeyValue::new("pool.name", POOL),
        ]
    };
    let observed = threads.clone();
    meter
        .i64_observable_up_down_counter("worker.status")
        .with_unit("1")
        .with_callback(move |observer| {
            for thread in observed.iter() {
                let is_active = thread.is_active.load(Ordering::Relaxed);
                for (state, holds) in [("active", is_active), ("idle", !is_active)] {
                    let [id, app, pool] = labels(thread);
                    observer.observe(i64::from(holds), &[id, app, pool, KeyValue::new("worker.state", state)]);
                }
            }
        })
        .build();
    let observed = threads.clone();
    meter
        .u64_observable_counter("worker.requests")
        .with_unit("{request}")
        .with_callback(move |observer| {
            observed
                .iter()
                .for_each(|thread| observer.observe(thread.requests.load(Ordering::Relaxed), &labels(thread)));
        })
        .build();
    let observed = threads.clone();
    meter
        .f64_observable_gauge("worker.uptime")
        .with_unit("s")
        .with_callback(move |observer| {
            observed
                .iter()
                .for_each(|thread| observer.observe(thread.started.elapsed().as_secs_f64(), &labels(thread)));
        })
        .build();
    component(meter, threads, failures);
}

fn component(meter: &Meter, threads: &Arc<Vec<Thread>>, failures: &Arc<AtomicU64>) {
    let name = || KeyValue::new("component.name", "hasher");
    meter
        .i64_observable_up_down_counter("component.status")
        .with_unit("1")
        .with_callback(move |observer| {
            let running = [name(), KeyValue::new("component.type", "cpu"), KeyValue::new("component.state", "running")];
            observer.observe(1, &running);
        })
        .build();
    let observed = threads.clone();
    meter
        .u64_observable_counter("component.items_processed")
        .with_unit("{item}")
        .with_callback(move |observer| {
            let total = observed.iter().map(|thread| thread.requests.load(Ordering::Relaxed)).sum();
            observer.observe(total, &[name()]);
        })
        .build();
    let observed = failures.clone();
    meter
        .u64_observable_counter("component.errors")
        .with_unit("{error}")
        .with_callback(move |observer| observer.observe(observed.load(Ordering::Relaxed), &[name()]))
        .build();
}
