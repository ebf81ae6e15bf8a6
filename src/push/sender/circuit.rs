//! The circuit breaker of one destination, shared by its signals.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::clock::Clock;
use crate::model::breaker::machine::{Admission, Breaker, Input};
use crate::push::hooks::{BreakerObserver, CallOutcome};
use crate::state::accounting::DestinationAccount;

/// Failures in a row that open the breaker.
pub(crate) const FAILURES_MAX: u32 = 5;

/// See the module.
pub(crate) struct Circuit {
    breaker: Mutex<Breaker>,
    changed: Notify,
    observer: Arc<dyn BreakerObserver>,
    account: Arc<DestinationAccount>,
    clock: Clock,
}

impl Circuit {
    /// A closed breaker.
    pub(crate) fn new(observer: Arc<dyn BreakerObserver>, account: Arc<DestinationAccount>, clock: Clock) -> Self {
        Self { breaker: Mutex::new(Breaker::new(FAILURES_MAX)), changed: Notify::new(), observer, account, clock }
    }

    /// Waits until a call may go. Whoever was let through tells how it ended by one of the other calls.
    pub(crate) async fn admit(&self) {
        let mut rejected = false;
        loop {
            let changed = self.changed.notified();
            let now_ms = self.clock.elapsed_ms();
            let admission = self.take(Input::Asked { now_ms }, "the pause is over");
            if admission != Admission::Go && !std::mem::replace(&mut rejected, true) {
                self.observer.called(CallOutcome::Rejected);
            }
            match admission {
                Admission::Go => return,
                Admission::Probing => changed.await,
                Admission::Until(at_ms) => {
                    // At least a millisecond, so that a clock that is behind the timers does not make this a busy loop.
                    let pause = Duration::from_millis(at_ms.saturating_sub(now_ms).max(1));
                    let _ = tokio::time::timeout(pause, changed).await;
                }
            }
        }
    }

    /// The destination answered.
    pub(crate) fn succeeded(&self) {
        self.take(Input::Succeeded, "the destination answered");
        self.observer.called(CallOutcome::Success);
    }

    /// The destination did not answer, or not now; a probe may go at `probe_at_ms`.
    pub(crate) fn failed(&self, probe_at_ms: u64, reason: &str) {
        self.take(Input::Failed { probe_at_ms }, reason);
        self.observer.called(CallOutcome::Failure);
    }

    /// The call was cancelled.
    pub(crate) fn abandoned(&self) {
        self.take(Input::Abandoned { now_ms: self.clock.elapsed_ms() }, "the probe was cancelled");
    }

    fn take(&self, input: Input, reason: &str) -> Admission {
        let (admission, from, to) = {
            let mut breaker = self.breaker.lock().unwrap_or_else(PoisonError::into_inner);
            let from = breaker.phase().state();
            (breaker.take(input), from, breaker.phase().state())
        };
        if from != to {
            self.account.update(|standing| standing.breaker = to);
            self.observer.changed(from, to, reason);
            tracing::info!(
                destination = %self.account.name, breaker.from = from.as_str(), breaker.to = to.as_str(), reason,
                "circuit breaker"
            );
            self.changed.notify_waiters();
        }
        admission
    }
}
