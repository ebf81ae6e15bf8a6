//! Alert rules and mapping rules.

use crate::config::alerts::{Alerts, Condition, Rule};
use crate::config::mappings::{Aggregate, Key, MappingRule};
use crate::config::print::shown::Shown;

/// `alerts`.
pub(super) fn alerts(alerts: &Alerts) -> Shown {
    Shown::mapping(vec![
        ("alertmanager", alerts.alertmanager.as_ref().map_or(Shown::Null, Shown::text)),
        ("rules", Shown::List(alerts.rules.iter().map(rule).collect())),
    ])
}

fn rule(rule: &Rule) -> Shown {
    let condition = match &rule.condition {
        Condition::Above(number) => ("above", Shown::Number(*number)),
        Condition::Below(number) => ("below", Shown::Number(*number)),
        Condition::Equals(text) => ("equals", Shown::text(text)),
    };
    let mut entries = vec![
        ("name", Shown::text(&rule.name)),
        ("on", Shown::text(rule.on.as_str())),
        ("field", Shown::text(&rule.field)),
        condition,
        ("for", Shown::duration(rule.hold)),
        ("clear", Shown::duration(rule.clear)),
        ("level", Shown::text(rule.level.as_str())),
        ("message", Shown::text(&rule.message)),
    ];
    entries.extend(rule.recommendation.as_ref().map(|text| ("recommendation", Shown::text(text))));
    Shown::mapping(entries)
}

/// One mapping rule.
pub(super) fn mapping(rule: &MappingRule) -> Shown {
    let pairs = |pairs: &[(String, String)]| {
        Shown::Mapping(pairs.iter().map(|(key, value)| (key.clone(), Shown::text(value))).collect())
    };
    let key = match &rule.key {
        Key::Attribute(name) => Shown::text(name),
        Key::Resource(name) => Shown::mapping(vec![("resource", Shown::text(name))]),
    };
    let aggregate = match rule.aggregate {
        Aggregate::Sum => "sum",
        Aggregate::Max => "max",
        Aggregate::Last => "last",
    };
    let mut entries = vec![
        ("metric", Shown::text(&rule.metric)),
        ("where", pairs(&rule.conditions)),
        ("entity", Shown::text(rule.entity.as_str())),
        ("key", key),
        ("labels", pairs(&rule.labels)),
        ("field", Shown::text(&rule.field)),
    ];
    entries.extend(rule.state.as_ref().map(|state| ("state", Shown::text(state))));
    entries.extend([("scale", Shown::Number(rule.scale)), ("aggregate", Shown::text(aggregate))]);
    Shown::mapping(entries)
}
