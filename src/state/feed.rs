//! What the mapped metrics of one instance feed: for each point that was once seen, a slot that leads straight to the cell, so
//! that a known point costs a hash and a store.

mod apply;
mod cell;
mod resolve;

use std::hash::BuildHasher;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashTable};

use crate::limits::{EXPORT_INTERVAL_MAX_MS, STALE_AFTER_MIN_MS};
use crate::otlp::attributes::Attributes;
use crate::otlp::metrics::points::{NO_RECORDED_VALUE, Number, NumberPoint};
use crate::otlp::metrics::{Data, Metric, Monotonicity, Temporality};
use crate::state::cadence::{Cadence, silence_ms};
use crate::state::entities::has_room;
use crate::state::feed::cell::Cell;
use crate::state::instance::{Instance, Moment};
use crate::state::mapping::Rules;
use crate::state::series::caps::SeriesCaps;
use crate::state::series::{SeriesTable, reason};
use crate::state::unreadable::Unreadable;

/// All slots of an instance.
#[derive(Debug)]
pub(crate) struct Feed {
    /// The series of metrics that are no fields of entities.
    pub(crate) series: SeriesTable,
    metrics: HashMap<Box<str>, MetricFeed>,
    hasher: RandomState,
    points: usize,
    /// The rhythm of the instance's exports.
    pub(crate) cadence: Cadence,
    /// Whether anything was exported since the last sweep.
    pub(crate) is_fresh: bool,
    swept_ms: u64,
}

/// The slots of one metric.
#[derive(Debug)]
struct MetricFeed {
    rules: Arc<Rules>,
    slots: HashTable<Slot>,
    cadence: Cadence,
}

/// One followed point.
#[derive(Debug)]
struct Slot {
    hash: u64,
    cell: Cell,
    /// The number last applied: whole, or the bits of a floating-point one, as the field has it.
    value: u64,
    /// Only of counters.
    counter: Option<Box<Counter>>,
    /// When it came last, in tenths of a second on the monotonic clock.
    seen_ds: u32,
    rule: u16,
    /// Place of the state or outcome.
    code: u8,
    is_delta: bool,
}

/// What tells a counter's resets and overlaps.
#[derive(Clone, Copy, Debug, Default)]
struct Counter {
    start_ns: u64,
    time_ns: u64,
}

/// How the numbers of a metric relate to earlier ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// The value itself.
    Value,
    /// A total that only grows, but for resets.
    Total,
    /// What was added since the last point.
    Delta,
}

/// What the reading of one resource needs to know.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Context<'a> {
    pub(crate) instance: &'a Instance,
    pub(crate) resource: Attributes<'a>,
    pub(crate) at: Moment,
}

/// A point, whatever kind it came as.
#[derive(Clone, Copy, Debug)]
struct Reading<'a> {
    attributes: Attributes<'a>,
    start_ns: u64,
    time_ns: u64,
    number: Number,
    is_gone: bool,
}

impl<'a> From<NumberPoint<'a>> for Reading<'a> {
    fn from(point: NumberPoint<'a>) -> Self {
        Self {
            attributes: point.attributes,
            start_ns: point.start_time_unix_nano,
            time_ns: point.time_unix_nano,
            number: point.value,
            is_gone: point.flags & NO_RECORDED_VALUE != 0,
        }
    }
}

impl Reading<'_> {
    /// The number, which a field can take.
    fn number(&self, kind: Kind) -> Result<f64, &'static str> {
        let number = self.number.as_f64().ok_or("no_value")?;
        if !number.is_finite() {
            return Err("not_finite");
        }
        if kind != Kind::Value && number < 0.0 {
            return Err(reason::NEGATIVE_COUNTER);
        }
        Ok(number)
    }
}

impl Default for Feed {
    fn default() -> Self {
        Self::new(SeriesCaps::new(0))
    }
}

impl Feed {
    /// An empty feed.
    pub(crate) fn new(caps: Arc<SeriesCaps>) -> Self {
        Self {
            series: SeriesTable::new(caps),
            metrics: HashMap::new(),
            hasher: RandomState::default(),
            points: 0,
            cadence: Cadence::default(),
            is_fresh: false,
            swept_ms: 0,
        }
    }

    /// How many points it follows.
    pub(crate) const fn points(&self) -> usize {
        self.points
    }

    /// Reads a metric that has rules; `scope` is the name of its instrumentation scope.
    pub(crate) fn metric(
        &mut self,
        context: Context<'_>,
        rules: &Arc<Rules>,
        scope: &str,
        metric: &Metric<'_>,
        unreadable: &mut Unreadable,
    ) {
        let new = || MetricFeed { rules: rules.clone(), slots: HashTable::new(), cadence: Cadence::default() };
        let feed = match self.metrics.get_mut(metric.name) {
            Some(known) => known,
            None => self.metrics.entry(metric.name.into()).or_insert_with(new),
        };
        feed.cadence.heard(context.at.now_ms);
        let before = feed.slots.len();
        let mut reader =
            MetricReader { context, feed, scope: self.hasher.hash_one(scope), hasher: &self.hasher, unreadable };
        reader.read(metric);
        let after = feed.slots.len();
        self.points = self.points + after - before;
        if feed.rules.joins {
            feed.join(context.instance);
        }
        if feed.slots.is_empty() {
            self.metrics.remove(metric.name);
        }
    }

    /// Lets go of what is no longer reported while the instance is still heard from, and of the entities that nothing feeds any
    /// more: three of the metric's own intervals went by, and at least 15 s. What is told in deltas stays as long as its
    /// entity: silence means that nothing happened.
    pub(crate) fn sweep(&mut self, instance: &Instance) {
        let heard_ms = instance.heard.last_ms.load(Ordering::Relaxed);
        // Spans and log records come all the time; they alone are no reason to look at every point again at once.
        if !std::mem::take(&mut self.is_fresh) && heard_ms < self.swept_ms + STALE_AFTER_MIN_MS {
            return;
        }
        self.swept_ms = heard_ms;
        let budget = &instance.shared.budget;
        for feed in self.metrics.values_mut() {
            let allowed_ms = feed.cadence.interval_ms().map_or(EXPORT_INTERVAL_MAX_MS, silence_ms);
            let rules = &feed.rules;
            feed.slots.retain(|slot| {
                let silent_ms = heard_ms.saturating_sub(u64::from(slot.seen_ds) * 100);
                let stays = slot.is_delta || silent_ms <= allowed_ms;
                if !stays {
                    slot.release(rules, instance);
                }
                stays
            });
            if feed.rules.joins {
                feed.join(instance);
            }
        }
        let mut entities = instance.entities();
        entities.begin_count();
        for slot in self.metrics.values().flat_map(|feed| feed.slots.iter()) {
            slot.cell.hold(slot.is_delta);
        }
        entities.sweep(budget);
        drop(entities);
        for feed in self.metrics.values_mut() {
            feed.slots.retain(|slot| slot.cell.stays());
        }
        self.metrics.retain(|_, feed| !feed.slots.is_empty());
        let left = self.metrics.values().map(|feed| feed.slots.len()).sum();
        budget.points.fetch_sub(self.points.saturating_sub(left), Ordering::Relaxed);
        self.points = left;
    }
}

/// Reads the points of one metric.
struct MetricReader<'a, 'm> {
    context: Context<'a>,
    feed: &'m mut MetricFeed,
    scope: u64,
    hasher: &'m RandomState,
    unreadable: &'m mut Unreadable,
}

impl MetricReader<'_, '_> {
    fn read(&mut self, metric: &Metric<'_>) {
        match metric.data {
            Data::Empty => self.refuse("no_data", 1),
            Data::Gauge(points) => points.into_iter().for_each(|point| self.point(Kind::Value, point.into())),
            Data::Sum(points, temporality, monotonicity) => {
                let kind = match (temporality, monotonicity) {
                    (Temporality::Delta, Monotonicity::Monotonic) => Kind::Delta,
                    (Temporality::Delta, Monotonicity::UpDown) => {
                        return self.refuse(reason::DELTA_NOT_MONOTONIC, points.into_iter().count());
                    }
                    (_, Monotonicity::Monotonic) => Kind::Total,
                    (_, Monotonicity::UpDown) => Kind::Value,
                };
                points.into_iter().for_each(|point| self.point(kind, point.into()));
            }
            // Of a distribution, an entity's field counts how many values there were.
            Data::Histogram(points, temporality) => points.into_iter().for_each(|point| {
                self.counted(
                    (point.attributes, point.flags, point.count),
                    (point.start_time_unix_nano, point.time_unix_nano),
                    temporality,
                );
            }),
            Data::ExponentialHistogram(points, temporality) => points.into_iter().for_each(|point| {
                self.counted(
                    (point.attributes, point.flags, point.count),
                    (point.start_time_unix_nano, point.time_unix_nano),
                    temporality,
                );
            }),
            Data::Summary(points) => points.into_iter().for_each(|point| {
                self.counted(
                    (point.attributes, point.flags, point.count),
                    (point.start_time_unix_nano, point.time_unix_nano),
                    Temporality::Cumulative,
                );
            }),
        }
    }

    fn counted(
        &mut self,
        (attributes, flags, count): (Attributes<'_>, u32, u64),
        (start_ns, time_ns): (u64, u64),
        temporality: Temporality,
    ) {
        let number = Number::Int(i64::try_from(count).unwrap_or(i64::MAX));
        let is_gone = flags & NO_RECORDED_VALUE != 0;
        let kind = if temporality == Temporality::Delta { Kind::Delta } else { Kind::Total };
        self.point(kind, Reading { attributes, start_ns, time_ns, number, is_gone });
    }

    /// Counts points of a native metric as unreadable; those of other metrics are series all the same.
    fn refuse(&mut self, reason: &'static str, points: usize) {
        if self.feed.rules.is_native {
            self.unreadable.add(reason, points as u64);
        }
    }

    #[inline]
    fn point(&mut self, kind: Kind, reading: Reading<'_>) {
        let sum = |sum: u64, body: &[u8]| sum.wrapping_add(self.hasher.hash_one(body));
        // A sum: the order of the attributes does not matter.
        let hash = reading.attributes.bodies().fold(self.scope, sum);
        let MetricFeed { rules, slots, .. } = &mut *self.feed;
        if let Some(slot) = slots.find_mut(hash, |slot| slot.hash == hash) {
            if reading.is_gone {
                return self.gone(hash);
            }
            if let Err(reason) = slot.apply(rules, &self.context, kind, &reading) {
                self.refuse(reason, 1);
            }
            return;
        }
        if !reading.is_gone {
            self.first(hash, kind, &reading);
        }
    }

    #[cold]
    fn gone(&mut self, hash: u64) {
        if let Ok(entry) = self.feed.slots.find_entry(hash, |slot| slot.hash == hash) {
            let (slot, _) = entry.remove();
            slot.release(&self.feed.rules, self.context.instance);
            self.context.instance.shared.budget.points.fetch_sub(1, Ordering::Relaxed);
        }
    }

    #[cold]
    fn first(&mut self, hash: u64, kind: Kind, reading: &Reading<'_>) {
        // The state that a worker is not in needs no slot before it is entered for the first time.
        if self.feed.rules.is_state_set && reading.number.as_f64().is_some_and(|value| value < 0.5) {
            return;
        }
        // An entity that no point feeds would never leave again.
        if let Err(reason) = reading.number(kind) {
            return self.refuse(reason, 1);
        }
        let budget = &self.context.instance.shared.budget;
        if !has_room(&budget.points, budget.points_max) {
            return self.unreadable.add("entity_limit", 1);
        }
        let resolved = match resolve::resolve(&self.context, &self.feed.rules, reading.attributes) {
            Ok(resolved) => resolved,
            Err(resolve::Failure::Limit(reason)) => return self.unreadable.add(reason, 1),
            Err(failure) => return self.refuse(failure.reason(), 1),
        };
        let counter = (kind != Kind::Value).then(Box::default);
        let mut slot = Slot {
            hash,
            cell: resolved.cell,
            value: 0,
            counter,
            seen_ds: 0,
            rule: resolved.rule,
            code: resolved.code,
            is_delta: kind == Kind::Delta,
        };
        slot.note_age(&self.feed.rules, reading, self.context.instance, self.context.at);
        match slot.apply(&self.feed.rules, &self.context, kind, reading) {
            Ok(()) => {
                budget.points.fetch_add(1, Ordering::Relaxed);
                slot.cell.hold(slot.is_delta);
                self.feed.slots.insert_unique(hash, slot, |slot| slot.hash);
            }
            Err(reason) => self.refuse(reason, 1),
        }
    }
}

impl MetricFeed {
    /// Joins the points of fields that are not kept as sums of differences: absent first, then one after another.
    fn join(&self, instance: &Instance) {
        for slot in &self.slots {
            slot.join_begin(&self.rules, instance);
        }
        for slot in &self.slots {
            slot.join(&self.rules, instance);
        }
    }
}

/// Notes how long a counter had counted when it was first heard of.
fn note_age(place: &AtomicU64, reading: &Reading<'_>) {
    if reading.start_ns > 0 && reading.time_ns > reading.start_ns {
        place.fetch_max((reading.time_ns - reading.start_ns) / 1_000_000, Ordering::Relaxed);
    }
}
