//! A circuit breaker that acts: it opens after consecutive failures, lets one probe through after a pause, and closes when the
//! probe succeeds. Pure: the caller tells the time and the pause.

use crate::model::breaker::BreakerState;

/// What a breaker remembers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Calls flow.
    Closed {
        /// Failures since the last success.
        failures: u32,
    },
    /// Calls are rejected.
    Open {
        /// Monotonic milliseconds from which a probe may go.
        until_ms: u64,
    },
    /// One probe is on its way.
    HalfOpen,
}

impl Phase {
    /// The state that views show.
    pub const fn state(self) -> BreakerState {
        match self {
            Self::Closed { .. } => BreakerState::Closed,
            Self::Open { .. } => BreakerState::Open,
            Self::HalfOpen => BreakerState::HalfOpen,
        }
    }
}

/// What happens to a breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// Somebody wants to call at this monotonic millisecond.
    Asked {
        /// Now.
        now_ms: u64,
    },
    /// A call went well.
    Succeeded,
    /// A call failed.
    Failed {
        /// Monotonic milliseconds from which a probe may go, should the breaker be open after this.
        probe_at_ms: u64,
    },
    /// A call ended without telling anything: it was cancelled.
    Abandoned {
        /// Now.
        now_ms: u64,
    },
}

/// The answer to [`Input::Asked`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// The call may go.
    Go,
    /// Not before this monotonic millisecond.
    Until(u64),
    /// A probe decides first.
    Probing,
}

/// A breaker: closed at first.
#[derive(Clone, Copy, Debug)]
pub struct Breaker {
    phase: Phase,
    failures_max: u32,
}

impl Breaker {
    /// A closed breaker that opens at the `failures_max`th failure in a row (at least the first).
    pub const fn new(failures_max: u32) -> Self {
        Self { phase: Phase::Closed { failures: 0 }, failures_max }
    }

    /// What it remembers.
    pub const fn phase(&self) -> Phase {
        self.phase
    }

    /// Takes an input in; the answer matters for [`Input::Asked`] alone.
    pub fn take(&mut self, input: Input) -> Admission {
        let (phase, admission) = next(self.phase, input, self.failures_max);
        self.phase = phase;
        admission
    }
}

/// Every transition there is.
#[expect(clippy::match_same_arms, reason = "one arm for each transition reads better than fewer")]
const fn next(phase: Phase, input: Input, failures_max: u32) -> (Phase, Admission) {
    match (phase, input) {
        (Phase::Closed { .. }, Input::Asked { .. } | Input::Abandoned { .. }) => (phase, Admission::Go),
        (Phase::Closed { .. } | Phase::HalfOpen, Input::Succeeded) => (Phase::Closed { failures: 0 }, Admission::Go),
        (Phase::Closed { failures }, Input::Failed { probe_at_ms }) => {
            if failures.saturating_add(1) >= failures_max {
                (Phase::Open { until_ms: probe_at_ms }, Admission::Until(probe_at_ms))
            } else {
                (Phase::Closed { failures: failures.saturating_add(1) }, Admission::Go)
            }
        }
        (Phase::Open { until_ms }, Input::Asked { now_ms }) => {
            if now_ms >= until_ms {
                (Phase::HalfOpen, Admission::Go)
            } else {
                (phase, Admission::Until(until_ms))
            }
        }
        // A call that went out before the breaker opened tells as much about the destination as a probe does.
        (Phase::Open { .. }, Input::Succeeded) => (Phase::Closed { failures: 0 }, Admission::Go),
        (Phase::Open { until_ms }, Input::Failed { .. } | Input::Abandoned { .. }) => {
            (phase, Admission::Until(until_ms))
        }
        (Phase::HalfOpen, Input::Asked { .. }) => (phase, Admission::Probing),
        (Phase::HalfOpen, Input::Failed { probe_at_ms }) => {
            (Phase::Open { until_ms: probe_at_ms }, Admission::Until(probe_at_ms))
        }
        (Phase::HalfOpen, Input::Abandoned { now_ms }) => (Phase::Open { until_ms: now_ms }, Admission::Until(now_ms)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn opens_after_consecutive_failures_probes_once_and_closes() {
        let mut breaker = Breaker::new(3);
        for _ in 0..2 {
            breaker.take(Input::Failed { probe_at_ms: 10 });
        }
        breaker.take(Input::Succeeded);
        for _ in 0..2 {
            breaker.take(Input::Failed { probe_at_ms: 10 });
            assert_eq!(breaker.phase().state(), BreakerState::Closed, "a success between starts the count anew");
        }
        breaker.take(Input::Failed { probe_at_ms: 100 });
        assert_eq!(breaker.take(Input::Asked { now_ms: 99 }), Admission::Until(100));
        assert_eq!(breaker.take(Input::Asked { now_ms: 100 }), Admission::Go);
        assert_eq!(breaker.take(Input::Asked { now_ms: 100 }), Admission::Probing, "one probe at a time");
        breaker.take(Input::Failed { probe_at_ms: 200 });
        assert_eq!(breaker.take(Input::Asked { now_ms: 150 }), Admission::Until(200));
        breaker.take(Input::Asked { now_ms: 200 });
        breaker.take(Input::Succeeded);
        assert_eq!(breaker.phase(), Phase::Closed { failures: 0 });
    }

    fn inputs() -> impl Strategy<Value = Vec<Input>> {
        let one = prop_oneof![
            (0..100u64).prop_map(|now_ms| Input::Asked { now_ms }),
            Just(Input::Succeeded),
            (0..100u64).prop_map(|probe_at_ms| Input::Failed { probe_at_ms }),
            (0..100u64).prop_map(|now_ms| Input::Abandoned { now_ms }),
        ];
        prop::collection::vec(one, 0..200)
    }

    proptest! {
        /// Legality: it opens only on a failure, probes only from open and in time, lets nothing through while open, and every
        /// success closes it.
        #[test]
        fn only_legal_transitions(script in inputs(), failures_max in 1..6u32) {
            let mut breaker = Breaker::new(failures_max);
            for input in script {
                let before = breaker.phase();
                let admission = breaker.take(input);
                let after = breaker.phase();
                if let (Phase::Closed { .. }, Phase::Open { .. }) = (before, after) {
                    let enough = matches!(before, Phase::Closed { failures } if failures + 1 >= failures_max);
                    let failed = matches!(input, Input::Failed { .. });
                    prop_assert!(enough && failed);
                }
                if after == Phase::HalfOpen && before != Phase::HalfOpen {
                    let in_time = matches!((before, input),
                        (Phase::Open { until_ms }, Input::Asked { now_ms }) if now_ms >= until_ms);
                    prop_assert!(in_time);
                }
                if matches!(input, Input::Asked { .. }) && admission == Admission::Go {
                    let open = matches!(after, Phase::Open { .. });
                    prop_assert!(!open);
                }
                if input == Input::Succeeded {
                    prop_assert_eq!(after, Phase::Closed { failures: 0 });
                }
            }
        }
    }
}
