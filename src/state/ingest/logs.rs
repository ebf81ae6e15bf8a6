//! Received log records: counted; the two events of contract §6 are understood.

use std::borrow::Cow;
use std::sync::atomic::Ordering;

use crate::model::breaker::BreakerState;
use crate::otlp::attributes::{AnyValue, Attributes};
use crate::otlp::envelope::Resource;
use crate::otlp::logs::LogRecord;
use crate::state::entities::has_room;
use crate::state::identity::{bounded, word};
use crate::state::instance::{Instance, Moment};
use crate::state::recorded::error_words;

/// Reads the log records of one resource.
pub(super) fn read(instance: &Instance, resource: Resource<'_>, at: Moment) {
    let mut records = 0;
    for record in resource.scopes().flat_map(|scope| scope.log_records()) {
        records += 1;
        let name = match record.event_name {
            "" => text(record.attributes, "event.name"),
            name => Cow::Borrowed(name),
        };
        match &*name {
            "component.error" => component_error(instance, &record, at),
            "circuit_breaker.transition" => transition(instance, &record, at),
            _ => {}
        }
    }
    instance.received.log_records.fetch_add(records, Ordering::Relaxed);
}

fn component_error(instance: &Instance, record: &LogRecord<'_>, at: Moment) {
    let name = text(record.attributes, "component.name");
    let budget = &instance.shared.budget;
    let is_known = instance.entities().components.contains_key(&*name);
    if name.is_empty() || (!is_known && !has_room(&budget.others, budget.others_max)) {
        return;
    }
    let (kind, message) = (text(record.attributes, "error.type"), text(record.attributes, "exception.message"));
    let words = match (&*kind, &*message) {
        ("", "") => match record.body {
            AnyValue::Empty => "error".to_owned(),
            body => word(body),
        },
        (kind, message) => error_words(kind, message),
    };
    let cell = instance.component(&name, &text(record.attributes, "component.type"));
    instance.component_failed(&cell, &words, at);
}

fn transition(instance: &Instance, record: &LogRecord<'_>, at: Moment) {
    let name = text(record.attributes, "circuit_breaker.name");
    let state = |attribute: &str| BreakerState::parse(&text(record.attributes, attribute));
    let (Some(from), Some(to)) = (state("from"), state("to")) else { return };
    let budget = &instance.shared.budget;
    let is_known = instance.entities().breakers.contains_key(&*name);
    if name.is_empty() || (!is_known && !has_room(&budget.others, budget.others_max)) {
        return;
    }
    let component = text(record.attributes, "component.name");
    let cell = instance.breaker(&name, Some(&component));
    instance.breaker_told(&cell, from, to, &text(record.attributes, "reason"), at);
}

fn text<'a>(attributes: Attributes<'a>, name: &str) -> Cow<'a, str> {
    match attributes.get(name) {
        Some(AnyValue::Str(text)) => Cow::Borrowed(bounded(text)),
        Some(value) => Cow::Owned(word(value)),
        None => Cow::Borrowed(""),
    }
}
