//! Metrics, in place. The points of each kind stand in [`points`].

pub mod points;

use std::marker::PhantomData;

use crate::otlp::envelope::{Messages, Scope};
use crate::otlp::metrics::points::{ExponentialHistogramPoint, HistogramPoint, NumberPoint, PointView, SummaryPoint};
use crate::otlp::reader::{Reader, Select, Value, text};

impl<'a> Scope<'a> {
    /// The metrics of a `ScopeMetrics`.
    pub const fn metrics(&self) -> Metrics<'a> {
        Metrics { entries: self.entries() }
    }
}

/// The metrics of a scope.
#[derive(Clone, Debug)]
pub struct Metrics<'a> {
    entries: Messages<'a>,
}

impl<'a> Iterator for Metrics<'a> {
    type Item = Metric<'a>;

    fn next(&mut self) -> Option<Metric<'a>> {
        self.entries.next().map(Metric::parse)
    }
}

/// How the points of a sum or histogram relate to earlier ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Temporality {
    /// Not said, or a number that OTLP does not define.
    #[default]
    Unspecified,
    /// Each point covers the time since the one before.
    Delta,
    /// Each point covers the time since the start.
    Cumulative,
}

impl Temporality {
    const fn from_number(number: u64) -> Self {
        match number as i32 {
            1 => Self::Delta,
            2 => Self::Cumulative,
            _ => Self::Unspecified,
        }
    }
}

/// Whether a sum only grows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Monotonicity {
    /// It may go up and down.
    #[default]
    UpDown,
    /// It only grows, but for resets.
    Monotonic,
}

/// One metric.
#[derive(Clone, Copy, Debug)]
pub struct Metric<'a> {
    /// The name; may be empty.
    pub name: &'a str,
    /// What it measures.
    pub description: &'a str,
    /// UCUM unit; may be empty.
    pub unit: &'a str,
    /// The points, by kind.
    pub data: Data<'a>,
}

/// The points of a metric, by kind.
#[derive(Clone, Copy, Debug)]
pub enum Data<'a> {
    /// No data, or a kind that this program does not know.
    Empty,
    /// Last values.
    Gauge(Points<'a, NumberPoint<'a>>),
    /// Sums.
    Sum(Points<'a, NumberPoint<'a>>, Temporality, Monotonicity),
    /// Histograms with explicit bounds.
    Histogram(Points<'a, HistogramPoint<'a>>, Temporality),
    /// Histograms with exponential buckets.
    ExponentialHistogram(Points<'a, ExponentialHistogramPoint<'a>>, Temporality),
    /// Quantiles that were computed at the source.
    Summary(Points<'a, SummaryPoint<'a>>),
}

impl<'a> Metric<'a> {
    /// Reads the body of a `Metric` message. The name may stand after the data. The last kind of the oneof wins; the same kind
    /// given again in a row continues the same list of points, as protobuf merges it.
    pub fn parse(message: &'a [u8]) -> Self {
        let mut metric = Self { name: "", description: "", unit: "", data: Data::Empty };
        let mut kind = 0;
        let mut run: &'a [u8] = &[];
        let mut reader = Reader::new(message);
        loop {
            let before = reader.rest();
            let Ok(Some(field)) = reader.next_field() else { break };
            match (field.number, field.value) {
                (1, Value::Bytes(bytes)) => metric.name = text(bytes),
                (2, Value::Bytes(bytes)) => metric.description = text(bytes),
                (3, Value::Bytes(bytes)) => metric.unit = text(bytes),
                (5 | 7 | 9 | 10 | 11, Value::Bytes(_)) if field.number != kind => {
                    kind = field.number;
                    run = before;
                }
                _ => {}
            }
        }
        metric.data = Data::read(kind, run);
        metric
    }
}

impl<'a> Data<'a> {
    fn read(kind: u32, run: &'a [u8]) -> Self {
        match kind {
            5 => Self::Gauge(Points::new(run, kind)),
            7 => {
                let (temporality, monotonicity) = envelope(run, kind);
                Self::Sum(Points::new(run, kind), temporality, monotonicity)
            }
            9 => Self::Histogram(Points::new(run, kind), envelope(run, kind).0),
            10 => Self::ExponentialHistogram(Points::new(run, kind), envelope(run, kind).0),
            11 => Self::Summary(Points::new(run, kind)),
            _ => Self::Empty,
        }
    }
}

/// Temporality and monotonicity, which usually stand after all points: passes over the points by their lengths.
fn envelope(run: &[u8], kind: u32) -> (Temporality, Monotonicity) {
    let (mut temporality, mut monotonicity) = (Temporality::default(), Monotonicity::default());
    let mut occurrences = Select::field(run, kind);
    while let Some(data) = occurrences.next_bytes() {
        let mut reader = Reader::new(data);
        while let Ok(Some(field)) = reader.next_field() {
            match (field.number, field.value) {
                (2, Value::Varint(number)) => temporality = Temporality::from_number(number),
                (3, Value::Varint(0)) => monotonicity = Monotonicity::UpDown,
                (3, Value::Varint(_)) => monotonicity = Monotonicity::Monotonic,
                _ => {}
            }
        }
    }
    (temporality, monotonicity)
}

/// The points of one metric; iterate over it (it is `Copy`) for their views.
#[derive(Clone, Copy, Debug)]
pub struct Points<'a, P> {
    select: Select<'a>,
    view: PhantomData<fn() -> P>,
}

impl<'a, P> Points<'a, P> {
    const fn new(run: &'a [u8], kind: u32) -> Self {
        Self { select: Select::nested(run, kind, 1), view: PhantomData }
    }

    /// The undecoded bodies of the points.
    pub const fn bodies(&self) -> Select<'a> {
        self.select
    }
}

impl<'a, P: PointView<'a>> IntoIterator for Points<'a, P> {
    type Item = P;
    type IntoIter = PointViews<'a, P>;

    fn into_iter(self) -> PointViews<'a, P> {
        PointViews { select: self.select, view: PhantomData }
    }
}

/// The points of one metric, one by one.
#[derive(Clone, Debug)]
pub struct PointViews<'a, P> {
    select: Select<'a>,
    view: PhantomData<fn() -> P>,
}

impl<'a, P: PointView<'a>> Iterator for PointViews<'a, P> {
    type Item = P;

    #[inline]
    fn next(&mut self) -> Option<P> {
        self.select.next_bytes().map(P::parse)
    }
}
