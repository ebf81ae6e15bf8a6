//! What a series holds.

use crate::state::series::accumulate::{Accumulator, Flow};
use crate::state::series::exponential::Exponential;
use crate::state::series::histogram::{Histogram, Summary};
use crate::state::series::reason;

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

    /// The anchor after this point.
    ///
    /// # Errors
    /// A delta that ends before what was already counted.
    pub(super) fn anchor_ns(self, anchor_ns: u64) -> Result<u64, &'static str> {
        match self {
            Self::Flow { flow: Flow::Delta, time_ns, .. } => {
                if time_ns != 0 && time_ns <= anchor_ns {
                    return Err(reason::OUT_OF_ORDER);
                }
                Ok(anchor_ns.max(time_ns))
            }
            Self::Flow { .. } | Self::Replace | Self::Add => Ok(anchor_ns),
        }
    }

    /// The anchor of a histogram's first point.
    pub(super) fn first_anchor_ns(self) -> u64 {
        match self {
            Self::Flow { flow: Flow::Delta, time_ns, .. } => time_ns,
            Self::Flow { .. } | Self::Replace | Self::Add => 0,
        }
    }
}
