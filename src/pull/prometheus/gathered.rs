//! Families that the process's own OpenTelemetry meters gathered through `opentelemetry-prometheus`, in our lines. Their names
//! were translated there; only what would break a scrape is mended here.

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use prometheus::proto::{Metric, MetricFamily, MetricType};

use crate::limits::PART_PATIENCE_MS;
use crate::model::naming;
use crate::pull::prometheus::Format;
use crate::pull::prometheus::page::Page;
use crate::pull::prometheus::writer::{self, Type};
use crate::state::parts::Part;

/// Where the process's own meters are read, at each scrape: a `prometheus::Registry`, in one line
/// (`move || registry.gather()`).
pub trait OwnMeters: Send + Sync {
    /// The families as they are now.
    fn gather(&self) -> Vec<MetricFamily>;
}

impl<F: Fn() -> Vec<MetricFamily> + Send + Sync> OwnMeters for F {
    fn gather(&self) -> Vec<MetricFamily> {
        self()
    }
}

/// The process's own meters as a part of the page: if they fail, panic or hang, their families are missing and nothing else.
#[derive(Clone)]
pub struct Meters {
    /// Where they are read.
    pub source: Arc<dyn OwnMeters>,
    /// How they stand.
    pub part: Part,
}

impl fmt::Debug for Meters {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Meters").field("part", &self.part).finish_non_exhaustive()
    }
}

impl Meters {
    /// The families as they are now; none when they cannot be read.
    pub(crate) async fn gather(&self) -> Vec<MetricFamily> {
        let source = self.source.clone();
        let read = move || Ok::<_, Infallible>(source.gather());
        self.part.read_within(Duration::from_millis(PART_PATIENCE_MS), read).await.unwrap_or_default()
    }
}

/// The family's TYPE; none for the untyped, which no registry makes.
pub(super) fn kind(family: &MetricFamily) -> Option<Type> {
    match family.get_field_type() {
        MetricType::COUNTER => Some(Type::Counter),
        MetricType::GAUGE => Some(Type::Gauge),
        MetricType::HISTOGRAM => Some(Type::Histogram),
        MetricType::SUMMARY => Some(Type::Summary),
        MetricType::UNTYPED => None,
    }
}

/// Writes the samples of a family.
pub(super) fn write(page: &mut Page<'_>, name: &str, family: &MetricFamily) {
    let format = page.format;
    let out = &mut page.out;
    let kind = family.get_field_type();
    // A sample of a counter ends in `_total` in OpenMetrics, whoever named it.
    let is_mended = kind == MetricType::COUNTER && format == Format::OpenMetrics;
    let (base, ending) = if is_mended { (naming::without_total(name), "_total") } else { (name, "") };
    for metric in family.get_metric() {
        let labels = labels(metric);
        let value = match kind {
            MetricType::COUNTER => metric.get_counter().get_value(),
            MetricType::GAUGE => metric.get_gauge().get_value(),
            MetricType::HISTOGRAM => {
                histogram(out, base, &labels, metric, format);
                continue;
            }
            MetricType::SUMMARY => {
                summary(out, base, &labels, metric, format);
                continue;
            }
            MetricType::UNTYPED => continue,
        };
        out.push_str(base);
        writer::name_and_labels(out, ending, &[&labels]);
        writer::number(out, value);
        out.push('\n');
    }
}

fn labels(metric: &Metric) -> String {
    let mut text = String::new();
    let mut names: Vec<String> = Vec::new();
    for pair in metric.get_label() {
        let mut name = String::new();
        naming::label_name_after("", pair.name(), &mut name);
        // What collides after mending would be a label twice: the first one stays.
        if name.is_empty() || names.contains(&name) {
            continue;
        }
        writer::label(&mut text, 0, &name, pair.value());
        names.push(name);
    }
    text
}

fn histogram(out: &mut String, name: &str, labels: &str, metric: &Metric, format: Format) {
    let one = metric.get_histogram();
    let bounds = one.get_bucket().iter().map(|bucket| (bucket.upper_bound(), bucket.cumulative_count()));
    let finite = bounds.filter(|(bound, _)| bound.is_finite());
    for (bound, count) in finite.chain([(f64::INFINITY, one.get_sample_count())]) {
        with_bound(out, [name, "_bucket"], labels, ("le", bound), format);
        writer::count(out, count);
        out.push('\n');
    }
    sum_and_count(out, name, labels, one.get_sample_sum(), one.get_sample_count());
}

fn summary(out: &mut String, name: &str, labels: &str, metric: &Metric, format: Format) {
    let one = metric.get_summary();
    for quantile in one.get_quantile() {
        with_bound(out, [name, ""], labels, ("quantile", quantile.quantile()), format);
        writer::number(out, quantile.value());
        out.push('\n');
    }
    sum_and_count(out, name, labels, one.sample_sum(), one.sample_count());
}

fn with_bound(out: &mut String, name: [&str; 2], labels: &str, (key, bound): (&str, f64), format: Format) {
    let mut last = String::new();
    last.push_str(key);
    last.push_str("=\"");
    writer::bound(&mut last, bound, format);
    last.push('"');
    out.push_str(name.concat().as_str());
    writer::name_and_labels(out, "", &[labels, &last]);
}

fn sum_and_count(out: &mut String, name: &str, labels: &str, sum: f64, count: u64) {
    out.push_str(name);
    writer::name_and_labels(out, "_sum", &[labels]);
    writer::number(out, sum);
    out.push('\n');
    out.push_str(name);
    writer::name_and_labels(out, "_count", &[labels]);
    writer::count(out, count);
    out.push('\n');
}
