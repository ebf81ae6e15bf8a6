//! What all tables share: how much they may hold together, which name has which type, and what they had to leave out.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use hashbrown::{HashMap, HashSet};

use crate::limits::{SERIES_BYTES, SERIES_PER_METRIC_MAX, TYPE_CONFLICTS_MAX};
use crate::state::accounting::Reasons;

/// TYPE of a family in the exposition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MetricType {
    /// Only grows, but for resets.
    Counter,
    /// Any number.
    Gauge,
    /// Buckets, sum and count.
    Histogram,
    /// Quantiles, sum and count.
    Summary,
}

impl MetricType {
    /// The word of the TYPE line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
            Self::Summary => "summary",
        }
    }

    /// The endings of the samples beside the family's own name.
    const fn endings(self) -> &'static [&'static str] {
        match self {
            Self::Counter | Self::Gauge => &[],
            Self::Histogram => &["_bucket", "_sum", "_count"],
            Self::Summary => &["_sum", "_count"],
        }
    }
}

/// A name in the exposition: one TYPE and one HELP for all tables (conformance X1).
#[derive(Debug, PartialEq, Eq)]
pub struct Name {
    /// The translated name, with `_total` for counters.
    pub text: Box<str>,
    /// Its TYPE: the first one wins.
    pub kind: MetricType,
    /// Its HELP, not escaped: the first one wins.
    pub help: Box<str>,
}

#[derive(Debug, Default)]
struct Names {
    /// Also the names of samples (`_bucket`, `_sum`, `_count`), which lead to their family.
    known: HashMap<Box<str>, Weak<Name>>,
    purge_at: usize,
    /// (name, kept, dropped).
    conflicts: HashSet<(Arc<str>, &'static str, &'static str)>,
}

/// The shared part of all tables.
#[derive(Debug)]
pub struct SeriesCaps {
    series: AtomicUsize,
    bytes: AtomicUsize,
    series_max: usize,
    bytes_max: usize,
    per_instance_max: usize,
    per_metric_max: usize,
    names: Mutex<Names>,
    /// Points that went into an overflow series, so far.
    pub overflowed: AtomicU64,
    /// What was kept in part: `label_truncated`, `labels_left_out`, `overlapped` and the number of times.
    pub notes: Reasons,
}

impl SeriesCaps {
    /// Caps for `state.series_max`: half of it for one instance, [`SERIES_PER_METRIC_MAX`] for one metric of it, and
    /// [`SERIES_BYTES`] for each series on average.
    pub fn new(series_max: usize) -> Arc<Self> {
        Self::with_limits(series_max, series_max.div_ceil(2), SERIES_PER_METRIC_MAX)
    }

    /// Caps in all, for one instance, and for one metric of one instance.
    pub fn with_limits(series_max: usize, per_instance_max: usize, per_metric_max: usize) -> Arc<Self> {
        Arc::new(Self {
            series: AtomicUsize::new(0),
            bytes: AtomicUsize::new(0),
            series_max,
            bytes_max: series_max.saturating_mul(SERIES_BYTES),
            per_instance_max,
            per_metric_max,
            names: Mutex::default(),
            overflowed: AtomicU64::new(0),
            notes: Reasons::default(),
        })
    }

    /// Series (and families) held now.
    pub fn series(&self) -> usize {
        self.series.load(Ordering::Relaxed)
    }

    /// Bytes held now, as far as they are counted.
    pub fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Names whose type conflicted: (name, kept, dropped), by name.
    pub fn conflicts(&self) -> Vec<(Arc<str>, &'static str, &'static str)> {
        let mut all: Vec<_> = self.lock().conflicts.iter().cloned().collect();
        all.sort_unstable();
        all
    }

    /// Remembers that `dropped` was left out in favour of `kept`.
    pub fn note_conflict(&self, name: &str, kept: MetricType, dropped: MetricType) {
        self.lock().note_conflict(name, kept, dropped);
    }

    pub(super) fn per_instance_max(&self) -> usize {
        self.per_instance_max
    }

    pub(super) fn per_metric_max(&self) -> usize {
        self.per_metric_max
    }

    /// Whether one more may find room: a cheap look before its labels are made.
    pub(super) fn has_room(&self) -> bool {
        self.series() < self.series_max && self.bytes() < self.bytes_max
    }

    /// Takes room for one more; `false` when there is none.
    pub(super) fn try_hold(&self, bytes: usize) -> bool {
        if self.series.fetch_add(1, Ordering::Relaxed) >= self.series_max {
            self.series.fetch_sub(1, Ordering::Relaxed);
            return false;
        }
        if !self.try_grow(bytes) {
            self.series.fetch_sub(1, Ordering::Relaxed);
            return false;
        }
        true
    }

    /// Takes room for one that is held to become larger; `false` when there is none.
    pub(super) fn try_grow(&self, bytes: usize) -> bool {
        if self.bytes.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes) > self.bytes_max {
            self.bytes.fetch_sub(bytes, Ordering::Relaxed);
            return false;
        }
        true
    }

    /// Takes room that has been used already, and that is about to be given back.
    pub(super) fn force_grow(&self, bytes: usize) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Gives room back.
    pub(super) fn release(&self, series: usize, bytes: usize) {
        self.series.fetch_sub(series, Ordering::Relaxed);
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// The name with that type, or the conflict.
    pub(super) fn claim(&self, name: &str, kind: MetricType, help: &str) -> Result<Arc<Name>, MetricType> {
        let mut names = self.lock();
        if let Some(known) = names.alive(name) {
            if known.kind == kind && *known.text == *name {
                return Ok(known);
            }
            names.note_conflict(name, known.kind, kind);
            return Err(known.kind);
        }
        let endings = kind.endings().iter().map(|ending| [name, ending].concat());
        let samples: Vec<String> = endings.collect();
        if let Some(other) = samples.iter().find_map(|sample| names.alive(sample)) {
            names.note_conflict(name, other.kind, kind);
            return Err(other.kind);
        }
        names.purge();
        let claimed = Arc::new(Name { text: name.into(), kind, help: help.into() });
        for text in samples.iter().map(String::as_str).chain([name]) {
            names.known.insert(text.into(), Arc::downgrade(&claimed));
        }
        Ok(claimed)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Names> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Names {
    fn alive(&self, name: &str) -> Option<Arc<Name>> {
        self.known.get(name).and_then(Weak::upgrade)
    }

    /// Forgets names without a family, whenever there are twice as many as after the last time.
    fn purge(&mut self) {
        if self.known.len() >= self.purge_at {
            self.known.retain(|_, name| name.strong_count() > 0);
            self.purge_at = 2 * self.known.len() + 64;
        }
    }

    fn note_conflict(&mut self, name: &str, kept: MetricType, dropped: MetricType) {
        if self.conflicts.len() < TYPE_CONFLICTS_MAX {
            self.conflicts.insert((name.into(), kept.as_str(), dropped.as_str()));
        }
    }
}
