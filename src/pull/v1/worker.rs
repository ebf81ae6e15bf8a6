//! Workers.

use serde::Serialize;
use utoipa::ToSchema;

use crate::model::snapshot::{Snapshot, WorkerFacts};
use crate::model::worker::WorkerState;
use crate::pull::v1::links;
use crate::pull::v1::noun::{Context, Noun};
use crate::pull::v1::sort::sort_fields;

/// One worker of one instance.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Worker<'a> {
    /// `service.name` of its service.
    pub service: &'a str,
    /// Id of its instance.
    pub instance: &'a str,
    /// `deployment.environment.name` of its instance.
    pub environment: Option<&'a str>,
    /// `worker.id`.
    pub name: &'a str,
    /// Opaque and stable key, unique among workers.
    pub key: &'a str,
    /// Whether its instance is silent.
    pub stale: bool,
    /// `worker.app`; empty when not told.
    pub app: &'a str,
    /// `pool.name`; empty when not told.
    pub pool: &'a str,
    /// creating, ready, active, idle, terminated, ephemeral or offline; null while it was never told.
    pub state: Option<&'a str>,
    /// How long it has been in that state, in seconds.
    pub state_age_seconds: f64,
    /// Seconds since its request count moved.
    pub progress_age_seconds: f64,
    /// Requests handled so far.
    pub requests: Option<u64>,
    /// Errors so far.
    pub errors: Option<u64>,
    /// Time since creation in seconds.
    pub uptime_seconds: Option<f64>,
    /// Resident memory in bytes.
    pub memory_rss_bytes: Option<u64>,
    /// Used heap in bytes.
    pub memory_heap_used_bytes: Option<u64>,
    /// The same worker in another tool, by the template `links.worker`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

sort_fields!(Worker: service, instance, environment, name, key, stale, app, pool, state, state_age_seconds,
    progress_age_seconds, requests, errors, uptime_seconds, memory_rss_bytes, memory_heap_used_bytes);

impl<'a> Noun<'a> for Worker<'a> {
    type Facts = WorkerFacts;
    const SINGULAR: &'static str = "worker";

    fn all(snapshot: &'a Snapshot) -> &'a [WorkerFacts] {
        &snapshot.workers
    }

    fn key(facts: &WorkerFacts) -> &str {
        &facts.key
    }

    fn name(facts: &WorkerFacts) -> &str {
        &facts.id
    }

    fn is_same(before: &WorkerFacts, now: &WorkerFacts) -> bool {
        before.state == now.state
            && before.requests == now.requests
            && before.errors == now.errors
            && before.memory_rss == now.memory_rss
            && before.memory_heap_used == now.memory_heap_used
            && before.app == now.app
            && before.pool == now.pool
            && before.uptime_s.is_some() == now.uptime_s.is_some()
            // A clock that ran backwards is a restart, or a state that was left and entered again between two looks.
            && now.uptime_s >= before.uptime_s
            && now.state_age_s >= before.state_age_s
    }

    fn owner(facts: &WorkerFacts) -> Option<usize> {
        Some(facts.owner)
    }

    fn view(context: &Context<'a>, facts: &'a WorkerFacts) -> Self {
        let owner = context.owner(facts.owner);
        let link = context.links.worker.as_deref();
        Self {
            service: owner.service,
            instance: owner.instance,
            environment: owner.environment,
            name: &facts.id,
            key: &facts.key,
            stale: owner.is_stale,
            app: &facts.app,
            pool: &facts.pool,
            state: facts.state.map(WorkerState::as_str),
            state_age_seconds: facts.state_age_s,
            progress_age_seconds: facts.progress_age_s,
            requests: facts.requests,
            errors: facts.errors,
            uptime_seconds: facts.uptime_s,
            memory_rss_bytes: facts.memory_rss,
            memory_heap_used_bytes: facts.memory_heap_used,
            link: link.map(|template| links::fill(template, ("worker_id", &facts.id), &owner)),
        }
    }
}
