//! Exponential histograms, folded into classic buckets (conformance X14).
//!
//! The scheme: points are brought down to scale 1 (two buckets for each doubling, a bound every factor √2) when they come in,
//! and further down until each side of zero spans at most [`EXPONENTIAL_BUCKETS_MAX`] buckets. The bounds are therefore the
//! same powers of √2 in every export, whatever scale the SDK has chosen meanwhile; only buckets between the lowest and the
//! highest one in use are printed, and the zero bucket stands at its threshold.

use std::f64::consts::SQRT_2;

use crate::limits::EXPONENTIAL_BUCKETS_MAX;
use crate::state::series::accumulate::{Course, Order};
use crate::state::series::histogram::add_sums;
use crate::state::series::point::ExponentialPoint;
use crate::state::series::reason;
use crate::state::series::value::Step;

/// Finest scale that is kept.
const SCALE_MAX: i32 = 1;
/// Scales that OTLP allows.
const SCALES: std::ops::RangeInclusive<i32> = -10..=20;

/// An exponential histogram at scale 1 or coarser.
#[derive(Clone, Debug, PartialEq)]
pub struct Exponential {
    scale: i32,
    zero_count: u64,
    zero_threshold: f64,
    positive: Side,
    negative: Side,
    /// All values.
    pub count: u64,
    /// Sum of the values, where told.
    pub sum: Option<f64>,
    pub(super) course: Course,
}

/// The buckets to one side of zero: `counts[i]` is bucket `offset + i`.
#[derive(Clone, Debug, Default, PartialEq)]
struct Side {
    offset: i64,
    counts: Vec<u64>,
}

impl Side {
    fn of(offset: i32, counts: impl Iterator<Item = u64>, shift: u32) -> Self {
        let mut side = Self::default();
        for (place, count) in counts.enumerate().filter(|(_, count)| *count > 0) {
            let index = (i64::from(offset) + place as i64) >> shift;
            side.add(index, count);
        }
        side
    }

    fn add(&mut self, index: i64, count: u64) {
        if self.counts.is_empty() {
            self.offset = index;
        }
        if index < self.offset {
            let missing = (self.offset - index) as usize;
            self.counts.splice(..0, std::iter::repeat_n(0, missing));
            self.offset = index;
        }
        let place = (index - self.offset) as usize;
        if place >= self.counts.len() {
            self.counts.resize(place + 1, 0);
        }
        if let Some(held) = self.counts.get_mut(place) {
            *held = held.saturating_add(count);
        }
    }

    fn is_wide(&self) -> bool {
        self.counts.len() > EXPONENTIAL_BUCKETS_MAX
    }

    fn coarser(&self) -> Self {
        let mut side = Self::default();
        for (index, count) in self.buckets().filter(|(_, count)| *count > 0) {
            side.add(index >> 1, count);
        }
        side
    }

    fn buckets(&self) -> impl DoubleEndedIterator<Item = (i64, u64)> + '_ {
        self.counts.iter().enumerate().map(|(place, count)| (self.offset + place as i64, *count))
    }

    fn total(&self) -> u64 {
        self.counts.iter().fold(0, |sum, count| sum.saturating_add(*count))
    }
}

/// How many halvings bring the used buckets of a point down to at most the kept number.
fn shift_for(offset: i32, counts: impl Iterator<Item = u64>) -> u32 {
    let mut used =
        counts.enumerate().filter(|(_, count)| *count > 0).map(|(place, _)| i64::from(offset) + place as i64);
    let Some(first) = used.next() else { return 0 };
    let last = used.last().unwrap_or(first);
    // A distance of 2^33 at most: the loop ends after 34 rounds.
    (0..40).find(|shift| (last >> shift) - (first >> shift) < EXPONENTIAL_BUCKETS_MAX as i64).unwrap_or(40)
}

impl Exponential {
    /// A histogram of one point.
    pub(super) fn of<P, N>(point: ExponentialPoint<P, N>, course: Course) -> Result<Self, &'static str>
    where
        P: Iterator<Item = u64> + Clone,
        N: Iterator<Item = u64> + Clone,
    {
        if !SCALES.contains(&point.scale) {
            return Err(reason::BAD_SCALE);
        }
        let wanted = (point.scale - SCALE_MAX).max(0) as u32;
        let positive = shift_for(point.positive_offset, point.positive.clone());
        let negative = shift_for(point.negative_offset, point.negative.clone());
        let shift = wanted.max(positive).max(negative);
        let mut made = Self {
            scale: point.scale - shift as i32,
            zero_count: point.zero_count,
            zero_threshold: if point.zero_threshold > 0.0 { point.zero_threshold } else { 0.0 },
            positive: Side::of(point.positive_offset, point.positive, shift),
            negative: Side::of(point.negative_offset, point.negative, shift),
            count: 0,
            sum: point.sum,
            course,
        };
        made.recount();
        Ok(made)
    }

    /// Takes the next point.
    pub(super) fn take<P, N>(&mut self, point: ExponentialPoint<P, N>, step: Step) -> Result<Order, &'static str>
    where
        P: Iterator<Item = u64> + Clone,
        N: Iterator<Item = u64> + Clone,
    {
        let mut course = self.course;
        let order = step.follow(&mut course)?;
        let next = Self::of(point, course)?;
        if step.adds() {
            self.merge(next);
        } else {
            *self = next;
        }
        self.course = course;
        Ok(order)
    }

    fn merge(&mut self, mut other: Self) {
        while other.scale > self.scale {
            other.coarsen();
        }
        while self.scale > other.scale || self.union_is_wide(&other) {
            self.coarsen();
            while other.scale > self.scale {
                other.coarsen();
            }
        }
        for (side, more) in [(&mut self.positive, &other.positive), (&mut self.negative, &other.negative)] {
            for (index, count) in more.buckets().filter(|(_, count)| *count > 0) {
                side.add(index, count);
            }
        }
        self.zero_count = self.zero_count.saturating_add(other.zero_count);
        self.zero_threshold = self.zero_threshold.max(other.zero_threshold);
        self.sum = add_sums(self.sum, other.sum);
        self.recount();
    }

    fn union_is_wide(&self, other: &Self) -> bool {
        let is_wide = |left: &Side, right: &Side| {
            if left.counts.is_empty() || right.counts.is_empty() {
                return left.is_wide() || right.is_wide();
            }
            let first = left.offset.min(right.offset);
            let last = (left.offset + left.counts.len() as i64).max(right.offset + right.counts.len() as i64);
            last - first > EXPONENTIAL_BUCKETS_MAX as i64
        };
        is_wide(&self.positive, &other.positive) || is_wide(&self.negative, &other.negative)
    }

    fn coarsen(&mut self) {
        self.scale -= 1;
        self.positive = self.positive.coarser();
        self.negative = self.negative.coarser();
    }

    fn recount(&mut self) {
        let sides = self.positive.total().saturating_add(self.negative.total());
        self.count = sides.saturating_add(self.zero_count);
    }

    /// Classic buckets: (upper bound, cumulated count), bounds growing, without `+Inf`.
    pub fn buckets(&self) -> impl Iterator<Item = (f64, u64)> + '_ {
        let negative = self.negative.buckets().rev().map(|(index, count)| (-self.bound(index), count));
        let has_zero = self.zero_count > 0 || !self.negative.counts.is_empty();
        let zero = has_zero.then_some((self.zero_threshold, self.zero_count));
        let positive = self.positive.buckets().map(|(index, count)| (self.bound(index.saturating_add(1)), count));
        let mut cumulated = 0u64;
        let mut before = f64::NEG_INFINITY;
        negative.chain(zero).chain(positive).filter_map(move |(bound, count)| {
            cumulated = cumulated.saturating_add(count);
            // At the ends of the range of floats several buckets fall on one bound; +Inf is printed by the writer.
            let is_new = bound > before && bound.is_finite();
            before = before.max(bound);
            is_new.then_some((bound, cumulated))
        })
    }

    /// `base^index` at this scale, the same digits on every machine.
    fn bound(&self, index: i64) -> f64 {
        let power = |exponent: i64| {
            let exponent = exponent.clamp(-1_080, 1_030) as i32;
            // Below the normal range in two steps: `powi` of a large negative exponent would invert an infinity.
            if exponent < -1_000 { 2f64.powi(-1_000) * 2f64.powi(exponent + 1_000) } else { 2f64.powi(exponent) }
        };
        if self.scale == SCALE_MAX {
            let whole = power(index.div_euclid(2));
            return if index.rem_euclid(2) == 1 { whole * SQRT_2 } else { whole };
        }
        let halvings = (-self.scale).clamp(0, 60) as u32;
        power(index.saturating_mul(1i64.checked_shl(halvings).unwrap_or(i64::MAX)))
    }

    pub(super) fn heap_bytes(&self) -> usize {
        size_of::<Self>() + 8 * (self.positive.counts.capacity() + self.negative.counts.capacity()) + 48
    }
}
