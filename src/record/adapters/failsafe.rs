//! Circuit breakers of `failsafe`: their transitions and calls are shown by a [`CircuitBreaker`] handle.
//!
//! The library tells an instrument of transitions and rejected calls alone, and only its failure policy of how calls went: so both
//! are wrapped. A call that began before the breaker opened and fails after it counts nowhere, since the library drops it.
//!
//! ```
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::time::Duration;
//!
//! use failsafe::{CircuitBreaker as _, backoff, failure_policy};
//! use otel_bridge::Bridge;
//! use otel_bridge::record::adapters::failsafe::watched;
//!
//! let bridge = Bridge::builder().service_name("checkout").build()?;
//! let shown = bridge.circuit_breaker("payments").component("task_api").register()?;
//! let policy = failure_policy::consecutive_failures(3, backoff::constant(Duration::from_secs(5)));
//! let breaker = watched(policy, &shown).build();
//! assert_eq!(breaker.call(|| "42".parse::<u16>())?, 42);
//! assert!(breaker.is_call_permitted());
//! # bridge.shutdown().await?;
//! # Ok(())
//! # }
//! ```

use std::time::Duration;

use failsafe::{Config, FailurePolicy, Instrument};

use crate::record::CircuitBreaker;

/// The configuration of a breaker whose transitions and calls are shown.
pub fn watched<P: FailurePolicy>(policy: P, shown: &CircuitBreaker) -> Config<Counted<P>, Told> {
    let counted = Counted { policy, shown: shown.clone() };
    Config::new().failure_policy(counted).instrument(Told(shown.clone()))
}

/// The instrument of [`watched`]: it shows transitions and rejected calls.
#[derive(Clone, Debug)]
pub struct Told(CircuitBreaker);

impl Instrument for Told {
    fn on_call_rejected(&self) {
        self.0.rejected();
    }

    fn on_open(&self) {
        self.0.opened("");
    }

    fn on_half_open(&self) {
        self.0.half_opened("");
    }

    fn on_closed(&self) {
        self.0.closed("");
    }
}

/// The failure policy of [`watched`]: it counts the calls that it is told of, and decides as the one in it does.
#[derive(Clone, Debug)]
pub struct Counted<P> {
    policy: P,
    shown: CircuitBreaker,
}

impl<P: FailurePolicy> FailurePolicy for Counted<P> {
    fn record_success(&mut self) {
        self.shown.succeeded();
        self.policy.record_success();
    }

    fn mark_dead_on_failure(&mut self) -> Option<Duration> {
        self.shown.failed();
        self.policy.mark_dead_on_failure()
    }

    fn revived(&mut self) {
        self.policy.revived();
    }
}
