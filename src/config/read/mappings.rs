//! Mapping rules.

use crate::config::mappings::{Aggregate, Entity, Key, MappingRule};
use crate::config::section::{Item, Section};
use crate::config::suggest::closest;

const AGGREGATES: [(&str, Aggregate); 3] =
    [("sum", Aggregate::Sum), ("max", Aggregate::Max), ("last", Aggregate::Last)];
/// Further labels of the entities.
const LABELS: [&str; 6] = ["app", "pool", "component", "from", "to", "type"];

/// `mappings`: a list of rules.
pub(crate) fn mappings(root: &mut Section<'_>) -> Vec<MappingRule> {
    let items = root.get("mappings").map(|item| item.items()).unwrap_or_default();
    items.iter().filter_map(rule).collect()
}

fn rule(item: &Item<'_>) -> Option<MappingRule> {
    let mut section = item.section()?;
    let metric = section.required("metric").and_then(|item| item.name());
    let entity =
        section.required("entity").and_then(|item| item.word(&Entity::ALL.map(|entity| (entity.as_str(), entity))));
    let key = section.required("key").and_then(|item| key(&item));
    let field_item = section.required("field");
    let field = field_item.as_ref().and_then(|item| known_field(item, entity?));
    let state = section.get("state").and_then(|item| item.name());
    if let Some(item) = field_item.filter(|_| state.is_some() && field.as_deref().is_some_and(|field| field != "state"))
    {
        item.problem("must be `state` where the key `state` names the attribute of a state set");
    }
    let rule = MappingRule {
        metric: metric.clone().unwrap_or_default(),
        conditions: section.pairs("where").into_iter().filter_map(text).collect(),
        entity: entity.unwrap_or(Entity::Pool),
        key: key.clone().unwrap_or(Key::Attribute(String::new())),
        labels: section.pairs("labels").into_iter().filter_map(label).collect(),
        field: field.clone().unwrap_or_default(),
        state,
        scale: section.fraction("scale", 1.0, f64::MIN..=f64::MAX),
        aggregate: section.word("aggregate", Aggregate::Last, &AGGREGATES),
    };
    section.finish();
    (metric.is_some() && entity.is_some() && key.is_some() && field.is_some()).then_some(rule)
}

fn text((name, item): (String, Item<'_>)) -> Option<(String, String)> {
    item.text().map(|text| (name, text))
}

fn label((name, item): (String, Item<'_>)) -> Option<(String, String)> {
    if !LABELS.contains(&name.as_str()) {
        item.problem(&format!("is no label of an entity; known are {}", LABELS.join(", ")));
        return None;
    }
    item.name().map(|attribute| (name, attribute))
}

/// An attribute's name, or `{ resource: name }`.
fn key(item: &Item<'_>) -> Option<Key> {
    if !item.is_mapping() {
        return item.name().map(Key::Attribute);
    }
    let mut section = item.section()?;
    let key = section.required("resource").and_then(|item| item.name()).map(Key::Resource);
    section.finish();
    key
}

fn known_field(item: &Item<'_>, entity: Entity) -> Option<String> {
    let text = item.name()?;
    if entity.fields().contains(&text.as_str()) {
        return Some(text);
    }
    let hint = closest(&text, entity.fields().iter().copied()).map(|field| format!("; did you mean `{field}`?"));
    let fields = || format!("; known are {}", entity.fields().join(", "));
    item.problem(&format!("is no field of a {}{}{}", entity.as_str(), item.written(), hint.unwrap_or_else(fields)));
    None
}
