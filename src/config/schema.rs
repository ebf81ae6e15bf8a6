//! JSON Schema (draft 2020-12) of a configuration file, for editors. It is written by hand beside the readers, as it says more
//! than a type can: units, ranges, defaults. Tests hold it to the readers and to the defaults.

mod endpoints;
mod rules;
mod sections;
mod values;

use serde_json::{Map, Value, json};

/// The schema of a native file, a blueprint and a plugin manifest; the top level of a file says which of them it is.
pub fn schema() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "otel-bridge configuration",
        "description": "A native file, a blueprint (top-level `system`) or a plugin manifest (top-level `name`). Any value may hold \
                        ${VARIABLE} or ${VARIABLE:-default}.",
        "if": { "required": ["system"] },
        "then": { "$ref": "#/$defs/blueprint" },
        "else": { "if": { "required": ["name"] }, "then": { "$ref": "#/$defs/manifest" }, "else": { "$ref": "#/$defs/native" } },
        "$defs": definitions(),
    })
}

fn definitions() -> Value {
    let mut native = sections::sections();
    native.insert("pull".to_owned(), endpoints::pull());
    let mut blueprint = native.clone();
    blueprint.insert("system".to_owned(), endpoints::system());
    let mut manifest = sections::sections();
    manifest.extend(endpoints::manifest());
    let mut definitions = values::definitions();
    definitions.extend(endpoints::definitions());
    definitions.extend(rules::definitions());
    definitions.insert("native".to_owned(), object("The native form.", &[], native));
    definitions
        .insert("blueprint".to_owned(), object("A blueprint, with native sections beside it.", &["system"], blueprint));
    definitions.insert("manifest".to_owned(), object("A plugin manifest: one pull endpoint.", &["name"], manifest));
    Value::Object(definitions)
}

/// A mapping with these keys and no other.
fn object(description: &str, required: &[&str], properties: Map<String, Value>) -> Value {
    json!({
        "description": description,
        "type": ["object", "null"],
        "properties": Value::Object(properties),
        "required": required,
        "additionalProperties": false,
    })
}

/// Keys with their schemas.
fn keys<const N: usize>(entries: [(&str, Value); N]) -> Map<String, Value> {
    entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}
