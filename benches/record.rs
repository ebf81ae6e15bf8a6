//! What recording costs on the hot path, beside an atomic addition and beside what others do for the same: each subject on one
//! thread and on two threads that count the same thing. The table at the end gives nanoseconds a call and multiples of one
//! uncontended `AtomicU64::fetch_add`, which is measured anew beside each subject.

use std::cell::RefCell;
use std::hint::black_box;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, MeterProvider as _};
use opentelemetry_sdk::metrics::{ManualReader, SdkMeterProvider};
use otel_bridge::clock::Clock;
use otel_bridge::record::{Component, Recorder, Telemetry, TelemetryOptions, Worker};
use otel_bridge::state::{Store, StoreOptions};

/// Calls in one round; a round is short enough that most of them are not interrupted on a busy machine.
const CALLS: u32 = 5_000;
/// How long each subject is measured.
const TIME: Duration = Duration::from_millis(150);

/// A count on a cache line of its own.
#[derive(Default)]
#[repr(align(128))]
struct Line(AtomicU64);

/// The providers of a service, as `Bridge` makes them: durations are taken.
fn telemetry() -> &'static Telemetry {
    static TELEMETRY: OnceLock<Telemetry> = OnceLock::new();
    TELEMETRY.get_or_init(|| {
        let clock = Clock::system();
        let store = Store::new(StoreOptions::of_service("shop", clock.clone()));
        let Some(recorder) = Recorder::new(&store, clock) else { unreachable!("a service has a local instance") };
        let attributes = [("service.name".to_owned(), "shop".to_owned())];
        Telemetry::new(&recorder, &attributes, TelemetryOptions::pull_only())
    })
}

fn component() -> Component {
    let registered = telemetry().recorder().component("tasks").kind("http").register();
    registered.unwrap_or_else(|error| unreachable!("{error}"))
}

fn fetch_add() -> impl Fn() + Sync {
    let count = AtomicU64::new(0);
    move || {
        black_box(&count).fetch_add(1, Ordering::Relaxed);
    }
}

fn processed() -> impl Fn() + Sync {
    let tasks = component();
    move || black_box(&tasks).processed(1)
}

fn timed() -> impl Fn() + Sync {
    let tasks = component();
    move || drop(black_box(&tasks).timed())
}

/// A worker has one handle, so each thread has a worker of its own; the pool is the same.
fn request() -> impl Fn() + Sync {
    thread_local! {
        static WORKER: RefCell<Worker> = RefCell::new(worker());
    }
    || WORKER.with_borrow_mut(|worker| drop(black_box(worker).begin()))
}

fn worker() -> Worker {
    static WORKERS: AtomicU64 = AtomicU64::new(0);
    let id = format!("worker-{}", WORKERS.fetch_add(1, Ordering::Relaxed));
    let worker =
        telemetry().recorder().pool("requests").size(100).register().and_then(|pool| pool.worker(&id).register());
    worker.unwrap_or_else(|error| unreachable!("{error}"))
}

fn breaker_call() -> impl Fn() + Sync {
    let breaker = telemetry().recorder().circuit_breaker("stock").component("tasks").register();
    let breaker = breaker.unwrap_or_else(|error| unreachable!("{error}"));
    move || black_box(&breaker).succeeded()
}

/// A counter of the SDK; its provider goes on for as long as the process.
fn sdk_counter() -> Counter<u64> {
    static PROVIDER: OnceLock<SdkMeterProvider> = OnceLock::new();
    let make = || SdkMeterProvider::builder().with_reader(ManualReader::builder().build()).build();
    PROVIDER.get_or_init(make).meter("bench").u64_counter("items").build()
}

fn labels() -> [KeyValue; 3] {
    [KeyValue::new("component.name", "tasks"), KeyValue::new("zone", "west"), KeyValue::new("tier", "gold")]
}

fn otel() -> impl Fn() + Sync {
    let counter = sdk_counter();
    move || black_box(&counter).add(1, &[])
}

fn otel_1_attribute() -> impl Fn() + Sync {
    let (counter, [one, ..]) = (sdk_counter(), labels());
    move || black_box(&counter).add(1, std::slice::from_ref(&one))
}

fn otel_3_attributes() -> impl Fn() + Sync {
    let (counter, three) = (sdk_counter(), labels());
    move || black_box(&counter).add(1, &three)
}

fn otel_bound() -> impl Fn() + Sync {
    let counter = sdk_counter().bind(&labels());
    move || black_box(&counter).add(1)
}

fn prometheus() -> impl Fn() + Sync {
    let registered = prometheus::IntCounter::new("items", "Items.");
    let counter = registered.unwrap_or_else(|error| unreachable!("{error}"));
    move || black_box(&counter).inc()
}

fn prometheus_1_label() -> impl Fn() + Sync {
    let counters = prometheus::IntCounterVec::new(prometheus::Opts::new("items", "Items."), &["component"]);
    let counters = counters.unwrap_or_else(|error| unreachable!("{error}"));
    move || black_box(&counters).with_label_values(&["tasks"]).inc()
}

fn prometheus_client() -> impl Fn() + Sync {
    let counter = prometheus_client::metrics::counter::Counter::<u64>::default();
    move || {
        black_box(&counter).inc();
    }
}

fn prometheus_client_1_label() -> impl Fn() + Sync {
    type Labels = Vec<(&'static str, &'static str)>;
    let counters =
        prometheus_client::metrics::family::Family::<Labels, prometheus_client::metrics::counter::Counter>::default();
    let labels = vec![("component", "tasks")];
    move || {
        black_box(&counters).get_or_create(&labels).inc();
    }
}

fn metrics_recorder() {
    // The second call finds it set.
    let _ = metrics::set_global_recorder(metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder());
}

fn metrics_handle() -> impl Fn() + Sync {
    metrics_recorder();
    let counter = metrics::counter!("items", "component" => "tasks");
    move || black_box(&counter).increment(1)
}

fn metrics_macro() -> impl Fn() + Sync {
    metrics_recorder();
    || metrics::counter!("items", "component" => "tasks").increment(1)
}

macro_rules! subjects {
    ($($name:ident: $what:literal;)*) => {
        mod divan_benches { $(
            #[divan::bench(threads = [1, 2])]
            fn $name(bencher: divan::Bencher) {
                bencher.bench(super::$name());
            }
        )* }

        fn table() {
            $(row($what, $name());)*
        }
    };
}

subjects! {
    fetch_add: "AtomicU64::fetch_add";
    processed: "component.processed(1)";
    timed: "component.timed(), dropped";
    request: "worker.begin(), dropped";
    breaker_call: "breaker.succeeded()";
    otel: "OpenTelemetry SDK";
    otel_1_attribute: "OpenTelemetry SDK, 1 attribute";
    otel_3_attributes: "OpenTelemetry SDK, 3 attributes";
    otel_bound: "OpenTelemetry SDK, bound";
    prometheus: "prometheus";
    prometheus_1_label: "prometheus, 1 label";
    prometheus_client: "prometheus-client";
    prometheus_client_1_label: "prometheus-client, 1 label";
    metrics_handle: "metrics, handle";
    metrics_macro: "metrics, macro";
}

/// Nanoseconds that this thread ran.
fn own_ns() -> u64 {
    let own = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    own.tv_sec as u64 * 1_000_000_000 + own.tv_nsec as u64
}

/// Nanoseconds a call: the median of many rounds, because the machine may be shared. With two threads only those rounds count in
/// which the other thread got on as well, while this one kept its core: its own time in them is nearly all the time that passed.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures the machine's time")]
fn ns_per_call(threads: usize, subject: &(impl Fn() + Sync)) -> f64 {
    let (done, until) = ([Line::default(), Line::default()], Instant::now() + TIME);
    let rounds = |thread: usize| {
        let mut rounds = Vec::new();
        let [mine, other] = if thread == 0 { [&done[0], &done[1]] } else { [&done[1], &done[0]] };
        while Instant::now() < until {
            let (others, own, start) = (other.0.load(Ordering::Relaxed), own_ns(), Instant::now());
            (0..CALLS).for_each(|_| subject());
            let took = start.elapsed().as_nanos() as u64;
            let is_undisturbed = took < (own_ns() - own) * 5 / 4;
            mine.0.fetch_add(1, Ordering::Relaxed);
            if threads == 1 || (is_undisturbed && other.0.load(Ordering::Relaxed) != others) {
                rounds.push(took);
            }
        }
        rounds
    };
    let mut all: Vec<u64> = std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads)
            .map(|thread| {
                let rounds = &rounds;
                scope.spawn(move || rounds(thread))
            })
            .collect();
        running.into_iter().flat_map(|one| one.join().unwrap_or_default()).collect()
    });
    all.sort_unstable();
    all.get(all.len() / 2).map_or(f64::NAN, |median| *median as f64 / f64::from(CALLS))
}

#[expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
fn row(what: &str, subject: impl Fn() + Sync) {
    let yardstick = ns_per_call(1, &fetch_add());
    let (one, two) = (ns_per_call(1, &subject), ns_per_call(2, &subject));
    println!("  {what:<32} {one:8.1} {:7.2} {two:8.1} {:7.2}", one / yardstick, two / yardstick);
}

#[expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
fn main() {
    divan::main();
    println!("{:<34} {:>16} {:>16}", "ns a call (× fetch_add)", "one thread", "two threads");
    table();
}
