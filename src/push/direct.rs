//! The process's own telemetry by `opentelemetry-otlp`, without a queue: what the exporter cannot deliver within its own few
//! retries is dropped and counted. The queue ([`crate::push::Push`]) is for those who must not lose anything.
//!
//! The exporters run over this room's own connections, so that TLS, headers and timeouts are those of the destination's
//! configuration, and of nothing else: left alone, they would add the headers of `OTEL_EXPORTER_OTLP_HEADERS` to every destination.

mod exporters;
mod transport;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::future::join_all;
use opentelemetry::{Context, InstrumentationScope};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::logs::SdkLogRecord;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData, ResourceMetrics, ScopeMetrics};
use opentelemetry_sdk::trace::SpanData;

use crate::clock::Clock;
use crate::config::Secret;
use crate::config::push::Destination;
use crate::model::signal::Signal;
use crate::push::PushError;
use crate::push::client::secrets;
use crate::push::destination::account;
use crate::push::direct::exporters::Exporters;
use crate::push::sender::standing::{Board, Condition};
use crate::state::accounting::{Accounting, DestinationAccount};
use crate::tasks::Tasks;

/// Why an item was not delivered.
const EXPORT_FAILED: &str = "export_failed";

/// Exporters to every destination.
#[derive(Debug)]
pub struct Direct {
    destinations: Vec<Outgoing>,
    connections: Tasks,
}

/// What became of an export.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// Items that were exported.
    pub items: u64,
    /// Items that a destination did not take, summed over the destinations.
    pub lost: u64,
}

#[derive(Debug)]
struct Outgoing {
    exporters: Exporters,
    account: Arc<DestinationAccount>,
    board: Board,
    /// Time for one export, repeats included.
    timeout: Duration,
    /// What no message may show.
    secrets: Vec<Secret>,
}

impl Direct {
    /// Builds the exporters; nothing is connected before the first export. To be called in a runtime.
    ///
    /// # Errors
    /// [`PushError::Endpoint`]: an address, a header or a file of TLS that cannot be used.
    pub fn start(
        destinations: &[Destination],
        resource: &Resource,
        accounting: &Accounting,
        clock: &Clock,
    ) -> Result<Self, PushError> {
        let connections = Tasks::new();
        let open = |destination: &Destination| {
            let account = Arc::new(account(destination));
            Ok(Outgoing {
                exporters: Exporters::build(destination, resource, &connections)?,
                board: Board::new(account.clone(), clock.clone()),
                timeout: destination.timeout,
                account,
                secrets: secrets(destination),
            })
        };
        let destinations = destinations.iter().map(open).collect::<Result<Vec<_>, PushError>>()?;
        for one in &destinations {
            accounting.register(one.account.clone());
        }
        Ok(Self { destinations, connections })
    }

    /// Exports what a reader collected to every destination that takes metrics.
    pub async fn metrics(&self, metrics: &ResourceMetrics) -> Sent {
        let items = points(metrics);
        let mut sends = Vec::new();
        for one in self.destinations.iter().filter(|_| items > 0) {
            if let Some(exporter) = &one.exporters.metrics {
                sends.push(one.book(Signal::Metrics, items, exporter.export(metrics)));
            }
        }
        Sent { items, lost: join_all(sends).await.into_iter().sum() }
    }

    /// Exports ended spans to every destination that takes traces.
    pub async fn spans(&self, spans: &[SpanData]) -> Sent {
        let items = spans.len() as u64;
        let mut sends = Vec::new();
        for one in self.destinations.iter().filter(|_| items > 0) {
            if let Some(exporter) = &one.exporters.spans {
                sends.push(one.book(Signal::Traces, items, exporter.export(spans.to_vec())));
            }
        }
        Sent { items, lost: join_all(sends).await.into_iter().sum() }
    }

    /// Exports log records to every destination that takes logs.
    pub async fn logs(&self, records: &[(SdkLogRecord, InstrumentationScope)]) -> Sent {
        let items = records.len() as u64;
        let borrowed: Vec<_> = records.iter().map(|(record, scope)| (record, scope)).collect();
        let mut sends = Vec::new();
        for one in self.destinations.iter().filter(|_| items > 0) {
            if let Some(exporter) = &one.exporters.logs {
                sends.push(one.book(Signal::Logs, items, exporter.export(&borrowed)));
            }
        }
        Sent { items, lost: join_all(sends).await.into_iter().sum() }
    }

    /// Closes the connections.
    pub async fn stop(&self) {
        self.connections.cancel();
        self.connections.join().await;
        self.destinations.iter().for_each(|one| one.board.stopped());
    }
}

impl Drop for Direct {
    fn drop(&mut self) {
        self.connections.cancel();
    }
}

impl Outgoing {
    /// Waits for an export and books how it ended: 0, or the items that were lost.
    async fn book(&self, signal: Signal, items: u64, export: impl Future<Output = OTelSdkResult>) -> u64 {
        use opentelemetry::context::FutureExt as _;
        let mut booking = Booking::open(&self.account, signal, items);
        // What instrumented clients would tell of this export would only be the next one's contents.
        let quiet = Context::current().with_telemetry_suppressed();
        // The exporters look at their clock between attempts only, and would wait for ever in one.
        let result = match tokio::time::timeout(self.timeout, export.with_context(quiet)).await {
            Ok(result) => result,
            Err(_elapsed) => Err(OTelSdkError::Timeout(self.timeout)),
        };
        match result {
            Ok(()) => {
                booking.is_delivered = true;
                self.board.delivered(signal);
                0
            }
            Err(error) => {
                self.board.failed(signal, Condition::Retrying, &self.message(&error), None);
                items
            }
        }
    }

    /// The error's text without what the configuration keeps secret.
    fn message(&self, error: &OTelSdkError) -> String {
        let mut message = error.to_string();
        for secret in &self.secrets {
            message = message.replace(secret.reveal(), "<redacted>");
        }
        message
    }
}

/// An export in the books from its beginning to its end. One that is given up half-way is booked as dropped.
struct Booking<'a> {
    account: &'a DestinationAccount,
    signal: Signal,
    items: u64,
    is_delivered: bool,
}

impl<'a> Booking<'a> {
    fn open(account: &'a DestinationAccount, signal: Signal, items: u64) -> Self {
        let books = account.signal(signal);
        books.accepted.fetch_add(items, Ordering::Relaxed);
        books.queue_items.fetch_add(items, Ordering::Relaxed);
        account.in_flight.fetch_add(1, Ordering::Relaxed);
        Self { account, signal, items, is_delivered: false }
    }
}

impl Drop for Booking<'_> {
    fn drop(&mut self) {
        let books = self.account.signal(self.signal);
        self.account.in_flight.fetch_sub(1, Ordering::Relaxed);
        books.queue_items.fetch_sub(self.items, Ordering::Relaxed);
        if self.is_delivered {
            books.delivered.fetch_add(self.items, Ordering::Relaxed);
        } else {
            books.dropped.add(EXPORT_FAILED, self.items);
        }
    }
}

fn points(metrics: &ResourceMetrics) -> u64 {
    fn of<T>(data: &MetricData<T>) -> usize {
        match data {
            MetricData::Gauge(data) => data.data_points().count(),
            MetricData::Sum(data) => data.data_points().count(),
            MetricData::Histogram(data) => data.data_points().count(),
            MetricData::ExponentialHistogram(data) => data.data_points().count(),
        }
    }
    let all = metrics.scope_metrics().flat_map(ScopeMetrics::metrics);
    let points = all.map(|metric| match metric.data() {
        AggregatedMetrics::F64(data) => of(data),
        AggregatedMetrics::U64(data) => of(data),
        AggregatedMetrics::I64(data) => of(data),
    });
    points.map(|count| count as u64).sum()
}
