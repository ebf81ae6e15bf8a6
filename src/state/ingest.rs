//! From the bytes of a checked request to the store: instance by instance, one lock an instance and resource. Never fails and
//! never panics, whatever the bytes are; what cannot be read is counted.

mod logs;
mod series;
mod spans;

use std::sync::atomic::Ordering;

use crate::model::signal::Signal;
use crate::otlp::envelope::{Resource, resources};
use crate::state::feed::Context;
use crate::state::instance::{Instance, Moment};
use crate::state::mapping::Table;
use crate::state::registry::Registry;
use crate::state::unreadable::Unreadable;

/// Where requests go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ingest<'a> {
    pub(crate) registry: &'a Registry,
    pub(crate) table: &'a Table,
    pub(crate) at: Moment,
}

impl Ingest<'_> {
    /// Reads one request.
    pub(crate) fn read(&self, signal: Signal, request: &[u8]) -> Unreadable {
        let mut unreadable = Unreadable::default();
        for resource in resources(request) {
            let Some(instance) = self.registry.of_resource(resource, self.at) else {
                let items: usize = resource.scopes().map(|scope| scope.entries().count()).sum();
                unreadable.add("instance_limit", items as u64);
                continue;
            };
            match signal {
                Signal::Metrics if instance.is_local => {}
                Signal::Metrics => self.metrics(&instance, resource, &mut unreadable),
                Signal::Traces => spans::read(&instance, resource),
                Signal::Logs => logs::read(&instance, resource, self.at),
            }
        }
        unreadable
    }

    fn metrics(&self, instance: &Instance, resource: Resource<'_>, unreadable: &mut Unreadable) {
        let context = Context { instance, resource: resource.attributes(), at: self.at };
        let mut feed = instance.feed();
        feed.is_fresh = true;
        feed.cadence.heard(self.at.now_ms);
        instance.heard.interval_ms.store(feed.cadence.interval_ms().unwrap_or(0), Ordering::Relaxed);
        instance.heard.metrics_ms.store(self.at.now_ms, Ordering::Relaxed);
        feed.series.begin(self.at.now_ms);
        for scope in resource.scopes() {
            let mut scope_text = None;
            for metric in scope.metrics() {
                let rules = self.table.rules(metric.name);
                if let Some(rules) = rules {
                    feed.metric(context, rules, scope.name, &metric, unreadable);
                }
                if rules.is_none_or(|rules| !rules.is_native) {
                    let text = scope_text.get_or_insert_with(|| series::scope(&mut feed.series, &scope));
                    series::metric(&mut feed.series, text, &metric, unreadable);
                }
            }
        }
    }
}
