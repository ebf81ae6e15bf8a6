//! The process's own telemetry on its way out: collected from the SDK once in an interval, and given to whoever sends it.
//! Sending it makes no further spans.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, MissedTickBehavior, interval_at};
use tokio_util::sync::CancellationToken;

use crate::model::signal::Signal;
use crate::push::Push;
use crate::push::direct::Direct;
use crate::record::Telemetry;
use crate::record::export::Encoded;
use crate::state::accounting::{Accounting, Receiver};
use crate::tasks::Tasks;

/// Time between two looks for spans and log records, which should not wait for the metrics' long interval. It is the
/// specification's default of a batch processor's delay.
const WORDS_INTERVAL: Duration = Duration::from_secs(5);

/// Why spans and log records did not go out: they found no room while they waited.
const NO_ROOM: &str = "no_room";

/// Who sends.
#[derive(Debug)]
pub(crate) enum Outlet {
    /// The queue of each destination: nothing is lost.
    Queue(Arc<Push>),
    /// Exporters of `opentelemetry-otlp`: what cannot be delivered is dropped.
    Direct(Direct),
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Exporter {
    telemetry: Arc<Telemetry>,
    outlet: Outlet,
    accounting: Arc<Accounting>,
    /// Time between two collections of metrics.
    interval: Duration,
    /// Dropped spans and log records that are in the books.
    spans_dropped: AtomicU64,
    logs_dropped: AtomicU64,
    /// Ends an export that takes too long for a stop; what is in it is lost, and booked so.
    pub(crate) abandon: CancellationToken,
}

impl Exporter {
    /// An exporter that collects metrics so often.
    pub(crate) fn new(
        telemetry: Arc<Telemetry>,
        outlet: Outlet,
        accounting: Arc<Accounting>,
        interval: Duration,
    ) -> Self {
        Self {
            telemetry,
            outlet,
            accounting,
            interval,
            spans_dropped: AtomicU64::new(0),
            logs_dropped: AtomicU64::new(0),
            abandon: CancellationToken::new(),
        }
    }

    /// Exports until the group is cancelled, and then to the end of the export that runs, unless that is abandoned.
    pub(crate) async fn run(self: Arc<Self>, tasks: Tasks) {
        let every = |interval: Duration| {
            let mut due = interval_at(Instant::now() + interval, interval);
            due.set_missed_tick_behavior(MissedTickBehavior::Skip);
            due
        };
        let (mut metrics, mut words) = (every(self.interval), every(self.interval.min(WORDS_INTERVAL)));
        loop {
            let is_for_metrics = tokio::select! {
                () = tasks.cancelled() => return,
                _ = metrics.tick() => true,
                _ = words.tick() => false,
                () = self.telemetry.enough_spans() => false,
            };
            let export = async { if is_for_metrics { self.metrics().await } else { self.words().await } };
            tokio::select! {
                () = self.abandon.cancelled() => return,
                _ = export => {}
            }
        }
    }

    /// Exports everything there is to say now. Tells how many items were not taken.
    pub(crate) async fn flush(&self) -> u64 {
        self.metrics().await + self.words().await
    }

    async fn metrics(&self) -> u64 {
        let mut lost = 0;
        match &self.outlet {
            // Without a destination nothing is collected.
            Outlet::Queue(push) if !push.has_destinations() => {}
            Outlet::Queue(push) => {
                for encoded in self.telemetry.encode_metrics() {
                    lost += self.submit(push, Signal::Metrics, encoded).await;
                }
            }
            Outlet::Direct(direct) => {
                for metrics in self.telemetry.take_metrics() {
                    lost += self.booked(Signal::Metrics, direct.metrics(&metrics).await);
                }
            }
        }
        lost
    }

    async fn words(&self) -> u64 {
        let mut lost = 0;
        self.book_dropped();
        match &self.outlet {
            Outlet::Queue(push) => {
                let (spans, logs) = (self.telemetry.encode_spans(), self.telemetry.encode_logs());
                for (signal, encoded) in [(Signal::Traces, spans), (Signal::Logs, logs)] {
                    if let Some(encoded) = encoded.filter(|_| push.has_destinations()) {
                        lost += self.submit(push, signal, encoded).await;
                    }
                }
            }
            Outlet::Direct(direct) => {
                lost += self.booked(Signal::Traces, direct.spans(&self.telemetry.take_spans()).await);
                lost += self.booked(Signal::Logs, direct.logs(&self.telemetry.take_logs()).await);
            }
        }
        lost
    }

    /// Books the spans and log records that found no room while they waited.
    fn book_dropped(&self) {
        let (spans, logs) = self.telemetry.dropped();
        let own = self.accounting.receiver(Receiver::Own);
        for (signal, dropped, booked) in
            [(Signal::Traces, spans, &self.spans_dropped), (Signal::Logs, logs, &self.logs_dropped)]
        {
            let before = booked.swap(dropped, Ordering::Relaxed);
            if dropped > before {
                own.refused(signal, NO_ROOM, dropped - before);
            }
        }
    }

    async fn submit(&self, push: &Push, signal: Signal, encoded: Encoded) -> u64 {
        let own = self.accounting.receiver(Receiver::Own);
        match push.submit(signal, Bytes::from(encoded.body), encoded.items).await {
            Ok(()) => {
                own.accepted(signal, encoded.items);
                0
            }
            Err(error) => {
                own.refused(signal, error.reason(), encoded.items);
                encoded.items
            }
        }
    }

    fn booked(&self, signal: Signal, sent: crate::push::direct::Sent) -> u64 {
        if sent.items > 0 {
            self.accounting.receiver(Receiver::Own).accepted(signal, sent.items);
        }
        sent.lost
    }

    /// Ends the sending; with a queue what is in it is sent for at most `deadline`.
    pub(crate) async fn stop(&self, deadline: Duration) {
        match &self.outlet {
            Outlet::Queue(push) => push.stop(deadline).await,
            Outlet::Direct(direct) => direct.stop().await,
        }
    }
}
