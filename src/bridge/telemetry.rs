//! The bridge's own metrics and spans on their way out: collected by the SDK, encoded once, and submitted like anything that was
//! received. Sending them makes no further spans.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use opentelemetry::KeyValue;
use opentelemetry::global::BoxedTracer;
use opentelemetry::metrics::{AsyncInstrument, Meter};
use tokio::runtime::Handle;

use crate::clock::Clock;
use crate::config::temporality::Temporality;
use crate::model::signal::Signal;
use crate::model::snapshot::{DestinationFacts, DestinationSignal};
use crate::pull::observe::Observer;
use crate::pull::prometheus::Meters;
use crate::push::Push;
use crate::record::Recorder;
use crate::record::export::{Encoded, OwnMetrics, resource};
use crate::record::meters::OwnMeters;
use crate::record::spans::OwnSpans;
use crate::state::Store;
use crate::state::accounting::Receiver;
use crate::state::parts::Part;
use crate::tasks::Tasks;

/// The SDK side of the bridge.
#[derive(Debug)]
pub(super) struct Telemetry {
    metrics: OwnMetrics,
    meters: OwnMeters,
    spans: OwnSpans,
    parts: OwnParts,
}

/// Meters run callbacks, which may fail or panic: that costs what they measure, and no more.
#[derive(Debug)]
struct OwnParts {
    /// The meters on `/metrics`.
    exposed: Part,
    /// The same on their way out.
    meters: Part,
    /// The instruments over the store.
    metrics: Part,
}

impl Telemetry {
    /// Providers, and the instruments over the store and the books.
    pub(super) fn new(recorder: &Recorder, attributes: &[(String, String)], temporality: Temporality) -> Self {
        let resource = resource(attributes);
        let threads = Handle::current().metrics().num_workers();
        let metrics = OwnMetrics::new(recorder, resource.clone(), temporality, threads);
        books(&metrics.meter(), recorder.store());
        let meters = OwnMeters::new(resource.clone(), temporality);
        let all = &recorder.store().accounting().parts;
        let parts = OwnParts {
            exposed: all.part("meters"),
            meters: all.part("push meters"),
            metrics: all.part("push metrics"),
        };
        Self { metrics, meters, spans: OwnSpans::new(recorder, resource), parts }
    }

    /// What the pull endpoints tell of their requests.
    pub(super) fn observer(&self, clock: &Clock) -> Observer {
        let tracer = BoxedTracer::new(Box::new(self.spans.tracer()));
        Observer::new(&self.meters.meter(env!("CARGO_PKG_NAME")), tracer, clock.clone())
    }

    /// Exports once in each interval until the group is cancelled.
    pub(super) async fn run(self: Arc<Self>, push: Arc<Push>, store: Arc<Store>, interval: Duration, tasks: Tasks) {
        let first = tokio::time::Instant::now() + interval;
        let mut due = tokio::time::interval_at(first, interval);
        due.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        loop {
            tokio::select! {
                () = tasks.cancelled() => return,
                _ = due.tick() => self.export(&push, &store).await,
            }
        }
    }

    /// Submits what there is to say now; without a destination nothing is collected.
    pub(super) async fn export(&self, push: &Push, store: &Store) {
        if !push.has_destinations() {
            return;
        }
        let metrics = self.parts.metrics.read(|| self.metrics.collect());
        let meters = self.parts.meters.read(|| self.meters.collect());
        for encoded in [metrics, meters].into_iter().flatten().flatten() {
            submit(push, store, Signal::Metrics, encoded).await;
        }
        if let Some(encoded) = self.spans.collect() {
            submit(push, store, Signal::Traces, encoded).await;
        }
    }
}

/// What the process's own meters say, for `/metrics`.
pub(super) fn exposed(telemetry: &Arc<Telemetry>) -> Meters {
    let part = telemetry.parts.exposed.clone();
    let telemetry = telemetry.clone();
    Meters { source: Arc::new(move || telemetry.meters.gather()), part }
}

async fn submit(push: &Push, store: &Store, signal: Signal, encoded: Encoded) {
    let own = store.accounting().receiver(Receiver::Own);
    match push.submit(signal, Bytes::from(encoded.body), encoded.items).await {
        Ok(()) => own.accepted(signal, encoded.items),
        Err(error) => own.refused(signal, error.reason(), encoded.items),
    }
}

/// Reads one figure of one destination's signal.
type Figure = fn(&DestinationSignal) -> u64;

/// The books as instruments (contract §5.3).
fn books(meter: &Meter, store: &Arc<Store>) {
    received(meter, store);
    let counters: [(&'static str, &'static str, &'static str, Figure); 3] = [
        ("otel_bridge.delivered_items", "{item}", "Items that the destination has accepted", |signal| signal.delivered),
        ("otel_bridge.recovered_items", "{item}", "Items found in the queue at start", |signal| signal.recovered),
        ("otel_bridge.retries", "{retry}", "Sends that were repeated", |signal| signal.retries),
    ];
    for (name, unit, description, read) in counters {
        let store = store.clone();
        let counter = meter.u64_observable_counter(name).with_unit(unit).with_description(description);
        counter.with_callback(move |observer| each_signal(&store, read, observer)).build();
    }
    let levels: [(&'static str, &'static str, &'static str, Figure); 2] = [
        ("otel_bridge.queue_items", "{item}", "Items that wait for the destination", |signal| signal.queue_items),
        ("otel_bridge.queue_bytes", "By", "Bytes that wait for the destination", |signal| signal.queue_bytes),
    ];
    for (name, unit, description, read) in levels {
        let store = store.clone();
        let level = meter.u64_observable_gauge(name).with_unit(unit).with_description(description);
        level.with_callback(move |observer| each_signal(&store, read, observer)).build();
    }
    let store = store.clone();
    let dropped = meter.u64_observable_counter("otel_bridge.dropped_items").with_unit("{item}");
    dropped
        .with_description("Items that were dropped by a named policy")
        .with_callback(move |observer| {
            each(&store, |destination, signal, figures| {
                for (reason, items) in &figures.dropped {
                    let [destination, signal] = labels(destination, signal);
                    observer.observe(*items, &[destination, signal, KeyValue::new("reason", *reason)]);
                }
            });
        })
        .build();
}

fn received(meter: &Meter, store: &Arc<Store>) {
    let books = store.clone();
    let counter = meter.u64_observable_counter("otel_bridge.received_items").with_unit("{item}");
    counter
        .with_description("Items that were taken")
        .with_callback(move |observer| {
            for facts in books.accounting().receivers() {
                for (signal, items) in Signal::ALL.into_iter().zip(facts.items) {
                    let receiver = KeyValue::new("receiver", facts.receiver);
                    observer.observe(items, &[receiver, KeyValue::new("signal", signal.as_str())]);
                }
            }
        })
        .build();
    let books = store.clone();
    let refused = meter.u64_observable_counter("otel_bridge.refused_items").with_unit("{item}");
    refused
        .with_description("Items that were refused")
        .with_callback(move |observer| {
            for facts in books.accounting().receivers() {
                for (signal, reason, items) in &facts.refused {
                    let receiver = KeyValue::new("receiver", facts.receiver);
                    let signal = KeyValue::new("signal", signal.as_str());
                    observer.observe(*items, &[receiver, signal, KeyValue::new("reason", *reason)]);
                }
            }
        })
        .build();
}

fn each_signal(store: &Store, read: Figure, observer: &dyn AsyncInstrument<u64>) {
    each(store, |destination, signal, figures| observer.observe(read(figures), &labels(destination, signal)));
}

fn each(store: &Store, mut tell: impl FnMut(&DestinationFacts, Signal, &DestinationSignal)) {
    for destination in store.destinations() {
        for (signal, figures) in Signal::ALL.into_iter().zip(&destination.signals) {
            if let Some(figures) = figures {
                tell(&destination, signal, figures);
            }
        }
    }
}

fn labels(destination: &DestinationFacts, signal: Signal) -> [KeyValue; 2] {
    [KeyValue::new("destination", destination.name.to_string()), KeyValue::new("signal", signal.as_str())]
}
