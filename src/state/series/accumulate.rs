//! What a stream of points adds up to: cumulative points are taken as they are, deltas are added; what comes late or twice is
//! refused, what overlaps is noted (conformance X5, X6, H). Resets need no notice here: whoever reads the totals finds them.

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

    fn is_nan(self) -> bool {
        matches!(self, Self::Float(value) if value.is_nan())
    }
}

/// How a point stands to the ones before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// It comes after them.
    Continued,
    /// It is taken, although its interval reaches into theirs: two writers, or a clock that was set.
    Overlapped,
}

/// Where a stream stands in time: the start and the end of its last point, 0 while not told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Course {
    start_ns: u64,
    time_ns: u64,
}

impl Course {
    /// Takes the times of the next point, 0 where they are not told.
    ///
    /// # Errors
    /// A point that is older than the last one, unless it has a new start; a delta that ends before what was already counted.
    #[inline]
    pub fn follow(&mut self, flow: Flow, start_ns: u64, time_ns: u64) -> Result<Order, &'static str> {
        let has_starts = start_ns != 0 && self.start_ns != 0;
        let (is_late, is_overlap) = match flow {
            Flow::Last | Flow::Counter => {
                let has_new_start = has_starts && start_ns > self.start_ns;
                let has_old_start = has_starts && start_ns < self.start_ns;
                (!has_new_start && time_ns < self.time_ns, flow == Flow::Counter && has_old_start)
            }
            Flow::Delta => (time_ns <= self.time_ns, start_ns != 0 && start_ns < self.time_ns),
        };
        if is_late && time_ns != 0 {
            return Err(reason::OUT_OF_ORDER);
        }
        if start_ns != 0 {
            self.start_ns = start_ns;
        }
        if time_ns != 0 {
            self.time_ns = time_ns;
        }
        Ok(if is_overlap { Order::Overlapped } else { Order::Continued })
    }
}

/// A running total.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Accumulator {
    total: Number,
    pub(super) course: Course,
}

impl Accumulator {
    /// Begins with the first point of a stream; `start_ns` and `time_ns` are the point's own, 0 when not told.
    ///
    /// # Errors
    /// NaN as the value of a counter.
    #[inline]
    pub fn begin(flow: Flow, value: Number, start_ns: u64, time_ns: u64) -> Result<Self, &'static str> {
        if flow != Flow::Last && value.is_nan() {
            return Err(reason::NAN_COUNTER);
        }
        Ok(Self { total: value, course: Course { start_ns, time_ns } })
    }

    /// Takes the next point.
    ///
    /// # Errors
    /// NaN as the value of a counter; what [`Course::follow`] refuses. The total stays as it was.
    #[inline]
    pub fn apply(&mut self, flow: Flow, value: Number, start_ns: u64, time_ns: u64) -> Result<Order, &'static str> {
        if flow != Flow::Last && value.is_nan() {
            return Err(reason::NAN_COUNTER);
        }
        let order = self.course.follow(flow, start_ns, time_ns)?;
        self.total = match flow {
            Flow::Last | Flow::Counter => value,
            Flow::Delta => self.total.plus(value),
        };
        Ok(order)
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

    fn run(flow: Flow, points: &[(f64, u64, u64)]) -> Vec<Result<(f64, Order), &'static str>> {
        let mut state: Option<Accumulator> = None;
        let mut taken = Vec::new();
        for (value, start_ns, time_ns) in points {
            let value = Number::Float(*value);
            let order = match &mut state {
                None => Accumulator::begin(flow, value, *start_ns, *time_ns).map(|begun| {
                    state = Some(begun);
                    Order::Continued
                }),
                Some(state) => state.apply(flow, value, *start_ns, *time_ns),
            };
            let total = state.map_or(f64::NAN, |state| state.total().as_f64());
            taken.push(order.map(|order| (total, order)));
        }
        taken
    }

    /// Totals are taken as they come, lower ones after a restart too; an older start is another writer's, an older point late.
    #[test]
    fn follows_totals() {
        use Order::{Continued, Overlapped};
        let taken = run(Flow::Counter, &[(5.0, 1, 2), (9.0, 4, 5), (3.0, 4, 6), (7.0, 1, 7), (6.0, 1, 3), (2.0, 4, 3)]);
        let expected = [
            Ok((5.0, Continued)),
            Ok((9.0, Continued)),
            Ok((3.0, Continued)),
            Ok((7.0, Overlapped)),
            Err(reason::OUT_OF_ORDER),
            Ok((2.0, Continued)),
        ];
        assert_eq!(taken, expected);
        assert_eq!(run(Flow::Counter, &[(5.0, 0, 2), (4.0, 0, 3)])[1], Ok((4.0, Continued)));
    }

    /// X6: deltas add up; a repeated one is refused, one that overlaps is taken and told.
    #[test]
    fn adds_deltas() {
        use Order::{Continued, Overlapped};
        let taken = run(Flow::Delta, &[(1.0, 0, 10), (2.0, 10, 20), (2.0, 10, 20), (4.0, 15, 30), (8.0, 0, 0)]);
        let expected = [
            Ok((1.0, Continued)),
            Ok((3.0, Continued)),
            Err(reason::OUT_OF_ORDER),
            Ok((7.0, Overlapped)),
            Ok((15.0, Continued)),
        ];
        assert_eq!(taken, expected);
    }

    /// H: NaN of a counter is refused, of a gauge kept; a delta that is not monotonic has no flow.
    #[test]
    fn treats_nan_and_nonsense() {
        assert_eq!(run(Flow::Counter, &[(f64::NAN, 0, 0)]), [Err(reason::NAN_COUNTER)]);
        assert!(matches!(run(Flow::Last, &[(f64::NAN, 0, 0)])[..], [Ok((total, _))] if total.is_nan()));
        assert_eq!(Flow::of_sum(Temporality::Delta, false), Err(reason::DELTA_NOT_MONOTONIC));
    }

    /// Whole numbers stay whole until they no longer fit.
    #[test]
    fn keeps_whole_numbers_whole() {
        assert_eq!(Number::Int(i64::MAX - 1).plus(Number::Int(1)), Number::Int(i64::MAX));
        assert_eq!(Number::Int(i64::MAX).plus(Number::Int(1)), Number::Float(9_223_372_036_854_775_808.0));
    }
}
