//! Handle of a circuit breaker.

use std::sync::Arc;

use crate::model::breaker::BreakerState;
use crate::record::RecordError;
use crate::record::local::Local;
use crate::record::name::{check_label, check_name};
use crate::state::cells::BreakerCell;
use crate::state::tally::Tally;

/// What a circuit breaker is registered with.
#[derive(Clone, Debug)]
#[must_use = "nothing is registered before `register`"]
pub struct BreakerBuilder {
    local: Arc<Local>,
    name: String,
    component: String,
}

impl BreakerBuilder {
    pub(super) fn new(local: Arc<Local>, name: &str) -> Self {
        Self { local, name: name.to_owned(), component: String::new() }
    }

    /// The component that it guards.
    pub fn component(mut self, name: &str) -> Self {
        name.clone_into(&mut self.component);
        self
    }

    /// Registers it. A name used twice gives a handle to the same breaker; its component is the one that was said first.
    ///
    /// # Errors
    ///
    /// [`RecordError`]: a name or component that is no label, or a store that is full.
    pub fn register(self) -> Result<CircuitBreaker, RecordError> {
        check_name("a circuit breaker", &self.name)?;
        check_label("a circuit breaker's component", &self.component)?;
        let Self { local, name, component } = self;
        let claimed = local.instance.claim_breaker(&name, &component);
        let cell = claimed.ok_or(RecordError::Full { what: "circuit breaker" })?;
        if cell.state.get().is_none() {
            cell.state.set(BreakerState::Closed as u8, local.clock.elapsed_ms());
        }
        cell.failures.begin();
        cell.calls.iter().for_each(Tally::begin);
        Ok(CircuitBreaker { local, cell })
    }
}

/// A circuit breaker as its owner tells it; cheap to clone. It stays when its handles are dropped.
///
/// ```
/// # use otel_bridge::{clock::Clock, record::*, state::{Store, StoreOptions}};
/// # let store = Store::new(StoreOptions::of_service("shop", Clock::system()));
/// # let recorder = Recorder::new(&store, Clock::system()).unwrap();
/// use otel_bridge::model::breaker::BreakerState;
///
/// let breaker = recorder.circuit_breaker("payments").component("task_api").register()?;
/// breaker.succeeded();
/// breaker.failed();
/// breaker.opened("5 failures in a row");
/// breaker.rejected();
/// assert_eq!(breaker.state(), BreakerState::Open);
/// breaker.half_opened("30 s have passed");
/// breaker.closed("the probe succeeded");
/// # Ok::<(), RecordError>(())
/// ```
#[derive(Clone, Debug)]
pub struct CircuitBreaker {
    local: Arc<Local>,
    cell: Arc<BreakerCell>,
}

impl CircuitBreaker {
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
        let at = self.local.now();
        let reason = Some(reason).filter(|reason| !reason.is_empty());
        let Some(from) = self.local.instance.breaker_transition(&self.cell, state, reason, at) else { return };
        self.cell.count_transition(from, state);
        if let Some(logs) = &self.local.logs {
            logs.breaker_transition(&self.cell, (from, state), reason.unwrap_or_default(), at);
        }
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
        self.cell.last_failure.set(self.local.unix_s());
    }

    /// A call was rejected because the breaker is open.
    #[inline]
    pub fn rejected(&self) {
        let [_, _, rejected] = &self.cell.calls;
        rejected.add(1);
    }

    /// How it stands.
    pub fn state(&self) -> BreakerState {
        self.cell.state()
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.cell.name
    }
}
