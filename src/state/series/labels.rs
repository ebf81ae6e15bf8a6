//! Attributes as label text, made once when a series is new (conformance X8, X9, H).

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use prost::Message;

use crate::limits::{LABEL_BYTES_MAX, LABELS_MAX};
use crate::model::naming;
use crate::state::accounting::Reasons;
use crate::state::series::reason;

/// Where label text is put together; its memory is used again.
#[derive(Debug, Default)]
pub(super) struct Renderer {
    labels: Vec<Label>,
    text: String,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Label {
    name: String,
    /// The attribute's own key: values that collide join in the order of their keys.
    key: String,
    value: String,
}

impl Renderer {
    /// The label text of raw `KeyValue` messages, sorted by name: `a="1",b="2"`. Of a key that comes twice the first one
    /// counts; keys that translate to the same name join their values with `;`. Keys and values are cut at
    /// [`LABEL_BYTES_MAX`], attributes after [`LABELS_MAX`] are left out, and both are noted.
    ///
    /// # Errors
    /// An attribute that is no `KeyValue`.
    pub(super) fn render<'a>(
        &mut self,
        attributes: impl Iterator<Item = &'a [u8]>,
        notes: &Reasons,
    ) -> Result<&str, &'static str> {
        self.collect(attributes, |key, name| naming::label_name(key, name), notes)?;
        self.join();
        Ok(&self.text)
    }

    /// The label text of a scope (conformance X7): name, version, schema URL where told, and its attributes.
    pub(super) fn render_scope<'a>(
        &mut self,
        fixed: [(&'static str, &str); 3],
        attributes: impl Iterator<Item = &'a [u8]>,
        notes: &Reasons,
    ) -> &str {
        // A scope attribute that cannot be read is left out: the points of the scope are still worth keeping.
        let _ = self.collect(attributes, |key, name| naming::label_name_after("otel_scope_", key, name), notes);
        self.labels.retain(|label| fixed.iter().all(|(name, _)| *name != label.name));
        for (name, value) in fixed.into_iter().filter(|(_, value)| !value.is_empty()) {
            let value = cut(value, notes).to_owned();
            self.labels.push(Label { name: name.to_owned(), key: String::new(), value });
        }
        self.join();
        &self.text
    }

    fn collect<'a>(
        &mut self,
        attributes: impl Iterator<Item = &'a [u8]>,
        translate: impl Fn(&str, &mut String),
        notes: &Reasons,
    ) -> Result<(), &'static str> {
        self.labels.clear();
        for (place, raw) in attributes.enumerate() {
            if place >= LABELS_MAX {
                notes.add("labels_left_out", 1);
                break;
            }
            let attribute = KeyValue::decode(raw).map_err(|_| reason::BAD_ATTRIBUTE)?;
            let key = cut(&attribute.key, notes);
            if self.labels.iter().any(|known| known.key == key) {
                continue;
            }
            let mut name = String::with_capacity(key.len() + 1);
            translate(key, &mut name);
            let mut value = String::new();
            if let Some(any) = &attribute.value {
                write_value(any, &mut value);
            }
            let kept = cut(&value, notes).len();
            value.truncate(kept);
            self.labels.push(Label { name, key: key.to_owned(), value });
        }
        Ok(())
    }

    fn join(&mut self) {
        self.labels.sort_unstable();
        self.text.clear();
        let mut before: Option<&str> = None;
        for label in &self.labels {
            if before == Some(&*label.name) {
                self.text.pop();
                self.text.push(';');
            } else {
                if before.is_some() {
                    self.text.push(',');
                }
                self.text.push_str(&label.name);
                self.text.push_str("=\"");
            }
            naming::escape_label_value(&label.value, &mut self.text);
            self.text.push('"');
            before = Some(&label.name);
        }
    }
}

fn cut<'a>(text: &'a str, notes: &Reasons) -> &'a str {
    let kept = naming::truncate(text, LABEL_BYTES_MAX);
    if kept.len() < text.len() {
        notes.add("label_truncated", 1);
    }
    kept
}

/// A value as a string, by the rules of the OTel specification (common, AnyValue for non-OTLP protocols).
fn write_value(any: &AnyValue, out: &mut String) {
    match &any.value {
        Some(Value::StringValue(text)) => out.push_str(text),
        _ => write_json(any, out),
    }
}

fn write_json(any: &AnyValue, out: &mut String) {
    // Whatever is longer will be cut: no use in writing on.
    if out.len() > LABEL_BYTES_MAX {
        return;
    }
    match &any.value {
        None | Some(Value::StringValueStrindex(_)) => {}
        Some(Value::StringValue(text)) => write_json_string(text, out),
        Some(Value::BoolValue(value)) => out.push_str(if *value { "true" } else { "false" }),
        Some(Value::IntValue(value)) => out.push_str(itoa::Buffer::new().format(*value)),
        Some(Value::DoubleValue(value)) => write_double(*value, out),
        Some(Value::BytesValue(bytes)) => {
            use base64::Engine as _;
            base64::engine::general_purpose::STANDARD.encode_string(bytes, out);
        }
        Some(Value::ArrayValue(array)) => {
            out.push('[');
            for (place, value) in array.values.iter().enumerate() {
                if place > 0 {
                    out.push(',');
                }
                write_json_element(value, out);
            }
            out.push(']');
        }
        Some(Value::KvlistValue(list)) => {
            out.push('{');
            for (place, pair) in list.values.iter().enumerate() {
                if place > 0 {
                    out.push(',');
                }
                write_json_string(&pair.key, out);
                out.push(':');
                write_json_element(&pair.value.clone().unwrap_or_default(), out);
            }
            out.push('}');
        }
    }
}

/// Inside of an array or a map bytes are strings, and what has no value is null.
fn write_json_element(any: &AnyValue, out: &mut String) {
    match &any.value {
        None => out.push_str("null"),
        Some(Value::BytesValue(_)) => {
            out.push('"');
            write_json(any, out);
            out.push('"');
        }
        Some(Value::DoubleValue(value)) if !value.is_finite() => {
            out.push('"');
            write_double(*value, out);
            out.push('"');
        }
        Some(_) => write_json(any, out),
    }
}

fn write_double(value: f64, out: &mut String) {
    if value.is_nan() {
        out.push_str("NaN");
    } else if value.is_infinite() {
        out.push_str(if value > 0.0 { "Infinity" } else { "-Infinity" });
    } else {
        let mut buffer = zmij::Buffer::new();
        let text = buffer.format_finite(value);
        out.push_str(text.strip_suffix(".0").unwrap_or(text));
    }
}

fn write_json_string(text: &str, out: &mut String) {
    // Serialising a string cannot fail.
    out.push_str(&serde_json::to_string(text).unwrap_or_default());
}
