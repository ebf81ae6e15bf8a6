//! Hands the points of generic metrics to the table of series.

use crate::otlp::envelope::Scope;
use crate::otlp::metrics::points::Number as WireNumber;
use crate::otlp::metrics::{Data, Metric, Monotonicity, Temporality as WireTemporality};
use crate::state::series::{
    ExponentialPoint, Head, HistogramPoint, Kind, Metric as SeriesMetric, Number, Scope as SeriesScope, ScopeText,
    SeriesTable, SummaryPoint, Temporality,
};
use crate::state::unreadable::Unreadable;

/// The labels of a scope.
pub(super) fn scope(table: &mut SeriesTable, scope: &Scope<'_>) -> ScopeText {
    table.scope(&SeriesScope {
        name: scope.name,
        version: scope.version,
        schema_url: scope.schema_url,
        attributes: scope.attributes().bodies(),
    })
}

/// Every point of a metric.
pub(super) fn metric(table: &mut SeriesTable, scope: &ScopeText, metric: &Metric<'_>, unreadable: &mut Unreadable) {
    let Some(kind) = kind(&metric.data) else {
        return unreadable.add("no_data", 1);
    };
    let Metric { name, unit, description, .. } = *metric;
    let id = table.metric(scope, &SeriesMetric { name, unit, description, kind });
    let mut taken = |result: Result<(), &'static str>| {
        if let Err(reason) = result {
            unreadable.add(reason, 1);
        }
    };
    match metric.data {
        Data::Empty => {}
        Data::Gauge(points) | Data::Sum(points, ..) => {
            for point in points {
                let head = head(point.flags, point.start_time_unix_nano, point.time_unix_nano);
                let number = match point.value {
                    WireNumber::Int(value) => Number::Int(value),
                    WireNumber::Double(value) => Number::Float(value),
                    WireNumber::Empty if point.flags & 1 != 0 => Number::Int(0),
                    WireNumber::Empty => {
                        taken(Err("no_value"));
                        continue;
                    }
                };
                taken(table.number(id, point.attributes.bodies(), &head, number));
            }
        }
        Data::Histogram(points, _) => {
            for point in points {
                let head = head(point.flags, point.start_time_unix_nano, point.time_unix_nano);
                let figures = HistogramPoint {
                    count: point.count,
                    sum: point.sum,
                    bounds: point.explicit_bounds(),
                    counts: point.bucket_counts(),
                };
                taken(table.histogram(id, point.attributes.bodies(), &head, &figures));
            }
        }
        Data::ExponentialHistogram(points, _) => {
            for point in points {
                let head = head(point.flags, point.start_time_unix_nano, point.time_unix_nano);
                let figures = ExponentialPoint {
                    count: point.count,
                    sum: point.sum,
                    scale: point.scale,
                    zero_count: point.zero_count,
                    zero_threshold: point.zero_threshold,
                    positive_offset: point.positive.offset,
                    positive: point.positive.counts(),
                    negative_offset: point.negative.offset,
                    negative: point.negative.counts(),
                };
                taken(table.exponential(id, point.attributes.bodies(), &head, &figures));
            }
        }
        Data::Summary(points) => {
            for point in points {
                let head = head(point.flags, point.start_time_unix_nano, point.time_unix_nano);
                let figures = SummaryPoint { count: point.count, sum: point.sum, quantiles: point.quantiles() };
                taken(table.summary(id, point.attributes.bodies(), &head, &figures));
            }
        }
    }
}

const fn head(flags: u32, start_ns: u64, time_ns: u64) -> Head {
    Head { flags, start_ns, time_ns }
}

const fn kind(data: &Data<'_>) -> Option<Kind> {
    match data {
        Data::Empty => None,
        Data::Gauge(_) => Some(Kind::Gauge),
        Data::Sum(_, temporality, monotonicity) => Some(Kind::Sum {
            temporality: of_wire(*temporality),
            is_monotonic: matches!(monotonicity, Monotonicity::Monotonic),
        }),
        Data::Histogram(_, temporality) => Some(Kind::Histogram(of_wire(*temporality))),
        Data::ExponentialHistogram(_, temporality) => Some(Kind::ExponentialHistogram(of_wire(*temporality))),
        Data::Summary(_) => Some(Kind::Summary),
    }
}

/// A sum that does not say how its points relate is taken as cumulative, as most exporters are.
const fn of_wire(temporality: WireTemporality) -> Temporality {
    match temporality {
        WireTemporality::Delta => Temporality::Delta,
        WireTemporality::Cumulative | WireTemporality::Unspecified => Temporality::Cumulative,
    }
}
