//! The pull layer: every view of a snapshot over HTTP.

pub mod problem;
pub mod prometheus;
pub mod query;

use std::sync::Arc;

use crate::clock::Clock;
use crate::config::pull::PullEndpoint;
use crate::readiness::Readiness;
use crate::state::Store;

/// What the handlers of one endpoint share; cheap to clone.
#[derive(Clone, Debug)]
pub struct PullState(Arc<Shared>);

/// See [`PullState`].
#[derive(Debug)]
pub struct Shared {
    /// The store that all views render.
    pub store: Arc<Store>,
    /// The endpoint's configuration.
    pub endpoint: PullEndpoint,
    /// The probes' checks.
    pub readiness: Readiness,
    /// The time.
    pub clock: Clock,
    /// The resolved configuration as JSON, secrets redacted, for `about`.
    pub about: serde_json::Value,
}

impl PullState {
    /// Wraps what is shared.
    pub fn new(shared: Shared) -> Self {
        Self(Arc::new(shared))
    }
}

impl std::ops::Deref for PullState {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}
