//! Circuit breakers of `tower-resilience-circuitbreaker`: their transitions and calls are shown by a [`CircuitBreaker`] handle.
//!
//! Each service that such a layer wraps has a circuit of its own, unless the layer is built by `build_with_handle`. A handle shows
//! one circuit: give each its own, or build the layer so.
//!
//! ```
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use otel_bridge::Bridge;
//! use otel_bridge::record::adapters::tower_resilience::WatchedBy as _;
//! use tower_resilience_circuitbreaker::CircuitBreakerLayer;
//!
//! let bridge = Bridge::builder().service_name("checkout").build()?;
//! let shown = bridge.circuit_breaker("payments").component("task_api").register()?;
//! let (layer, _handle) = CircuitBreakerLayer::builder().watched_by(&shown).build_with_handle()?;
//! # let _ = layer;
//! # bridge.shutdown().await?;
//! # Ok(())
//! # }
//! ```

use tower_resilience_circuitbreaker::{CircuitBreakerConfigBuilder, CircuitState};

use crate::model::breaker::BreakerState;
use crate::record::CircuitBreaker;

/// What a builder of such a breaker can be told.
pub trait WatchedBy: Sized {
    /// Lets the handle show the transitions and calls. Listeners that were set stay.
    #[must_use]
    fn watched_by(self, shown: &CircuitBreaker) -> Self;
}

impl<C> WatchedBy for CircuitBreakerConfigBuilder<C> {
    fn watched_by(self, shown: &CircuitBreaker) -> Self {
        let (changed, succeeded, failed, rejected) = (shown.clone(), shown.clone(), shown.clone(), shown.clone());
        self.on_state_transition(move |_from, to| changed.enter(state_of(to), ""))
            .on_success(move |_state| succeeded.succeeded())
            .on_failure(move |_state| failed.failed())
            .on_call_rejected(move || rejected.rejected())
    }
}

const fn state_of(state: CircuitState) -> BreakerState {
    match state {
        CircuitState::Closed => BreakerState::Closed,
        CircuitState::Open => BreakerState::Open,
        CircuitState::HalfOpen => BreakerState::HalfOpen,
    }
}
