//! Part 3: the bridge's own books (contract §5.3, §9).

use std::sync::atomic::Ordering;

use crate::model::reasons::{usual_drops, usual_refusals, with_usual};
use crate::model::signal::Signal;
use crate::model::snapshot::{DestinationFacts, DestinationSignal, ReceiverFacts};
use crate::pull::prometheus::page::Page;
use crate::pull::prometheus::writer::{self, Type};

use Type::{Counter, Gauge};

/// All families of the bridge.
pub(super) fn write(page: &mut Page<'_>) {
    receivers(page);
    destinations(page);
    let snapshot = page.sources.snapshot;
    page.family("otel_bridge_unreadable_points_total", Counter, "Points that the store could not read", |page| {
        for (reason, points) in &snapshot.bridge.unreadable {
            page.count("otel_bridge_unreadable_points_total", &[&labels(&[("reason", reason)])], *points);
        }
    });
    page.family("otel_bridge_unreadable_parts", Gauge, "1 for each part that cannot be read now", |page| {
        for error in &snapshot.errors {
            page.count("otel_bridge_unreadable_parts", &[&labels(&[("part", &error.part)])], 1);
        }
    });
    let caps = page.sources.series.caps();
    page.family("otel_bridge_curtailed_total", Counter, "Times that the store kept something only in part", |page| {
        for (reason, times) in caps.notes.all() {
            page.count("otel_bridge_curtailed_total", &[&labels(&[("reason", reason)])], times);
        }
    });
    let figures = [
        ("otel_bridge_series", Gauge, "Generic series held", snapshot.bridge.series as u64),
        (
            "otel_bridge_series_overflowed_total",
            Counter,
            "Points that went into an overflow series",
            caps.overflowed.load(Ordering::Relaxed),
        ),
        (
            "otel_bridge_type_conflicts",
            Gauge,
            "Metric names that were told with two types",
            caps.conflicts().len() as u64,
        ),
        ("otel_bridge_instances", Gauge, "Instances that are not forgotten", snapshot.instances.len() as u64),
        ("otel_bridge_sse_clients", Gauge, "Clients of event streams", snapshot.bridge.sse_clients),
        (
            "otel_bridge_config_refused",
            Gauge,
            "Whether the last reload was refused",
            u64::from(snapshot.bridge.config_refused.is_some()),
        ),
        ("otel_bridge_config_refusals_total", Counter, "Reloads that were refused", snapshot.bridge.config_refusals),
    ];
    for (name, kind, help, value) in figures {
        page.family(name, kind, help, |page| page.count(name, &[], value));
    }
}

const REFUSED: &str = "otel_bridge_refused_items_total";
const REFUSED_REQUESTS: &str = "otel_bridge_refused_requests_total";
const DROPPED: &str = "otel_bridge_dropped_items_total";
const WARNINGS: &str = "otel_bridge_delivery_warnings_total";

/// Name, HELP, and where the figures by signal are.
type PerSignal = (&'static str, &'static str, fn(&ReceiverFacts) -> [u64; 3]);
/// Name, HELP, and where the figures by signal and reason are.
type ByReason = (&'static str, &'static str, fn(&ReceiverFacts) -> &Vec<(Signal, &'static str, u64)>);
/// Name, HELP, and where the figure is.
type PerDestination = (&'static str, &'static str, fn(&DestinationFacts) -> u64);
/// Name, TYPE, HELP, and where the figure is.
type Figure = (&'static str, Type, &'static str, fn(&DestinationSignal) -> u64);

fn labels(pairs: &[(&str, &str)]) -> String {
    let mut text = String::new();
    for (key, value) in pairs {
        writer::label(&mut text, 0, key, value);
    }
    text
}

fn receivers(page: &mut Page<'_>) {
    let all = &page.sources.snapshot.bridge.receivers;
    let families: [PerSignal; 2] = [
        ("otel_bridge_received_items_total", "Items taken in", |one| one.items),
        ("otel_bridge_received_requests_total", "Requests taken in", |one| one.requests),
    ];
    for (name, help, values) in families {
        page.family(name, Counter, help, |page| {
            for one in all {
                for (signal, value) in Signal::ALL.into_iter().zip(values(one)) {
                    let labels = labels(&[("receiver", one.receiver), ("signal", signal.as_str())]);
                    page.count(name, &[&labels], value);
                }
            }
        });
    }
    let families: [ByReason; 2] = [
        (REFUSED, "Items refused, where they could be counted", |one| &one.refused),
        (REFUSED_REQUESTS, "Requests refused", |one| &one.refused_requests),
    ];
    for (name, help, rows) in families {
        page.family(name, Counter, help, |page| {
            for (one, signal) in all.iter().flat_map(|one| Signal::ALL.map(|signal| (one, signal))) {
                let counted = rows(one).iter().filter(|(of, ..)| *of == signal);
                let counted: Vec<_> = counted.map(|(_, reason, count)| (*reason, *count)).collect();
                for (reason, count) in with_usual(usual_refusals(one.receiver), &counted) {
                    let pairs = [("receiver", one.receiver), ("signal", signal.as_str()), ("reason", reason)];
                    page.count(name, &[&labels(&pairs)], count);
                }
            }
        });
    }
}

const FIGURES: [Figure; 7] = [
    ("otel_bridge_recovered_items_total", Counter, "Items found in the queue at start", |one| one.recovered),
    ("otel_bridge_accepted_items_total", Counter, "Items taken into the queue", |one| one.accepted),
    ("otel_bridge_delivered_items_total", Counter, "Items that the destination accepted", |one| one.delivered),
    ("otel_bridge_queue_items", Gauge, "Items that wait", |one| one.queue_items),
    ("otel_bridge_queue_bytes", Gauge, "Bytes that wait", |one| one.queue_bytes),
    ("otel_bridge_retries_total", Counter, "Sends that were repeated", |one| one.retries),
    ("otel_bridge_unanswered_sends_total", Counter, "Sends that ended without an answer", |one| one.unanswered),
];

fn destinations(page: &mut Page<'_>) {
    let all = &page.sources.snapshot.bridge.destinations;
    for (name, kind, help, value) in FIGURES {
        page.family(name, kind, help, |page| {
            for (_, signal, labels) in signals(all) {
                page.count(name, &[&labels], value(signal));
            }
        });
    }
    page.family(DROPPED, Counter, "Items dropped", |page| {
        for (one, signal, labels) in signals(all) {
            for (reason, items) in with_usual(usual_drops(one.protocol), &signal.dropped) {
                let mut more = String::new();
                writer::label(&mut more, 0, "reason", reason);
                page.count(DROPPED, &[&labels, &more], items);
            }
        }
    });
    let families: [PerDestination; 2] = [
        ("otel_bridge_queue_max_bytes", "Most bytes that the queue may hold", |one| one.queue_bytes_max),
        ("otel_bridge_requests_in_flight", "Requests under way", |one| one.in_flight),
    ];
    for (name, help, value) in families {
        page.family(name, Gauge, help, |page| {
            for one in all {
                page.count(name, &[&labels(&[("destination", &one.name)])], value(one));
            }
        });
    }
    page.family(WARNINGS, Counter, "Answers counted as delivered although they could not be read", |page| {
        for one in all {
            page.count(WARNINGS, &[&labels(&[("destination", &one.name)])], one.warnings);
        }
    });
}

fn signals(all: &[DestinationFacts]) -> impl Iterator<Item = (&DestinationFacts, &DestinationSignal, String)> {
    all.iter().flat_map(|one| {
        let taken = Signal::ALL.into_iter().zip(&one.signals);
        taken.filter_map(move |(signal, figures)| {
            let labels = labels(&[("destination", &one.name), ("signal", signal.as_str())]);
            figures.as_ref().map(|figures| (one, figures, labels))
        })
    })
}
