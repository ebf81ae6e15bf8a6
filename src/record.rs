//! The Rust API: typed handles whose calls cost a few plain stores, and the OpenTelemetry instruments over what they record.
//!
//! Handles write the store's own cells; the instruments are observable ones that read the same cells, so that an entity that
//! vanished vanishes from every export. Nothing here takes a lock or allocates after registration, but for telling an error's
//! text or a breaker's transition.

pub mod breaker;
pub mod component;
pub mod convention;
pub mod export;
pub mod meters;
pub mod instruments;
pub mod pool;
pub mod runtime;
pub mod source;
pub mod spans;

use std::sync::Arc;

use crate::clock::Clock;
use crate::state::Store;
use crate::state::instance::Instance;

pub use breaker::CircuitBreaker;
pub use component::Component;
pub use pool::{Pool, Request, Worker};

/// What the handles refuse.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// A name that is empty or longer than a label may be.
    #[error("{what} needs a name of 1 to {} bytes", crate::limits::LABEL_BYTES_MAX)]
    Name {
        /// What was to be named.
        what: &'static str,
    },
    /// A pool of no workers.
    #[error("a pool's size is at least 1")]
    Size,
}

/// Makes handles for the entities of the local process; cheap to clone.
#[derive(Clone, Debug)]
pub struct Recorder {
    store: Arc<Store>,
    instance: Arc<Instance>,
    clock: Clock,
}

impl Recorder {
    /// A recorder into the store's local instance; none when the process does not show itself.
    pub fn new(store: &Arc<Store>, clock: Clock) -> Option<Self> {
        Some(Self { store: store.clone(), instance: store.local()?.clone(), clock })
    }

    /// A pool of `size` workers. A name used twice gives a handle to the same pool.
    ///
    /// # Errors
    ///
    /// [`RecordError`] for an empty or overlong name, and for a size of 0.
    pub fn pool(&self, name: &str, size: u64) -> Result<Pool, RecordError> {
        check("a pool", name)?;
        if size == 0 {
            return Err(RecordError::Size);
        }
        Ok(Pool::new(self.clone(), name, size))
    }

    /// A component of a type such as `http`; it starts as running. A name used twice gives a handle to the same component.
    ///
    /// # Errors
    ///
    /// [`RecordError::Name`] for an empty or overlong name.
    pub fn component(&self, name: &str, kind: &str) -> Result<Component, RecordError> {
        check("a component", name)?;
        Ok(Component::new(self.instance.component(name, kind), self.clock.clone()))
    }

    /// A circuit breaker of a component; it starts closed. A name used twice gives a handle to the same breaker.
    ///
    /// # Errors
    ///
    /// [`RecordError::Name`] for an empty or overlong name.
    pub fn circuit_breaker(&self, name: &str, component: &str) -> Result<CircuitBreaker, RecordError> {
        check("a circuit breaker", name)?;
        Ok(CircuitBreaker::new(self.clone(), name, component))
    }

    pub(crate) fn instance(&self) -> &Arc<Instance> {
        &self.instance
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The store that everything is recorded into, for the doors out.
    pub fn store(&self) -> &Arc<Store> {
        &self.store
    }
}

pub(crate) fn check(what: &'static str, name: &str) -> Result<(), RecordError> {
    if name.is_empty() || name.len() > crate::limits::LABEL_BYTES_MAX {
        return Err(RecordError::Name { what });
    }
    Ok(())
}
