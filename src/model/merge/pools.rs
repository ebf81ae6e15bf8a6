//! Pools and workers as the plugin's document prints them (contract §4.2).

use std::collections::BTreeMap;

use crate::model::health::InScope;
use crate::model::merge::keys::Keys;
use crate::model::pool::{PoolCounts, utilization};
use crate::model::scope::Scope;
use crate::model::snapshot::{InstanceFacts, PoolFacts, Snapshot, WorkerFacts};

/// The sum of some pools.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PoolSummary {
    /// Configured size in workers; none when no pool of the sum tells one. The sum of no pools is 0.
    pub size: Option<u64>,
    /// Workers by state.
    pub counts: PoolCounts,
    /// Pools that were added.
    pub pools: u64,
}

impl PoolSummary {
    fn none() -> Self {
        Self { size: Some(0), ..Self::default() }
    }

    fn add(&mut self, pool: &PoolFacts) {
        let size = if self.pools == 0 { None } else { self.size };
        self.size = match (size, pool.size) {
            (Some(one), Some(other)) => Some(one.saturating_add(other)),
            (one, other) => one.or(other),
        };
        self.counts.active = self.counts.active.saturating_add(pool.counts.active);
        self.counts.idle = self.counts.idle.saturating_add(pool.counts.idle);
        self.counts.creating = self.counts.creating.saturating_add(pool.counts.creating);
        self.pools += 1;
    }

    /// Active, idle and creating workers together.
    pub const fn total(&self) -> u64 {
        self.counts.active.saturating_add(self.counts.idle).saturating_add(self.counts.creating)
    }

    /// `active / size`, unrounded; 0 when the size is 0 or unknown.
    pub fn utilization(&self) -> f64 {
        utilization(self.counts.active, self.size.unwrap_or(0))
    }
}

/// A pool of a silent instance has no present figures, so it is left out.
fn live<'a>(view: &InScope<'a>, pool: Option<&str>) -> Vec<(&'a InstanceFacts, &'a PoolFacts)> {
    let wanted = |facts: &&PoolFacts| pool.is_none_or(|name| *name == *facts.name);
    let pools = view.snapshot.pools.iter().filter(wanted);
    pools.filter_map(|facts| Some((view.live(facts.owner)?, facts))).collect()
}

/// The sum over the live pools in scope, or over those of one name.
pub fn pool_total(snapshot: &Snapshot, scope: &Scope, pool: Option<&str>) -> PoolSummary {
    let mut total = PoolSummary::none();
    for (_, facts) in live(&InScope::new(snapshot, scope), pool) {
        total.add(facts);
    }
    total
}

/// The live pools in scope (or those of one name) by name, or by `service/pool` where services share a name.
pub fn pools(snapshot: &Snapshot, scope: &Scope, pool: Option<&str>) -> BTreeMap<String, PoolSummary> {
    let live = live(&InScope::new(snapshot, scope), pool);
    let keys = Keys::of(live.iter().map(|(instance, facts)| (&*instance.service, &*facts.name)));
    let mut map: BTreeMap<String, PoolSummary> = BTreeMap::new();
    for (instance, facts) in &live {
        map.entry(keys.key(&instance.service, &facts.name)).or_insert_with(PoolSummary::none).add(facts);
    }
    map
}

/// The workers of live instances in scope, or those of one pool, each with its instance.
pub fn workers<'a>(
    snapshot: &'a Snapshot,
    scope: &Scope,
    pool: Option<&str>,
) -> Vec<(&'a InstanceFacts, &'a WorkerFacts)> {
    let view = InScope::new(snapshot, scope);
    let wanted = |facts: &&WorkerFacts| pool.is_none_or(|name| *name == *facts.pool);
    let workers = snapshot.workers.iter().filter(wanted);
    workers.filter_map(|facts| Some((view.live(facts.owner)?, facts))).collect()
}
