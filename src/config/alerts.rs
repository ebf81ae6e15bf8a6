//! Alert rules.

pub use crate::model::alert::rule::{Condition, Rule, Subject};

/// Alerting: the built-in rules always stand; these are added, and one with a built-in's name replaces it.
#[derive(Clone, Debug, Default)]
pub struct Alerts {
    /// Base URL of an Alertmanager that is told of every alert; none tells nobody.
    pub alertmanager: Option<String>,
    /// Rules of the file.
    pub rules: Vec<Rule>,
}
