//! A value on its way to YAML; mappings keep their order.

use std::time::Duration;

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::config::units::{print_duration, print_size};

pub(super) enum Shown {
    Null,
    Boolean(bool),
    Whole(u64),
    Number(f64),
    Text(String),
    List(Vec<Shown>),
    Mapping(Vec<(String, Shown)>),
}

impl Shown {
    /// Stands for every secret.
    pub(super) fn redacted() -> Self {
        Self::text("<redacted>")
    }

    pub(super) fn text(text: impl AsRef<str>) -> Self {
        Self::Text(text.as_ref().to_owned())
    }

    pub(super) fn texts(texts: &[String]) -> Self {
        Self::List(texts.iter().map(Self::text).collect())
    }

    pub(super) fn whole(number: usize) -> Self {
        Self::Whole(number as u64)
    }

    pub(super) fn duration(duration: Duration) -> Self {
        Self::Text(print_duration(duration))
    }

    pub(super) fn size(bytes: u64) -> Self {
        Self::Text(print_size(bytes))
    }

    pub(super) fn path(path: &std::path::Path) -> Self {
        Self::Text(path.display().to_string())
    }

    pub(super) fn mapping(entries: Vec<(&str, Shown)>) -> Self {
        Self::Mapping(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    }
}

impl Serialize for Shown {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Boolean(value) => serializer.serialize_bool(*value),
            Self::Whole(value) => serializer.serialize_u64(*value),
            Self::Number(value) => serializer.serialize_f64(*value),
            Self::Text(text) => serializer.serialize_str(&literal(text)),
            Self::List(items) => serializer.collect_seq(items),
            Self::Mapping(entries) => {
                let mut mapping = serializer.serialize_map(Some(entries.len()))?;
                for (key, value) in entries {
                    mapping.serialize_entry(key, value)?;
                }
                mapping.end()
            }
        }
    }
}

/// A text that came from a variable may itself hold `${`, which would be substituted when the print is read back.
fn literal(text: &str) -> String {
    text.replace("${", "$${")
}
