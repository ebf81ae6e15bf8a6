//! Histograms of durations, bound once to each entity's attributes: recording looks nothing up.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{BoundHistogram, Histogram, Meter};

use crate::record::convention::{self as names, Convention};

/// Bounds of buckets in seconds, as the semantic conventions advise for durations.
pub(super) const BOUNDS_S: [f64; 14] =
    [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

/// The two histograms.
#[derive(Clone, Debug)]
pub(crate) struct Durations {
    pool: Histogram<f64>,
    component: Histogram<f64>,
}

impl Durations {
    /// Histograms of that meter.
    pub(super) fn new(meter: &Meter) -> Self {
        let histogram = |what: Convention| {
            let builder = meter.f64_histogram(what.name).with_unit(what.unit).with_description(what.description);
            builder.with_boundaries(BOUNDS_S.to_vec()).build()
        };
        Self { pool: histogram(names::POOL_REQUEST_DURATION), component: histogram(names::COMPONENT_PROCESS_DURATION) }
    }

    /// Of a pool's requests.
    pub(super) fn of_pool(&self, name: &str) -> DurationOf {
        DurationOf::new(&self.pool, names::ATTRIBUTE_POOL, name)
    }

    /// Of what a component processes.
    pub(super) fn of_component(&self, name: &str) -> DurationOf {
        DurationOf::new(&self.component, names::ATTRIBUTE_COMPONENT, name)
    }
}

/// The durations of one entity; cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct DurationOf(Arc<Binding>);

#[derive(Debug)]
struct Binding {
    histogram: Histogram<f64>,
    label: KeyValue,
    bound: OnceLock<BoundHistogram<f64>>,
}

impl DurationOf {
    fn new(histogram: &Histogram<f64>, key: &'static str, name: &str) -> Self {
        let (histogram, label) = (histogram.clone(), KeyValue::new(key, name.to_owned()));
        Self(Arc::new(Binding { histogram, label, bound: OnceLock::new() }))
    }

    /// Records the time between two readings of one clock. It is bound at the first of them: what is bound is exported from then
    /// on, and without any recording the SDK would tell a least and a greatest duration that never were.
    #[inline]
    pub(super) fn record(&self, began: Duration, ended: Duration) {
        let Binding { histogram, label, bound } = &*self.0;
        let bound = bound.get_or_init(|| histogram.bind(std::slice::from_ref(label)));
        bound.record(ended.saturating_sub(began).as_secs_f64());
    }
}
