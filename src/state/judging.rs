//! How what is known is judged: the part of the configuration that a reload may exchange in a store that runs.

use std::sync::Arc;
use std::time::Duration;

use crate::config::alerts::Rule;
use crate::model::health::HealthRules;

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct Judging {
    /// Health thresholds and weights.
    pub health: Arc<HealthRules>,
    /// Expected components.
    pub expect: Vec<String>,
    /// How long after start an expected component may be missing.
    pub expect_grace: Duration,
    /// Alert rules beside the built-in ones.
    pub rules: Vec<Rule>,
}
