//! What every handle needs of the process: a handle keeps this and its own cell, and not the store, which it may outlive.

use std::sync::Arc;

use crate::clock::Clock;
use crate::record::durations::Durations;
use crate::record::logs::Teller;
use crate::state::instance::{Instance, Moment};

/// See the module.
#[derive(Clone, Debug)]
pub(crate) struct Local {
    pub(crate) instance: Arc<Instance>,
    pub(crate) clock: Clock,
    /// None: no duration is taken.
    pub(crate) durations: Option<Durations>,
    /// None: nothing is told as a log event.
    pub(crate) logs: Option<Teller>,
}

impl Local {
    /// The present moment on both clocks.
    pub(crate) fn now(&self) -> Moment {
        Moment::of(&self.clock)
    }

    /// Unix seconds.
    pub(crate) fn unix_s(&self) -> f64 {
        self.clock.unix_ms() as f64 / 1000.0
    }
}
