//! Whole pages, read back by an independent reader (conformance E, T1 to T6, O).

mod picture;

use std::collections::BTreeMap;
use std::sync::Arc;

use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use proptest::prelude::*;
use prost::Message;

use self::picture::{component, instance, snapshot};
use super::checker::{self, Sample};
use super::*;
use crate::model::component::ComponentState;
use crate::model::snapshot::Liveness;
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

/// A filter leaves what is outside of it out: the bridge's books, missing components and the process's own meters too.
#[test]
fn keeps_to_the_scope() {
    let scope = Scope { service: Some("web".to_owned()), ..Scope::default() };
    let text = page(&tables(), &scope, &Prometheus::default(), Format::Text);
    let samples = read(&text, Format::Text);
    assert!(samples.iter().all(|one| !one.name.starts_with("otel_bridge_") && !one.name.starts_with("own_")));
    assert!(samples.iter().all(|one| one.labels.get("component").is_none_or(|name| name != "expected")));
    let nothing = Scope { service: Some("none".to_owned()), ..Scope::default() };
    let samples = read(&page(&tables(), &nothing, &Prometheus::default(), Format::Text), Format::Text);
    assert!(samples.iter().all(|one| !one.labels.contains_key("job")));
}

/// Every family of our own stands in `docs/metrics.md`, under both sets of names, and in the pool's page.
#[test]
fn families_stand_in_the_documentation() {
    let documentation = include_str!("../../../docs/metrics.md");
    let tables = Tables::new();
    let (snapshot, rules) = (snapshot(), HealthRules::default());
    let sources = Sources { snapshot: &snapshot, rules: &rules, series: &tables, gathered: &[] };
    for names in [Names::Spec, Names::Otel] {
        let options = Prometheus { names, ..Prometheus::default() };
        let pages = [
            render(&sources, &Scope::default(), &options, Format::Text),
            render_pool(&sources, &Scope::default(), None, "buntime", &options, Format::Text),
        ];
        let lines = pages.iter().flat_map(|page| page.lines()).filter_map(|line| line.strip_prefix("# TYPE "));
        let families: Vec<&str> = lines.filter_map(|line| line.split(' ').next()).collect();
        assert!(families.len() > 40, "{}", families.len());
        let missing: Vec<&&str> =
            families.iter().filter(|name| !documentation.contains(&format!("`{name}`"))).collect();
        assert!(missing.is_empty(), "not in docs/metrics.md: {missing:?}");
    }
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
