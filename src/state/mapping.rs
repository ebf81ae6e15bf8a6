//! Which received metric feeds which field of which entity: one table of rules, the built-in ones and the configuration's.

mod field;
mod form;

use std::collections::HashMap;
use std::sync::Arc;

use crate::config::mappings::{Aggregate, Entity, Key, MappingRule};
use crate::limits::LABEL_BYTES_MAX;

pub(crate) use field::Field;

/// The built-in table, in the form of the configuration's `mappings`.
const BUILTIN: &str = include_str!("mapping/builtin.yaml");

/// One rule, ready to be applied.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    /// Attributes that must be equal.
    pub(crate) conditions: Vec<(String, String)>,
    /// Where the entity's name comes from; none for the instance itself.
    pub(crate) key: Option<Key>,
    /// Further labels of the entity and the attributes that they come from, of the point or else of the resource.
    pub(crate) labels: Vec<(String, String)>,
    /// What is fed.
    pub(crate) field: Field,
    /// The attribute that picks the state or the outcome.
    pub(crate) state: Option<String>,
    /// Numbers are multiplied by this; none is 1, and leaves whole numbers exact.
    pub(crate) scale: Option<f64>,
    /// How several points on one field join.
    pub(crate) aggregate: Aggregate,
}

/// The rules of one metric, in the order in which they are tried.
#[derive(Debug)]
pub(crate) struct Rules {
    /// The rules themselves.
    pub(crate) all: Vec<Rule>,
    /// Whether the metric has a printed family of its own, and is no series beside it.
    pub(crate) is_native: bool,
    /// Whether it is nothing but states, of which a point at 0 says nothing.
    pub(crate) is_state_set: bool,
    /// Whether some field must be joined from all its points once they are in.
    pub(crate) joins: bool,
}

/// The table: names, then globs in their order.
#[derive(Debug)]
pub(crate) struct Table {
    names: HashMap<String, Arc<Rules>>,
    globs: Vec<(String, Arc<Rules>)>,
}

/// A mapping rule that cannot be applied.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum MappingError {
    /// The built-in table is not YAML of the expected form.
    #[error("the built-in mapping table: {0}")]
    Form(String),
    /// The entity has no such field.
    #[error("{metric}: a {entity} has no field {field}")]
    Field {
        /// The rule's metric.
        metric: String,
        /// The entity's word.
        entity: &'static str,
        /// The field that it has not.
        field: String,
    },
    /// A state or outcome without the attribute that picks it.
    #[error("{metric}: the field {field} needs `state`, the attribute that names it")]
    State {
        /// The rule's metric.
        metric: String,
        /// The field.
        field: String,
    },
}

impl Table {
    /// The built-in rules and those of the configuration, which are tried first. A rule that cannot be applied is left out and
    /// told: the configuration was validated, and a test holds the built-in table.
    pub(crate) fn new(added: &[MappingRule]) -> (Self, Vec<MappingError>) {
        let mut errors = Vec::new();
        let mut gathered = Gathered::default();
        for rule in added {
            match Rule::of(rule) {
                Ok(ready) => gathered.add(&rule.metric, ready, false),
                Err(error) => errors.push(error),
            }
        }
        match form::read(BUILTIN) {
            Ok(builtin) => {
                for (metric, rule, is_native) in builtin {
                    gathered.add(&metric, rule, is_native);
                }
            }
            Err(error) => errors.push(error),
        }
        (gathered.finish(), errors)
    }

    /// The rules of a metric, if it has any: an exact name goes before globs.
    pub(crate) fn rules(&self, metric: &str) -> Option<&Arc<Rules>> {
        let of_glob = || {
            let mut globs = self.globs.iter().filter(|_| metric.len() <= LABEL_BYTES_MAX);
            globs.find(|(glob, _)| matches(glob, metric)).map(|(_, rules)| rules)
        };
        self.names.get(metric).or_else(of_glob)
    }

    /// Every exact name.
    #[cfg(test)]
    pub(crate) fn names(&self) -> impl Iterator<Item = (&str, &Rules)> {
        self.names.iter().map(|(name, rules)| (name.as_str(), &**rules))
    }
}

impl Rule {
    fn of(rule: &MappingRule) -> Result<Self, MappingError> {
        Self::checked(&rule.metric, Some(rule.entity), &rule.field, rule.state.as_ref()).map(|field| Self {
            conditions: rule.conditions.clone(),
            key: Some(rule.key.clone()),
            labels: rule.labels.clone(),
            field,
            state: rule.state.clone(),
            scale: scale(rule.scale),
            aggregate: rule.aggregate,
        })
    }

    fn checked(
        metric: &str,
        entity: Option<Entity>,
        field: &str,
        state: Option<&String>,
    ) -> Result<Field, MappingError> {
        let unknown = || MappingError::Field {
            metric: metric.to_owned(),
            entity: entity.map_or("instance", entity_word),
            field: field.to_owned(),
        };
        let found = Field::of(entity, field).ok_or_else(unknown)?;
        if found.is_picked() && state.is_none() && found != Field::BreakerCalls {
            return Err(MappingError::State { metric: metric.to_owned(), field: field.to_owned() });
        }
        Ok(found)
    }
}

/// A factor that changes something.
fn scale(factor: f64) -> Option<f64> {
    Some(factor).filter(|factor| (factor - 1.0).abs() > f64::EPSILON)
}

const fn entity_word(entity: Entity) -> &'static str {
    match entity {
        Entity::Pool => "pool",
        Entity::Worker => "worker",
        Entity::Component => "component",
        Entity::CircuitBreaker => "circuit_breaker",
        Entity::Stream => "stream",
    }
}

#[derive(Default)]
struct Gathered {
    order: Vec<String>,
    rules: HashMap<String, (Vec<Rule>, bool)>,
}

impl Gathered {
    fn add(&mut self, metric: &str, rule: Rule, is_native: bool) {
        let (rules, native) = self.rules.entry(metric.to_owned()).or_insert_with(|| {
            self.order.push(metric.to_owned());
            (Vec::new(), false)
        });
        rules.push(rule);
        *native |= is_native;
    }

    fn finish(mut self) -> Table {
        let (mut names, mut globs) = (HashMap::new(), Vec::new());
        for metric in self.order {
            let Some((rules, is_native)) = self.rules.remove(&metric) else { continue };
            let joins = rules.iter().any(|rule| rule.field.is_joined(rule.aggregate));
            let is_state_set = rules.iter().all(|rule| rule.field.is_state());
            let ready = Arc::new(Rules { all: rules, is_native, is_state_set, joins });
            if metric.contains('*') {
                globs.push((metric, ready));
            } else {
                names.insert(metric, ready);
            }
        }
        Table { names, globs }
    }
}

/// Whether the glob, in which `*` stands for any run of characters, covers the name.
fn matches(glob: &str, name: &str) -> bool {
    let mut parts = glob.split('*');
    let Some(mut rest) = parts.next().and_then(|first| name.strip_prefix(first)) else { return false };
    let mut parts = parts.peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        let Some((_, after)) = rest.split_once(part) else { return false };
        rest = after;
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every built-in rule can be applied, and the conventions of contract §6 are all there.
    #[test]
    fn the_built_in_table_is_sound() {
        let (table, errors) = Table::new(&[]);
        assert_eq!(errors, Vec::new());
        assert_eq!(table.names().filter(|(_, rules)| rules.is_native).count(), 28);
        assert!(table.rules("pool.size").is_some_and(|rules| rules.is_native));
        assert!(table.rules("otelcol_exporter_sent_spans").is_some_and(|rules| !rules.is_native));
        assert!(table.rules("http.server.request.duration").is_none());
        assert!(table.rules("pool.request.duration").is_none(), "histograms are series");
    }

    /// A rule of the configuration goes before the built-in one of that metric; a bad one is told.
    #[test]
    fn the_configuration_goes_first() {
        let mut rule = MappingRule {
            metric: "executor.active".to_owned(),
            conditions: Vec::new(),
            entity: Entity::Pool,
            key: Key::Attribute("name".to_owned()),
            labels: Vec::new(),
            field: "idle".to_owned(),
            state: None,
            scale: 2.0,
            aggregate: Aggregate::Last,
        };
        let (table, _) = Table::new(std::slice::from_ref(&rule));
        let fields: Vec<Field> = table.rules("executor.active").unwrap().all.iter().map(|rule| rule.field).collect();
        assert_eq!(fields, [Field::PoolIdle, Field::PoolActive]);
        rule.field = "colour".to_owned();
        assert_eq!(Table::new(&[rule]).1.len(), 1);
    }

    /// Globs: `*` is any run, also an empty one; the ends are anchored.
    #[test]
    fn globs_cover_names() {
        for (glob, name, covers) in [
            ("a.*", "a.b.c", true),
            ("a.*", "a.", true),
            ("a.*", "b.a.c", false),
            ("*.c", "a.b.c", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("*", "", true),
            ("a", "ab", false),
            ("a*a", "a", false),
        ] {
            assert_eq!(matches(glob, name), covers, "{glob} {name}");
        }
    }
}
