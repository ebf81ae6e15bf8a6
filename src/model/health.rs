//! The health score and its reasons (contract §7).

use std::collections::BTreeMap;

/// Thresholds and weights.
#[derive(Clone, Debug, PartialEq)]
pub struct HealthRules {
    /// Least score of a healthy system.
    pub healthy: f64,
    /// Least score of a degraded system.
    pub degraded: f64,
    /// Weight by component name or `service/component`; 1 where none is given.
    pub weights: BTreeMap<String, f64>,
}

impl Default for HealthRules {
    fn default() -> Self {
        Self { healthy: 0.8, degraded: 0.5, weights: BTreeMap::new() }
    }
}
