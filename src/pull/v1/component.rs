//! Components.

use serde::Serialize;
use utoipa::ToSchema;

use crate::model::snapshot::{ComponentFacts, Snapshot};
use crate::pull::v1::noun::{Context, Noun};
use crate::pull::v1::sort::sort_fields;

/// One component of one instance, or one that the configuration expects and nobody reported.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Component<'a> {
    /// `service.name` of its service; null for one that is expected and missing.
    pub service: Option<&'a str>,
    /// Id of its instance; null for one that is expected and missing.
    pub instance: Option<&'a str>,
    /// `deployment.environment.name` of its instance.
    pub environment: Option<&'a str>,
    /// `component.name`.
    pub name: &'a str,
    /// Opaque and stable key, unique among components.
    pub key: &'a str,
    /// `component.type`; empty when not told.
    #[serde(rename = "type")]
    pub kind: &'a str,
    /// running, degraded, failed, stopped or starting as it says; stale when its instance is silent; missing.
    pub status: &'a str,
    /// Whether it is running or starting, and its instance is heard from.
    pub is_healthy: bool,
    /// Items processed so far.
    pub items_processed: u64,
    /// Errors so far.
    pub errors: u64,
    /// Items a second over the last minute.
    pub items_per_second: f64,
    /// Errors ÷ max(1, items) over the last minute.
    pub error_rate: f64,
    /// Last activity in Unix seconds.
    pub last_activity: Option<f64>,
    /// The last error's type and message, where a log event told them.
    pub last_error: Option<&'a str>,
}

sort_fields!(Component: service, instance, environment, name, key, kind, status, is_healthy, items_processed, errors,
    items_per_second, error_rate, last_activity);

impl<'a> Noun<'a> for Component<'a> {
    type Facts = ComponentFacts;
    const SINGULAR: &'static str = "component";

    fn all(snapshot: &'a Snapshot) -> &'a [ComponentFacts] {
        &snapshot.components
    }

    fn key(facts: &ComponentFacts) -> &str {
        &facts.key
    }

    fn name(facts: &ComponentFacts) -> &str {
        &facts.name
    }

    fn is_same(before: &ComponentFacts, now: &ComponentFacts) -> bool {
        before.state == now.state
            && before.kind == now.kind
            && before.items_processed == now.items_processed
            && before.errors == now.errors
            && before.items_recent == now.items_recent
            && before.errors_recent == now.errors_recent
            && before.last_activity == now.last_activity
            && before.last_error == now.last_error
    }

    fn owner(facts: &ComponentFacts) -> Option<usize> {
        Some(facts.owner)
    }

    fn view(context: &Context<'a>, facts: &'a ComponentFacts) -> Self {
        let owner = context.owner(facts.owner);
        Self {
            service: Some(owner.service),
            instance: Some(owner.instance),
            environment: owner.environment,
            name: &facts.name,
            key: &facts.key,
            kind: &facts.kind,
            status: if owner.is_stale { "stale" } else { facts.state.as_str() },
            is_healthy: facts.state.is_healthy() && !owner.is_stale,
            items_processed: facts.items_processed,
            errors: facts.errors,
            items_per_second: per_second(facts.items_recent, facts.recent_s),
            error_rate: facts.errors_recent as f64 / facts.items_recent.max(1) as f64,
            last_activity: facts.last_activity,
            last_error: facts.last_error.as_deref(),
        }
    }
}

impl<'a> Component<'a> {
    /// The components that are expected and missing; none where something is filtered (contract §9).
    pub fn missing(context: &Context<'a>) -> impl Iterator<Item = Self> + use<'a> {
        let names: &'a [_] = if context.holds(None) { &context.snapshot.missing } else { &[] };
        names.iter().map(|name| Self {
            service: None,
            instance: None,
            environment: None,
            name,
            key: name,
            kind: "",
            status: "missing",
            is_healthy: false,
            items_processed: 0,
            errors: 0,
            items_per_second: 0.0,
            error_rate: 0.0,
            last_activity: None,
            last_error: None,
        })
    }
}

/// `count / seconds`; 0 while no time has passed.
pub fn per_second(count: u64, seconds: f64) -> f64 {
    if seconds > 0.0 { count as f64 / seconds } else { 0.0 }
}
