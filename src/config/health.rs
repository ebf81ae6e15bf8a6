//! The health score.

/// Thresholds, expected components and weights (contract §7).
#[derive(Clone, Debug, PartialEq)]
pub struct Health {
    /// Least score of a healthy system (default 0.8).
    pub healthy: f64,
    /// Least score of a degraded system (default 0.5).
    pub degraded: f64,
    /// Components that must be reported.
    pub expect: Vec<String>,
    /// How long an expected component may be missing after start before it counts (30 s for a blueprint's, else 0).
    pub expect_grace: std::time::Duration,
    /// Weight by component name or `service/component`; 1 where none is given.
    pub weights: Vec<(String, f64)>,
}
