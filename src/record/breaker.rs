//! Handle of a circuit breaker.

use std::sync::Arc;

use crate::model::breaker::BreakerState;
use crate::record::Recorder;
use crate::state::cells::BreakerCell;
use crate::state::instance::Moment;
use crate::state::tally::Tally;

/// A circuit breaker as its owner tells it; cheap to clone.
#[derive(Clone, Debug)]
pub struct CircuitBreaker {
    recorder: Recorder,
    cell: Arc<BreakerCell>,
}

impl CircuitBreaker {
    pub(super) fn new(recorder: Recorder, name: &str, component: &str) -> Self {
        let cell = recorder.instance().breaker(name, Some(component).filter(|name| !name.is_empty()));
        cell.state.set(BreakerState::Closed as u8, recorder.clock().elapsed_ms());
        cell.failures.begin();
        cell.calls.iter().for_each(Tally::begin);
        Self { recorder, cell }
    }

    /// It tripped: calls are rejected from now on.
    pub fn opened(&self, reason: &str) {
        self.enter(BreakerState::Open, reason);
    }

    /// It lets probes through.
    pub fn half_opened(&self, reason: &str) {
        self.enter(BreakerState::HalfOpen, reason);
    }

    /// Calls flow again.
    pub fn closed(&self, reason: &str) {
        self.enter(BreakerState::Closed, reason);
    }

    /// Enters a state; nothing happens when it is in that state.
    pub fn enter(&self, state: BreakerState, reason: &str) {
        let at = Moment::of(self.recorder.clock());
        self.recorder.instance().breaker_transition(&self.cell, state, Some(reason), at);
    }

    /// A call went well.
    #[inline]
    pub fn succeeded(&self) {
        let [success, _, _] = &self.cell.calls;
        success.add(1);
    }

    /// A call failed.
    pub fn failed(&self) {
        let [_, failure, _] = &self.cell.calls;
        failure.add(1);
        self.cell.failures.add(1);
        self.cell.last_failure.set(self.recorder.clock().unix_ms() as f64 / 1000.0);
    }

    /// A call was rejected because the breaker is open.
    #[inline]
    pub fn rejected(&self) {
        let [_, _, rejected] = &self.cell.calls;
        rejected.add(1);
    }
}
