//! Pools.

use serde::Serialize;
use utoipa::ToSchema;

use crate::model::snapshot::{PoolFacts, Snapshot};
use crate::pull::v1::noun::{Context, Noun};
use crate::pull::v1::sort::sort_fields;

/// One worker pool of one instance.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Pool<'a> {
    /// `service.name` of its service.
    pub service: &'a str,
    /// Id of its instance.
    pub instance: &'a str,
    /// `deployment.environment.name` of its instance.
    pub environment: Option<&'a str>,
    /// `pool.name`.
    pub name: &'a str,
    /// Opaque and stable key, unique among pools.
    pub key: &'a str,
    /// Whether its instance is silent.
    pub stale: bool,
    /// Configured size in workers.
    pub size: Option<u64>,
    /// Workers that handle a request.
    pub active: u64,
    /// Workers without a request.
    pub idle: u64,
    /// Workers that are being spawned.
    pub creating: u64,
    /// Active, idle and creating together.
    pub total: u64,
    /// Active ÷ size, unrounded; 0 when the size is 0 or unknown.
    pub utilization: f64,
    /// Requests that wait for a worker.
    pub pending: Option<u64>,
    /// Requests handled so far.
    pub requests: Option<u64>,
    /// Errors so far.
    pub errors: Option<u64>,
    /// Workers spawned so far.
    pub workers_created: Option<u64>,
    /// Workers that could not be spawned or died.
    pub workers_failed: Option<u64>,
    /// Workers retired on purpose.
    pub workers_retired: Option<u64>,
}

sort_fields!(Pool: service, instance, environment, name, key, stale, size, active, idle, creating, total, utilization,
    pending, requests, errors, workers_created, workers_failed, workers_retired);

impl<'a> Noun<'a> for Pool<'a> {
    type Facts = PoolFacts;
    const SINGULAR: &'static str = "pool";

    fn all(snapshot: &'a Snapshot) -> &'a [PoolFacts] {
        &snapshot.pools
    }

    fn key(facts: &PoolFacts) -> &str {
        &facts.key
    }

    fn name(facts: &PoolFacts) -> &str {
        &facts.name
    }

    fn is_same(before: &PoolFacts, now: &PoolFacts) -> bool {
        before.size == now.size
            && before.counts == now.counts
            && before.pending == now.pending
            && before.requests == now.requests
            && before.errors == now.errors
            && before.workers_created == now.workers_created
            && before.workers_failed == now.workers_failed
            && before.workers_retired == now.workers_retired
    }

    fn owner(facts: &PoolFacts) -> Option<usize> {
        Some(facts.owner)
    }

    fn view(context: &Context<'a>, facts: &'a PoolFacts) -> Self {
        let owner = context.owner(facts.owner);
        Self {
            service: owner.service,
            instance: owner.instance,
            environment: owner.environment,
            name: &facts.name,
            key: &facts.key,
            stale: owner.is_stale,
            size: facts.size,
            active: facts.counts.active,
            idle: facts.counts.idle,
            creating: facts.counts.creating,
            total: facts.counts.total(),
            utilization: facts.utilization(),
            pending: facts.pending,
            requests: facts.requests,
            errors: facts.errors,
            workers_created: facts.workers_created,
            workers_failed: facts.workers_failed,
            workers_retired: facts.workers_retired,
        }
    }
}
