//! Which alerts have one cause: a push destination that fails makes its component unhealthy, opens its breaker and fills its
//! queue. Each of these is told (contract §7), and all but the first name the alert of the destination as their cause.

use std::collections::HashMap;
use std::sync::Arc;

use crate::model::alert::Alert;
use crate::model::alert::rule::{Rule, Subject};
use crate::model::alert::subjects::Entity;
use crate::model::component::DESTINATION_PREFIX;

/// The alert of each failing destination, by the destination's name.
#[derive(Debug, Default)]
pub(super) struct Causes<'a>(HashMap<&'a str, &'a Alert>);

impl<'a> Causes<'a> {
    /// Takes an alert about a destination in, if it tells that the destination fails. Of several the gravest stands, then the
    /// oldest.
    pub(super) fn add(&mut self, rule: &Rule, destination: &'a str, alert: &'a Alert) {
        if rule.on != Subject::Push || !matches!(rule.field.as_str(), "is_failing" | "failing_s" | "state") {
            return;
        }
        let rank = |one: &Alert| (std::cmp::Reverse(one.level), one.since_unix_ms, one.id.clone());
        let known = self.0.entry(destination).or_insert(alert);
        if rank(alert) < rank(known) {
            *known = alert;
        }
    }

    /// The id of the alert that another one about the same destination comes from.
    pub(super) fn of(&self, destination: &str, alert: &Alert) -> Option<Arc<str>> {
        self.0.get(destination).map(|cause| cause.id.clone()).filter(|id| *id != alert.id)
    }
}

/// The name of the push destination that a thing belongs to: itself, or its component or breaker in the local process.
pub(super) fn destination(on: Subject, entity: &Entity<'_>) -> Option<Arc<str>> {
    match on {
        Subject::Push => Some(entity.name.clone()),
        Subject::Component | Subject::CircuitBreaker if entity.instance.is_some_and(|one| one.is_local) => {
            entity.name.strip_prefix(DESTINATION_PREFIX).map(Arc::from)
        }
        _ => None,
    }
}
