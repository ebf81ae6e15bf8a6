//! Single values.

use serde_json::{Map, Value, json};

use super::keys;

/// What the other schemas refer to.
pub(super) fn definitions() -> Map<String, Value> {
    keys([
        ("variable", json!({ "description": "A value with a variable.", "type": "string", "pattern": "\\$\\{" })),
        (
            "duration",
            json!({
                "description": "A length of time: 500ms, 10s, 5m, 1h, 1d, or several in a row. A bare number is an error.",
                "type": ["string", "integer"],
                "pattern": "^([0-9.]+(ms|s|m|h|d) ?)+$|^0$|\\$\\{",
                "maximum": 0,
            }),
        ),
        (
            "size",
            json!({
                "description": "Bytes: a plain number, or with KiB, MiB, GiB, TiB, kB, MB, GB, TB.",
                "type": ["string", "integer"],
                "pattern": "^[0-9.]+ ?(KiB|MiB|GiB|TiB|kB|KB|MB|GB|TB|B)?$|\\$\\{",
                "minimum": 0,
            }),
        ),
        (
            "address",
            json!({ "description": "An IP address (or localhost) and a port.", "type": "string", "pattern": ":[0-9]+$|\\$\\{" }),
        ),
        (
            "url",
            json!({
                "description": "An http or https URL without credentials.",
                "type": "string",
                "pattern": "^https?://[^@]+$|\\$\\{",
            }),
        ),
    ])
}

/// A reference with a description of its own.
pub(super) fn reference(name: &str, description: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{name}"), "description": description })
}

/// A length of time with its default.
pub(super) fn duration(default: &str, description: &str) -> Value {
    json!({ "$ref": "#/$defs/duration", "description": description, "default": default })
}

/// A number of bytes with its default.
pub(super) fn size(default: &str, description: &str) -> Value {
    json!({ "$ref": "#/$defs/size", "description": description, "default": default })
}

/// Any text.
pub(super) fn text(description: &str) -> Value {
    json!({ "description": description, "type": ["string", "number", "boolean"] })
}

/// `true` or `false`, or a variable that gives one.
pub(super) fn boolean(default: bool, description: &str) -> Value {
    json!({
        "description": description,
        "anyOf": [{ "type": "boolean" }, { "$ref": "#/$defs/variable" }],
        "default": default,
    })
}

/// A whole number in a range.
pub(super) fn whole(default: Value, range: std::ops::RangeInclusive<u64>, description: &str) -> Value {
    let number = json!({ "type": "integer", "minimum": range.start(), "maximum": range.end() });
    with_default(json!({ "description": description, "anyOf": [number, { "$ref": "#/$defs/variable" }] }), default)
}

/// A number of at least, and perhaps at most, this.
pub(super) fn number(default: Value, minimum: Option<f64>, maximum: Option<f64>, description: &str) -> Value {
    let mut number = json!({ "type": "number" });
    if let (Some(object), Some(minimum)) = (number.as_object_mut(), minimum) {
        object.insert("minimum".to_owned(), json!(minimum));
    }
    if let (Some(object), Some(maximum)) = (number.as_object_mut(), maximum) {
        object.insert("maximum".to_owned(), json!(maximum));
    }
    with_default(json!({ "description": description, "anyOf": [number, { "$ref": "#/$defs/variable" }] }), default)
}

/// One of some words; no default where it is empty.
pub(super) fn words<'a>(default: &str, words: impl IntoIterator<Item = &'a str>, description: &str) -> Value {
    let words: Vec<&str> = words.into_iter().collect();
    let schema = json!({ "description": description, "anyOf": [{ "enum": words }, { "$ref": "#/$defs/variable" }] });
    with_default(schema, if default.is_empty() { Value::Null } else { json!(default) })
}

/// A list.
pub(super) fn list(items: &Value, default: Value, description: &str) -> Value {
    with_default(json!({ "description": description, "type": ["array", "null"], "items": items }), default)
}

/// A mapping from the user's own names.
pub(super) fn mapping(values: &Value, description: &str) -> Value {
    json!({ "description": description, "type": ["object", "null"], "additionalProperties": values })
}

fn with_default(mut schema: Value, default: Value) -> Value {
    if let Some(object) = schema.as_object_mut().filter(|_| !default.is_null()) {
        object.insert("default".to_owned(), default);
    }
    schema
}
