//! One instance of a service and its entities.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::model::stream::StreamId;
use crate::state::cells::{BreakerCell, ComponentCell, PoolCell, StreamCell, WorkerCell};
use crate::state::tally::{Figure, Tally};

/// An instance: the resource that its telemetry names, and all that it told.
#[derive(Debug, Default)]
pub struct Instance {
    /// Figures of its process.
    pub process: ProcessCell,
    /// Traces counted.
    pub traces: Tally,
    /// Spans started.
    pub spans: Tally,
    /// Spans that are open now.
    pub spans_active: Figure,
    entities: Mutex<Entities>,
}

/// Figures of an instance's process.
#[derive(Debug, Default)]
pub struct ProcessCell {
    /// CPU of that machine's cores, 0 to 1.
    pub cpu_utilization: Figure,
    /// Memory in bytes.
    pub memory_bytes: Figure,
    /// Uptime in seconds.
    pub uptime_s: Figure,
}

#[derive(Debug, Default)]
struct Entities {
    pools: BTreeMap<Arc<str>, Arc<PoolCell>>,
    workers: BTreeMap<Arc<str>, Arc<WorkerCell>>,
    components: BTreeMap<Arc<str>, Arc<ComponentCell>>,
    breakers: BTreeMap<Arc<str>, Arc<BreakerCell>>,
    streams: BTreeMap<StreamId, Arc<StreamCell>>,
}

impl Instance {
    fn entities(&self) -> std::sync::MutexGuard<'_, Entities> {
        self.entities.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The pool of that name, made if it is new.
    pub fn pool(&self, name: &str) -> Arc<PoolCell> {
        let name: Arc<str> = name.into();
        let new = || Arc::new(PoolCell { name: name.clone(), ..PoolCell::default() });
        self.entities().pools.entry(name.clone()).or_insert_with(new).clone()
    }

    /// The worker of that id, made if it is new; the labels of a known one stay.
    pub fn worker(&self, id: &str, app: &str, pool: &str) -> Arc<WorkerCell> {
        let id: Arc<str> = id.into();
        let new = || {
            let cell = WorkerCell { id: id.clone(), app: app.into(), pool: pool.into(), ..WorkerCell::default() };
            Arc::new(cell)
        };
        self.entities().workers.entry(id.clone()).or_insert_with(new).clone()
    }

    /// Takes a worker out at once, whose handle was dropped.
    pub fn remove_worker(&self, id: &str) {
        self.entities().workers.remove(id);
    }

    /// The component of that name, made if it is new.
    pub fn component(&self, name: &str, kind: &str) -> Arc<ComponentCell> {
        let name: Arc<str> = name.into();
        let new = || Arc::new(ComponentCell { name: name.clone(), kind: kind.into(), ..ComponentCell::default() });
        self.entities().components.entry(name.clone()).or_insert_with(new).clone()
    }

    /// The circuit breaker of that name, made if it is new.
    pub fn breaker(&self, name: &str, component: Option<&str>) -> Arc<BreakerCell> {
        let name: Arc<str> = name.into();
        let new = || {
            let component = component.map(Into::into);
            Arc::new(BreakerCell { name: name.clone(), component, ..BreakerCell::default() })
        };
        self.entities().breakers.entry(name.clone()).or_insert_with(new).clone()
    }

    /// The stream of that identity, made if it is new.
    pub fn stream(&self, id: &StreamId) -> Arc<StreamCell> {
        let new = || {
            let (name, from, to) = (id.name.as_str().into(), id.from.as_str().into(), id.to.as_str().into());
            Arc::new(StreamCell { name, from, to, ..StreamCell::default() })
        };
        self.entities().streams.entry(id.clone()).or_insert_with(new).clone()
    }

    /// Every pool, by name.
    pub fn pools(&self) -> Vec<Arc<PoolCell>> {
        self.entities().pools.values().cloned().collect()
    }

    /// Every worker, by id.
    pub fn workers(&self) -> Vec<Arc<WorkerCell>> {
        self.entities().workers.values().cloned().collect()
    }

    /// Every component, by name.
    pub fn components(&self) -> Vec<Arc<ComponentCell>> {
        self.entities().components.values().cloned().collect()
    }

    /// Every circuit breaker, by name.
    pub fn breakers(&self) -> Vec<Arc<BreakerCell>> {
        self.entities().breakers.values().cloned().collect()
    }

    /// Every stream, by identity.
    pub fn streams(&self) -> Vec<Arc<StreamCell>> {
        self.entities().streams.values().cloned().collect()
    }
}
