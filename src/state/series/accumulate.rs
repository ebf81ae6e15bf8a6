//! What a stream of points adds up to: cumulative points are taken as they are, deltas are added, resets are noticed
//! (conformance X5, X6, H). Generic series and the counters of entities use the same few lines.

use crate::state::series::reason;

/// What a sum's value is relative to; OTLP's unspecified is read as cumulative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Temporality {
    /// Everything since the start time.
    Cumulative,
    /// What happened between start time and time.
    Delta,
}

/// How points follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Flow {
    /// The last value counts: gauges and non-monotonic cumulative sums.
    Last,
    /// A cumulative counter.
    Counter,
    /// A counter told in deltas.
    Delta,
}

impl Flow {
    /// The flow of a sum.
    ///
    /// # Errors
    /// A delta that is not monotonic has none.
    pub fn of_sum(temporality: Temporality, is_monotonic: bool) -> Result<Self, &'static str> {
        match (temporality, is_monotonic) {
            (Temporality::Cumulative, true) => Ok(Self::Counter),
            (Temporality::Cumulative, false) => Ok(Self::Last),
            (Temporality::Delta, true) => Ok(Self::Delta),
            (Temporality::Delta, false) => Err(reason::DELTA_NOT_MONOTONIC),
        }
    }
}

/// A point's number, as it came.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// `as_int`.
    Int(i64),
    /// `as_double`.
    Float(f64),
}

impl Number {
    /// The number as a float; whole numbers beyond 2^53 are rounded.
    #[inline]
    pub fn as_f64(self) -> f64 {
        match self {
            Self::Int(value) => value as f64,
            Self::Float(value) => value,
        }
    }

    /// The number as a count: none when NaN or negative, saturated at the top.
    pub fn as_count(self) -> Option<u64> {
        match self {
            Self::Int(value) => u64::try_from(value).ok(),
            Self::Float(value) => (value >= 0.0).then_some(value as u64),
        }
    }

    /// The sum, whole while both are whole and the sum fits.
    #[inline]
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        match (self, other) {
            (Self::Int(left), Self::Int(right)) => {
                left.checked_add(right).map_or(Self::Float(left as f64 + right as f64), Self::Int)
            }
            (left, right) => Self::Float(left.as_f64() + right.as_f64()),
        }
    }

    /// The difference, whole while both are whole.
    #[inline]
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        match (self, other) {
            (Self::Int(left), Self::Int(right)) => Self::Int(left.saturating_sub(right)),
            (left, right) => Self::Float(left.as_f64() - right.as_f64()),
        }
    }

    fn is_nan(self) -> bool {
        matches!(self, Self::Float(value) if value.is_nan())
    }

    fn is_below(self, other: Self) -> bool {
        match (self, other) {
            (Self::Int(left), Self::Int(right)) => left < right,
            (left, right) => left.as_f64() < right.as_f64(),
        }
    }
}

/// How a point stands to the ones before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is the first.
    First,
    /// It continues them.
    Continued,
    /// It continues them, although its interval begins before theirs ended: two writers, or a clock that was set.
    Overlapped,
    /// The counter began anew: the writer restarted.
    Reset,
}

/// What a point came to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Applied {
    /// The cumulative value.
    pub total: Number,
    /// What it adds to the total before it: all of it after a reset, 0 for the first cumulative point (it tells of a time
    /// that was not observed), never negative for counters.
    pub increase: Number,
    /// How it stands to the ones before it.
    pub change: Change,
}

/// A running total.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Accumulator {
    total: Number,
    /// Cumulative: the start time. Delta: the end of what was counted. 0 when it was not told.
    anchor_ns: u64,
}

impl Accumulator {
    /// Begins with the first point of a stream; `start_ns` and `time_ns` are the point's own, 0 when not told.
    ///
    /// # Errors
    /// NaN as the value of a counter.
    #[inline]
    pub fn begin(flow: Flow, value: Number, start_ns: u64, time_ns: u64) -> Result<(Self, Applied), &'static str> {
        if flow != Flow::Last && value.is_nan() {
            return Err(reason::NAN_COUNTER);
        }
        let (anchor_ns, increase) = match flow {
            Flow::Last | Flow::Counter => (start_ns, Number::Int(0)),
            Flow::Delta => (time_ns, value),
        };
        Ok((Self { total: value, anchor_ns }, Applied { total: value, increase, change: Change::First }))
    }

    /// Takes the next point.
    ///
    /// # Errors
    /// NaN as the value of a counter; a delta that ends before what was already counted. The total stays as it was.
    #[inline]
    pub fn apply(&mut self, flow: Flow, value: Number, start_ns: u64, time_ns: u64) -> Result<Applied, &'static str> {
        if flow != Flow::Last && value.is_nan() {
            return Err(reason::NAN_COUNTER);
        }
        let before = self.total;
        let (total, increase, change) = match flow {
            Flow::Last => (value, value.minus(before), Change::Continued),
            Flow::Counter => {
                let has_new_start = start_ns != self.anchor_ns && start_ns != 0 && self.anchor_ns != 0;
                self.anchor_ns = start_ns;
                if has_new_start || value.is_below(before) {
                    (value, value, Change::Reset)
                } else {
                    (value, value.minus(before), Change::Continued)
                }
            }
            Flow::Delta => {
                if time_ns != 0 && time_ns <= self.anchor_ns {
                    return Err(reason::OUT_OF_ORDER);
                }
                let is_overlap = start_ns != 0 && start_ns < self.anchor_ns;
                self.anchor_ns = self.anchor_ns.max(time_ns);
                (before.plus(value), value, if is_overlap { Change::Overlapped } else { Change::Continued })
            }
        };
        self.total = total;
        Ok(Applied { total, increase, change })
    }

    /// The cumulative value.
    #[inline]
    pub fn total(&self) -> Number {
        self.total
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(flow: Flow, points: &[(f64, u64, u64)]) -> Vec<Result<(f64, f64, Change), &'static str>> {
        let mut state: Option<Accumulator> = None;
        let mut taken = Vec::new();
        for (value, start_ns, time_ns) in points {
            let value = Number::Float(*value);
            let applied = match &mut state {
                None => Accumulator::begin(flow, value, *start_ns, *time_ns).map(|(begun, applied)| {
                    state = Some(begun);
                    applied
                }),
                Some(state) => state.apply(flow, value, *start_ns, *time_ns),
            };
            taken.push(applied.map(|one| (one.total.as_f64(), one.increase.as_f64(), one.change)));
        }
        taken
    }

    /// Resets are seen by a new start time, and by a fall where no start time is told.
    #[test]
    fn notices_resets() {
        use Change::{Continued, First, Reset};
        let taken = run(Flow::Counter, &[(5.0, 1, 2), (7.0, 1, 3), (9.0, 4, 5), (3.0, 4, 6)]);
        let expected = [(5.0, 0.0, First), (7.0, 2.0, Continued), (9.0, 9.0, Reset), (3.0, 3.0, Reset)];
        assert_eq!(taken, expected.map(Ok));
        let taken = run(Flow::Counter, &[(5.0, 0, 2), (4.0, 0, 3)]);
        assert_eq!(taken, [(5.0, 0.0, First), (4.0, 4.0, Reset)].map(Ok));
    }

    /// X6: deltas add up; a repeated one is refused, one that overlaps is taken and told.
    #[test]
    fn adds_deltas() {
        use Change::{Continued, First, Overlapped};
        let taken = run(Flow::Delta, &[(1.0, 0, 10), (2.0, 10, 20), (2.0, 10, 20), (4.0, 15, 30), (8.0, 0, 0)]);
        let expected = [
            Ok((1.0, 1.0, First)),
            Ok((3.0, 2.0, Continued)),
            Err(reason::OUT_OF_ORDER),
            Ok((7.0, 4.0, Overlapped)),
            Ok((15.0, 8.0, Continued)),
        ];
        assert_eq!(taken, expected);
    }

    /// H: NaN of a counter is refused, of a gauge kept; a delta that is not monotonic has no flow.
    #[test]
    fn treats_nan_and_nonsense() {
        assert_eq!(run(Flow::Counter, &[(f64::NAN, 0, 0)]), [Err(reason::NAN_COUNTER)]);
        assert!(matches!(run(Flow::Last, &[(f64::NAN, 0, 0)])[..], [Ok((total, _, _))] if total.is_nan()));
        assert_eq!(Flow::of_sum(Temporality::Delta, false), Err(reason::DELTA_NOT_MONOTONIC));
    }

    /// Whole numbers stay whole until they no longer fit.
    #[test]
    fn keeps_whole_numbers_whole() {
        assert_eq!(Number::Int(i64::MAX - 1).plus(Number::Int(1)), Number::Int(i64::MAX));
        assert_eq!(Number::Int(i64::MAX).plus(Number::Int(1)), Number::Float(9_223_372_036_854_775_808.0));
    }
}
