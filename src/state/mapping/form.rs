//! How the built-in table is written. Its rules have the keys of the configuration's `mappings`, and a few fields more.

use serde::Deserialize;
use std::collections::BTreeMap;

use crate::config::mappings::{Aggregate, Entity, Key};
use crate::state::mapping::{MappingError, Rule, scale};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    native: Vec<RuleForm>,
    aliases: Vec<RuleForm>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleForm {
    metric: String,
    #[serde(default, rename = "where")]
    conditions: BTreeMap<String, String>,
    entity: EntityForm,
    key: Option<KeyForm>,
    #[serde(default)]
    labels: BTreeMap<String, String>,
    field: String,
    state: Option<String>,
    #[serde(default = "one")]
    scale: f64,
    #[serde(default)]
    aggregate: AggregateForm,
}

const fn one() -> f64 {
    1.0
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum EntityForm {
    Instance,
    Pool,
    Worker,
    Component,
    CircuitBreaker,
    Stream,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum KeyForm {
    Attribute(String),
    Resource { resource: String },
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum AggregateForm {
    Sum,
    Max,
    #[default]
    Last,
}

/// The rules with their metrics, and whether each is native.
pub(super) fn read(text: &str) -> Result<Vec<(String, Rule, bool)>, MappingError> {
    let file: File = serde_saphyr::from_str(text).map_err(|error| MappingError::Form(error.to_string()))?;
    let native = file.native.into_iter().map(|rule| (rule, true));
    native.chain(file.aliases.into_iter().map(|rule| (rule, false))).map(ready).collect()
}

fn ready((form, is_native): (RuleForm, bool)) -> Result<(String, Rule, bool), MappingError> {
    let entity = match form.entity {
        EntityForm::Instance => None,
        EntityForm::Pool => Some(Entity::Pool),
        EntityForm::Worker => Some(Entity::Worker),
        EntityForm::Component => Some(Entity::Component),
        EntityForm::CircuitBreaker => Some(Entity::CircuitBreaker),
        EntityForm::Stream => Some(Entity::Stream),
    };
    if entity.is_some() != form.key.is_some() {
        return Err(MappingError::Form(format!("{}: an entity has a key, and the instance has none", form.metric)));
    }
    let rule = Rule {
        field: Rule::checked(&form.metric, entity, &form.field, form.state.as_ref())?,
        conditions: form.conditions.into_iter().collect(),
        key: form.key.map(|key| match key {
            KeyForm::Attribute(name) => Key::Attribute(name),
            KeyForm::Resource { resource } => Key::Resource(resource),
        }),
        labels: form.labels.into_iter().collect(),
        state: form.state,
        scale: scale(form.scale),
        aggregate: match form.aggregate {
            AggregateForm::Sum => Aggregate::Sum,
            AggregateForm::Max => Aggregate::Max,
            AggregateForm::Last => Aggregate::Last,
        },
    };
    Ok((form.metric, rule, is_native))
}
