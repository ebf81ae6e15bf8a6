//! Destinations, alert rules and mapping rules: the items of lists.

use serde_json::{Map, Value, json};

use super::values::{duration, mapping, number, text, words};
use super::{keys, object, sections};
use crate::config::alerts::Subject;
use crate::config::mappings::Entity;

/// What the other schemas refer to.
pub(super) fn definitions() -> Map<String, Value> {
    let mut rule = object("An alert rule.", &["name", "on", "field"], rule());
    let conditions = ["above", "below", "equals"].map(|key| json!({ "required": [key] }));
    if let Some(rule) = rule.as_object_mut() {
        rule.insert("oneOf".to_owned(), json!(conditions));
        rule.insert("allOf".to_owned(), Value::Array(Subject::ALL.map(fields_of_subject).to_vec()));
    }
    let mut mapping_rule = object("A mapping rule.", &["metric", "entity", "key", "field"], mapping_rule());
    if let Some(rule) = mapping_rule.as_object_mut() {
        rule.insert("allOf".to_owned(), Value::Array(Entity::ALL.map(fields_of_entity).to_vec()));
    }
    keys([
        ("destination", object("A push destination.", &["name", "endpoint"], sections::destination())),
        ("rule", rule),
        ("mapping", mapping_rule),
    ])
}

fn rule() -> Map<String, Value> {
    let template = "Template with {name}, {value}, {threshold}, {service}, {instance}.";
    keys([
        ("name", text("Unique.")),
        ("on", words("", Subject::ALL.map(Subject::as_str), "What it looks at.")),
        ("field", text("A field of that.")),
        ("above", number(Value::Null, None, None, "Holds while the field is greater.")),
        ("below", number(Value::Null, None, None, "Holds while the field is less.")),
        ("equals", text("Holds while the field is this word or number.")),
        ("for", duration("0s", "How long it must hold before it goes off, at most 1d.")),
        ("clear", duration("5s", "How long it must not hold before it ends, at most 1d.")),
        ("level", words("warning", ["info", "warning", "critical"], "Gravity.")),
        ("message", text(template)),
        ("recommendation", text(template)),
    ])
}

fn mapping_rule() -> Map<String, Value> {
    let resource = keys([("resource", text("A resource attribute."))]);
    let labels = ["app", "pool", "component", "from", "to", "type"];
    let key = json!({
        "description": "The attribute that names the entity, or { resource: attribute }.",
        "anyOf": [{ "type": "string" }, object("From the resource.", &["resource"], resource)],
    });
    let labels = labels.map(|label| (label, text("The attribute it comes from.")));
    keys([
        ("metric", text("A metric's name, or a glob with *.")),
        ("where", mapping(&text("The value."), "Attributes that must be equal.")),
        ("entity", words("", Entity::ALL.map(Entity::as_str), "What it feeds.")),
        ("key", key),
        ("labels", object("Further labels from attributes.", &[], keys(labels))),
        ("field", text("A field of the entity.")),
        ("state", text("For state sets: the attribute whose value is the state where the point is 1.")),
        ("scale", number(json!(1), None, None, "Numbers are multiplied by it.")),
        ("aggregate", words("last", ["sum", "max", "last"], "How several points on one field join.")),
    ])
}

fn fields_of_subject(subject: Subject) -> Value {
    fields("on", subject.as_str(), subject.fields())
}

fn fields_of_entity(entity: Entity) -> Value {
    fields("entity", entity.as_str(), entity.fields())
}

fn fields(key: &str, word: &str, fields: &[&str]) -> Value {
    json!({
        "if": { "properties": { key: { "const": word } }, "required": [key] },
        "then": { "properties": { "field": { "enum": fields } } },
    })
}
