//! How an embedded bridge begins and ends, and what it stands beside: dead collectors, other runtimes, and providers that the
//! service has already.

use std::task::{Context, Poll, Waker};

use opentelemetry::metrics::MeterProvider as _;
use opentelemetry::trace::{Tracer as _, TracerProvider as _};
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;
use otel_bridge::Bridge;
use otel_bridge::bridge::{BuildError, Builder};
use otel_bridge::config::push::{Destination, Protocol};
use otel_bridge::model::component::ComponentState;
use otel_bridge::model::signal::Signal;
use otel_bridge::model::worker::WorkerState;
use otel_bridge::record::source::{ComponentReading, PoolReading, WorkerReading};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::harness::sink::Reply;
use crate::harness::{PATIENCE, Sink, eventually};
use crate::library::{Embedded, destination, metric_names, quick};

/// A destination that takes connections and never answers. Its patience outlasts the test's.
fn dead(sink: &Sink, protocol: Protocol) -> Destination {
    sink.always(Some(Reply::Held));
    destination(sink, protocol).timeout(10 * PATIENCE)
}

/// Every handle and every view works while an export hangs.
async fn works(shop: &Embedded) {
    let pool = shop.bridge.pool("requests").size(4).register().unwrap();
    let mut worker = pool.worker("worker-1").register().unwrap();
    let cart = shop.bridge.component("cart").register().unwrap();
    let breaker = shop.bridge.circuit_breaker("stock").component("cart").register().unwrap();
    for _ in 0..10_000 {
        drop(worker.begin());
        cart.processed(1);
        cart.failed(&std::io::Error::other("no stock"));
        breaker.failed();
        shop.bridge.tracer().in_span("charge", |_| ());
    }
    let counted = |document: &Value| document["components"]["cart"]["items_processed"] == 10_000;
    shop.until("/components", counted).await;
    for path in ["/health", "/metrics", "/metrics/json", "/api/v1/exporters", "/readyz"] {
        assert_eq!(shop.get(path).await.status, 200, "{path}");
    }
}

/// A dead collector costs its own data and nothing else: handles and views go on, what waits is bounded, and the shutdown ends.
#[tokio::test(flavor = "multi_thread")]
async fn a_dead_collector_slows_nothing() {
    for protocol in [Protocol::Grpc, Protocol::HttpProtobuf] {
        let sink = Sink::start().await;
        let shop = Embedded::start(Bridge::builder().config(quick()).push_to(dead(&sink, protocol)));
        let hangs = |document: &Value| document["items"][0]["in_flight"] == 1;
        shop.until("/api/v1/exporters", hangs).await;
        works(&shop).await;
        // One export at a time, however long it takes.
        assert!(hangs(&shop.json("/api/v1/exporters").await));
        let ended = tokio::time::timeout(PATIENCE, shop.bridge.shutdown()).await.expect("the shutdown ends");
        assert!(ended.is_err(), "what hung is lost");
    }
}

/// With a durable queue too; the data waits in the file, whose size is bounded.
#[cfg(feature = "queue")]
#[tokio::test(flavor = "multi_thread")]
async fn a_dead_collector_fills_a_bounded_queue() {
    let directory = tempfile::tempdir().unwrap();
    let sink = Sink::start().await;
    let mut collector = dead(&sink, Protocol::HttpProtobuf);
    collector.queue.bytes_max = 1 << 20;
    let builder = Bridge::builder().config(quick()).push_to(collector).durable_queue(directory.path());
    let shop = Embedded::start(builder);
    works(&shop).await;
    let queued = |document: &Value| document["items"][0]["signals"]["metrics"]["queue_items"].as_u64() > Some(0);
    shop.until("/api/v1/exporters", queued).await;
    let ended = tokio::time::timeout(PATIENCE, shop.bridge.shutdown()).await.expect("the shutdown ends");
    assert_eq!(ended, Ok(()), "the queue has it");
    let bytes = |file: std::io::Result<std::fs::DirEntry>| file.unwrap().metadata().unwrap().len();
    assert!(std::fs::read_dir(directory.path()).unwrap().map(bytes).sum::<u64>() < 8 << 20);
}

/// In a runtime of one thread, inside a task of its own, by two at once, and by a caller who stops waiting.
#[tokio::test]
async fn shutdown_works_anywhere() {
    let sink = Sink::start().await;
    let start = || {
        let builder = Bridge::builder().service_name("shop").config(quick());
        builder.push_to(destination(&sink, Protocol::HttpProtobuf)).build().unwrap()
    };
    let bridge = start();
    let (one, other) = tokio::join!(bridge.shutdown(), bridge.shutdown());
    assert_eq!((one, other), (Ok(()), Ok(())));
    let bridge = start();
    let mut task = tokio::task::JoinSet::new();
    task.spawn(async move { bridge.shutdown().await });
    assert_eq!(task.join_next().await.unwrap().unwrap(), Ok(()));

    let bridge = start();
    let before = sink.taken(Signal::Metrics).len();
    bridge.component("cart").register().unwrap().processed(1);
    {
        let mut given_up = Box::pin(bridge.shutdown());
        assert!(given_up.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    sink.wait_for(Signal::Metrics, |taken| taken.len() > before).await;
}

/// A thread without a runtime may end it, and one whose runtime has ended is told that the last export did not get out.
#[test]
fn shutdown_without_a_runtime() {
    let runtime = Runtime::new().unwrap();
    let (sink, bridge) = runtime.block_on(async {
        let sink = Sink::start().await;
        let builder = Bridge::builder().service_name("shop").push_to(destination(&sink, Protocol::Grpc));
        (sink, builder.build().unwrap())
    });
    bridge.component("cart").register().unwrap().processed(1);
    let mut shutdown = Box::pin(bridge.shutdown());
    let mut poll = || shutdown.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    let mut ended = poll();
    while ended.is_pending() {
        std::thread::yield_now();
        ended = poll();
    }
    assert_eq!(ended, Poll::Ready(Ok(())));
    assert!(!sink.taken(Signal::Metrics).is_empty());

    let late =
        runtime.block_on(async { Bridge::builder().push_to(destination(&sink, Protocol::Grpc)).build().unwrap() });
    drop(runtime);
    let mut shutdown = Box::pin(late.shutdown());
    let ended = shutdown.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(ended, Poll::Ready(Err(_))), "{ended:?}");
}

/// The last clone takes everything with it: no task stays, whatever it pushed with, and its queue is free.
#[test]
fn dropping_the_last_clone_leaves_nothing() {
    let outer = Runtime::new().unwrap();
    let sink = outer.block_on(Sink::start());
    let leaves_nothing = |builder: &dyn Fn() -> Builder| {
        let runtime = Runtime::new().unwrap();
        runtime.block_on(async {
            let taken = sink.taken(Signal::Metrics).len();
            let bridge = Embedded::start_eventually(builder).await;
            bridge.bridge.pool_source("db", || Ok(PoolReading::new(2, 1, 1))).unwrap();
            sink.wait_for(Signal::Metrics, |all| all.len() > taken).await;
            assert_eq!(bridge.get("/livez").await.status, 200);
            drop(bridge);
            let metrics = tokio::runtime::Handle::current().metrics();
            eventually("no task", async || (metrics.num_alive_tasks() == 0).then_some(())).await;
        });
    };
    for protocol in [Protocol::Grpc, Protocol::HttpProtobuf] {
        leaves_nothing(&|| Bridge::builder().config(quick()).push_to(destination(&sink, protocol)));
    }
    #[cfg(feature = "queue")]
    {
        let directory = tempfile::tempdir().unwrap();
        for _ in 0..2 {
            let to_sink = || destination(&sink, Protocol::Grpc);
            leaves_nothing(&|| Bridge::builder().config(quick()).push_to(to_sink()).durable_queue(directory.path()));
        }
    }
}

/// Readings that cannot be true do no harm, and a source that takes another's place tells of the same workers.
#[tokio::test(flavor = "multi_thread")]
async fn invalid_readings_do_no_harm() {
    let shop = Embedded::start(Bridge::builder());
    let read = |active: u64, uptime_s: f64| {
        let mut worker = WorkerReading::new("conn-1", "db", WorkerState::Active);
        (worker.uptime_s, worker.requests) = (Some(uptime_s), Some(u64::MAX));
        move || Ok(PoolReading::new(0, active, u64::MAX).workers(vec![worker.clone(), worker.clone()]))
    };
    for (active, uptime_s) in [(1, f64::NAN), (2, f64::INFINITY), (3, -1.0), (4, f64::MAX)] {
        shop.bridge.pool_source("db", read(active, uptime_s)).unwrap();
        let pools = shop.until("/api/v1/pools", |document| document["items"][0]["active"] == active).await;
        assert_eq!((&pools["items"][0]["utilization"], &pools["items"][0]["idle"]), (&json!(0.0), &json!(i64::MAX)));
        let workers = shop.json("/api/v1/workers").await;
        assert_eq!(workers["items"].as_array().unwrap().len(), 1, "{workers}");
    }
    let long = "x".repeat(1 << 20);
    let tell = move || {
        let mut reading = ComponentReading::new(ComponentState::Running, u64::MAX, 0);
        reading.last_error = Some(long.clone());
        Ok(reading)
    };
    shop.bridge.component_source("cache", "store", tell).unwrap();
    let has = |document: &Value| document["components"]["cache"].is_object();
    let told = shop.until("/components", has).await;
    assert!(told.to_string().len() < 64 << 10);
    let document = shop.json("/metrics/json").await;
    assert_eq!(document.get("errors"), None, "no part failed");
}

/// Two destinations of one name would share a queue and their books.
#[tokio::test]
async fn a_name_twice_is_refused() {
    let to = |port: u16| Destination::new("collector", format!("http://127.0.0.1:{port}"));
    let refused = Bridge::builder().push_to(to(1)).push_to(to(2)).build().unwrap_err();
    assert!(matches!(&refused, BuildError::SameName { name } if name == "collector"), "{refused}");
}

/// A service that has its own providers hands them in: its reader has the instruments, `/metrics` shows its registry with each
/// family once, and the bridge pushes no metrics.
#[tokio::test(flavor = "multi_thread")]
async fn providers_are_handed_in() {
    let sink = Sink::start().await;
    let registry = prometheus::Registry::new();
    let exporter = opentelemetry_prometheus::exporter().with_registry(registry.clone()).build().unwrap();
    let meters = SdkMeterProvider::builder().with_reader(exporter).build();
    let builder = Bridge::builder().config(quick()).push_to(destination(&sink, Protocol::HttpProtobuf));
    let shop = Embedded::start(builder.meter_provider(meters.clone()).prometheus_registry(registry.clone()));
    let spans = SdkTracerProvider::builder().with_span_processor(shop.bridge.span_processor()).build();

    meters.meter("theirs").u64_counter("orders").build().add(2, &[]);
    shop.bridge.meter("ours").u64_counter("parcels").build().add(3, &[]);
    spans.tracer("theirs").in_span("checkout", |_| ());
    let cart = shop.bridge.component("cart").register().unwrap();
    drop(cart.timed());
    cart.failed(&std::io::Error::other("no stock"));

    let families: Vec<String> = registry.gather().iter().map(|family| family.name().to_owned()).collect();
    for name in
        ["orders_total", "parcels_total", "component_items_processed_total", "component_process_duration_seconds"]
    {
        assert!(families.iter().any(|family| family == name), "{name} is not in {families:?}");
    }
    let text = shop.get("/metrics").await.text();
    for line in ["orders_total", "parcels_total", "component_process_duration_seconds_count"] {
        assert!(text.lines().any(|found| found.starts_with(line)), "{line} is not in\n{text}");
    }
    let mut types: Vec<&str> = text.lines().filter(|line| line.starts_with("# TYPE")).collect();
    let all = types.len();
    types.sort_unstable();
    types.dedup();
    assert_eq!(types.len(), all, "a family stands twice in\n{text}");
    let counted = async || (shop.bridge.snapshot().instances[0].spans == 1).then_some(());
    eventually("the span", counted).await;
    // The error is told, so exports ran; the provider's metrics are its own business.
    sink.wait_for(Signal::Logs, |taken| !taken.is_empty()).await;
    shop.bridge.shutdown().await.unwrap();
    assert_eq!(metric_names(&sink.taken(Signal::Metrics)), Vec::<String>::new());
    assert!(sink.taken(Signal::Traces).is_empty());
}

/// Spans of `tracing`: counted, kept when they are slow or failed, pushed once. Sending them makes none.
#[cfg(feature = "tracing-layer")]
#[tokio::test]
async fn spans_of_tracing() {
    use tracing_subscriber::layer::SubscriberExt as _;
    for protocol in [Protocol::Grpc, Protocol::HttpProtobuf] {
        let sink = Sink::start().await;
        let builder = Bridge::builder().service_name("shop").config(quick()).push_to(destination(&sink, protocol));
        let bridge = builder.build().unwrap();
        let subscriber = tracing_subscriber::registry().with(bridge.tracing_layer());
        // The runtime has one thread, so whatever the export does it does under this subscriber.
        let guard = tracing::subscriber::set_default(subscriber);
        tracing::info_span!("charge").in_scope(|| tracing::info_span!("ask_bank").in_scope(|| ()));
        tracing::info_span!("refund").in_scope(|| tracing::error!("no such payment"));
        let slow = tracing::info_span!("report");
        slow.in_scope(|| std::thread::sleep(std::time::Duration::from_millis(1_100)));
        drop(slow);
        sink.wait_for(Signal::Traces, |taken| !taken.is_empty()).await;
        let so_far = sink.taken(Signal::Metrics).len();
        sink.wait_for(Signal::Metrics, |taken| taken.len() > so_far + 5).await;
        bridge.shutdown().await.unwrap();
        drop(guard);
        let snapshot = bridge.snapshot();
        assert_eq!((snapshot.instances[0].traces, snapshot.instances[0].spans), (3, 4));
        let mut kept: Vec<String> = snapshot.spans.iter().map(|span| span.name.to_string()).collect();
        kept.sort();
        assert_eq!(kept, ["refund", "report"]);
        assert_eq!(spans(&sink.taken(Signal::Traces)), 4, "{protocol:?}");
    }
}

#[cfg(feature = "tracing-layer")]
fn spans(taken: &[bytes::Bytes]) -> usize {
    use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
    use prost::Message as _;
    let requests = taken.iter().map(|body| ExportTraceServiceRequest::decode(&body[..]).unwrap());
    let scopes = requests.flat_map(|request| request.resource_spans).flat_map(|one| one.scope_spans);
    scopes.map(|one| one.spans.len()).sum()
}
