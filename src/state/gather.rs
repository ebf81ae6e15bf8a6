//! Gathers a snapshot: every instance under its own lock, one after another, in a fixed order.

mod entities;
mod instances;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use hashbrown::HashMap;

use crate::model::snapshot::{BridgeFacts, ConfigRefused, Liveness, Snapshot, StreamFacts};
use crate::model::trace::KeptSpan;
use crate::state::entities::key_of;
use crate::state::instance::{Instance, Moment};
use crate::state::judging::Judging;
use crate::state::registry::Registry;
use crate::state::series::caps::SeriesCaps;
use crate::state::spans::KeptSpans;
use crate::state::store::StoreOptions;
use crate::state::window::Window;

pub(crate) use instances::is_stale;

/// What a snapshot is gathered from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sources<'a> {
    pub(crate) options: &'a StoreOptions,
    pub(crate) judging: &'a Judging,
    pub(crate) registry: &'a Registry,
    pub(crate) caps: &'a SeriesCaps,
    pub(crate) spans: &'a KeptSpans,
    pub(crate) run_id: &'a Arc<str>,
    pub(crate) at: Moment,
}

/// The windows of the last 60 s, by the keys of their entities; one that a round of gathering does not meet is dropped.
#[derive(Debug, Default)]
pub(crate) struct Windows {
    components: HashMap<Arc<str>, Window<2>>,
    streams: HashMap<Arc<str>, Window<1>>,
    /// Of traces that are counted here, and of those that an instance counts itself.
    traces: [HashMap<Arc<str>, Window<1>>; 2],
    round: u64,
}

impl Windows {
    fn begin(&mut self) {
        self.round += 1;
    }

    fn end(&mut self) {
        let round = self.round;
        self.components.retain(|_, window| window.round == round);
        self.streams.retain(|_, window| window.round == round);
        self.traces.iter_mut().for_each(|windows| windows.retain(|_, window| window.round == round));
    }

    fn component(&mut self, key: &Arc<str>, totals: [u64; 2], at_ms: u64, age_ms: u64) -> ([u64; 2], f64) {
        step(&mut self.components, self.round, key, (totals, at_ms, age_ms))
    }

    fn stream(&mut self, key: &Arc<str>, total: u64, at_ms: u64, age_ms: u64) -> (u64, f64) {
        let ([recent], seconds) = step(&mut self.streams, self.round, key, ([total], at_ms, age_ms));
        (recent, seconds)
    }

    fn traces(&mut self, key: &Arc<str>, total: u64, at_ms: u64, told_age_ms: Option<u64>) -> (u64, f64) {
        let [counted, told] = &mut self.traces;
        let windows = if told_age_ms.is_some() { told } else { counted };
        let ([recent], seconds) = step(windows, self.round, key, ([total], at_ms, told_age_ms.unwrap_or_default()));
        (recent, seconds)
    }
}

fn step<const N: usize>(
    windows: &mut HashMap<Arc<str>, Window<N>>,
    round: u64,
    key: &Arc<str>,
    (totals, at_ms, age_ms): ([u64; N], u64, u64),
) -> ([u64; N], f64) {
    let window = match windows.get_mut(key) {
        Some(window) => {
            window.observe(totals, at_ms);
            window
        }
        None => windows.entry(key.clone()).or_insert_with(|| Window::new(totals, at_ms, age_ms)),
    };
    window.round = round;
    window.recent()
}

/// Gathers everything but the alerts.
pub(crate) fn gather(sources: Sources<'_>, windows: &mut Windows, refused: Option<ConfigRefused>) -> Snapshot {
    let Sources { options, judging, registry, run_id, at, .. } = sources;
    let mut snapshot = Snapshot {
        taken_at_unix_ms: at.unix_ms,
        uptime: Duration::from_millis(at.now_ms),
        run_id: run_id.clone(),
        health_rules: judging.health.clone(),
        errors: options.accounting.parts.errors(),
        ..Snapshot::default()
    };
    let all = registry.all();
    windows.begin();
    for (owner, instance) in all.iter().enumerate() {
        // Held while the facts are read, so that an export that is being read is seen whole or not at all.
        let feed = instance.feed();
        snapshot.instances.push(instances::facts(instance, feed.series.len(), options, at, windows));
        entities::facts(instance, owner, at, windows, &mut snapshot);
    }
    windows.end();
    instances::replace(&mut snapshot.instances);
    snapshot.missing = missing(&snapshot, judging, at);
    bindings(&mut snapshot, options);
    snapshot.spans = kept(sources.spans, &all);
    snapshot.bridge = bridge(sources, refused);
    snapshot
}

/// Expected components that nobody reported, once the grace is over.
fn missing(snapshot: &Snapshot, judging: &Judging, at: Moment) -> Vec<Arc<str>> {
    if u128::from(at.now_ms) < judging.expect_grace.as_millis() {
        return Vec::new();
    }
    let counts = |owner: usize| snapshot.instances.get(owner).is_some_and(|one| one.liveness != Liveness::Replaced);
    let is_there = |name: &str| snapshot.components.iter().any(|one| *one.name == *name && counts(one.owner));
    let mut missing: Vec<Arc<str>> =
        judging.expect.iter().filter(|name| !is_there(name)).map(|name| name.as_str().into()).collect();
    missing.sort();
    missing.dedup();
    missing
}

/// Declared streams that nobody reported stand without an owner.
fn bindings(snapshot: &mut Snapshot, options: &StoreOptions) {
    for binding in &options.bindings {
        let is_it = |stream: &StreamFacts| {
            let tells = |told: &str, declared: &str| told.is_empty() || told == declared;
            *stream.name == *binding.stream_name
                && tells(&stream.from, &binding.from_component)
                && tells(&stream.to, &binding.to_component)
        };
        if snapshot.streams.iter().any(is_it) {
            continue;
        }
        let name = (&binding.stream_name, &binding.from_component, &binding.to_component);
        snapshot.streams.push(StreamFacts {
            owner: None,
            key: key_of("", "stream", name),
            name: binding.stream_name.as_str().into(),
            from: binding.from_component.as_str().into(),
            to: binding.to_component.as_str().into(),
            active: None,
            queue_depth: None,
            messages: None,
            messages_recent: 0,
            recent_s: 1.0,
            backpressure_events: None,
        });
    }
}

fn kept(spans: &KeptSpans, all: &[Arc<Instance>]) -> Vec<KeptSpan> {
    let owners: HashMap<u32, usize> = all.iter().enumerate().map(|(owner, instance)| (instance.id, owner)).collect();
    let of = |span: crate::state::spans::Kept| {
        Some(KeptSpan {
            why: span.why,
            trace_id: span.trace_id,
            span_id: span.span_id,
            name: span.name,
            start_unix_ns: span.start_unix_ns,
            duration_s: span.duration_s,
            message: span.message,
            owner: *owners.get(&span.instance)?,
        })
    };
    spans.all().into_iter().filter_map(of).collect()
}

fn bridge(sources: Sources<'_>, config_refused: Option<ConfigRefused>) -> BridgeFacts {
    let Sources { options, caps, at, .. } = sources;
    let accounting = &options.accounting;
    BridgeFacts {
        receivers: accounting.receivers(),
        destinations: accounting.destinations(at.now_ms),
        unreadable: accounting.unreadable.all(),
        series: caps.series(),
        series_overflowed: caps.overflowed.load(Ordering::Relaxed),
        conflicts: caps.conflicts(),
        sse_clients: accounting.sse_clients.load(Ordering::Relaxed),
        config_refused,
        config_refusals: accounting.config_refusals.load(Ordering::Relaxed),
    }
}
