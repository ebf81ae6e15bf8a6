//! The handles, their instruments and their words, on a clock that moves by hand.

mod bad_use;
mod handles;
mod instruments;
mod many;
mod spans;
mod words;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value};
use opentelemetry_proto::tonic::metrics::v1::{NumberDataPoint, metric, number_data_point};
use prost::Message as _;

use crate::clock::Clock;
use crate::config::temporality::Temporality;
use crate::model::signal::Signal;
use crate::record::export::Room;
use crate::record::{Recorder, Telemetry, TelemetryOptions};
use crate::state::{Store, StoreOptions};

/// A process that records, with all of its SDK side.
struct Bench {
    store: Arc<Store>,
    clock: Clock,
    telemetry: Telemetry,
}

fn store(clock: &Clock, change: impl FnOnce(&mut StoreOptions)) -> Arc<Store> {
    let mut options = StoreOptions::of_service("shop", clock.clone());
    options.state.snapshot_interval = Duration::ZERO;
    change(&mut options);
    Store::new(options)
}

impl Bench {
    fn new() -> Self {
        Self::with(Room { workers: 100, entities: 10 }, |_| {})
    }

    fn with(room: Room, change: impl FnOnce(&mut StoreOptions)) -> Self {
        let clock = Clock::manual(1_700_000_000_000);
        let store = store(&clock, change);
        let recorder = Recorder::new(&store, clock.clone()).unwrap();
        let options = TelemetryOptions::pushing(Temporality::Cumulative, room);
        let telemetry = Telemetry::new(&recorder, &resource(), options);
        Self { store, clock, telemetry }
    }

    fn recorder(&self) -> &Recorder {
        self.telemetry.recorder()
    }

    fn after_ms(&self, milliseconds: u64) {
        self.clock.advance(Duration::from_millis(milliseconds));
    }

    /// What is pushed now: `name{key=value,…}` with keys in order, and the value of each number.
    fn pushed(&self) -> BTreeMap<String, f64> {
        let bodies = self.telemetry.encode_metrics().into_iter().map(|encoded| encoded.body);
        let requests = bodies.map(|body| ExportMetricsServiceRequest::decode(&body[..]).unwrap());
        let scopes = requests.flat_map(|request| request.resource_metrics).flat_map(|one| one.scope_metrics);
        let mut pushed = BTreeMap::new();
        for metric in scopes.flat_map(|scope| scope.metrics) {
            match metric.data.unwrap() {
                metric::Data::Gauge(gauge) => numbers(&metric.name, &gauge.data_points, &mut pushed),
                metric::Data::Sum(sum) => numbers(&metric.name, &sum.data_points, &mut pushed),
                metric::Data::Histogram(histogram) => {
                    for point in histogram.data_points {
                        let name = named(&metric.name, &point.attributes);
                        pushed.insert(format!("{name}.count"), point.count as f64);
                        pushed.insert(format!("{name}.sum"), point.sum.unwrap());
                    }
                }
                other => panic!("{other:?}"),
            }
        }
        pushed
    }

    /// A bridge that received everything that this process pushes now.
    fn receiver(&self) -> Arc<Store> {
        let receiver = store(&self.clock, |options| options.local = None);
        for encoded in self.telemetry.encode_metrics() {
            assert_eq!(receiver.ingest(Signal::Metrics, &encoded.body).unreadable, 0);
        }
        if let Some(encoded) = self.telemetry.encode_logs() {
            assert_eq!(receiver.ingest(Signal::Logs, &encoded.body).unreadable, 0);
        }
        if let Some(encoded) = self.telemetry.encode_spans() {
            assert_eq!(receiver.ingest(Signal::Traces, &encoded.body).unreadable, 0);
        }
        receiver
    }
}

fn resource() -> Vec<(String, String)> {
    vec![("service.name".to_owned(), "shop".to_owned()), ("service.instance.id".to_owned(), "shop-1".to_owned())]
}

fn numbers(metric: &str, points: &[NumberDataPoint], pushed: &mut BTreeMap<String, f64>) {
    for point in points {
        let value = match point.value.unwrap() {
            number_data_point::Value::AsInt(value) => value as f64,
            number_data_point::Value::AsDouble(value) => value,
        };
        let before = pushed.insert(named(metric, &point.attributes), value);
        assert_eq!(before, None, "{metric} {:?} twice", point.attributes);
    }
}

fn named(metric: &str, attributes: &[KeyValue]) -> String {
    let text = |one: &KeyValue| match one.value.as_ref().and_then(|value| value.value.as_ref()) {
        Some(any_value::Value::StringValue(text)) => format!("{}={text}", one.key),
        Some(any_value::Value::BoolValue(value)) => format!("{}={value}", one.key),
        other => panic!("{other:?}"),
    };
    let mut texts: Vec<String> = attributes.iter().map(text).collect();
    texts.sort();
    format!("{metric}{{{}}}", texts.join(","))
}
