//! What a series holds.

use crate::state::series::accumulate::{Accumulator, Course, Flow, Order};
use crate::state::series::exponential::Exponential;
use crate::state::series::histogram::{Histogram, Summary};

/// The value of a series; the rare and large ones stand in a box, so that a million plain numbers stay small.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A number.
    Number(Accumulator),
    /// A histogram with explicit bounds.
    Histogram(Box<Histogram>),
    /// An exponential histogram.
    Exponential(Box<Exponential>),
    /// A summary.
    Summary(Box<Summary>),
}

impl Value {
    pub(super) fn heap_bytes(&self) -> usize {
        match self {
            Self::Number(_) => 0,
            Self::Histogram(one) => one.heap_bytes(),
            Self::Exponential(one) => one.heap_bytes(),
            Self::Summary(one) => one.heap_bytes(),
        }
    }

    /// Forgets where it stands in time: the next point follows nothing.
    pub(super) fn forget_course(&mut self) {
        let course = match self {
            Self::Number(one) => &mut one.course,
            Self::Histogram(one) => &mut one.course,
            Self::Exponential(one) => &mut one.course,
            Self::Summary(one) => &mut one.course,
        };
        *course = Course::default();
    }
}

/// How a point changes what is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// As the series' own flow says.
    Flow { flow: Flow, start_ns: u64, time_ns: u64 },
    /// An overflow series: the first point of an export.
    Replace,
    /// An overflow series: one more point.
    Add,
}

impl Step {
    /// Whether histograms add up.
    pub(super) fn adds(self) -> bool {
        matches!(self, Self::Add | Self::Flow { flow: Flow::Delta, .. })
    }

    /// Where a stream that begins with this point stands.
    pub(super) fn course(self) -> Course {
        let mut course = Course::default();
        // The first point follows nothing, so it is never late.
        let _ = self.follow(&mut course);
        course
    }

    /// Takes the point's times.
    ///
    /// # Errors
    /// As [`Course::follow`]; points of overflow series have no order.
    pub(super) fn follow(self, course: &mut Course) -> Result<Order, &'static str> {
        match self {
            Self::Flow { flow, start_ns, time_ns } => course.follow(flow, start_ns, time_ns),
            Self::Replace | Self::Add => Ok(Order::Continued),
        }
    }
}
