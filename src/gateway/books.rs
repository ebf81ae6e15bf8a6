//! The books as instruments (contract §5.3): what came in, went out and was dropped, for whoever the bridge pushes to.

use std::sync::Arc;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{AsyncInstrument, Meter};

use crate::model::reasons::{usual_drops, usual_refusals, with_usual};
use crate::model::signal::Signal;
use crate::model::snapshot::{DestinationFacts, DestinationSignal};
use crate::state::Store;

/// Reads one figure of one destination's signal.
type Figure = fn(&DestinationSignal) -> u64;

/// Registers them; they read the store's books at each collection.
pub(super) fn register(meter: &Meter, store: &Arc<Store>) {
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
                for (reason, items) in with_usual(usual_drops(destination.protocol), &figures.dropped) {
                    let [destination, signal] = labels(destination, signal);
                    observer.observe(items, &[destination, signal, KeyValue::new("reason", reason)]);
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
                for signal in Signal::ALL {
                    let told = facts.refused.iter().filter(|(of, ..)| *of == signal);
                    let told: Vec<_> = told.map(|(_, reason, items)| (*reason, *items)).collect();
                    for (reason, items) in with_usual(usual_refusals(facts.receiver), &told) {
                        let of = KeyValue::new("receiver", facts.receiver);
                        let signal = KeyValue::new("signal", signal.as_str());
                        observer.observe(items, &[of, signal, KeyValue::new("reason", reason)]);
                    }
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
