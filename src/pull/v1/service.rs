//! Services: one entry for each of their instances.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use crate::model::snapshot::{InstanceFacts, Liveness, Snapshot};
use crate::pull::v1::noun::{Context, Noun, seconds};
use crate::pull::v1::sort::sort_fields;

/// One instance of a service.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Service<'a> {
    /// `service.name`.
    pub service: &'a str,
    /// `service.instance.id`, or the hash of the whole resource.
    pub instance: &'a str,
    /// `deployment.environment.name`.
    pub environment: Option<&'a str>,
    /// `service.name` again, as every entry has a name.
    pub name: &'a str,
    /// Opaque and stable key, unique among instances.
    pub key: &'a str,
    /// Prometheus `job`.
    pub job: &'a str,
    /// live, stale, or replaced by a newer instance (it counts nowhere then).
    pub status: &'a str,
    /// Whether it is the process that answers.
    pub is_local: bool,
    /// Whether it is the bridge itself.
    pub is_bridge: bool,
    /// When it was first heard from, in Unix seconds.
    pub first_seen: f64,
    /// When it was last heard from, in Unix seconds.
    pub last_seen: f64,
    /// Observed export interval in seconds.
    pub export_interval_seconds: Option<f64>,
    /// CPU in per cent of that machine's cores.
    pub cpu_usage_percent: Option<f64>,
    /// Memory in bytes.
    pub memory_bytes: Option<u64>,
    /// Uptime in seconds.
    pub uptime_seconds: Option<f64>,
    /// Traces counted so far.
    pub traces: u64,
    /// Spans so far.
    pub spans: u64,
    /// Spans that are open now.
    pub spans_active: u64,
    /// Log records so far.
    pub log_records: u64,
    /// Generic series held for it.
    pub series: usize,
    /// Restarts that were seen.
    pub restarts: u64,
    /// All resource attributes.
    pub resource: BTreeMap<&'a str, &'a str>,
}

sort_fields!(Service: service, instance, environment, name, key, job, status, first_seen, last_seen,
    export_interval_seconds, cpu_usage_percent, memory_bytes, uptime_seconds, traces, spans, spans_active, log_records,
    series, restarts);

/// The name of a liveness in every view of this room.
pub const fn liveness_name(liveness: Liveness) -> &'static str {
    match liveness {
        Liveness::Live => "live",
        Liveness::Stale => "stale",
        Liveness::Replaced => "replaced",
    }
}

impl<'a> From<&'a InstanceFacts> for Service<'a> {
    fn from(facts: &'a InstanceFacts) -> Self {
        Self {
            service: &facts.service,
            instance: &facts.instance,
            environment: facts.environment.as_deref(),
            name: &facts.service,
            key: &facts.key,
            job: &facts.job,
            status: liveness_name(facts.liveness),
            is_local: facts.is_local,
            is_bridge: facts.is_bridge,
            first_seen: seconds(facts.first_seen_unix_ms),
            last_seen: seconds(facts.last_seen_unix_ms),
            export_interval_seconds: facts.export_interval_s,
            cpu_usage_percent: facts.cpu_utilization.map(|ratio| ratio * 100.0),
            memory_bytes: facts.memory_bytes,
            uptime_seconds: facts.uptime_s,
            traces: facts.traces,
            spans: facts.spans,
            spans_active: facts.spans_active,
            log_records: facts.log_records,
            series: facts.series,
            restarts: facts.restarts,
            resource: facts.resource.iter().map(|(key, value)| (&**key, &**value)).collect(),
        }
    }
}

impl<'a> Noun<'a> for Service<'a> {
    type Facts = InstanceFacts;
    const SINGULAR: &'static str = "service";

    fn all(snapshot: &'a Snapshot) -> &'a [InstanceFacts] {
        &snapshot.instances
    }

    fn key(facts: &InstanceFacts) -> &str {
        &facts.key
    }

    fn name(facts: &InstanceFacts) -> &str {
        &facts.service
    }

    fn is_in_scope(context: &Context<'a>, facts: &InstanceFacts) -> bool {
        // Replaced instances are listed, although they count nowhere: a rollout should be seen.
        context.scope.holds(facts)
    }

    fn is_same(before: &InstanceFacts, now: &InstanceFacts) -> bool {
        before.liveness == now.liveness && before.last_seen_unix_ms == now.last_seen_unix_ms
    }

    fn owner(_: &InstanceFacts) -> Option<usize> {
        None
    }

    fn view(_: &Context<'a>, facts: &'a InstanceFacts) -> Self {
        Self::from(facts)
    }
}
