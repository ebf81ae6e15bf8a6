//! The bridge as a service among services: its receivers, its queue and its destinations as components, its runtime as a pool, and a
//! circuit breaker for each destination. All of it goes through the handles that a library user has.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::runtime::Handle;

use crate::config::listener::Listener;
use crate::config::push::Destination;
use crate::config::receive::Receive;
use crate::model::breaker::BreakerState;
use crate::model::component::{ComponentState, DESTINATION_PREFIX};
use crate::model::snapshot::{DestinationFacts, DestinationSignal};
use crate::push::hooks::{BreakerObserver, CallOutcome, ObserverFactory};
use crate::record::runtime::RuntimePool;
use crate::record::{CircuitBreaker, Component, RecordError, Recorder};
use crate::state::cells::ComponentCell;

/// Name of the pool that the tokio runtime is.
const RUNTIME_POOL: &str = "tokio";

/// Name of a destination's component and breaker.
fn component_name(destination: &str) -> String {
    format!("{DESTINATION_PREFIX}{destination}")
}

/// Figures that are copied once a second from where they are kept.
#[derive(Debug)]
pub(super) struct OwnFigures {
    recorder: Recorder,
    grpc: Option<Component>,
    http: Option<Component>,
    queue: Copied,
    destinations: Mutex<BTreeMap<Arc<str>, Copied>>,
    runtime: Arc<RuntimePool>,
}

/// A component whose totals are kept elsewhere.
#[derive(Debug)]
struct Copied {
    component: Component,
    items: u64,
    errors: u64,
}

impl Copied {
    const fn new(component: Component) -> Self {
        Self { component, items: 0, errors: 0 }
    }

    fn follow(&mut self, items: u64, errors: u64) {
        if items > self.items || errors > self.errors {
            self.component.touch();
        }
        self.component.processed(items.saturating_sub(self.items));
        self.component.failures(errors.saturating_sub(self.errors));
        (self.items, self.errors) = (items, errors);
    }
}

impl OwnFigures {
    /// Registers the components and the runtime's pool; to be called in the runtime. A door that is closed is no component.
    pub(super) fn register(recorder: &Recorder, receive: &Receive) -> Result<Self, RecordError> {
        let door = |name, listener: &Option<Listener>| {
            listener.as_ref().map(|_| recorder.component(name).kind("receiver").register()).transpose()
        };
        let runtime = RuntimePool::register(recorder, RUNTIME_POOL, env!("CARGO_PKG_NAME"), Handle::current())?;
        Ok(Self {
            recorder: recorder.clone(),
            grpc: door("otlp-grpc", &receive.grpc)?,
            http: door("otlp-http", &receive.http)?,
            queue: Copied::new(recorder.component("queue").kind("queue").register()?),
            destinations: Mutex::default(),
            runtime: Arc::new(runtime),
        })
    }

    /// Where the gRPC door counts.
    pub(super) fn grpc_cell(&self) -> Option<Arc<ComponentCell>> {
        self.grpc.as_ref().map(|component| component.cell().clone())
    }

    /// Where the HTTP door counts.
    pub(super) fn http_cell(&self) -> Option<Arc<ComponentCell>> {
        self.http.as_ref().map(|component| component.cell().clone())
    }

    /// Reads the runtime's threads.
    pub(super) async fn sample_runtime(&self) {
        self.runtime.look().await;
    }

    /// Copies what the books say.
    pub(super) fn sample(&mut self, destinations: &[DestinationFacts]) {
        let all = || destinations.iter().flat_map(|one| one.signals.iter().flatten());
        self.queue.follow(all().map(|signal| signal.accepted).sum(), all().map(dropped).sum());
        let mut known = self.destinations.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|name, copied| {
            let stays = destinations.iter().any(|one| one.name == *name);
            if !stays {
                copied.component.set_state(ComponentState::Stopped);
            }
            stays
        });
        for one in destinations {
            if !known.contains_key(&one.name) {
                let component = self.recorder.component(&component_name(&one.name)).kind("exporter").register();
                let Ok(component) = component else { continue };
                known.insert(one.name.clone(), Copied::new(component));
            }
            if let Some(copied) = known.get_mut(&one.name) {
                follow_destination(copied, one);
            }
        }
    }
}

fn dropped(signal: &DestinationSignal) -> u64 {
    signal.dropped.iter().map(|(_, items)| items).sum()
}

fn follow_destination(copied: &mut Copied, facts: &DestinationFacts) {
    let signals = || facts.signals.iter().flatten();
    // A send that is repeated loses nothing: it shows in the state, and an item that is dropped is an error.
    copied.follow(signals().map(|signal| signal.delivered).sum(), signals().map(dropped).sum());
    copied.component.set_state(match facts.state {
        "ok" => ComponentState::Running,
        "retrying" => ComponentState::Degraded,
        "stopped" => ComponentState::Stopped,
        _ => ComponentState::Failed,
    });
    if let Some((error, _)) = &facts.last_error {
        copied.component.tell(error);
    }
}

/// Shows each destination's breaker; nobody watches when the process does not show itself.
pub(super) fn breaker_observers(recorder: Option<Recorder>) -> ObserverFactory {
    Arc::new(move |destination: &Destination| {
        let name = component_name(&destination.name);
        let breaker =
            recorder.as_ref().and_then(|recorder| recorder.circuit_breaker(&name).component(&name).register().ok());
        match breaker {
            Some(breaker) => Arc::new(Shown(breaker)) as Arc<dyn BreakerObserver>,
            None => Arc::new(()),
        }
    })
}

/// A breaker that is shown.
struct Shown(CircuitBreaker);

impl BreakerObserver for Shown {
    fn called(&self, outcome: CallOutcome) {
        match outcome {
            CallOutcome::Success => self.0.succeeded(),
            CallOutcome::Failure => self.0.failed(),
            CallOutcome::Rejected => self.0.rejected(),
        }
    }

    fn changed(&self, _from: BreakerState, to: BreakerState, reason: &str) {
        self.0.enter(to, reason);
    }
}
