//! The Rust API: typed handles whose calls cost a few plain stores, and the OpenTelemetry instruments over what they record.
//!
//! Handles write the store's own cells; the instruments are observable ones that read the same cells, so that an entity that
//! vanished vanishes from every export. Nothing here takes a lock or allocates after registration, but for telling an error's
//! text or a breaker's transition, the SDK's own histogram of durations where a meter was handed in, and the first call of each
//! counter, which makes its slots.
//!
//! A [`Recorder`] makes handles by name. A name used twice gives the same entity: what the last registration says of its size
//! holds, what the first says of its labels stays, so that no series changes its name. A worker has one handle alone.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use otel_bridge::clock::Clock;
//! use otel_bridge::record::Recorder;
//! use otel_bridge::state::{Store, StoreOptions};
//!
//! let clock = Clock::system();
//! let store = Store::new(StoreOptions::of_service("shop", clock.clone()));
//! let recorder = Recorder::new(&store, clock).ok_or("the store has no local instance")?;
//!
//! let pool = recorder.pool("requests").size(8).register()?;
//! let mut worker = pool.worker("worker-1").app("shop").register()?;
//! {
//!     let _request = worker.begin();
//! }
//! let tasks = recorder.component("tasks").kind("http").register()?;
//! tasks.processed(1);
//!
//! let snapshot = store.snapshot();
//! assert_eq!(snapshot.workers[0].requests, Some(1));
//! assert_eq!(snapshot.components[0].items_processed, 1);
//! drop(worker);
//! # Ok(())
//! # }
//! ```

pub mod adapters;
pub mod breaker;
pub mod component;
pub mod convention;
mod durations;
mod error_type;
pub mod export;
pub mod instruments;
mod local;
pub mod logs;
pub mod meters;
mod name;
pub mod pool;
pub mod runtime;
pub mod source;
pub mod spans;
pub mod stream;
pub mod telemetry;
pub mod worker;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use opentelemetry::metrics::Meter;

use crate::clock::Clock;
use crate::state::Store;

pub use breaker::{BreakerBuilder, CircuitBreaker};
pub use component::{Component, ComponentBuilder, Timed};
pub use name::RecordError;
pub use pool::{Pool, PoolBuilder};
pub use stream::{ActiveStream, Stream, StreamBuilder};
pub use telemetry::{Telemetry, TelemetryOptions};
pub use worker::{Request, StartingWorker, Worker, WorkerBuilder};

use durations::Durations;
use local::Local;
use logs::OwnLogs;

/// Makes handles for the entities of the local process; cheap to clone.
#[derive(Clone, Debug)]
pub struct Recorder {
    store: Arc<Store>,
    local: Arc<Local>,
}

impl Recorder {
    /// A recorder into the store's local instance; none when the process does not show itself.
    pub fn new(store: &Arc<Store>, clock: Clock) -> Option<Self> {
        let local = Local { instance: store.local()?.clone(), clock, durations: None, logs: None };
        Some(Self { store: store.clone(), local: Arc::new(local) })
    }

    /// The same, with durations recorded by histograms of that meter: `pool.request.duration` and
    /// `component.process.duration`, in seconds. Without a meter no duration is taken and no clock is read for it. Handles made
    /// before go on as they were.
    ///
    /// ```
    /// # use otel_bridge::{clock::Clock, record::Recorder, state::{Store, StoreOptions}};
    /// # let store = Store::new(StoreOptions::of_service("shop", Clock::system()));
    /// # let recorder = Recorder::new(&store, Clock::system()).unwrap();
    /// let recorder = recorder.with_meter(&opentelemetry::global::meter("shop"));
    /// ```
    #[must_use]
    pub fn with_meter(&self, meter: &Meter) -> Self {
        let local = Local { durations: Some(Durations::new(meter)), ..Local::clone(&self.local) };
        Self { store: self.store.clone(), local: Arc::new(local) }
    }

    /// The same, with errors and transitions told as log events too. Handles made before go on as they were.
    #[must_use]
    pub fn with_logs(&self, logs: &OwnLogs) -> Self {
        let local = Local { logs: Some(logs.teller()), ..Local::clone(&self.local) };
        Self { store: self.store.clone(), local: Arc::new(local) }
    }

    /// A pool of workers.
    ///
    /// ```
    /// # use otel_bridge::{clock::Clock, record::Recorder, state::{Store, StoreOptions}};
    /// # let store = Store::new(StoreOptions::of_service("shop", Clock::system()));
    /// # let recorder = Recorder::new(&store, Clock::system()).unwrap();
    /// let pool = recorder.pool("requests").size(500).register()?;
    /// pool.pending(3);
    /// # Ok::<(), otel_bridge::record::RecordError>(())
    /// ```
    pub fn pool(&self, name: &str) -> PoolBuilder {
        PoolBuilder::new(self.local.clone(), name)
    }

    /// A component: a part of the process that handles items. It starts as running.
    ///
    /// ```
    /// # use otel_bridge::{clock::Clock, record::Recorder, state::{Store, StoreOptions}};
    /// # let store = Store::new(StoreOptions::of_service("shop", Clock::system()));
    /// # let recorder = Recorder::new(&store, Clock::system()).unwrap();
    /// let tasks = recorder.component("task_api").kind("http").register()?;
    /// tasks.processed(1);
    /// # Ok::<(), otel_bridge::record::RecordError>(())
    /// ```
    pub fn component(&self, name: &str) -> ComponentBuilder {
        ComponentBuilder::new(self.local.clone(), name)
    }

    /// A circuit breaker, as its owner tells it. It starts closed.
    ///
    /// ```
    /// # use otel_bridge::{clock::Clock, record::Recorder, state::{Store, StoreOptions}};
    /// # let store = Store::new(StoreOptions::of_service("shop", Clock::system()));
    /// # let recorder = Recorder::new(&store, Clock::system()).unwrap();
    /// let breaker = recorder.circuit_breaker("payments").component("task_api").register()?;
    /// breaker.opened("5 failures in a row");
    /// # Ok::<(), otel_bridge::record::RecordError>(())
    /// ```
    pub fn circuit_breaker(&self, name: &str) -> BreakerBuilder {
        BreakerBuilder::new(self.local.clone(), name)
    }

    /// A stream: messages that flow from one component to another.
    ///
    /// ```
    /// # use otel_bridge::{clock::Clock, record::Recorder, state::{Store, StoreOptions}};
    /// # let store = Store::new(StoreOptions::of_service("shop", Clock::system()));
    /// # let recorder = Recorder::new(&store, Clock::system()).unwrap();
    /// let orders = recorder.stream("orders").from("cart").to("billing").register()?;
    /// orders.messages(2);
    /// # Ok::<(), otel_bridge::record::RecordError>(())
    /// ```
    pub fn stream(&self, name: &str) -> StreamBuilder {
        StreamBuilder::new(self.local.clone(), name)
    }

    /// The store that everything is recorded into, for the doors out.
    pub fn store(&self) -> &Arc<Store> {
        &self.store
    }

    /// The clock that everything is recorded by.
    pub fn clock(&self) -> &Clock {
        &self.local.clock
    }

    pub(crate) fn local(&self) -> &Arc<Local> {
        &self.local
    }
}
