//! What the caller gives the push layer: who watches the circuit breakers, and where chance comes from.

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::config::push::Destination;
use crate::model::breaker::BreakerState;

/// How a call through a breaker ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallOutcome {
    /// The destination answered.
    Success,
    /// It did not, or not now.
    Failure,
    /// The breaker did not let it through yet.
    Rejected,
}

/// Watches the breaker of one destination. Called from async tasks: it must not block.
pub trait BreakerObserver: Send + Sync {
    /// A call ended so.
    fn called(&self, outcome: CallOutcome);
    /// The state changed, and why (without secrets).
    fn changed(&self, from: BreakerState, to: BreakerState, reason: &str);
}

/// Nobody watches.
impl BreakerObserver for () {
    fn called(&self, _outcome: CallOutcome) {}
    fn changed(&self, _from: BreakerState, _to: BreakerState, _reason: &str) {}
}

/// Makes the observer of a destination's breaker.
pub type ObserverFactory = Arc<dyn Fn(&Destination) -> Arc<dyn BreakerObserver> + Send + Sync>;

/// See the module.
#[derive(Clone)]
pub struct Hooks {
    /// Called once for each destination that starts.
    pub observer: ObserverFactory,
    /// Spreads retries in time.
    pub jitter: Jitter,
}

impl Default for Hooks {
    fn default() -> Self {
        Self { observer: Arc::new(|_| Arc::new(())), jitter: Jitter::random() }
    }
}

impl fmt::Debug for Hooks {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Hooks").field("jitter", &self.jitter).finish_non_exhaustive()
    }
}

/// Chance for backoff; cheap to clone.
#[derive(Clone, Debug)]
pub struct Jitter(Option<Arc<AtomicU64>>);

impl Jitter {
    /// Seeded by the operating system.
    pub fn random() -> Self {
        let seed = RandomState::new().build_hasher().finish();
        Self(Some(Arc::new(AtomicU64::new(seed))))
    }

    /// None: every pause is its full length, for tests.
    pub fn zero() -> Self {
        Self(None)
    }

    /// A number from 0 (inclusive) to 1 (exclusive) that a pause is shortened by; always 0 without chance.
    pub fn fraction(&self) -> f64 {
        let Some(state) = &self.0 else { return 0.0 };
        // SplitMix64: a counter and a mixer, good enough to spread retries.
        let counter = state.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        let mixed = (counter ^ (counter >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
}
