//! Which instance a resource names, and what its attributes say about it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::limits::{LABEL_BYTES_MAX, LABELS_MAX, RESOURCE_BYTES_MAX};
use crate::otlp::attributes::{AnyValue, Attributes};
use crate::state::entities::key_of;

/// The service name of a resource that has none (semantic conventions).
const UNKNOWN_SERVICE: &str = "unknown_service";

/// Who an instance is.
#[derive(Debug, Default)]
pub(crate) struct Identity {
    pub(crate) key: Arc<str>,
    pub(crate) service: Arc<str>,
    pub(crate) instance: Arc<str>,
    pub(crate) job: Arc<str>,
    about: Mutex<About>,
}

/// What may change while the identity stays: all attributes, and the environment among them.
#[derive(Clone, Debug, Default)]
pub(crate) struct About {
    pub(crate) environment: Option<Arc<str>>,
    pub(crate) resource: Arc<[(Arc<str>, Arc<str>)]>,
}

impl Identity {
    /// Reads the attributes of a resource. Duplicate keys: the last one counts.
    pub(crate) fn of(pairs: &[(String, String)]) -> Self {
        let get = |name: &str| pairs.iter().rev().find(|(key, text)| *key == name && !text.is_empty());
        let get = |name: &str| get(name).map(|(_, text)| Arc::<str>::from(text.as_str()));
        let service = get("service.name").unwrap_or_else(|| UNKNOWN_SERVICE.into());
        let instance = get("service.instance.id").unwrap_or_else(|| {
            let sorted: BTreeMap<&str, &str> = pairs.iter().map(|(name, text)| (&**name, &**text)).collect();
            key_of("", "resource", sorted)
        });
        let job = get("service.namespace").map_or_else(|| service.clone(), |space| format!("{space}/{service}").into());
        let environment = get("deployment.environment.name").or_else(|| get("deployment.environment"));
        let key = key_of(&service, "instance", &instance);
        let mut bytes = 0;
        let kept = pairs.iter().filter(|(name, text)| {
            bytes += name.len() + text.len();
            bytes <= RESOURCE_BYTES_MAX
        });
        let resource = kept.map(|(name, text)| (name.as_str().into(), text.as_str().into())).collect();
        Self { key, service, instance, job, about: Mutex::new(About { environment, resource }) }
    }

    /// The environment.
    pub(crate) fn environment(&self) -> Option<Arc<str>> {
        self.about.lock().unwrap_or_else(PoisonError::into_inner).environment.clone()
    }

    /// What may change.
    pub(crate) fn about(&self) -> About {
        self.about.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The same instance came with other attributes: the later ones are shown.
    pub(crate) fn update(&self, later: &Self) {
        let about = later.about();
        *self.about.lock().unwrap_or_else(PoisonError::into_inner) = about;
    }
}

/// The attributes as bounded strings, in the order received.
pub(crate) fn pairs(attributes: Attributes<'_>) -> Vec<(String, String)> {
    let named = attributes.into_iter().filter(|pair| !pair.key.is_empty());
    named.take(LABELS_MAX).map(|pair| (bounded(pair.key).to_owned(), word(pair.value))).collect()
}

/// A string cut to the longest label that the store keeps, at a character's end.
pub(crate) fn bounded(text: &str) -> &str {
    text.get(..text.floor_char_boundary(LABEL_BYTES_MAX)).unwrap_or_default()
}

/// An attribute's value as a bounded string: text as it is, numbers and truth values as JSON writes them, others as a short form.
pub(crate) fn word(value: AnyValue<'_>) -> String {
    match value {
        AnyValue::Empty => String::new(),
        AnyValue::Str(text) => bounded(text).to_owned(),
        AnyValue::Bool(truth) => truth.to_string(),
        AnyValue::Int(number) => number.to_string(),
        AnyValue::Double(number) => number.to_string(),
        AnyValue::Bytes(bytes) => {
            use base64::Engine as _;
            let most = bytes.len().min(LABEL_BYTES_MAX / 2);
            base64::engine::general_purpose::STANDARD.encode(bytes.get(..most).unwrap_or_default())
        }
        AnyValue::Array(_) | AnyValue::KvList(_) => {
            let mut text = String::new();
            nested(value, 0, &mut text);
            bounded(&text).to_owned()
        }
    }
}

/// Writes lists and maps as JSON does, as deep and as long as a label may be.
fn nested(value: AnyValue<'_>, depth: u8, text: &mut String) {
    if depth > 8 || text.len() > LABEL_BYTES_MAX {
        return;
    }
    match value {
        AnyValue::Array(values) => {
            text.push('[');
            for (place, one) in values.into_iter().take(LABELS_MAX).enumerate() {
                if place > 0 {
                    text.push(',');
                }
                nested(one, depth + 1, text);
            }
            text.push(']');
        }
        AnyValue::KvList(pairs) => {
            text.push('{');
            for (place, pair) in pairs.into_iter().take(LABELS_MAX).enumerate() {
                if place > 0 {
                    text.push(',');
                }
                text.push_str(&serde_json::Value::from(bounded(pair.key)).to_string());
                text.push(':');
                nested(pair.value, depth + 1, text);
            }
            text.push('}');
        }
        AnyValue::Empty => text.push_str("null"),
        AnyValue::Str(string) => text.push_str(&serde_json::Value::from(bounded(string)).to_string()),
        AnyValue::Bytes(_) => text.push_str(&serde_json::Value::from(word(value)).to_string()),
        AnyValue::Bool(_) | AnyValue::Int(_) | AnyValue::Double(_) => text.push_str(&word(value)),
    }
}
