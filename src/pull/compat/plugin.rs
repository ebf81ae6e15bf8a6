//! The pool plugin's JSON: the pool summary and the full statistics (contract §4.2).

use std::collections::BTreeMap;

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::model::merge::{self, PoolSummary};
use crate::model::scope::Scope;
use crate::model::snapshot::{InstanceFacts, Snapshot, WorkerFacts};
use crate::pull::PullState;
use crate::pull::cache::Rendered;
use crate::pull::json::{self, FailedPart, Figure, failed_parts};
use crate::pull::openapi::{PoolParameters, ScopeParameters};
use crate::pull::problem::Problem;
use crate::pull::query::ScopeQuery;

/// `GET {base}/api/metrics/`.
///
/// # Errors
/// 400 for a bad `pool`.
#[utoipa::path(get, path = "/{base}/api/metrics/", operation_id = "get_pool_metrics", tag = "pool",
    params(PoolParameters, ScopeParameters), responses((status = 200, body = Summary<'static>)))]
pub async fn summary(State(state): State<PullState>, query: ScopeQuery) -> Result<Rendered, Problem> {
    let pool = query.parameters.get("pool")?.map(str::to_owned);
    let render = |snapshot: &Snapshot, scope: &Scope| json::answer(&Summary::of(snapshot, scope, pool.as_deref()));
    Ok(state.render("pool_summary", query.scope, pool.as_deref().unwrap_or_default(), render).await)
}

/// `GET {base}/api/metrics/stats`.
///
/// # Errors
/// 400 for a bad `pool`.
#[utoipa::path(get, path = "/{base}/api/metrics/stats", operation_id = "get_pool_stats", tag = "pool",
    params(PoolParameters, ScopeParameters), responses((status = 200, body = Stats<'static>)))]
pub async fn stats(State(state): State<PullState>, query: ScopeQuery) -> Result<Rendered, Problem> {
    let pool = query.parameters.get("pool")?.map(str::to_owned);
    let render = |snapshot: &Snapshot, scope: &Scope| json::answer(&Stats::of(snapshot, scope, pool.as_deref()));
    Ok(state.render("pool_stats", query.scope, pool.as_deref().unwrap_or_default(), render).await)
}

/// The pool summary: the sum over the pools in scope (or over those of one name), and each of them. Also the data of the
/// plugin's SSE stream.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = compat::Summary)]
pub struct Summary<'a> {
    pool: Pool,
    pools: BTreeMap<String, Pool>,
    /// Whole seconds.
    uptime: u64,
    /// ISO 8601 with milliseconds.
    timestamp: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FailedPart<'a>>,
}

impl<'a> Summary<'a> {
    /// The summary of a scope.
    pub fn of(snapshot: &'a Snapshot, scope: &Scope, pool: Option<&str>) -> Self {
        let pools = merge::pools(snapshot, scope, pool);
        Self {
            pool: Pool::of(&merge::pool_total(snapshot, scope, pool)),
            pools: pools.into_iter().map(|(key, one)| (key, Pool::of(&one))).collect(),
            uptime: snapshot.uptime.as_secs(),
            timestamp: json::iso_8601(snapshot.taken_at_unix_ms),
            errors: failed_parts(snapshot),
        }
    }
}

/// The full statistics: the summary, and every worker in scope.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = compat::Stats)]
pub struct Stats<'a> {
    #[serde(flatten)]
    summary: Summary<'a>,
    workers: Vec<Worker<'a>>,
}

impl<'a> Stats<'a> {
    /// The statistics of a scope.
    pub fn of(snapshot: &'a Snapshot, scope: &Scope, pool: Option<&str>) -> Self {
        let workers = merge::workers(snapshot, scope, pool);
        Self {
            summary: Summary::of(snapshot, scope, pool),
            workers: workers.into_iter().map(|(instance, worker)| Worker::of(instance, worker)).collect(),
        }
    }
}

/// One pool, or a sum of pools.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = compat::Pool)]
struct Pool {
    /// Null when no pool of the sum tells its size.
    size: Option<u64>,
    active: u64,
    idle: u64,
    creating: u64,
    total: u64,
    utilization: f64,
}

impl Pool {
    fn of(pool: &PoolSummary) -> Self {
        Self {
            size: pool.size,
            active: pool.counts.active,
            idle: pool.counts.idle,
            creating: pool.counts.creating,
            total: pool.total(),
            utilization: pool.utilization(),
        }
    }
}

/// One worker. What it does not tell is null: a thread has neither requests nor memory of its own. `memory` is always an
/// object, since the document's readers look into it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = compat::Worker)]
struct Worker<'a> {
    id: &'a str,
    app: &'a str,
    pool: &'a str,
    service: &'a str,
    instance: &'a str,
    state: Option<&'static str>,
    requests: Option<u64>,
    errors: Option<u64>,
    /// Seconds.
    uptime: Option<Figure>,
    memory: Memory,
}

/// Bytes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = compat::Memory)]
struct Memory {
    rss: Option<u64>,
    #[serde(rename = "heapUsed")]
    heap_used: Option<u64>,
}

impl<'a> Worker<'a> {
    fn of(instance: &'a InstanceFacts, worker: &'a WorkerFacts) -> Self {
        Self {
            id: &worker.id,
            app: &worker.app,
            pool: &worker.pool,
            service: &instance.service,
            instance: &instance.instance,
            state: worker.state.map(crate::model::worker::WorkerState::as_str),
            requests: worker.requests,
            errors: worker.errors,
            uptime: worker.uptime_s.map(Figure),
            memory: Memory { rss: worker.memory_rss, heap_used: worker.memory_heap_used },
        }
    }
}
