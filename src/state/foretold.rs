//! A transition is told twice: by the breaker's figures, and by a log event. Whichever comes first waits here for the other, so that
//! the two are one.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::limits::{TRANSITION_MATCH_MS, TRANSITIONS_MAX};
use crate::model::breaker::BreakerState;
use crate::state::instance::Moment;

/// What waits for its counterpart.
#[derive(Debug, Default)]
pub(crate) struct Foretold(Mutex<Waiting>);

/// Each oldest first, with its monotonic moment.
#[derive(Debug, Default)]
struct Waiting {
    /// States that log events told and figures did not show yet.
    told: VecDeque<(BreakerState, u64)>,
    /// Transitions that figures showed and log events did not explain yet.
    seen: VecDeque<((BreakerState, BreakerState), u64)>,
}

impl Foretold {
    /// A log event told that this state was entered, before the figures did.
    pub(crate) fn add(&self, to: BreakerState, at: Moment) {
        push(&mut self.waiting(at).told, (to, at.now_ms));
    }

    /// The figures show this state: whether it had been told. What was told before it has then passed as well, seen or not.
    pub(crate) fn is_fulfilled_by(&self, state: BreakerState, at: Moment) -> bool {
        let mut waiting = self.waiting(at);
        let Some(place) = waiting.told.iter().position(|(to, _)| *to == state) else { return false };
        waiting.told.drain(..=place);
        true
    }

    /// The figures showed a transition that nobody had told.
    pub(crate) fn add_seen(&self, from: BreakerState, to: BreakerState, at: Moment) {
        push(&mut self.waiting(at).seen, ((from, to), at.now_ms));
    }

    /// Whether a log event is about a transition that was seen before.
    pub(crate) fn explains(&self, from: BreakerState, to: BreakerState, at: Moment) -> bool {
        let mut waiting = self.waiting(at);
        let place = waiting.seen.iter().position(|(seen, _)| *seen == (from, to));
        place.and_then(|place| waiting.seen.remove(place)).is_some()
    }

    fn waiting(&self, at: Moment) -> MutexGuard<'_, Waiting> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_fresh = |since_ms: u64| at.now_ms.saturating_sub(since_ms) <= TRANSITION_MATCH_MS;
        waiting.told.retain(|(_, since_ms)| is_fresh(*since_ms));
        waiting.seen.retain(|(_, since_ms)| is_fresh(*since_ms));
        waiting
    }
}

fn push<T>(queue: &mut VecDeque<T>, one: T) {
    if queue.len() >= TRANSITIONS_MAX {
        queue.pop_front();
    }
    queue.push_back(one);
}
