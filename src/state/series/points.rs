//! Points into series: known ones in place, new ones while there is room, the rest into the overflow series.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::limits::EXPORT_INTERVAL_MAX_MS;
use crate::state::accounting::Reasons;
use crate::state::series::accumulate::{Accumulator, Flow, Number, Order};
use crate::state::series::exponential::Exponential;
use crate::state::series::family::{Slot, attributes_hash};
use crate::state::series::histogram::{Histogram, Summary};
use crate::state::series::point::{ExponentialPoint, Head, HistogramPoint, Kind, NO_RECORDED_VALUE, SummaryPoint};
use crate::state::series::value::{Step, Value};
use crate::state::series::{MetricId, Place, SeriesTable, reason};

/// Labels of an overflow series (OTel specification, metrics SDK, cardinality limits).
const OVERFLOW_LABELS: &str = "otel_metric_overflow=\"true\"";
/// The same, where the sender's SDK has an overflow series of its own.
const OVERFLOW_LABELS_HERE: &str = "otel_metric_overflow=\"bridge\"";

/// What a point changes.
struct Target<'a> {
    /// The value that is held, if any.
    held: Option<&'a mut Value>,
    /// The family's last bounds.
    bounds: &'a mut Option<Arc<[f64]>>,
    step: Step,
    notes: &'a Reasons,
}

/// A value that takes the held one's place, or none when that was changed itself.
type Made = Result<Option<Value>, &'static str>;

impl SeriesTable {
    /// Takes a point of a gauge or a sum. `attributes` are its raw `KeyValue` messages.
    ///
    /// # Errors
    /// The reason why it was not kept, see [`reason`].
    #[inline]
    pub fn number<'a>(
        &mut self,
        metric: MetricId,
        attributes: impl Iterator<Item = &'a [u8]> + Clone,
        head: &Head,
        value: Number,
    ) -> Result<(), &'static str> {
        let place = metric.of(|kind| matches!(kind, Kind::Gauge | Kind::Sum { .. }))?;
        // Here and not only in the accumulator, which does not know what an overflow series stands for.
        if place.flow != Flow::Last && value.as_f64().is_nan() && head.flags & NO_RECORDED_VALUE == 0 {
            return Err(reason::NAN_COUNTER);
        }
        if place.flow == Flow::Delta && value.as_f64() < 0.0 {
            return Err(reason::NEGATIVE_COUNTER);
        }
        self.point(place, attributes, head, |target| take_number(value, target))
    }

    /// Takes a point of a histogram.
    ///
    /// # Errors
    /// The reason why it was not kept, see [`reason`].
    pub fn histogram<'a, B, C>(
        &mut self,
        metric: MetricId,
        attributes: impl Iterator<Item = &'a [u8]> + Clone,
        head: &Head,
        point: &HistogramPoint<B, C>,
    ) -> Result<(), &'static str>
    where
        B: Iterator<Item = f64> + Clone,
        C: Iterator<Item = u64> + Clone,
    {
        let place = metric.of(|kind| matches!(kind, Kind::Histogram(_)))?;
        self.point(place, attributes, head, |target| {
            let Target { held, bounds, step, notes } = target;
            if let Some(Value::Histogram(held)) = held {
                return held.take(point.clone(), bounds, step).map(|order| noted(order, notes));
            }
            let made = Histogram::of(point.clone(), bounds, step.course())?;
            Ok(Some(Value::Histogram(Box::new(made))))
        })
    }

    /// Takes a point of an exponential histogram.
    ///
    /// # Errors
    /// The reason why it was not kept, see [`reason`].
    pub fn exponential<'a, P, N>(
        &mut self,
        metric: MetricId,
        attributes: impl Iterator<Item = &'a [u8]> + Clone,
        head: &Head,
        point: &ExponentialPoint<P, N>,
    ) -> Result<(), &'static str>
    where
        P: Iterator<Item = u64> + Clone,
        N: Iterator<Item = u64> + Clone,
    {
        let place = metric.of(|kind| matches!(kind, Kind::ExponentialHistogram(_)))?;
        self.point(place, attributes, head, |Target { held, step, notes, .. }| {
            if let Some(Value::Exponential(held)) = held {
                return held.take(point.clone(), step).map(|order| noted(order, notes));
            }
            let made = Exponential::of(point.clone(), step.course())?;
            Ok(Some(Value::Exponential(Box::new(made))))
        })
    }

    /// Takes a point of a summary; those without room are not added up, since quantiles do not add.
    ///
    /// # Errors
    /// The reason why it was not kept, see [`reason`].
    pub fn summary<'a, Q>(
        &mut self,
        metric: MetricId,
        attributes: impl Iterator<Item = &'a [u8]> + Clone,
        head: &Head,
        point: &SummaryPoint<Q>,
    ) -> Result<(), &'static str>
    where
        Q: Iterator<Item = (f64, f64)> + Clone,
    {
        let place = metric.of(|kind| matches!(kind, Kind::Summary))?;
        self.point(place, attributes, head, |Target { held, step, notes, .. }| {
            if matches!(step, Step::Add | Step::Replace) {
                return Err(reason::SERIES_LIMIT);
            }
            let mut course = step.course();
            if let Some(Value::Summary(held)) = held {
                course = held.course;
                noted(step.follow(&mut course)?, notes);
            }
            Ok(Some(Value::Summary(Box::new(Summary::of(point.clone(), course)?))))
        })
    }

    #[inline]
    fn point<'a>(
        &mut self,
        place: Place,
        attributes: impl Iterator<Item = &'a [u8]> + Clone,
        head: &Head,
        make: impl Fn(Target<'_>) -> Made,
    ) -> Result<(), &'static str> {
        let hash = attributes_hash(&self.state, attributes.clone());
        let Some(Some(family)) = self.families.get_mut(place.family as usize) else {
            return Err(reason::SERIES_LIMIT);
        };
        let found = family.find(hash);
        if head.flags & NO_RECORDED_VALUE != 0 {
            if let Some(slot) = found {
                self.remove(place, slot);
            }
            return Ok(());
        }
        let step = Step::Flow { flow: place.flow, start_ns: head.start_ns, time_ns: head.time_ns };
        let Some(found) = found else {
            return self.create(place, hash, attributes, step, make);
        };
        let Some((slot, bounds)) = family.slot_and_bounds(found) else { return Ok(()) };
        let bytes_before = slot.value.heap_bytes();
        let notes = &self.caps.notes;
        let mut outcome = make(Target { held: Some(&mut slot.value), bounds, step, notes });
        // A sender whose clock was set is not refused for good.
        if outcome == Err(reason::OUT_OF_ORDER) && slot.silent_ms(self.now_ms) >= EXPORT_INTERVAL_MAX_MS {
            slot.value.forget_course();
            outcome = make(Target { held: Some(&mut slot.value), bounds, step, notes });
        }
        if let Some(other) = outcome? {
            slot.value = other;
        }
        slot.touch(self.now_ms, place.flow == Flow::Delta);
        let bytes_after = slot.value.heap_bytes();
        if bytes_after != bytes_before {
            return self.resize(place, found, bytes_before, bytes_after);
        }
        Ok(())
    }

    /// Books that a series became larger or smaller; one that finds no room any more goes.
    #[cold]
    fn resize(&mut self, place: Place, slot: usize, before: usize, after: usize) -> Result<(), &'static str> {
        if after <= before {
            self.held_bytes -= before - after;
            self.caps.release(0, before - after);
            return Ok(());
        }
        // What the removal gives back must first have been held.
        let has_room = self.caps.try_grow(after - before);
        self.held_bytes += after - before;
        if has_room {
            return Ok(());
        }
        self.caps.force_grow(after - before);
        self.remove(place, slot);
        Err(reason::SERIES_LIMIT)
    }

    #[cold]
    fn remove(&mut self, place: Place, slot: usize) {
        if let Some(Some(family)) = self.families.get_mut(place.family as usize)
            && let Some(slot) = family.remove(&self.state, slot)
        {
            let bytes = slot.bytes();
            self.give_back(1, bytes);
        }
    }

    #[cold]
    fn create<'a>(
        &mut self,
        place: Place,
        hash: u64,
        attributes: impl Iterator<Item = &'a [u8]> + Clone,
        step: Step,
        make: impl Fn(Target<'_>) -> Made,
    ) -> Result<(), &'static str> {
        let Some(Some(family)) = self.families.get_mut(place.family as usize) else {
            return Err(reason::SERIES_LIMIT);
        };
        let is_full = family.len() >= self.caps.per_metric_max() || self.held >= self.caps.per_instance_max();
        if is_full || !self.caps.has_room() {
            return self.fold(place, &make);
        }
        let labels = self.renderer.render(attributes, &self.caps.notes);
        if family.overflow.as_deref().is_some_and(|overflow| *overflow.labels == *labels) {
            return self.fold(place, &make);
        }
        if family.has_labels(&self.state, labels) {
            return Err(reason::LABEL_COLLISION);
        }
        let target = Target { held: None, bounds: &mut family.bounds, step, notes: &self.caps.notes };
        let Some(value) = make(target)? else { return Ok(()) };
        let bytes = Slot::bytes_of(labels.len(), &value);
        if !self.caps.try_hold(bytes) {
            return self.fold(place, &make);
        }
        self.held += 1;
        self.held_bytes += bytes;
        family.insert(&self.state, Slot::new(hash, labels, self.now_ms, place.flow == Flow::Delta, value));
        Ok(())
    }

    /// Takes a point into the metric's overflow series.
    fn fold(&mut self, place: Place, make: &impl Fn(Target<'_>) -> Made) -> Result<(), &'static str> {
        let Some(Some(family)) = self.families.get_mut(place.family as usize) else {
            return Err(reason::SERIES_LIMIT);
        };
        self.caps.overflowed.fetch_add(1, Ordering::Relaxed);
        let is_first = family.overflow_export != self.export;
        let step = match (place.kind, place.flow) {
            (Kind::Gauge, _) => Step::Replace,
            (_, Flow::Last | Flow::Counter) if is_first => Step::Replace,
            (_, Flow::Last | Flow::Counter | Flow::Delta) => Step::Add,
        };
        let mut overflow = family.overflow.take();
        let held = overflow.as_deref_mut().map(|slot| &mut slot.value);
        let outcome = make(Target { held, bounds: &mut family.bounds, step, notes: &self.caps.notes });
        let is_delta = place.flow == Flow::Delta;
        match (outcome, overflow.as_deref_mut()) {
            (Ok(Some(value)), None) => {
                let is_taken = family.has_labels(&self.state, OVERFLOW_LABELS);
                let labels = if is_taken { OVERFLOW_LABELS_HERE } else { OVERFLOW_LABELS };
                family.overflow = Some(Box::new(Slot::new(0, labels, self.now_ms, is_delta, value)));
                family.overflow_export = self.export;
                Ok(())
            }
            (Ok(other), Some(slot)) => {
                if let Some(other) = other {
                    slot.value = other;
                }
                slot.touch(self.now_ms, is_delta);
                family.overflow = overflow;
                family.overflow_export = self.export;
                Ok(())
            }
            (Ok(None), None) => Ok(()),
            (Err(reason), _) => {
                family.overflow = overflow;
                Err(reason)
            }
        }
    }
}

impl MetricId {
    #[inline]
    fn of(self, is_fitting: impl Fn(Kind) -> bool) -> Result<Place, &'static str> {
        let place = self.0?;
        if is_fitting(place.kind) { Ok(place) } else { Err(reason::KIND_MISMATCH) }
    }
}

#[inline]
fn take_number(value: Number, Target { held, step, notes, .. }: Target<'_>) -> Made {
    let (flow, start_ns, time_ns) = match step {
        Step::Flow { flow, start_ns, time_ns } => (flow, start_ns, time_ns),
        // An overflow series adds whatever comes; a delta without times is always taken.
        Step::Add => (Flow::Delta, 0, 0),
        Step::Replace => (Flow::Last, 0, 0),
    };
    if let Some(Value::Number(held)) = held {
        return Ok(noted(held.apply(flow, value, start_ns, time_ns)?, notes));
    }
    Ok(Some(Value::Number(Accumulator::begin(flow, value, start_ns, time_ns)?)))
}

/// Notes an overlap; the held value was changed itself.
#[inline]
fn noted(order: Order, notes: &Reasons) -> Option<Value> {
    if order == Order::Overlapped {
        notes.add("overlapped", 1);
    }
    None
}
