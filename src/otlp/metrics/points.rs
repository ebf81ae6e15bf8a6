//! The five kinds of data points, in place.

use crate::otlp::attributes::Attributes;
use crate::otlp::reader::{Reader, Select, Value, zigzag};

/// Bit of `flags`: the point says that there is no value (the series ended).
pub const NO_RECORDED_VALUE: u32 = 1;

/// A data point that can be read from the body of its message.
pub trait PointView<'a>: Sized {
    /// Reads the body of the message.
    fn parse(message: &'a [u8]) -> Self;
}

/// The value of a number point.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Number {
    /// No value is set.
    #[default]
    Empty,
    /// A signed integer.
    Int(i64),
    /// A floating-point number; NaN and infinities occur.
    Double(f64),
}

impl Number {
    /// The value as a double, `None` when there is none. Integers beyond 2^53 are rounded.
    pub const fn as_f64(self) -> Option<f64> {
        match self {
            Self::Empty => None,
            Self::Int(value) => Some(value as f64),
            Self::Double(value) => Some(value),
        }
    }
}

/// A point of a gauge or sum.
#[derive(Clone, Copy, Debug, Default)]
pub struct NumberPoint<'a> {
    /// Attributes of the series.
    pub attributes: Attributes<'a>,
    /// Start of the interval, nanoseconds since the Unix epoch; 0 when unknown.
    pub start_time_unix_nano: u64,
    /// When the value was taken, nanoseconds since the Unix epoch; may be 0.
    pub time_unix_nano: u64,
    /// The value.
    pub value: Number,
    /// See [`NO_RECORDED_VALUE`].
    pub flags: u32,
    message: &'a [u8],
}

impl<'a> NumberPoint<'a> {
    /// Exemplars of the point.
    pub const fn exemplars(&self) -> Exemplars<'a> {
        Exemplars { select: Select::field(self.message, 5) }
    }
}

impl<'a> PointView<'a> for NumberPoint<'a> {
    #[inline]
    fn parse(message: &'a [u8]) -> Self {
        let mut point = Self { message, ..Self::default() };
        point.attributes = Attributes::read(message, 7, |number, value| match (number, value) {
            (2, Value::Fixed64(time)) => point.start_time_unix_nano = time,
            (3, Value::Fixed64(time)) => point.time_unix_nano = time,
            (4, Value::Fixed64(bits)) => point.value = Number::Double(f64::from_bits(bits)),
            (6, Value::Fixed64(bits)) => point.value = Number::Int(bits as i64),
            (8, Value::Varint(flags)) => point.flags = flags as u32,
            _ => {}
        });
        point
    }
}

/// A point of a histogram with explicit bounds.
#[derive(Clone, Copy, Debug, Default)]
pub struct HistogramPoint<'a> {
    /// Attributes of the series.
    pub attributes: Attributes<'a>,
    /// Start of the interval, nanoseconds since the Unix epoch; 0 when unknown.
    pub start_time_unix_nano: u64,
    /// When the value was taken, nanoseconds since the Unix epoch.
    pub time_unix_nano: u64,
    /// Number of values.
    pub count: u64,
    /// Sum of the values.
    pub sum: Option<f64>,
    /// Least value.
    pub min: Option<f64>,
    /// Greatest value.
    pub max: Option<f64>,
    /// See [`NO_RECORDED_VALUE`].
    pub flags: u32,
    message: &'a [u8],
}

impl<'a> HistogramPoint<'a> {
    /// Count of each bucket; should be one more than the bounds, or none. Not checked here.
    pub const fn bucket_counts(&self) -> Numbers<'a> {
        Numbers { select: Select::field(self.message, 6), packed: Reader::new(&[]), packing: Packing::Fixed64 }
    }

    /// Upper bounds of the buckets; should rise strictly. Not checked here.
    pub fn explicit_bounds(&self) -> impl Iterator<Item = f64> + Clone + use<'a> {
        let select = Select::field(self.message, 7);
        Numbers { select, packed: Reader::new(&[]), packing: Packing::Fixed64 }.map(f64::from_bits)
    }

    /// Exemplars of the point.
    pub const fn exemplars(&self) -> Exemplars<'a> {
        Exemplars { select: Select::field(self.message, 8) }
    }
}

impl<'a> PointView<'a> for HistogramPoint<'a> {
    fn parse(message: &'a [u8]) -> Self {
        let mut point = Self { message, ..Self::default() };
        point.attributes = Attributes::read(message, 9, |number, value| match (number, value) {
            (2, Value::Fixed64(time)) => point.start_time_unix_nano = time,
            (3, Value::Fixed64(time)) => point.time_unix_nano = time,
            (4, Value::Fixed64(count)) => point.count = count,
            (5, Value::Fixed64(bits)) => point.sum = Some(f64::from_bits(bits)),
            (10, Value::Varint(flags)) => point.flags = flags as u32,
            (11, Value::Fixed64(bits)) => point.min = Some(f64::from_bits(bits)),
            (12, Value::Fixed64(bits)) => point.max = Some(f64::from_bits(bits)),
            _ => {}
        });
        point
    }
}

/// A point of an exponential histogram.
#[derive(Clone, Copy, Debug, Default)]
pub struct ExponentialHistogramPoint<'a> {
    /// Attributes of the series.
    pub attributes: Attributes<'a>,
    /// Start of the interval, nanoseconds since the Unix epoch; 0 when unknown.
    pub start_time_unix_nano: u64,
    /// When the value was taken, nanoseconds since the Unix epoch.
    pub time_unix_nano: u64,
    /// Number of values.
    pub count: u64,
    /// Sum of the values.
    pub sum: Option<f64>,
    /// Least value.
    pub min: Option<f64>,
    /// Greatest value.
    pub max: Option<f64>,
    /// Resolution: the base is 2^(2^-scale).
    pub scale: i32,
    /// Values in the zero bucket.
    pub zero_count: u64,
    /// Greatest absolute value that counts as zero.
    pub zero_threshold: f64,
    /// Buckets of positive values.
    pub positive: Buckets<'a>,
    /// Buckets of negative values.
    pub negative: Buckets<'a>,
    /// See [`NO_RECORDED_VALUE`].
    pub flags: u32,
    message: &'a [u8],
}

impl<'a> ExponentialHistogramPoint<'a> {
    /// Exemplars of the point.
    pub const fn exemplars(&self) -> Exemplars<'a> {
        Exemplars { select: Select::field(self.message, 11) }
    }
}

impl<'a> PointView<'a> for ExponentialHistogramPoint<'a> {
    fn parse(message: &'a [u8]) -> Self {
        let mut point = Self { message, ..Self::default() };
        point.attributes = Attributes::read(message, 1, |number, value| match (number, value) {
            (2, Value::Fixed64(time)) => point.start_time_unix_nano = time,
            (3, Value::Fixed64(time)) => point.time_unix_nano = time,
            (4, Value::Fixed64(count)) => point.count = count,
            (5, Value::Fixed64(bits)) => point.sum = Some(f64::from_bits(bits)),
            (6, Value::Varint(number)) => point.scale = zigzag(number),
            (7, Value::Fixed64(count)) => point.zero_count = count,
            (8, Value::Bytes(bytes)) => point.positive.add(bytes, message, 8),
            (9, Value::Bytes(bytes)) => point.negative.add(bytes, message, 9),
            (10, Value::Varint(flags)) => point.flags = flags as u32,
            (12, Value::Fixed64(bits)) => point.min = Some(f64::from_bits(bits)),
            (13, Value::Fixed64(bits)) => point.max = Some(f64::from_bits(bits)),
            (14, Value::Fixed64(bits)) => point.zero_threshold = f64::from_bits(bits),
            _ => {}
        });
        point
    }
}

/// One side of an exponential histogram.
#[derive(Clone, Copy, Debug, Default)]
pub struct Buckets<'a> {
    /// Index of the first bucket.
    pub offset: i32,
    point: &'a [u8],
    number: u32,
}

impl<'a> Buckets<'a> {
    fn add(&mut self, buckets: &'a [u8], point: &'a [u8], number: u32) {
        let mut offsets = Select::field(buckets, 1);
        while let Some(value) = offsets.next_value() {
            if let Value::Varint(offset) = value {
                self.offset = zigzag(offset);
            }
        }
        self.point = point;
        self.number = number;
    }

    /// Count of each bucket, from `offset` on.
    pub const fn counts(&self) -> Numbers<'a> {
        let select = Select::nested(self.point, self.number, 2);
        Numbers { select, packed: Reader::new(&[]), packing: Packing::Varint }
    }
}

/// A point of a summary.
#[derive(Clone, Copy, Debug, Default)]
pub struct SummaryPoint<'a> {
    /// Attributes of the series.
    pub attributes: Attributes<'a>,
    /// Start of the interval, nanoseconds since the Unix epoch; 0 when unknown.
    pub start_time_unix_nano: u64,
    /// When the value was taken, nanoseconds since the Unix epoch.
    pub time_unix_nano: u64,
    /// Number of values.
    pub count: u64,
    /// Sum of the values.
    pub sum: f64,
    /// See [`NO_RECORDED_VALUE`].
    pub flags: u32,
    message: &'a [u8],
}

impl<'a> SummaryPoint<'a> {
    /// Pairs of quantile (0 to 1) and value.
    pub fn quantiles(&self) -> impl Iterator<Item = (f64, f64)> + Clone + use<'a> {
        let mut select = Select::field(self.message, 6);
        std::iter::from_fn(move || {
            let bytes = select.next_bytes()?;
            let mut pair = (0.0, 0.0);
            let mut reader = Reader::new(bytes);
            while let Ok(Some(field)) = reader.next_field() {
                match (field.number, field.value) {
                    (1, Value::Fixed64(bits)) => pair.0 = f64::from_bits(bits),
                    (2, Value::Fixed64(bits)) => pair.1 = f64::from_bits(bits),
                    _ => {}
                }
            }
            Some(pair)
        })
    }
}

impl<'a> PointView<'a> for SummaryPoint<'a> {
    fn parse(message: &'a [u8]) -> Self {
        let mut point = Self { message, ..Self::default() };
        point.attributes = Attributes::read(message, 7, |number, value| match (number, value) {
            (2, Value::Fixed64(time)) => point.start_time_unix_nano = time,
            (3, Value::Fixed64(time)) => point.time_unix_nano = time,
            (4, Value::Fixed64(count)) => point.count = count,
            (5, Value::Fixed64(bits)) => point.sum = f64::from_bits(bits),
            (8, Value::Varint(flags)) => point.flags = flags as u32,
            _ => {}
        });
        point
    }
}

/// One exemplar.
#[derive(Clone, Copy, Debug, Default)]
pub struct Exemplar<'a> {
    /// When the value was taken, nanoseconds since the Unix epoch.
    pub time_unix_nano: u64,
    /// The value.
    pub value: Number,
    /// 8 bytes, or empty.
    pub span_id: &'a [u8],
    /// 16 bytes, or empty.
    pub trace_id: &'a [u8],
    /// Attributes that the aggregation dropped.
    pub filtered_attributes: Attributes<'a>,
}

/// The exemplars of a point.
#[derive(Clone, Debug)]
pub struct Exemplars<'a> {
    select: Select<'a>,
}

impl<'a> Iterator for Exemplars<'a> {
    type Item = Exemplar<'a>;

    fn next(&mut self) -> Option<Exemplar<'a>> {
        let mut exemplar = Exemplar::default();
        exemplar.filtered_attributes =
            Attributes::read(self.select.next_bytes()?, 7, |number, value| match (number, value) {
                (2, Value::Fixed64(time)) => exemplar.time_unix_nano = time,
                (3, Value::Fixed64(bits)) => exemplar.value = Number::Double(f64::from_bits(bits)),
                (4, Value::Bytes(bytes)) => exemplar.span_id = bytes,
                (5, Value::Bytes(bytes)) => exemplar.trace_id = bytes,
                (6, Value::Fixed64(bits)) => exemplar.value = Number::Int(bits as i64),
                _ => {}
            });
        Some(exemplar)
    }
}

#[derive(Clone, Copy, Debug)]
enum Packing {
    Fixed64,
    Varint,
}

/// A repeated number field, packed, unpacked or both: an iterator of the raw 64 bits.
#[derive(Clone, Debug)]
pub struct Numbers<'a> {
    select: Select<'a>,
    packed: Reader<'a>,
    packing: Packing,
}

impl Iterator for Numbers<'_> {
    type Item = u64;

    #[inline]
    fn next(&mut self) -> Option<u64> {
        loop {
            if !self.packed.rest().is_empty() {
                return match self.packing {
                    Packing::Fixed64 => self.packed.fixed64().ok(),
                    Packing::Varint => self.packed.varint().ok(),
                };
            }
            match self.select.next_value()? {
                Value::Varint(number) | Value::Fixed64(number) => return Some(number),
                Value::Bytes(bytes) => self.packed = Reader::new(bytes),
                Value::Fixed32(_) => {}
            }
        }
    }
}
