//! Attributes as label text, made once when a series is new (conformance X8, X9, H).

use crate::limits::{LABEL_BYTES_MAX, LABELS_MAX};
use crate::model::naming;
use crate::otlp::attributes::{AnyValue, KeyValue};
use crate::state::accounting::Reasons;

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
    /// The label text of raw `KeyValue` messages, sorted by name: `a="1",b="2"`. Of a key that comes twice the last one
    /// counts; keys that translate to the same name join their values with `;`. Keys and values are cut at
    /// [`LABEL_BYTES_MAX`], attributes after [`LABELS_MAX`] are left out, and both are noted.
    pub(super) fn render<'a>(&mut self, attributes: impl Iterator<Item = &'a [u8]>, notes: &Reasons) -> &str {
        self.collect(attributes, naming::label_name, notes);
        self.join();
        &self.text
    }

    /// The label text of a scope (conformance X7): name, version, schema URL where told, and its attributes.
    pub(super) fn render_scope<'a>(
        &mut self,
        fixed: [(&'static str, &str); 3],
        attributes: impl Iterator<Item = &'a [u8]>,
        notes: &Reasons,
    ) -> &str {
        self.collect(attributes, |key, name| naming::label_name_after("otel_scope_", key, name), notes);
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
    ) {
        self.labels.clear();
        for (place, raw) in attributes.enumerate() {
            if place >= LABELS_MAX {
                notes.add("labels_left_out", 1);
                break;
            }
            let attribute = KeyValue::parse(raw);
            let key = cut(attribute.key, notes);
            let mut value = String::new();
            write_value(attribute.value, &mut value);
            let kept = cut(&value, notes).len();
            value.truncate(kept);
            if let Some(known) = self.labels.iter_mut().find(|known| known.key == key) {
                known.value = value;
                continue;
            }
            let mut name = String::with_capacity(key.len() + 1);
            translate(key, &mut name);
            self.labels.push(Label { name, key: key.to_owned(), value });
        }
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

/// A value as a string, by the rules of the OTel specification (common, AnyValue for non-OTLP protocols). The pre-scan has
/// bounded the depth ([`crate::limits::DEPTH_MAX`]).
fn write_value(value: AnyValue<'_>, out: &mut String) {
    match value {
        AnyValue::Str(text) => out.push_str(text),
        AnyValue::Empty => {}
        AnyValue::Bytes(bytes) => write_base64(bytes, out),
        AnyValue::Double(number) => write_double(number, out),
        other => write_json(other, out),
    }
}

fn write_json(value: AnyValue<'_>, out: &mut String) {
    // Whatever is longer will be cut: no use in writing on.
    if out.len() > LABEL_BYTES_MAX {
        return;
    }
    match value {
        AnyValue::Empty => out.push_str("null"),
        AnyValue::Str(text) => write_json_string(text, out),
        AnyValue::Bool(value) => out.push_str(if value { "true" } else { "false" }),
        AnyValue::Int(value) => out.push_str(itoa::Buffer::new().format(value)),
        AnyValue::Double(value) if value.is_finite() => write_double(value, out),
        AnyValue::Double(value) => quoted(out, |out| write_double(value, out)),
        AnyValue::Bytes(bytes) => quoted(out, |out| write_base64(bytes, out)),
        AnyValue::Array(values) => {
            out.push('[');
            for (place, value) in values.into_iter().enumerate() {
                if place > 0 {
                    out.push(',');
                }
                write_json(value, out);
            }
            out.push(']');
        }
        AnyValue::KvList(pairs) => {
            out.push('{');
            for (place, pair) in pairs.into_iter().enumerate() {
                if place > 0 {
                    out.push(',');
                }
                write_json_string(pair.key, out);
                out.push(':');
                write_json(pair.value, out);
            }
            out.push('}');
        }
    }
}

fn quoted(out: &mut String, write: impl FnOnce(&mut String)) {
    out.push('"');
    write(out);
    out.push('"');
}

/// Twice as many bytes as a label may have are enough for what is kept of it.
fn write_base64(bytes: &[u8], out: &mut String) {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode_string(bytes.get(..2 * LABEL_BYTES_MAX).unwrap_or(bytes), out);
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
    // Serialising a string cannot fail; more than twice the kept length is never needed.
    let text = naming::truncate(text, 2 * LABEL_BYTES_MAX);
    out.push_str(&serde_json::to_string(text).unwrap_or_default());
}
