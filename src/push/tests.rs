//! The push layer against a destination in this process.

mod matrix;
mod policies;
mod sink;
#[cfg(feature = "queue")]
mod survival;
#[cfg(feature = "_listen")]
mod tls;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::metrics::v1::{
    Gauge, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, metric, number_data_point,
};
use prost::Message;

use super::*;
use crate::config::Secret;
use crate::config::push::{
    ClientTls, Compression, Durability, OnAuthError, OnFull, Protocol, Queue as QueueConfig, Retry,
};
use crate::model::breaker::BreakerState;
use crate::model::snapshot::{DestinationFacts, DestinationSignal};
use crate::push::hooks::Jitter;
use crate::push::tests::sink::{Answer, Sink};

/// Points `from..from + count`, each with its number as value, in a request of one gauge.
fn points(from: i64, count: i64) -> Bytes {
    let text = |text: &str| Some(AnyValue { value: Some(any_value::Value::StringValue(text.to_owned())) });
    let attributes = vec![KeyValue { key: "producer".to_owned(), value: text("test"), ..KeyValue::default() }];
    let point = |number| NumberDataPoint {
        attributes: attributes.clone(),
        time_unix_nano: 1_700_000_000_000_000_000,
        value: Some(number_data_point::Value::AsInt(number)),
        ..NumberDataPoint::default()
    };
    let gauge = Gauge { data_points: (from..from + count).map(point).collect() };
    let metric = Metric { name: "test.seq".to_owned(), data: Some(metric::Data::Gauge(gauge)), ..Metric::default() };
    let scope = ScopeMetrics { metrics: vec![metric], ..ScopeMetrics::default() };
    let resource = ResourceMetrics { scope_metrics: vec![scope], ..ResourceMetrics::default() };
    ExportMetricsServiceRequest { resource_metrics: vec![resource] }.encode_to_vec().into()
}

/// The values of all points in a request.
fn values(body: &[u8]) -> Vec<i64> {
    let request = ExportMetricsServiceRequest::decode(body).unwrap();
    let metrics = request.resource_metrics.into_iter().flat_map(|one| one.scope_metrics).flat_map(|one| one.metrics);
    let data = metrics.filter_map(|metric| match metric.data {
        Some(metric::Data::Gauge(gauge)) => Some(gauge.data_points),
        _ => None,
    });
    data.flatten()
        .filter_map(|point| match point.value {
            Some(number_data_point::Value::AsInt(value)) => Some(value),
            _ => None,
        })
        .collect()
}

fn destination(name: &str, sink: &Sink, protocol: Protocol, directory: &Path) -> Destination {
    Destination {
        name: name.to_owned(),
        endpoint: format!("http://{}", sink.address),
        endpoint_is_exact: false,
        protocol,
        signals: Signal::ALL.to_vec(),
        compression: Compression::Gzip,
        headers: vec![("x-token".to_owned(), Secret::new("canary"))],
        tls: ClientTls::default(),
        timeout: Duration::from_secs(10),
        retry: Retry {
            initial: Duration::from_millis(2),
            max: Duration::from_millis(10),
            give_up_after: None,
            on_auth_error: OnAuthError::Hold,
        },
        queue: QueueConfig {
            directory: directory.to_path_buf(),
            bytes_max: 64 * 1024 * 1024,
            durability: if cfg!(feature = "queue") { Durability::Commit } else { Durability::Memory },
            on_full: OnFull::Refuse,
        },
    }
}

fn hooks() -> Hooks {
    Hooks { jitter: Jitter::zero(), ..Hooks::default() }
}

struct Bench {
    push: Push,
    accounting: Arc<Accounting>,
}

impl Bench {
    fn start(destinations: &[Destination]) -> Self {
        Self::try_start(destinations).unwrap()
    }

    fn try_start(destinations: &[Destination]) -> Result<Self, PushError> {
        let accounting = Arc::new(Accounting::default());
        let push = Push::start(destinations, Arc::clone(&accounting), Clock::system(), hooks())?;
        Ok(Self { push, accounting })
    }

    async fn submit(&self, from: i64, count: i64) -> Result<(), SubmitError> {
        self.push.submit(Signal::Metrics, points(from, count), count as u64).await
    }

    fn facts(&self, name: &str) -> DestinationFacts {
        self.accounting.destinations(0).into_iter().find(|one| &*one.name == name).unwrap()
    }

    fn metrics(&self, name: &str) -> DestinationSignal {
        self.facts(name).signals[0].clone().unwrap()
    }

    /// Waits until nothing waits at that destination and checks the books.
    async fn drained(&self, name: &str) -> DestinationSignal {
        self.until(name, |books| books.queue_items == 0 && books.queue_bytes == 0).await
    }

    /// Waits until the books say so, and checks that they balance.
    async fn until(&self, name: &str, holds: impl Fn(&DestinationSignal) -> bool) -> DestinationSignal {
        let wait = async {
            loop {
                let books = self.metrics(name);
                if holds(&books) {
                    return books;
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        let Ok(books) = tokio::time::timeout(Duration::from_secs(20), wait).await else {
            panic!("never: {:?}", self.facts(name));
        };
        check(&books);
        books
    }
}

/// received + recovered = delivered + queued + Σ dropped.
fn check(books: &DestinationSignal) {
    let dropped: u64 = books.dropped.iter().map(|(_, items)| items).sum();
    let (came, went) = (books.accepted + books.recovered, books.delivered + books.queue_items + dropped);
    assert_eq!(came, went, "{books:?}");
}

const STOP: Duration = Duration::from_secs(5);

/// What is submitted arrives by every transport, with every compression, whole and once, with the configured headers.
#[tokio::test]
async fn delivers_by_every_transport() {
    for protocol in [Protocol::Grpc, Protocol::HttpProtobuf, Protocol::HttpJson] {
        for compression in [Compression::None, Compression::Gzip, Compression::Zstd] {
            let home = tempfile::tempdir().unwrap();
            let sink = Sink::start(vec![]).await;
            let mut destination = destination("stack", &sink, protocol, &home.path().join("q"));
            destination.compression = compression;
            let bench = Bench::start(&[destination]);
            for number in 0..20 {
                bench.submit(number * 10, 10).await.unwrap();
            }
            let books = bench.drained("stack").await;
            assert_eq!((books.accepted, books.delivered, books.retries), (200, 200, 0));
            bench.push.stop(STOP).await;
            bench.push.stop(STOP).await;
            let received = sink.received();
            let all: Vec<i64> = received.iter().flat_map(|one| values(&one.body)).collect();
            assert_eq!(all, (0..200).collect::<Vec<i64>>());
            assert!(received.iter().all(|one| one.headers["x-token"] == "canary"));
            assert_eq!(bench.facts("stack").state, "stopped");
            assert_eq!(bench.submit(0, 1).await, Err(SubmitError::Stopping));
        }
    }
}

/// Without a destination for the signal, and without items (C13), submitting succeeds and sends nothing.
#[tokio::test]
async fn nothing_to_do_succeeds() {
    let home = tempfile::tempdir().unwrap();
    let sink = Sink::start(vec![]).await;
    Bench::start(&[]).submit(0, 1).await.unwrap();
    let mut traces_only = destination("stack", &sink, Protocol::Grpc, home.path());
    traces_only.signals = vec![Signal::Traces];
    let bench = Bench::start(&[traces_only]);
    bench.submit(0, 1).await.unwrap();
    bench.push.submit(Signal::Traces, Bytes::new(), 0).await.unwrap();
    bench.push.stop(STOP).await;
    assert!(sink.received().is_empty());
}
