//! Histograms of durations, bound once to each entity's attributes: recording looks nothing up.

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
    pub(super) fn of_pool(&self, name: &str) -> BoundHistogram<f64> {
        self.pool.bind(&[KeyValue::new(names::ATTRIBUTE_POOL, name.to_owned())])
    }

    /// Of what a component processes.
    pub(super) fn of_component(&self, name: &str) -> BoundHistogram<f64> {
        self.component.bind(&[KeyValue::new(names::ATTRIBUTE_COMPONENT, name.to_owned())])
    }
}
