//! The entities of one instance: made when they are first named, found by name, swept when nothing reports them any more.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::model::stream::StreamId;
use crate::state::cells::{BreakerCell, ComponentCell, PoolCell, StreamCell, WorkerCell};

/// How many entities all instances hold together, and how many they may.
#[derive(Debug)]
pub(crate) struct Budget {
    /// Workers held.
    pub(crate) workers: AtomicUsize,
    /// Most workers.
    pub(crate) workers_max: usize,
    /// Pools, components, breakers and streams held.
    pub(crate) others: AtomicUsize,
    /// Most of them.
    pub(crate) others_max: usize,
    /// Followed points held.
    pub(crate) points: AtomicUsize,
    /// Most of them.
    pub(crate) points_max: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self::new(usize::MAX, usize::MAX, usize::MAX)
    }
}

impl Budget {
    /// An unused budget.
    pub(crate) const fn new(workers_max: usize, others_max: usize, points_max: usize) -> Self {
        Self {
            workers: AtomicUsize::new(0),
            workers_max,
            others: AtomicUsize::new(0),
            others_max,
            points: AtomicUsize::new(0),
            points_max,
        }
    }
}

/// Whether there is room for one more; it is not taken yet.
pub(crate) fn has_room(held: &AtomicUsize, most: usize) -> bool {
    held.load(Ordering::Relaxed) < most
}

/// The maps.
#[derive(Debug, Default)]
pub(crate) struct Entities {
    pub(crate) pools: BTreeMap<Arc<str>, Arc<PoolCell>>,
    pub(crate) workers: BTreeMap<Arc<str>, Arc<WorkerCell>>,
    pub(crate) components: BTreeMap<Arc<str>, Arc<ComponentCell>>,
    pub(crate) breakers: BTreeMap<Arc<str>, Arc<BreakerCell>>,
    pub(crate) streams: BTreeMap<StreamId, Arc<StreamCell>>,
}

/// The opaque key of an entity: a hash of its instance's key, its kind and its name.
pub(crate) fn key_of(instance_key: &str, kind: &str, name: impl Hash) -> Arc<str> {
    let mut hasher = DefaultHasher::new();
    (instance_key, kind).hash(&mut hasher);
    name.hash(&mut hasher);
    format!("{:016x}", hasher.finish()).into()
}

impl Entities {
    pub(crate) fn pool(&mut self, instance_key: &str, name: &str, budget: &Budget) -> Arc<PoolCell> {
        if let Some(known) = self.pools.get(name) {
            return known.clone();
        }
        let name: Arc<str> = name.into();
        let key = key_of(instance_key, "pool", &name);
        let cell = Arc::new(PoolCell { key, name: name.clone(), ..PoolCell::default() });
        budget.others.fetch_add(1, Ordering::Relaxed);
        self.pools.insert(name, cell.clone());
        cell
    }

    pub(crate) fn worker(
        &mut self,
        instance_key: &str,
        (id, app, pool): (&str, &str, &str),
        budget: &Budget,
    ) -> Arc<WorkerCell> {
        let cell = if let Some(known) = self.workers.get(id) {
            known.clone()
        } else {
            let id: Arc<str> = id.into();
            let key = key_of(instance_key, "worker", &id);
            let cell = Arc::new(WorkerCell { key, id: id.clone(), ..WorkerCell::default() });
            budget.workers.fetch_add(1, Ordering::Relaxed);
            self.workers.insert(id, cell.clone());
            cell
        };
        cell.app.tell(app);
        cell.pool.tell(pool);
        cell
    }

    pub(crate) fn component(
        &mut self,
        instance_key: &str,
        (name, kind): (&str, &str),
        budget: &Budget,
    ) -> Arc<ComponentCell> {
        let cell = if let Some(known) = self.components.get(name) {
            known.clone()
        } else {
            let name: Arc<str> = name.into();
            let key = key_of(instance_key, "component", &name);
            let cell = Arc::new(ComponentCell { key, name: name.clone(), ..ComponentCell::default() });
            budget.others.fetch_add(1, Ordering::Relaxed);
            self.components.insert(name, cell.clone());
            cell
        };
        cell.kind.tell(kind);
        cell
    }

    pub(crate) fn breaker(
        &mut self,
        instance_key: &str,
        (name, component): (&str, &str),
        budget: &Budget,
    ) -> Arc<BreakerCell> {
        let cell = if let Some(known) = self.breakers.get(name) {
            known.clone()
        } else {
            let name: Arc<str> = name.into();
            let key = key_of(instance_key, "circuit_breaker", &name);
            let cell = Arc::new(BreakerCell { key, name: name.clone(), ..BreakerCell::default() });
            budget.others.fetch_add(1, Ordering::Relaxed);
            self.breakers.insert(name, cell.clone());
            cell
        };
        cell.component.tell(component);
        cell
    }

    pub(crate) fn stream(&mut self, instance_key: &str, id: &StreamId, budget: &Budget) -> Arc<StreamCell> {
        if let Some(known) = self.streams.get(id) {
            return known.clone();
        }
        let key = key_of(instance_key, "stream", id);
        let (name, from, to) = (id.name.as_str().into(), id.from.as_str().into(), id.to.as_str().into());
        let cell = Arc::new(StreamCell { key, name, from, to, ..StreamCell::default() });
        budget.others.fetch_add(1, Ordering::Relaxed);
        self.streams.insert(id.clone(), cell.clone());
        cell
    }

    /// How many entities other than workers it holds.
    pub(crate) fn others(&self) -> usize {
        self.pools.len() + self.components.len() + self.breakers.len() + self.streams.len()
    }

    /// Begins a count of what is still reported.
    pub(crate) fn begin_count(&self) {
        self.pools.values().for_each(|cell| cell.hold.begin());
        self.workers.values().for_each(|cell| cell.hold.begin());
        self.components.values().for_each(|cell| cell.hold.begin());
        self.breakers.values().for_each(|cell| cell.hold.begin());
        self.streams.values().for_each(|cell| cell.hold.begin());
    }

    /// Takes out what nothing reported in the count, and workers whose handles are gone.
    pub(crate) fn sweep(&mut self, budget: &Budget) {
        let (workers, others) = (self.workers.len(), self.others());
        self.pools.retain(|_, cell| cell.hold.stays());
        self.workers.retain(|_, cell| cell.hold.stays() && !cell.gone.load(Ordering::Relaxed));
        self.components.retain(|_, cell| cell.hold.stays());
        self.breakers.retain(|_, cell| cell.hold.stays());
        self.streams.retain(|_, cell| cell.hold.stays());
        budget.workers.fetch_sub(workers - self.workers.len(), Ordering::Relaxed);
        budget.others.fetch_sub(others - self.others(), Ordering::Relaxed);
    }
}
