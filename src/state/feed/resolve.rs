//! The slow path of a point that is seen for the first time: which rule holds for it, and which entity it names.

use std::borrow::Cow;

use crate::config::mappings::{Entity, Key};
use crate::model::stream::StreamId;
use crate::otlp::attributes::{AnyValue, Attributes};
use crate::state::entities::{Entities, has_room};
use crate::state::feed::Context;
use crate::state::feed::cell::Cell;
use crate::state::identity::{bounded, word};
use crate::state::mapping::{Rule, Rules};

/// Where a point leads.
pub(super) struct Resolved {
    pub(super) cell: Cell,
    pub(super) rule: u16,
    pub(super) code: u8,
}

/// Why a point leads nowhere.
pub(super) enum Failure {
    /// No rule's conditions hold.
    Rule,
    /// The attribute that names the entity is missing.
    Key,
    /// The state is missing or not known.
    State,
    /// A limit, by its reason.
    Limit(&'static str),
}

impl Failure {
    pub(super) const fn reason(&self) -> &'static str {
        match self {
            Self::Rule => "no_rule",
            Self::Key => "no_key",
            Self::State => "unknown_state",
            Self::Limit(reason) => reason,
        }
    }
}

/// Finds the first rule that holds for the attributes, and the entity that they name, made if it is new and there is room.
pub(super) fn resolve(context: &Context<'_>, rules: &Rules, attributes: Attributes<'_>) -> Result<Resolved, Failure> {
    let mut failure = Failure::Rule;
    for (place, rule) in rules.all.iter().enumerate() {
        if !rule.conditions.iter().all(|(name, wanted)| text(attributes, name).is_some_and(|found| found == *wanted)) {
            continue;
        }
        let Some(name) = name(context, rule, attributes) else {
            failure = Failure::Key;
            continue;
        };
        let code = match &rule.state {
            Some(attribute) => {
                let state = text(attributes, attribute).and_then(|state| rule.field.code(&state));
                state.ok_or(Failure::State)?
            }
            None => 0,
        };
        let cell = cell(context, rule, &name, attributes)?;
        return Ok(Resolved { cell, rule: place as u16, code });
    }
    Err(failure)
}

/// The entity's name; empty for the instance itself, none when it is missing.
fn name<'a>(context: &'a Context<'_>, rule: &Rule, attributes: Attributes<'a>) -> Option<Cow<'a, str>> {
    let found = match &rule.key {
        None => return Some(Cow::Borrowed("")),
        Some(Key::Attribute(name)) => text(attributes, name)?,
        Some(Key::Resource(name)) => of_resource(context, name)?,
    };
    (!found.is_empty()).then_some(found)
}

fn of_resource<'a>(context: &'a Context<'_>, name: &str) -> Option<Cow<'a, str>> {
    match name {
        "service.name" => Some(Cow::Borrowed(&*context.instance.identity.service)),
        "service.instance.id" => Some(Cow::Borrowed(&*context.instance.identity.instance)),
        other => text(context.resource, other),
    }
}

fn text<'a>(attributes: Attributes<'a>, name: &str) -> Option<Cow<'a, str>> {
    match attributes.get(name)? {
        AnyValue::Str(text) => Some(Cow::Borrowed(bounded(text))),
        AnyValue::Empty => None,
        other => Some(Cow::Owned(word(other))),
    }
}

fn cell(context: &Context<'_>, rule: &Rule, name: &str, attributes: Attributes<'_>) -> Result<Cell, Failure> {
    let Some(entity) = rule.field.entity() else { return Ok(Cell::Instance) };
    let label = |wanted: &str| {
        let attribute = rule.labels.iter().find(|(label, _)| label == wanted).map(|(_, attribute)| attribute);
        let found =
            attribute.and_then(|attribute| text(attributes, attribute).or_else(|| of_resource(context, attribute)));
        found.unwrap_or_default().into_owned()
    };
    let (instance, budget) = (context.instance, &context.instance.shared.budget);
    let key = &*instance.identity.key;
    let mut entities = instance.entities();
    let stream = StreamId { name: name.to_owned(), from: label("from"), to: label("to") };
    if !is_known(&entities, entity, name, &stream) {
        match entity {
            Entity::Worker if !has_room(&budget.workers, budget.workers_max) => {
                return Err(Failure::Limit("worker_limit"));
            }
            Entity::Worker => {}
            _ if !has_room(&budget.others, budget.others_max) => return Err(Failure::Limit("entity_limit")),
            _ => {}
        }
    }
    Ok(match entity {
        Entity::Pool => Cell::Pool(entities.pool(key, name, budget)),
        Entity::Worker => Cell::Worker(entities.worker(key, (name, &label("app"), &label("pool")), budget)),
        Entity::Component => Cell::Component(entities.component(key, (name, &label("type")), budget)),
        Entity::CircuitBreaker => Cell::Breaker(entities.breaker(key, (name, &label("component")), budget)),
        Entity::Stream => Cell::Stream(entities.stream(key, &stream, budget)),
    })
}

fn is_known(entities: &Entities, entity: Entity, name: &str, stream: &StreamId) -> bool {
    match entity {
        Entity::Pool => entities.pools.contains_key(name),
        Entity::Worker => entities.workers.contains_key(name),
        Entity::Component => entities.components.contains_key(name),
        Entity::CircuitBreaker => entities.breakers.contains_key(name),
        Entity::Stream => entities.streams.contains_key(stream),
    }
}
