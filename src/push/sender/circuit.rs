//! The circuit breaker of one destination, shared by its signals.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::clock::Clock;
use crate::model::breaker::BreakerState;
use crate::model::breaker::machine::{Admission, Breaker, Input};
use crate::push::hooks::{BreakerObserver, CallOutcome};
use crate::state::accounting::DestinationAccount;

/// Failures in a row that open the breaker.
pub(crate) const FAILURES_MAX: u32 = 5;

/// Of a destination that stays away one failed probe is logged in this time.
const LOG_INTERVAL_MS: u64 = 60_000;

/// See the module.
pub(crate) struct Circuit {
    breaker: Mutex<Breaker>,
    changed: Notify,
    observer: Arc<dyn BreakerObserver>,
    account: Arc<DestinationAccount>,
    clock: Clock,
    probes: Mutex<Probes>,
}

/// Probes that failed since the last line of the log.
#[derive(Debug, Default)]
struct Probes {
    logged_ms: u64,
    failed: u64,
}

impl Circuit {
    /// A closed breaker.
    pub(crate) fn new(observer: Arc<dyn BreakerObserver>, account: Arc<DestinationAccount>, clock: Clock) -> Self {
        Self {
            breaker: Mutex::new(Breaker::new(FAILURES_MAX)),
            changed: Notify::new(),
            observer,
            account,
            clock,
            probes: Mutex::default(),
        }
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
            self.log(from, to, reason);
            self.changed.notify_waiters();
        }
        admission
    }

    /// One line when it opens and one when it closes; in between, one a minute for all the probes that failed.
    fn log(&self, from: BreakerState, to: BreakerState, reason: &str) {
        let (destination, now_ms) = (&*self.account.name, self.clock.elapsed_ms());
        let mut probes = self.probes.lock().unwrap_or_else(PoisonError::into_inner);
        match (from, to) {
            (_, BreakerState::HalfOpen) => {}
            (BreakerState::HalfOpen, BreakerState::Open) => {
                probes.failed += 1;
                if now_ms.saturating_sub(probes.logged_ms) >= LOG_INTERVAL_MS {
                    let failed = std::mem::take(&mut probes.failed);
                    probes.logged_ms = now_ms;
                    tracing::info!(destination, probes.failed = failed, reason, "circuit breaker stays open");
                }
            }
            (from, to) => {
                *probes = Probes { logged_ms: now_ms, failed: 0 };
                let (from, to) = (from.as_str(), to.as_str());
                tracing::info!(destination, breaker.from = from, breaker.to = to, reason, "circuit breaker");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tracing::span::{Attributes, Id, Record};
    use tracing::{Event, Level, Metadata, Subscriber};

    use super::*;

    /// Counts the lines that the default level shows.
    #[derive(Clone, Default)]
    struct Lines(Arc<AtomicUsize>);

    impl Subscriber for Lines {
        fn enabled(&self, metadata: &Metadata<'_>) -> bool {
            *metadata.level() <= Level::INFO
        }
        fn new_span(&self, _: &Attributes<'_>) -> Id {
            Id::from_u64(1)
        }
        fn record(&self, _: &Id, _: &Record<'_>) {}
        fn record_follows_from(&self, _: &Id, _: &Id) {}
        fn event(&self, _: &Event<'_>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
        fn enter(&self, _: &Id) {}
        fn exit(&self, _: &Id) {}
    }

    /// A destination that stays away for five minutes and is probed every second: a line when the breaker opens, one a minute
    /// while it stays open, and one when it closes.
    #[tokio::test]
    async fn probes_are_logged_once_a_minute() {
        let (clock, lines) = (Clock::manual(0), Lines::default());
        let account = Arc::new(DestinationAccount::empty("stack"));
        let circuit = Circuit::new(Arc::new(()), account, clock.clone());
        let _logging = tracing::subscriber::set_default(lines.clone());
        let seen = || lines.0.swap(0, Ordering::Relaxed);
        for _ in 0..FAILURES_MAX {
            circuit.admit().await;
            circuit.failed(clock.elapsed_ms() + 1_000, "refused");
        }
        assert_eq!(seen(), 1, "it opened");
        for _ in 0..300 {
            clock.advance(Duration::from_secs(1));
            circuit.admit().await;
            circuit.failed(clock.elapsed_ms() + 1_000, "refused");
        }
        assert_eq!(seen(), 5, "it stays open");
        clock.advance(Duration::from_secs(1));
        circuit.admit().await;
        assert_eq!(seen(), 0, "a probe is no news");
        circuit.succeeded();
        assert_eq!(seen(), 1, "it closed");
    }
}
