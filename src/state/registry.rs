//! Which instances there are: found by the bytes of their resource, made when they are first heard of, forgotten after a long
//! silence.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError, RwLock};

use hashbrown::HashMap;

use crate::limits::{INSTANCES_MAX, RESOURCE_BYTES_MAX};
use crate::otlp::envelope::Resource;
use crate::state::identity::{Identity, pairs};
use crate::state::instance::{Instance, Moment, Shared};

/// Bytes of resources by which instances are recognised; beyond that the memory starts afresh.
const KNOWN_BYTES_MAX: usize = 8 * 1024 * 1024;

/// All instances.
#[derive(Debug)]
pub(crate) struct Registry {
    shared: Arc<Shared>,
    known: RwLock<Known>,
}

#[derive(Debug, Default)]
struct Known {
    by_bytes: HashMap<Box<[u8]>, Arc<Instance>>,
    bytes: usize,
    by_name: HashMap<(Arc<str>, Arc<str>), Arc<Instance>>,
    by_id: HashMap<u32, Arc<Instance>>,
    last_id: u32,
}

impl Registry {
    /// No instances yet.
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, known: RwLock::default() }
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, Known> {
        self.known.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The instance that a resource names, made if it is new; none at the limit.
    pub(crate) fn of_resource(&self, resource: Resource<'_>, at: Moment) -> Option<Arc<Instance>> {
        let mut bodies = resource.resource_bodies();
        let body = match (bodies.next(), bodies.next()) {
            (Some(body), None) if body.len() <= RESOURCE_BYTES_MAX => Some(body),
            (None, None) => Some(&[][..]),
            _ => None,
        };
        if let Some(body) = body
            && let Some(known) = self.read().by_bytes.get(body)
        {
            known.heard(at);
            return Some(known.clone());
        }
        self.first(Identity::of(&pairs(resource.attributes())), body, at)
    }

    /// The slow path: a resource that is not known by its bytes.
    #[cold]
    fn first(&self, identity: Identity, body: Option<&[u8]>, at: Moment) -> Option<Arc<Instance>> {
        let mut known = self.write();
        let name = (identity.service.clone(), identity.instance.clone());
        let instance = match known.by_name.get(&name) {
            Some(instance) => {
                if !instance.is_local {
                    instance.identity.update(&identity);
                }
                instance.heard(at);
                instance.clone()
            }
            None if known.by_name.len() >= INSTANCES_MAX => return None,
            None => {
                known.last_id += 1;
                let instance = Arc::new(Instance::new(known.last_id, identity, self.shared.clone(), at));
                known.by_id.insert(instance.id, instance.clone());
                known.by_name.insert(name, instance.clone());
                instance.tell("instance_seen", &instance.identity.service, "first heard of", at.unix_ms);
                instance
            }
        };
        if let Some(body) = body {
            if known.bytes + body.len() > KNOWN_BYTES_MAX || known.by_bytes.len() >= 4 * INSTANCES_MAX {
                known.by_bytes.clear();
                known.bytes = 0;
            }
            known.bytes += body.len();
            known.by_bytes.insert(body.into(), instance.clone());
        }
        Some(instance)
    }

    /// Enters the local process.
    pub(crate) fn local(&self, identity: Identity, is_bridge: bool, at: Moment) -> Arc<Instance> {
        let mut known = self.write();
        known.last_id += 1;
        let mut instance = Instance::new(known.last_id, identity, self.shared.clone(), at);
        instance.is_local = true;
        instance.is_bridge = is_bridge;
        let instance = Arc::new(instance);
        let name = (instance.identity.service.clone(), instance.identity.instance.clone());
        known.by_id.insert(instance.id, instance.clone());
        known.by_name.insert(name, instance.clone());
        instance
    }

    /// The instance of that number.
    pub(crate) fn by_id(&self, id: u32) -> Option<Arc<Instance>> {
        self.read().by_id.get(&id).cloned()
    }

    /// Every instance, by service and instance name.
    pub(crate) fn all(&self) -> Vec<Arc<Instance>> {
        let mut all: Vec<_> = self.read().by_name.values().cloned().collect();
        all.sort_by(|one, other| {
            let name =
                |instance: &Arc<Instance>| (instance.identity.service.clone(), instance.identity.instance.clone());
            name(one).cmp(&name(other))
        });
        all
    }

    /// Forgets the instances that were last heard of before a monotonic moment, except the local one.
    pub(crate) fn forget_before(&self, moment_ms: u64) -> Vec<Arc<Instance>> {
        let is_old =
            |instance: &Instance| !instance.is_local && instance.heard.last_ms.load(Ordering::Relaxed) < moment_ms;
        if !self.read().by_name.values().any(|instance| is_old(instance)) {
            return Vec::new();
        }
        let mut known = self.write();
        let old: Vec<_> = known.by_name.values().filter(|instance| is_old(instance)).cloned().collect();
        for instance in &old {
            known.by_id.remove(&instance.id);
            known.by_name.remove(&(instance.identity.service.clone(), instance.identity.instance.clone()));
        }
        known.by_bytes.retain(|_, instance| old.iter().all(|gone| gone.id != instance.id));
        known.bytes = known.by_bytes.keys().map(|body| body.len()).sum();
        old
    }
}
