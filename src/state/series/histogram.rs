//! Histograms with explicit bounds, and summaries.

use std::sync::Arc;

use crate::limits::BUCKETS_MAX;
use crate::state::series::accumulate::{Course, Order};
use crate::state::series::point::{HistogramPoint, SummaryPoint};
use crate::state::series::reason;
use crate::state::series::value::Step;

/// A histogram with explicit bounds.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    /// Upper bounds, growing; `+Inf` is not among them. Shared by the series of a family while they are equal.
    pub bounds: Arc<[f64]>,
    /// One count for each bound and one for `+Inf`, not cumulated; empty when only count and sum were told.
    pub counts: Box<[u64]>,
    /// All of them; the sum of `counts` where there are any.
    pub count: u64,
    /// Sum of the values, where told.
    pub sum: Option<f64>,
    pub(super) course: Course,
}

impl Histogram {
    /// A histogram of one point; `shared` are the bounds that the family used last.
    pub(super) fn of<B, C>(
        point: HistogramPoint<B, C>,
        shared: &mut Option<Arc<[f64]>>,
        course: Course,
    ) -> Result<Self, &'static str>
    where
        B: Iterator<Item = f64> + Clone,
        C: Iterator<Item = u64> + Clone,
    {
        let count = check(&point)?;
        let bounds = match shared {
            Some(known) if known.iter().copied().eq(point.bounds.clone()) => known.clone(),
            _ => shared.insert(point.bounds.collect()).clone(),
        };
        Ok(Self { bounds, counts: point.counts.collect(), count, sum: point.sum, course })
    }

    /// Takes the next point; other bounds begin anew.
    pub(super) fn take<B, C>(
        &mut self,
        point: HistogramPoint<B, C>,
        shared: &mut Option<Arc<[f64]>>,
        step: Step,
    ) -> Result<Order, &'static str>
    where
        B: Iterator<Item = f64> + Clone,
        C: Iterator<Item = u64> + Clone,
    {
        let mut course = self.course;
        let order = step.follow(&mut course)?;
        let has_same_bounds = self.bounds.iter().copied().eq(point.bounds.clone());
        if !has_same_bounds || point.counts.clone().count() != self.counts.len() {
            *self = Self::of(point, shared, course)?;
            return Ok(order);
        }
        self.course = course;
        let adds = step.adds();
        if !adds {
            self.counts.fill(0);
            self.count = 0;
            self.sum = None;
        }
        let mut total = 0u64;
        for (held, more) in self.counts.iter_mut().zip(point.counts) {
            *held = held.saturating_add(more);
            total = total.saturating_add(more);
        }
        self.count = self.count.saturating_add(if self.counts.is_empty() { point.count } else { total });
        self.sum = add_sums(self.sum, point.sum);
        Ok(order)
    }

    pub(super) fn heap_bytes(&self) -> usize {
        // The bounds are counted too, although they are mostly shared: they need not be.
        size_of::<Self>() + 16 * self.counts.len() + 16
    }
}

/// The number of values, once bounds and counts were found to fit (conformance H).
fn check<B, C>(point: &HistogramPoint<B, C>) -> Result<u64, &'static str>
where
    B: Iterator<Item = f64> + Clone,
    C: Iterator<Item = u64> + Clone,
{
    let mut before = f64::NEG_INFINITY;
    let mut bounds = 0;
    for bound in point.bounds.clone() {
        let grows = bound > before && bound.is_finite();
        if !grows {
            return Err(reason::BAD_BOUNDS);
        }
        before = bound;
        bounds += 1;
        if bounds > BUCKETS_MAX {
            return Err(reason::TOO_MANY_BUCKETS);
        }
    }
    let (mut counts, mut total) = (0, 0u64);
    for count in point.counts.clone() {
        counts += 1;
        total = total.saturating_add(count);
        if counts > bounds + 1 {
            return Err(reason::BAD_COUNTS);
        }
    }
    match counts {
        0 if bounds == 0 => Ok(point.count),
        counts if counts == bounds + 1 => Ok(total),
        _ => Err(reason::BAD_COUNTS),
    }
}

/// Sums add up where both are told; a NaN is not taken over into what is already counted.
pub(super) fn add_sums(held: Option<f64>, more: Option<f64>) -> Option<f64> {
    match (held, more) {
        (Some(held), Some(more)) if !more.is_nan() => Some(held + more),
        (held, more) => held.or(more),
    }
}

/// A summary: quantiles as its writer computed them.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// (quantile, value), as received.
    pub quantiles: Box<[(f64, f64)]>,
    /// How many values.
    pub count: u64,
    /// Their sum.
    pub sum: f64,
    pub(super) course: Course,
}

impl Summary {
    /// A summary of one point.
    pub(super) fn of<Q>(point: SummaryPoint<Q>, course: Course) -> Result<Self, &'static str>
    where
        Q: Iterator<Item = (f64, f64)>,
    {
        let mut quantiles: Vec<(f64, f64)> = point.quantiles.take(BUCKETS_MAX + 1).collect();
        if quantiles.len() > BUCKETS_MAX {
            return Err(reason::TOO_MANY_BUCKETS);
        }
        // The same quantile twice would be the same series twice (conformance T4).
        quantiles.sort_by(|left, right| left.0.total_cmp(&right.0));
        // Every NaN prints the same, whatever its bits.
        quantiles.dedup_by(|next, kept| next.0.to_bits() == kept.0.to_bits() || (next.0.is_nan() && kept.0.is_nan()));
        Ok(Self { quantiles: quantiles.into(), count: point.count, sum: point.sum, course })
    }

    pub(super) fn heap_bytes(&self) -> usize {
        size_of::<Self>() + 16 * self.quantiles.len() + 16
    }
}
