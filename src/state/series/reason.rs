//! Why a point was not kept: the values of the label `reason`.

/// The metric has no name.
pub const NO_NAME: &str = "no_name";
/// The name was first seen with another type (conformance X1).
pub const TYPE_CONFLICT: &str = "type_conflict";
/// The metric itself found no room: no family, and so no overflow series either.
pub const SERIES_LIMIT: &str = "series_limit";
/// A delta sum that is not monotonic has no Prometheus form (conformance X6).
pub const DELTA_NOT_MONOTONIC: &str = "delta_not_monotonic";
/// A delta that takes away, or a total below zero of an entity's counter.
pub const NEGATIVE_COUNTER: &str = "negative_counter";
/// A point older than the last one, or a delta that ends before what was already counted (conformance H: overlaps).
pub const OUT_OF_ORDER: &str = "out_of_order";
/// NaN as the value of a counter (conformance H).
pub const NAN_COUNTER: &str = "nan_counter";
/// Bounds that do not grow (conformance H).
pub const BAD_BOUNDS: &str = "bad_bounds";
/// Counts that are not one more than the bounds (conformance H).
pub const BAD_COUNTS: &str = "bad_counts";
/// More buckets or quantiles than [`crate::limits::BUCKETS_MAX`].
pub const TOO_MANY_BUCKETS: &str = "too_many_buckets";
/// A scale outside of what OTLP allows.
pub const BAD_SCALE: &str = "bad_scale";
/// The labels read the same as those of another series, although the attributes differ.
pub const LABEL_COLLISION: &str = "label_collision";
/// A point of another kind than its metric.
pub const KIND_MISMATCH: &str = "kind_mismatch";
