//! Prometheus: the exposition of a snapshot and of the generic series, in text format 0.0.4 or OpenMetrics 1.0
//! (contract §5), and its routes.
//!
//! A page has four parts, in this order: system and components, pools and workers, the bridge's own books, everything else.
//! A family stands together whoever has samples for it, and has one TYPE.

mod bridge;
mod cache;
mod entities;
mod gathered;
mod negotiation;
mod page;
mod printed;
mod received;
pub(crate) mod routes;
mod target;
mod translated;
mod writer;

use ::prometheus::proto::MetricFamily;

pub use gathered::{Meters, OwnMeters};
pub(crate) use negotiation::takes_gzip;
pub use routes::Exposition;

use crate::config::pull::{Names, Prometheus};
use crate::model::health::{HealthRules, System};
use crate::model::merge;
use crate::model::naming::{self, Suffixes};
use crate::model::scope::Scope;
use crate::model::snapshot::Snapshot;
use crate::pull::prometheus::page::Page;
use crate::pull::prometheus::writer::Type;
use crate::state::series::SeriesSource;

/// How a page is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Format {
    /// Text format 0.0.4 (1.0.0 with escaped names is the same text).
    Text,
    /// OpenMetrics 1.0.
    OpenMetrics,
}

/// What a page is made of.
#[derive(Clone, Copy)]
pub struct Sources<'a> {
    /// The picture that every view renders.
    pub snapshot: &'a Snapshot,
    /// Health rules for the system's figures.
    pub rules: &'a HealthRules,
    /// Where the generic series are.
    pub series: &'a dyn SeriesSource,
    /// What the process's own meters gathered; empty where there are none.
    pub gathered: &'a [MetricFamily],
}

/// The page of `/metrics` for a scope.
pub fn render(sources: &Sources<'_>, scope: &Scope, options: &Prometheus, format: Format) -> String {
    let snapshot = sources.snapshot;
    let system = System::of(snapshot, scope, sources.rules);
    let mut page = Page::new(sources, scope, options, format);
    match page.names {
        Names::Spec => {
            printed::system(&mut page, &system);
            printed::pools_and_workers(&mut page);
        }
        Names::Otel => {
            translated::system(&mut page, &system);
            translated::pools_and_workers(&mut page);
        }
    }
    let has_bridge = snapshot.instances.iter().any(|one| one.is_bridge && scope.holds(one));
    if scope.is_everything() || has_bridge {
        bridge::write(&mut page);
    }
    translated::remaining(&mut page);
    target_info(&mut page);
    page.rest();
    page.finish()
}

/// Once for each pair of `job` and `instance` that is heard from (conformance X10).
fn target_info(page: &mut Page<'_>) {
    const NAME: &str = "target_info";
    let targets = page.targets.clone();
    page.family(NAME, Type::Info, "Target metadata", |page| {
        let mut told = std::collections::BTreeSet::new();
        for (instance, target) in page.sources.snapshot.instances.iter().zip(&*targets) {
            let Some(target) = target.as_ref().filter(|target| target.is_live && target.is_received) else { continue };
            if told.insert(target.identity()) {
                page.count(NAME, &[&target::info_labels(instance), target.identity()], 1);
            }
        }
    });
}

/// The page of the pool plugin: `<namespace>_pool_size` and its like, the sum over the pools in scope (or over those of one
/// name), without labels (contract §4.2).
pub fn render_pool(
    sources: &Sources<'_>,
    scope: &Scope,
    pool: Option<&str>,
    namespace: &str,
    options: &Prometheus,
    format: Format,
) -> String {
    let total = merge::pool_total(sources.snapshot, scope, pool);
    let families = [
        ("size", "Maximum pool size", total.size.map(|size| size as f64)),
        ("active", "Active workers", Some(total.counts.active as f64)),
        ("idle", "Idle workers", Some(total.counts.idle as f64)),
        ("creating", "Workers being spawned", Some(total.counts.creating as f64)),
        ("total", "Total workers", Some(total.total() as f64)),
        ("utilization", "Ratio of active to pool size", Some(total.utilization())),
    ];
    let mut page = Page::bare(sources, options, format);
    for (name, help, value) in families {
        let mut full = String::new();
        naming::metric_name(&[namespace, "_pool_", name].concat(), "", Suffixes::Unit, &mut full);
        page.single(&full, Type::Gauge, help, value);
    }
    page.finish()
}

#[cfg(test)]
mod checker;
#[cfg(test)]
mod tests;
