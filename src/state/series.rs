//! Generic series: every metric point that is not a field of an entity. One [`SeriesTable`] an instance, written point by
//! point under the instance's lock, read by the Prometheus writer.
//!
//! A known series costs one hash of its raw attribute bytes, one look-up and one store, and no allocation. Its label text is
//! made once, when it is new. What finds no room folds into the metric's overflow series, `otel_metric_overflow="true"`, so
//! that sums over a metric stay right: deltas accumulate there, gauges keep the last value, and for cumulative points it is
//! the sum over the points of the latest export that found no room.

pub mod accumulate;
pub mod caps;
pub mod exponential;
mod family;
pub mod histogram;
mod labels;
pub mod point;
mod points;
pub mod reason;
pub mod value;
mod visit;

use std::sync::Arc;

use foldhash::quality::RandomState;
use hashbrown::HashMap;

pub use accumulate::{Accumulator, Course, Flow, Number, Order, Temporality};
pub use caps::{MetricType, Name, SeriesCaps};
pub use point::{ExponentialPoint, Head, HistogramPoint, Kind, Metric, Scope, SummaryPoint};
pub use value::Value;
pub use visit::{FamilyView, SeriesSource, SeriesView};

use crate::limits::{DESCRIPTORS_MAX, LABEL_BYTES_MAX};
use crate::model::naming::{self, Suffixes};
use crate::state::series::family::{Family, attributes_hash, bytes_hash};
use crate::state::series::labels::Renderer;

/// The generic series of one instance.
#[derive(Debug)]
pub struct SeriesTable {
    caps: Arc<SeriesCaps>,
    state: RandomState,
    families: Vec<Option<Family>>,
    free: Vec<u32>,
    /// By the hash of (translated name, scope).
    by_name: HashMap<u64, u32>,
    /// By the hash of a metric as it was received; a memory, forgotten whole when it grows too large.
    by_metric: HashMap<u64, u32>,
    scopes: HashMap<u64, ScopeText>,
    renderer: Renderer,
    name: String,
    held: usize,
    held_bytes: usize,
    now_ms: u64,
    export: u64,
    /// When the instance was last heard from, as far as the table knows.
    seen_ms: u64,
    swept_to: (usize, Option<usize>),
}

/// A scope's labels; cheap to clone.
#[derive(Clone, Debug)]
pub struct ScopeText {
    text: Arc<str>,
    hash: u64,
}

/// A metric of a table, valid until the table's next sweep. A metric that is not kept refuses each of its points.
#[derive(Clone, Copy, Debug)]
pub struct MetricId(Result<Place, &'static str>);

#[derive(Clone, Copy, Debug)]
struct Place {
    family: u32,
    kind: Kind,
    flow: Flow,
}

impl SeriesTable {
    /// An empty table under the shared caps.
    pub fn new(caps: Arc<SeriesCaps>) -> Self {
        Self {
            caps,
            state: RandomState::default(),
            families: Vec::new(),
            free: Vec::new(),
            by_name: HashMap::new(),
            by_metric: HashMap::new(),
            scopes: HashMap::new(),
            renderer: Renderer::default(),
            name: String::new(),
            held: 0,
            held_bytes: 0,
            now_ms: 0,
            export: 0,
            seen_ms: 0,
            swept_to: (0, None),
        }
    }

    /// Begins an export of the instance at the monotonic moment `now_ms`; once a request, before its points.
    pub fn begin(&mut self, now_ms: u64) {
        self.now_ms = now_ms;
        self.seen_ms = self.seen_ms.max(now_ms);
        self.export += 1;
    }

    /// The labels of a scope; once a scope and request. Known ones are found without allocating.
    pub fn scope<'a, A>(&mut self, scope: &Scope<'a, A>) -> ScopeText
    where
        A: Iterator<Item = &'a [u8]> + Clone,
    {
        let fixed = [scope.name, scope.version, scope.schema_url];
        let hash = self.hash_texts(&fixed).wrapping_add(attributes_hash(&self.state, scope.attributes.clone()));
        if let Some(known) = self.scopes.get(&hash) {
            return known.clone();
        }
        if self.scopes.len() >= DESCRIPTORS_MAX {
            self.scopes.clear();
        }
        let [name, version, schema_url] = fixed;
        let fixed = [("otel_scope_name", name), ("otel_scope_schema_url", schema_url), ("otel_scope_version", version)];
        let text = self.renderer.render_scope(fixed, scope.attributes.clone(), &self.caps.notes);
        // By its text: two ways to write the same labels are one scope.
        let made = ScopeText { hash: bytes_hash(&self.state, text.as_bytes()), text: text.into() };
        self.scopes.insert(hash, made.clone());
        made
    }

    /// The place of a metric's series; once a metric and request. Known ones are found without allocating.
    pub fn metric(&mut self, scope: &ScopeText, metric: &Metric<'_>) -> MetricId {
        let flow = match metric.kind.flow() {
            Ok(flow) => flow,
            Err(reason) => return MetricId(Err(reason)),
        };
        let is_gauge = metric.kind == Kind::Gauge;
        let kind = metric.kind.metric_type();
        let texts = self.hash_texts(&[metric.name, metric.unit]);
        let hash = texts.wrapping_add(scope.hash.rotate_left(17)).wrapping_add(kind as u64 * 2 + u64::from(is_gauge));
        let known = self.by_metric.get(&hash).copied();
        let family = match known {
            Some(family) => Ok(family),
            None => self.family_of(scope, metric).inspect(|family| {
                if self.by_metric.len() >= DESCRIPTORS_MAX {
                    self.by_metric.clear();
                }
                self.by_metric.insert(hash, *family);
            }),
        };
        let now_ms = self.now_ms;
        if let Ok(family) = family
            && let Some(Some(family)) = self.families.get_mut(family as usize)
        {
            family.cadence.heard(now_ms);
        }
        MetricId(family.map(|family| Place { family, kind: metric.kind, flow }))
    }

    fn hash_texts(&self, texts: &[&str]) -> u64 {
        texts
            .iter()
            .fold(0, |hash: u64, text| hash.rotate_left(23).wrapping_add(bytes_hash(&self.state, text.as_bytes())))
    }

    /// The family of that translated name and scope, made if it is new.
    fn family_of(&mut self, scope: &ScopeText, metric: &Metric<'_>) -> Result<u32, &'static str> {
        let suffixes = match metric.kind {
            Kind::Gauge => Suffixes::Gauge,
            Kind::Sum { is_monotonic: true, .. } => Suffixes::Counter,
            _ => Suffixes::Unit,
        };
        self.name.clear();
        let name = naming::truncate(metric.name, LABEL_BYTES_MAX);
        if !naming::metric_name(name, naming::truncate(metric.unit, 64), suffixes, &mut self.name) {
            return Err(reason::NO_NAME);
        }
        let key = bytes_hash(&self.state, self.name.as_bytes()).rotate_left(31).wrapping_add(scope.hash);
        let kind = metric.kind.metric_type();
        let help = naming::truncate(metric.description, LABEL_BYTES_MAX);
        let name = self.caps.claim(&self.name, kind, help).map_err(|_| reason::TYPE_CONFLICT)?;
        if let Some(known) = self.by_name.get(&key) {
            return Ok(*known);
        }
        let bytes = size_of::<Family>() + 256 + 3 * name.text.len() + name.help.len() + scope.text.len();
        if self.held >= self.caps.per_instance_max() || !self.caps.try_hold(bytes) {
            return Err(reason::SERIES_LIMIT);
        }
        self.held += 1;
        self.held_bytes += bytes;
        let family = Family::new(name, scope.text.clone(), key, bytes);
        let place = self.free.pop().unwrap_or(self.families.len() as u32);
        match self.families.get_mut(place as usize) {
            Some(free) => *free = Some(family),
            None => self.families.push(Some(family)),
        }
        self.by_name.insert(key, place);
        Ok(place)
    }

    /// Series that are held, families not counted.
    pub fn len(&self) -> usize {
        self.families.iter().flatten().map(|family| family.len() + usize::from(family.overflow.is_some())).sum()
    }

    /// Whether nothing is held.
    pub fn is_empty(&self) -> bool {
        self.families.iter().flatten().all(Family::is_empty)
    }

    /// Removes series that vanished while the instance went on (last heard from at `instance_seen_ms`, on the monotonic
    /// clock), looking at `looks_max` series at most; the next call goes on where this one stopped. Returns how many were
    /// removed.
    pub fn sweep(&mut self, instance_seen_ms: u64, looks_max: usize) -> usize {
        self.seen_ms = self.seen_ms.max(instance_seen_ms);
        let (mut looks, mut removed) = (looks_max, 0);
        for _ in 0..self.families.len() {
            let (place, from) = self.swept_to;
            let place = if place < self.families.len() { place } else { 0 };
            let next = match self.families.get_mut(place) {
                Some(Some(family)) => {
                    let from = from.unwrap_or(usize::MAX);
                    let (next, looked, gone) = family.sweep(&self.state, from, looks, self.seen_ms);
                    let is_empty = family.is_empty();
                    looks = looks.saturating_sub(looked.max(1));
                    self.give_back(gone.0, gone.1);
                    removed += gone.0;
                    if is_empty {
                        self.forget_family(place);
                    }
                    next
                }
                _ => None,
            };
            self.swept_to = if next.is_some() { (place, next) } else { (place + 1, None) };
            if looks == 0 {
                break;
            }
        }
        removed
    }

    /// Takes an empty family out.
    fn forget_family(&mut self, place: usize) {
        let Some(held) = self.families.get_mut(place) else { return };
        if let Some(family) = held.take() {
            self.by_name.remove(&family.key);
            self.by_metric.clear();
            self.free.push(place as u32);
            self.give_back(1, family.bytes);
        }
    }

    fn give_back(&mut self, series: usize, bytes: usize) {
        self.held -= series;
        self.held_bytes -= bytes;
        self.caps.release(series, bytes);
    }
}

impl Drop for SeriesTable {
    fn drop(&mut self) {
        self.caps.release(self.held, self.held_bytes);
    }
}

#[cfg(test)]
mod tests;
