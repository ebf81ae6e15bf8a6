//! `custom` of `/metrics/json`: what the service's own OpenTelemetry meters say, as `/metrics` shows it.

use std::collections::BTreeMap;

use prometheus::proto::{Metric, MetricFamily, MetricType};
use serde::Serialize;
use utoipa::ToSchema;

/// The label that names the meter.
const SCOPE_LABEL: &str = "otel_scope_name";

/// The families of the service's own meters, by name.
pub(super) type Custom = BTreeMap<String, Family>;

/// A family, as `opentelemetry-prometheus` translates an instrument.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = compat::CustomFamily)]
pub(super) struct Family {
    /// `counter`, `gauge` or `histogram`.
    #[serde(rename = "type")]
    kind: &'static str,
    help: String,
    samples: Vec<Sample>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = compat::CustomSample)]
struct Sample {
    labels: BTreeMap<String, String>,
    /// Null for a histogram, and for what JSON cannot write.
    value: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    histogram: Option<Histogram>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = compat::CustomHistogram)]
struct Histogram {
    count: u64,
    sum: Option<f64>,
    buckets: Vec<Bucket>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = compat::CustomBucket)]
struct Bucket {
    /// Upper bound; null is infinity.
    le: Option<f64>,
    /// Values up to the bound.
    count: u64,
}

/// Every family of a meter other than this crate's own.
pub(super) fn custom(gathered: &[MetricFamily]) -> Custom {
    let families = gathered.iter().filter_map(|family| {
        let kind = match family.get_field_type() {
            MetricType::COUNTER => "counter",
            MetricType::GAUGE => "gauge",
            MetricType::HISTOGRAM => "histogram",
            MetricType::SUMMARY | MetricType::UNTYPED => return None,
        };
        let foreign = family.get_metric().iter().filter(|metric| !is_own(metric));
        let samples: Vec<Sample> = foreign.map(|metric| sample(family.get_field_type(), metric)).collect();
        let shown = Family { kind, help: family.help().to_owned(), samples };
        (!shown.samples.is_empty()).then(|| (family.name().to_owned(), shown))
    });
    families.collect()
}

fn is_own(metric: &Metric) -> bool {
    metric.get_label().iter().any(|label| label.name() == SCOPE_LABEL && label.value() == env!("CARGO_PKG_NAME"))
}

fn sample(kind: MetricType, metric: &Metric) -> Sample {
    let labels = metric.get_label().iter().map(|label| (label.name().to_owned(), label.value().to_owned())).collect();
    let value = match kind {
        MetricType::COUNTER => Some(metric.get_counter().get_value()),
        MetricType::GAUGE => Some(metric.get_gauge().get_value()),
        _ => None,
    };
    let histogram = (kind == MetricType::HISTOGRAM).then(|| {
        let told = metric.get_histogram();
        let buckets = told.get_bucket().iter();
        let buckets = buckets.map(|one| Bucket { le: finite(one.upper_bound()), count: one.cumulative_count() });
        Histogram { count: told.get_sample_count(), sum: finite(told.get_sample_sum()), buckets: buckets.collect() }
    });
    Sample { labels, value: value.and_then(finite), histogram }
}

fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}
