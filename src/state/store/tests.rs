//! The store from outside: OTLP bytes in, snapshots out, on a clock that moves by hand.

mod aliases;
mod counters;
mod hostile;
mod life;
mod rows;
mod signals;

use std::sync::Arc;
use std::time::Duration;

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value};
use opentelemetry_proto::tonic::metrics::v1::{
    Gauge, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, metric, number_data_point,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use prost::Message as _;

use crate::clock::Clock;
use crate::config::state::State;
use crate::model::health::HealthRules;
use crate::model::signal::Signal;
use crate::state::accounting::Accounting;
use crate::state::{Store, StoreOptions};

pub(super) const START_UNIX_MS: u64 = 1_700_000_000_000;

/// A store on a clock of its own.
pub(super) struct Bench {
    pub(super) store: Arc<Store>,
    pub(super) clock: Clock,
}

pub(super) fn state() -> State {
    State {
        series_max: 10_000,
        workers_max: 1_000,
        history: Duration::from_mins(15),
        history_bytes_max: 1 << 20,
        stale_after: None,
        forget_after: Duration::from_mins(15),
        snapshot_interval: Duration::ZERO,
    }
}

pub(super) fn options(clock: &Clock) -> StoreOptions {
    StoreOptions {
        state: state(),
        mappings: Vec::new(),
        health: HealthRules::default(),
        expect: Vec::new(),
        expect_grace: Duration::ZERO,
        rules: Vec::new(),
        bindings: Vec::new(),
        local: None,
        clock: clock.clone(),
        accounting: Arc::new(Accounting::default()),
    }
}

impl Bench {
    pub(super) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(super) fn with(change: impl FnOnce(&mut StoreOptions)) -> Self {
        let clock = Clock::manual(START_UNIX_MS);
        let mut options = options(&clock);
        change(&mut options);
        Self { store: Store::new(options), clock }
    }

    pub(super) fn after(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    pub(super) fn export(&self, resource: &[(&str, &str)], metrics: Vec<Metric>) -> u64 {
        self.store.ingest(Signal::Metrics, &request(resource, metrics)).unreadable
    }
}

pub(super) const SHOP: &[(&str, &str)] = &[("service.name", "shop"), ("service.instance.id", "shop-1")];

pub(super) fn attributes(pairs: &[(&str, &str)]) -> Vec<KeyValue> {
    let of = |(key, value): &(&str, &str)| KeyValue {
        key: (*key).to_owned(),
        value: Some(AnyValue { value: Some(any_value::Value::StringValue((*value).to_owned())) }),
        ..KeyValue::default()
    };
    pairs.iter().map(of).collect()
}

pub(super) fn request(resource: &[(&str, &str)], metrics: Vec<Metric>) -> Vec<u8> {
    let scope = InstrumentationScope { name: "test".to_owned(), ..InstrumentationScope::default() };
    let scope_metrics = vec![ScopeMetrics { scope: Some(scope), metrics, schema_url: String::new() }];
    let resource = Resource { attributes: attributes(resource), ..Resource::default() };
    let of_resource = ResourceMetrics { resource: Some(resource), scope_metrics, schema_url: String::new() };
    ExportMetricsServiceRequest { resource_metrics: vec![of_resource] }.encode_to_vec()
}

pub(super) fn point(pairs: &[(&str, &str)], value: f64) -> NumberDataPoint {
    NumberDataPoint {
        attributes: attributes(pairs),
        value: Some(number_data_point::Value::AsDouble(value)),
        ..NumberDataPoint::default()
    }
}

pub(super) fn gauge(name: &str, points: Vec<NumberDataPoint>) -> Metric {
    let data = Some(metric::Data::Gauge(Gauge { data_points: points }));
    Metric { name: name.to_owned(), data, ..Metric::default() }
}

pub(super) const DELTA: i32 = 1;
pub(super) const CUMULATIVE: i32 = 2;

pub(super) fn counter(name: &str, temporality: i32, points: Vec<NumberDataPoint>) -> Metric {
    let sum = Sum { data_points: points, aggregation_temporality: temporality, is_monotonic: true };
    Metric { name: name.to_owned(), data: Some(metric::Data::Sum(sum)), ..Metric::default() }
}

/// A point of a counter that began at `start_s` and was read at `time_s`, in Unix seconds.
pub(super) fn timed(pairs: &[(&str, &str)], value: f64, start_s: u64, time_s: u64) -> NumberDataPoint {
    let (start_time_unix_nano, time_unix_nano) = (start_s * 1_000_000_000, time_s * 1_000_000_000);
    NumberDataPoint { start_time_unix_nano, time_unix_nano, ..point(pairs, value) }
}

/// One point a state, 1 at the given one, as `worker.status` and its like come.
pub(super) fn states(name: &str, labels: &[(&str, &str)], attribute: &str, all: &[&str], now: &str) -> Metric {
    let of = |state: &&str| point(&[labels, &[(attribute, *state)]].concat(), f64::from(u8::from(*state == now)));
    gauge(name, all.iter().map(of).collect())
}

pub(super) fn worker_status(id: &str, now: &str) -> Metric {
    let labels = [("worker.id", id), ("worker.app", "web"), ("pool.name", "main")];
    states("worker.status", &labels, "worker.state", &["creating", "ready", "active", "idle", "terminated"], now)
}

pub(super) fn breaker_status(now: &str) -> Metric {
    let labels = [("circuit_breaker.name", "db"), ("component.name", "api")];
    states("circuit_breaker.status", &labels, "circuit_breaker.state", &["closed", "open", "half_open"], now)
}
