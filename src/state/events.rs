//! What happened, one line each: a bounded ring that `events` lists and reconnecting streams replay.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use crate::limits::EVENTS_MAX;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Grows by one with every event of this run, from 1.
    pub id: u64,
    /// When, in Unix milliseconds.
    pub at_unix_ms: u64,
    /// `breaker_transition`, `alert_fired`, `alert_resolved`, `instance_seen`, `instance_stale`, `instance_restarted`,
    /// `instance_forgotten`, `component_error`, `config_reloaded`, `config_refused`.
    pub kind: &'static str,
    /// The service and instance that it is about.
    pub service: Option<Arc<str>>,
    /// See `service`.
    pub instance: Option<Arc<str>>,
    /// The instance's environment, for scopes.
    pub environment: Option<Arc<str>>,
    /// The subject's name.
    pub subject: Arc<str>,
    /// For people.
    pub message: Arc<str>,
}

/// The ring.
#[derive(Debug, Default)]
pub struct Events(Mutex<(u64, VecDeque<Event>)>);

impl Events {
    /// Adds an event; its `id` is set here, and the oldest leaves at the cap.
    pub fn push(&self, mut event: Event) {
        let mut ring = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        ring.0 += 1;
        event.id = ring.0;
        if ring.1.len() == EVENTS_MAX {
            ring.1.pop_front();
        }
        ring.1.push_back(event);
    }

    /// The events after `id`, oldest first.
    pub fn after(&self, id: u64) -> Vec<Event> {
        let ring = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        ring.1.iter().filter(|event| event.id > id).cloned().collect()
    }

    /// The id of the latest event; 0 before the first.
    pub fn latest(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0
    }
}
