//! What a point does to its field: totals are taken over, deltas added, resets and overlaps noticed, states set.

use std::sync::atomic::Ordering;

use crate::config::mappings::Aggregate;
use crate::limits::EXPORT_INTERVAL_MAX_MS;
use crate::model::breaker::BreakerState;
use crate::otlp::metrics::points::Number;
use crate::state::feed::cell::Cell;
use crate::state::feed::{Context, Kind, Reading, Slot, note_age};
use crate::state::instance::{Instance, Moment};
use crate::state::mapping::{Field, Rule, Rules};
use crate::state::series::reason;

impl Slot {
    /// Applies one point.
    ///
    /// # Errors
    /// The reason, when the point cannot be read; nothing has changed then.
    #[inline]
    pub(super) fn apply(
        &mut self,
        rules: &Rules,
        context: &Context<'_>,
        kind: Kind,
        reading: &Reading<'_>,
    ) -> Result<(), &'static str> {
        let Some(rule) = rules.all.get(usize::from(self.rule)) else { return Ok(()) };
        let number = reading.number(kind)?;
        if rule.field.is_state() {
            if number >= 0.5 {
                self.set_state(rule.field, context);
            }
        } else {
            self.set_number(rule, context, kind, reading, number)?;
        }
        self.seen_ds = (context.at.now_ms / 100) as u32;
        self.cell.seen(context.at.now_ms);
        Ok(())
    }

    fn set_state(&self, field: Field, Context { instance, at, .. }: &Context<'_>) {
        match (&self.cell, field) {
            (Cell::Worker(cell), Field::WorkerState) => {
                cell.state.set(self.code, at.now_ms);
            }
            (Cell::Component(cell), Field::ComponentState) => {
                cell.state.set(self.code, at.now_ms);
            }
            (Cell::Breaker(cell), Field::BreakerState) => {
                if let Some(to) = BreakerState::ALL.get(usize::from(self.code)) {
                    let _ = instance.breaker_transition(cell, *to, None, *at);
                }
            }
            _ => {}
        }
    }

    fn set_number(
        &mut self,
        rule: &Rule,
        context: &Context<'_>,
        kind: Kind,
        reading: &Reading<'_>,
        number: f64,
    ) -> Result<(), &'static str> {
        let bits = bits(rule, reading.number, number);
        let now = match kind {
            Kind::Value => bits,
            Kind::Total => self.total(rule.field, context, reading, bits)?,
            Kind::Delta => self.delta(rule.field, context.at, reading, bits)?,
        };
        let before = std::mem::replace(&mut self.value, now);
        self.note(rule.field, context, before, now);
        if rule.field.is_joined(rule.aggregate) {
            return Ok(());
        }
        if let Some(place) = self.cell.place(rule.field, self.code, context.instance) {
            match rule.aggregate {
                Aggregate::Sum => place.replace(before, now),
                Aggregate::Max | Aggregate::Last => place.set(now),
            }
        }
        Ok(())
    }

    /// A cumulative counter: its own number. A new start is a restart, and so is a number that fell where the start is not known; a
    /// number older than the last one is not taken.
    fn total(
        &mut self,
        field: Field,
        context: &Context<'_>,
        reading: &Reading<'_>,
        bits: u64,
    ) -> Result<u64, &'static str> {
        let held = self.value;
        let counter = self.counter.get_or_insert_default();
        let (first, known) = (counter.time_ns == 0, counter.start_ns > 0 && reading.start_ns > 0);
        if known && reading.start_ns < counter.start_ns {
            return Err(reason::OUT_OF_ORDER);
        }
        let is_new_start = known && reading.start_ns > counter.start_ns;
        if !is_new_start && reading.time_ns > 0 && reading.time_ns < counter.time_ns {
            return Err(reason::OUT_OF_ORDER);
        }
        // One that began when the last one did and counts less is another writer's: a restart begins anew.
        if known && !first && !is_new_start && is_less(field, bits, held) {
            return Err(reason::OUT_OF_ORDER);
        }
        counter.start_ns = reading.start_ns;
        counter.time_ns = reading.time_ns.max(1);
        if !first && (is_new_start || is_less(field, bits, held)) {
            context.instance.restarted(context.at);
        }
        Ok(bits)
    }

    /// A delta counter: added to what it had. A point that does not end after the last one was sent twice; but a sender whose
    /// clock was set is not refused for good.
    fn delta(&mut self, field: Field, at: Moment, reading: &Reading<'_>, bits: u64) -> Result<u64, &'static str> {
        let held = self.value;
        let silent_ms = at.now_ms.saturating_sub(u64::from(self.seen_ds) * 100);
        let counter = self.counter.get_or_insert_default();
        let is_late = reading.time_ns > 0 && reading.time_ns <= counter.time_ns;
        if is_late && silent_ms < EXPORT_INTERVAL_MAX_MS {
            return Err(reason::OUT_OF_ORDER);
        }
        counter.start_ns = reading.start_ns;
        counter.time_ns = reading.time_ns;
        Ok(if field.is_figure() {
            (f64::from_bits(held) + f64::from_bits(bits)).to_bits()
        } else {
            held.saturating_add(bits)
        })
    }

    /// What else a number says.
    fn note(&self, field: Field, Context { instance, at, .. }: &Context<'_>, before: u64, now: u64) {
        match (&self.cell, field) {
            (Cell::Worker(cell), Field::WorkerRequests) if before != now => progressed(&cell.progress_ms, *at),
            (Cell::Instance, Field::InstanceTraces) => instance.received.tells_traces.store(true, Ordering::Relaxed),
            (Cell::Instance, Field::InstanceSpans) => instance.received.tells_spans.store(true, Ordering::Relaxed),
            _ => {}
        }
    }

    /// Notes how long it had counted when it was first heard of, and that a new worker has just moved.
    pub(super) fn note_age(&self, rules: &Rules, reading: &Reading<'_>, instance: &Instance, at: Moment) {
        let field = rules.all.get(usize::from(self.rule)).map(|rule| rule.field);
        match (&self.cell, field) {
            (Cell::Component(cell), Some(Field::ComponentItemsProcessed | Field::ComponentErrors)) => {
                note_age(&cell.age_ms, reading);
            }
            (Cell::Stream(cell), Some(Field::StreamMessages)) => note_age(&cell.age_ms, reading),
            (Cell::Instance, Some(Field::InstanceTraces)) => note_age(&instance.received.traces_age_ms, reading),
            (Cell::Worker(cell), _) if cell.progress_ms.load(Ordering::Relaxed) == 0 => {
                progressed(&cell.progress_ms, at);
            }
            _ => {}
        }
    }

    /// The point is reported no more: what it gave to its field is taken back.
    pub(super) fn release(&self, rules: &Rules, instance: &Instance) {
        let Some(rule) = rules.all.get(usize::from(self.rule)) else { return };
        let Some(place) = self.cell.place(rule.field, self.code, instance) else { return };
        match rule.aggregate {
            Aggregate::Sum if !rule.field.is_figure() => {
                place.replace(self.value, 0);
                if place.bits() == Some(0) {
                    place.clear();
                }
            }
            // Another point may have taken the field over meanwhile.
            Aggregate::Last if place.bits() != Some(self.value) => {}
            Aggregate::Sum | Aggregate::Max | Aggregate::Last => place.clear(),
        }
    }

    /// Makes a field absent that will be joined from all its points.
    pub(super) fn join_begin(&self, rules: &Rules, instance: &Instance) {
        if let Some(rule) = rules.all.get(usize::from(self.rule)).filter(|rule| rule.field.is_joined(rule.aggregate))
            && let Some(place) = self.cell.place(rule.field, self.code, instance)
        {
            place.clear();
        }
    }

    /// Adds the point to a field that is joined from all its points.
    pub(super) fn join(&self, rules: &Rules, instance: &Instance) {
        if let Some(rule) = rules.all.get(usize::from(self.rule)).filter(|rule| rule.field.is_joined(rule.aggregate))
            && let Some(place) = self.cell.place(rule.field, self.code, instance)
        {
            match rule.aggregate {
                Aggregate::Max => place.max(self.value),
                Aggregate::Sum => place.add(self.value),
                Aggregate::Last => {}
            }
        }
    }
}

fn progressed(place: &std::sync::atomic::AtomicU64, at: Moment) {
    place.store(at.now_ms, Ordering::Relaxed);
}

fn is_less(field: Field, now: u64, before: u64) -> bool {
    if field.is_figure() { f64::from_bits(now) < f64::from_bits(before) } else { now < before }
}

/// The number as the field keeps it: a whole one (negative ones are 0), or the bits of a floating-point one.
fn bits(rule: &Rule, exact: Number, number: f64) -> u64 {
    if rule.field.is_figure() {
        return (number * rule.scale.unwrap_or(1.0)).to_bits();
    }
    match exact {
        Number::Int(whole) if rule.scale.is_none() => u64::try_from(whole).unwrap_or(0),
        _ => (number * rule.scale.unwrap_or(1.0)).round() as u64,
    }
}
