//! Whole pages, read back by an independent reader (conformance E, T1 to T6, O).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use proptest::prelude::*;
use prost::Message;

use super::checker::{self, Sample};
use super::*;
use crate::model::breaker::BreakerState;
use crate::model::component::ComponentState;
use crate::model::pool::PoolCounts;
use crate::model::signal::Signal;
use crate::model::snapshot::{
    BreakerFacts, BridgeFacts, ComponentFacts, DestinationFacts, DestinationSignal, InstanceFacts, Liveness, PoolFacts,
    ReceiverFacts, StreamFacts, WorkerFacts,
};
use crate::model::worker::WorkerState;
use crate::state::series::{
    ExponentialPoint, Head, HistogramPoint, Kind, Metric, MetricId, Number, SeriesCaps, SeriesTable, SummaryPoint,
    Temporality,
};

const GAUGE: Kind = Kind::Gauge;
const COUNTER: Kind = Kind::Sum { temporality: Temporality::Cumulative, is_monotonic: true };

struct Tables {
    caps: Arc<SeriesCaps>,
    by_instance: BTreeMap<u32, SeriesTable>,
}

impl SeriesSource for Tables {
    fn read_table(&self, instance: u32, read: &mut dyn FnMut(&SeriesTable)) {
        if let Some(table) = self.by_instance.get(&instance) {
            read(table);
        }
    }

    fn caps(&self) -> &SeriesCaps {
        &self.caps
    }
}

fn raw(key: &str, value: &str) -> Vec<u8> {
    let value = Some(AnyValue { value: Some(Any::StringValue(value.to_owned())) });
    KeyValue { key: key.to_owned(), value, ..KeyValue::default() }.encode_to_vec()
}

impl Tables {
    fn new() -> Self {
        Self { caps: SeriesCaps::new(1_000), by_instance: BTreeMap::new() }
    }

    fn metric(
        &mut self,
        instance: u32,
        scope: &str,
        name: &str,
        unit: &str,
        kind: Kind,
    ) -> (&mut SeriesTable, MetricId) {
        let caps = self.caps.clone();
        let table = self.by_instance.entry(instance).or_insert_with(|| SeriesTable::new(caps));
        table.begin(0);
        let attributes = [];
        let attributes = attributes.iter().map(|raw: &Vec<u8>| raw.as_slice());
        let scope = table.scope(&crate::state::series::Scope { name: scope, version: "", schema_url: "", attributes });
        let description = &format!("About {name}\\ in \"{unit}\"\nand more");
        let metric = table.metric(&scope, &Metric { name, unit, description, kind });
        (table, metric)
    }

    fn number(&mut self, instance: u32, name: &str, unit: &str, kind: Kind, labels: &[(&str, &str)], value: f64) {
        let (table, metric) = self.metric(instance, "lib", name, unit, kind);
        let labels: Vec<Vec<u8>> = labels.iter().map(|(key, value)| raw(key, value)).collect();
        let attributes = labels.iter().map(Vec::as_slice);
        table.number(metric, attributes, &Head::default(), Number::Float(value)).unwrap();
    }
}

fn instance(id: u32, service: &str, liveness: Liveness) -> InstanceFacts {
    let resource =
        [("service.name", service), ("k8s.pod.name", "pod\"1"), ("job", "theirs"), ("a.b", "1"), ("a_b", "2")];
    InstanceFacts {
        id,
        key: format!("k{id}").into(),
        service: service.into(),
        instance: format!("i{id}").into(),
        job: format!("shop/{service}").into(),
        environment: Some("production".into()),
        resource: resource.map(|(key, value)| (key.into(), value.into())).into(),
        liveness,
        is_local: id == 0,
        is_bridge: id == 0,
        first_seen_unix_ms: 1,
        last_seen_unix_ms: 2,
        export_interval_s: Some(10.0),
        cpu_utilization: Some(0.255),
        memory_bytes: Some(512 << 20),
        uptime_s: Some(60.5),
        traces: 45,
        spans_active: 12,
        spans: 90,
        log_records: 0,
        series: 0,
        restarts: 0,
    }
}

fn component(owner: usize, name: &str, state: ComponentState) -> ComponentFacts {
    ComponentFacts {
        owner,
        key: name.into(),
        name: name.into(),
        kind: "Store".into(),
        state,
        items_processed: 1_500,
        errors: 2,
        items_recent: 150,
        errors_recent: 1,
        recent_s: 60.0,
        last_activity: Some(1_691_234_567.89),
        last_error: None,
    }
}

fn breaker(owner: usize, name: &str, component: Option<&str>, state: BreakerState) -> BreakerFacts {
    BreakerFacts {
        owner,
        key: name.into(),
        name: name.into(),
        component: component.map(Into::into),
        state,
        since_unix_ms: 0,
        failures: 3,
        transitions: 2,
        calls: [5, 3, 1],
        last_failure: (owner == 1).then_some(1_691_234_567.5),
        recent_transitions: Arc::new([]),
    }
}

fn worker(owner: usize, id: &str, state: Option<WorkerState>) -> WorkerFacts {
    WorkerFacts {
        owner,
        key: id.into(),
        id: id.into(),
        app: "my-app".into(),
        pool: "main".into(),
        state,
        state_age_s: 1.0,
        progress_age_s: 1.0,
        requests: Some(150),
        errors: None,
        uptime_s: Some(3_600.25),
        memory_rss: Some(52_428_800),
        memory_heap_used: None,
    }
}

fn pool(owner: usize, name: &str, size: Option<u64>) -> PoolFacts {
    PoolFacts {
        owner,
        key: name.into(),
        name: name.into(),
        size,
        counts: PoolCounts { active: 12, idle: 3, creating: 0 },
        pending: Some(4),
        requests: Some(1_000),
        errors: None,
        workers_created: Some(20),
        workers_failed: None,
        workers_retired: None,
    }
}

fn snapshot() -> Snapshot {
    let stream = StreamFacts {
        owner: Some(1),
        key: "s".into(),
        name: "input".into(),
        from: "task_api".into(),
        to: "task_store".into(),
        active: Some(1),
        queue_depth: None,
        messages: 15_000,
        messages_recent: 100,
        recent_s: 60.0,
        backpressure_events: 0,
    };
    let signal = DestinationSignal { accepted: 10, delivered: 7, dropped: vec![("rejected", 1)], ..Default::default() };
    let destination = DestinationFacts {
        name: "stack".into(),
        endpoint: "http://localhost:4317".into(),
        protocol: "grpc",
        state: "ok",
        breaker: BreakerState::Closed,
        signals: [Some(signal), None, None],
        queue_bytes_max: 1 << 30,
        in_flight: 1,
        last_success_unix_ms: None,
        last_error: None,
        retry_in_s: None,
        warnings: 0,
    };
    let refused = vec![(Signal::Traces, "too_large", 5)];
    let receiver = ReceiverFacts { receiver: "grpc", items: [100, 20, 3], requests: [10, 2, 1], refused };
    Snapshot {
        id: 7,
        uptime: Duration::from_millis(3_600_500),
        instances: vec![
            instance(0, "otel-bridge", Liveness::Live),
            instance(1, "web", Liveness::Live),
            instance(2, "web", Liveness::Stale),
            instance(3, "web", Liveness::Replaced),
        ],
        pools: vec![pool(0, "own", Some(4)), pool(1, "main", None), pool(2, "main", Some(9))],
        workers: vec![
            worker(1, "w-1", Some(WorkerState::Active)),
            worker(1, "w-2", Some(WorkerState::Terminated)),
            worker(1, "w-3", None),
            worker(2, "gone", Some(WorkerState::Idle)),
        ],
        components: vec![
            component(0, "receiver", ComponentState::Running),
            component(1, "task_api", ComponentState::Starting),
            component(1, "task_store", ComponentState::Degraded),
            component(2, "task_api", ComponentState::Running),
            component(3, "replaced", ComponentState::Running),
        ],
        missing: vec!["expected".into()],
        breakers: vec![
            breaker(1, "db", Some("task_api"), BreakerState::Closed),
            breaker(1, "cache", Some("task_api"), BreakerState::ForcedOpen),
            breaker(1, "lone", None, BreakerState::HalfOpen),
            breaker(2, "db", Some("task_api"), BreakerState::Open),
        ],
        streams: vec![stream],
        bridge: BridgeFacts {
            receivers: vec![receiver],
            destinations: vec![destination],
            unreadable: vec![("bad_bounds", 2)],
            series: 9,
            ..BridgeFacts::default()
        },
        ..Snapshot::default()
    }
}

fn tables() -> Tables {
    let mut tables = Tables::new();
    for instance in 1..=3 {
        tables.number(instance, "http.requests", "{request}", COUNTER, &[("http.route", "/a"), ("code", "200")], 5.0);
        tables.number(instance, "load", "1", GAUGE, &[], -0.0);
    }
    tables.number(1, "load", "1", GAUGE, &[("cpu", "NaN")], f64::NAN);
    tables.number(1, "load", "1", GAUGE, &[("cpu", "a\"} 1\nevil 1")], f64::INFINITY);
    tables.number(1, "health.score", "1", GAUGE, &[], 0.5);
    tables.number(1, "clash", "", GAUGE, &[], 1.0);
    let (table, metric) = tables.metric(1, "", "latency", "s", Kind::Histogram(Temporality::Cumulative));
    let (bounds, counts) = ([0.005, 1.0, 1e6], [1, 0, 2, 3]);
    let point = HistogramPoint { count: 6, sum: Some(2.5), bounds: bounds.into_iter(), counts: counts.into_iter() };
    table.histogram(metric, std::iter::empty(), &Head::default(), &point).unwrap();
    let (table, metric) = tables.metric(1, "", "size", "By", Kind::ExponentialHistogram(Temporality::Cumulative));
    let point = ExponentialPoint {
        count: 0,
        sum: None,
        scale: 1,
        zero_count: 1,
        zero_threshold: 0.0,
        positive_offset: 0,
        positive: [1u64, 2].into_iter(),
        negative_offset: 0,
        negative: std::iter::empty(),
    };
    table.exponential(metric, std::iter::empty(), &Head::default(), &point).unwrap();
    let (table, metric) = tables.metric(1, "", "gc", "s", Kind::Summary);
    let point = SummaryPoint { count: 3, sum: 0.25, quantiles: [(0.5, 0.1), (1.0, f64::NAN)].into_iter() };
    table.summary(metric, std::iter::empty(), &Head::default(), &point).unwrap();
    tables
}

/// The process's own meters, as a registry gathers them.
fn own() -> Vec<MetricFamily> {
    let registry = ::prometheus::Registry::new();
    let options = ::prometheus::Opts::new("own_jobs", "Own \"jobs\"").const_label("kind", "a\\b");
    let counter = ::prometheus::Counter::with_opts(options).unwrap();
    counter.inc_by(2.5);
    registry.register(Box::new(counter)).unwrap();
    let options = ::prometheus::HistogramOpts::new("own_seconds", "Own").buckets(vec![0.5, 1.0]);
    let histogram = ::prometheus::Histogram::with_opts(options).unwrap();
    histogram.observe(0.75);
    registry.register(Box::new(histogram)).unwrap();
    let gauge = ::prometheus::IntCounter::new("clash", "Another type than the received one").unwrap();
    registry.register(Box::new(gauge)).unwrap();
    registry.gather()
}

fn page(tables: &Tables, scope: &Scope, options: &Prometheus, format: Format) -> String {
    let (snapshot, rules, gathered) = (snapshot(), HealthRules::default(), own());
    let sources = Sources { snapshot: &snapshot, rules: &rules, series: tables, gathered: &gathered };
    render(&sources, scope, options, format)
}

fn read(page: &str, format: Format) -> Vec<Sample> {
    checker::read(page, format).unwrap_or_else(|why| panic!("{why}\n{page}"))
}

/// Contract §5: the whole page with the printed names.
#[test]
fn the_page_with_printed_names() {
    let tables = tables();
    let text = page(&tables, &Scope::default(), &Prometheus::default(), Format::Text);
    insta::assert_snapshot!(text);
    read(&text, Format::Text);
    assert_eq!(tables.caps.conflicts(), [("clash".into(), "gauge", "counter")]);
}

/// Contract §5, §6: the whole page with translated names, and resource labels on every series.
#[test]
fn the_page_with_translated_names() {
    let resource_labels = ["k8s.pod.name", "absent", "cpu"].map(str::to_owned).into();
    let options = Prometheus { names: Names::Otel, openmetrics: true, resource_labels };
    let text = page(&tables(), &Scope::default(), &options, Format::Text);
    insta::assert_snapshot!(text);
    read(&text, Format::Text);
}

/// O: the whole page as OpenMetrics, whatever names the text page has; the same figures.
#[test]
fn the_page_as_openmetrics() {
    let exact = page(&tables(), &Scope::default(), &Prometheus::default(), Format::OpenMetrics);
    insta::assert_snapshot!(exact);
    let options = Prometheus { names: Names::Otel, ..Prometheus::default() };
    let text = page(&tables(), &Scope::default(), &options, Format::Text);
    // A bound is written in another way, and `own_jobs` gets its ending; names and values are the same.
    let plain = |samples: Vec<Sample>| -> Vec<(String, u64)> {
        let name = |name: &str| name.replace("own_jobs_total", "own_jobs");
        let mut all: Vec<_> = samples.into_iter().map(|one| (name(&one.name), one.value.to_bits())).collect();
        all.sort();
        all
    };
    let (exact, text) = (plain(read(&exact, Format::OpenMetrics)), plain(read(&text, Format::Text)));
    let different: Vec<_> = exact.iter().zip(&text).filter(|(one, other)| one != other).collect();
    assert_eq!((different, exact.len()), (vec![], text.len()));
}

/// A filter leaves what is outside of it out, the bridge's books and missing components too.
#[test]
fn keeps_to_the_scope() {
    let scope = Scope { service: Some("web".to_owned()), ..Scope::default() };
    let text = page(&tables(), &scope, &Prometheus::default(), Format::Text);
    let samples = read(&text, Format::Text);
    assert!(samples.iter().all(|one| !one.name.starts_with("otel_bridge_")));
    assert!(samples.iter().all(|one| one.labels.get("component").is_none_or(|name| name != "expected")));
    let nothing = Scope { service: Some("none".to_owned()), ..Scope::default() };
    let samples = read(&page(&tables(), &nothing, &Prometheus::default(), Format::Text), Format::Text);
    assert!(samples.iter().all(|one| one.labels.get("job").is_none()));
}

/// A stale instance's series leave all at once; its components stay at 0, a replaced one's do not.
#[test]
fn staleness() {
    let text = page(&tables(), &Scope::default(), &Prometheus::default(), Format::Text);
    let samples = read(&text, Format::Text);
    let of = |id: &str| -> Vec<(String, f64)> {
        let of = samples.iter().filter(|one| one.labels.get("instance").is_some_and(|instance| instance == id));
        of.map(|one| (one.name.clone(), one.value)).collect()
    };
    assert_eq!(of("i2"), [("component_health".to_owned(), 0.0)]);
    assert_eq!(of("i3"), []);
}

/// Contract §4.2: the plugin's families.
#[test]
fn the_plugin_page() {
    let (snapshot, rules, tables) = (snapshot(), HealthRules::default(), tables());
    let sources = Sources { snapshot: &snapshot, rules: &rules, series: &tables, gathered: &[] };
    let options = Prometheus::default();
    let text = render_pool(&sources, &Scope::default(), None, "buntime", &options, Format::Text);
    insta::assert_snapshot!(text);
    let one = render_pool(&sources, &Scope::default(), Some("own"), "x y", &options, Format::OpenMetrics);
    let samples = read(&one, Format::OpenMetrics);
    assert_eq!((samples[0].name.as_str(), samples[0].value), ("x_y_pool_size", 4.0));
}

/// The empty store still has a page.
#[test]
fn an_empty_page() {
    let (snapshot, rules, tables) = (Snapshot::default(), HealthRules::default(), Tables::new());
    let sources = Sources { snapshot: &snapshot, rules: &rules, series: &tables, gathered: &[] };
    for format in [Format::Text, Format::OpenMetrics] {
        read(&render(&sources, &Scope::default(), &Prometheus::default(), format), format);
    }
}

proptest! {
    /// H: whatever stands in names and labels, the page has as many lines and reads back, values unchanged.
    #[test]
    fn any_text_reads_back(
        name in ".{1,20}",
        pairs in proptest::collection::btree_map(".{0,12}", any::<String>(), 0..5),
        value in any::<f64>(),
        job in any::<String>(),
    ) {
        let mut snapshot = Snapshot { instances: vec![instance(1, "web", Liveness::Live)], ..Snapshot::default() };
        snapshot.instances[0].job = job.as_str().into();
        snapshot.components = vec![component(0, &job, ComponentState::Running)];
        let rules = HealthRules::default();
        let mut plain = Tables::new();
        plain.number(1, "plain", "", GAUGE, &[("k", "v")], 1.0);
        let mut hostile = Tables::new();
        let labels: Vec<(&str, &str)> = pairs.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        hostile.number(1, &name, "", GAUGE, &labels, value);
        for format in [Format::Text, Format::OpenMetrics] {
            let page = |tables: &Tables| {
                let sources = Sources { snapshot: &snapshot, rules: &rules, series: tables, gathered: &[] };
                render(&sources, &Scope::default(), &Prometheus::default(), format)
            };
            let text = page(&hostile);
            prop_assert_eq!(text.matches('\n').count(), page(&plain).matches('\n').count());
            let samples = read(&text, format);
            let found = samples.iter().filter(|one| one.labels.contains_key("otel_scope_name")).collect::<Vec<_>>();
            prop_assert_eq!(found.len(), 1);
            prop_assert!(found[0].value.to_bits() == value.to_bits() || (value.is_nan() && found[0].value.is_nan()));
            prop_assert_eq!(&found[0].labels["job"], &job);
            for value in pairs.values() {
                prop_assert!(found[0].labels.values().any(|read| read.contains(value.as_str())));
            }
        }
    }
}
