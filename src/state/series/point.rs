//! Metrics and points as the store takes them: plain figures and iterators over the request's bytes.

use crate::state::series::accumulate::{Flow, Temporality};
use crate::state::series::caps::MetricType;

/// Bit 0 of a point's flags: the series has no value any more (OTLP, `NoRecordedValue`).
pub const NO_RECORDED_VALUE: u32 = 1;

/// An instrumentation scope as it was received; what was not told is empty. The attributes are raw `KeyValue` messages.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a, A> {
    /// `scope.name`.
    pub name: &'a str,
    /// `scope.version`.
    pub version: &'a str,
    /// `schema_url` of the scope's metrics.
    pub schema_url: &'a str,
    /// `scope.attributes`.
    pub attributes: A,
}

/// A metric as it was received.
#[derive(Clone, Copy, Debug)]
pub struct Metric<'a> {
    /// `name`.
    pub name: &'a str,
    /// `unit`, UCUM.
    pub unit: &'a str,
    /// `description`.
    pub description: &'a str,
    /// What its `data` is.
    pub kind: Kind,
}

/// The kinds of OTLP metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `gauge`.
    Gauge,
    /// `sum`.
    Sum {
        /// `aggregation_temporality`.
        temporality: Temporality,
        /// `is_monotonic`.
        is_monotonic: bool,
    },
    /// `histogram`.
    Histogram(Temporality),
    /// `exponential_histogram`.
    ExponentialHistogram(Temporality),
    /// `summary`.
    Summary,
}

impl Kind {
    /// Its TYPE (conformance X5).
    pub const fn metric_type(self) -> MetricType {
        match self {
            Self::Gauge | Self::Sum { is_monotonic: false, .. } => MetricType::Gauge,
            Self::Sum { is_monotonic: true, .. } => MetricType::Counter,
            Self::Histogram(_) | Self::ExponentialHistogram(_) => MetricType::Histogram,
            Self::Summary => MetricType::Summary,
        }
    }

    /// How its points follow each other.
    pub(super) fn flow(self) -> Result<Flow, &'static str> {
        match self {
            Self::Gauge => Ok(Flow::Last),
            Self::Sum { temporality, is_monotonic } => Flow::of_sum(temporality, is_monotonic),
            Self::Histogram(temporality) | Self::ExponentialHistogram(temporality) => Flow::of_sum(temporality, true),
            Self::Summary => Ok(Flow::Counter),
        }
    }
}

/// What every point has.
#[derive(Clone, Copy, Debug, Default)]
pub struct Head {
    /// `flags`.
    pub flags: u32,
    /// `start_time_unix_nano`, 0 when not told.
    pub start_ns: u64,
    /// `time_unix_nano`, 0 when not told.
    pub time_ns: u64,
}

/// The figures of a histogram point.
#[derive(Clone, Copy, Debug)]
pub struct HistogramPoint<B, C> {
    /// `count`.
    pub count: u64,
    /// `sum`, where told.
    pub sum: Option<f64>,
    /// `explicit_bounds`: an iterator over `f64`.
    pub bounds: B,
    /// `bucket_counts`: an iterator over `u64`, one more than the bounds, or none at all.
    pub counts: C,
}

/// The figures of an exponential histogram point.
#[derive(Clone, Copy, Debug)]
pub struct ExponentialPoint<P, N> {
    /// `count`.
    pub count: u64,
    /// `sum`, where told.
    pub sum: Option<f64>,
    /// `scale`, -10 to 20.
    pub scale: i32,
    /// `zero_count`.
    pub zero_count: u64,
    /// `zero_threshold`.
    pub zero_threshold: f64,
    /// `positive.offset`.
    pub positive_offset: i32,
    /// `positive.bucket_counts`: an iterator over `u64`.
    pub positive: P,
    /// `negative.offset`.
    pub negative_offset: i32,
    /// `negative.bucket_counts`: an iterator over `u64`.
    pub negative: N,
}

/// The figures of a summary point.
#[derive(Clone, Copy, Debug)]
pub struct SummaryPoint<Q> {
    /// `count`.
    pub count: u64,
    /// `sum`.
    pub sum: f64,
    /// `quantile_values`: an iterator over (quantile, value).
    pub quantiles: Q,
}
