//! What the last minutes looked like, so that history exists before a page is opened.

mod rows;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use crate::model::snapshot::Snapshot;
use crate::state::history::rows::rows;

/// What a history is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A pool: active, idle, creating, utilization, pending, requests, errors; one sample a second.
    Pool,
    /// A component: `items_processed`, errors, healthy; one sample a second.
    Component,
    /// A worker: requests, errors, `memory_rss`, `memory_heap_used`, state; one sample every ten seconds.
    Worker,
    /// Everything together, under the one key [`SYSTEM_KEY`]: score, rates, memory, CPU, traces, alerts; one sample a second.
    System,
    /// A circuit breaker: calls by outcome, and its state as the printed number; one sample a second.
    Breaker,
    /// A push destination: what waits, what is out, what was delivered and dropped; one sample a second.
    Exporter,
}

/// The key of the one entity of [`Subject::System`].
pub const SYSTEM_KEY: &str = "system";

/// Samples in columns: every column has as many values as there are times.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Columns {
    /// Moments in Unix milliseconds, oldest first.
    pub times_unix_ms: Vec<u64>,
    /// The columns.
    pub columns: Vec<Column>,
}

/// One field of one entity over time.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// The entity's key, as in the snapshot.
    pub key: Arc<str>,
    /// The field.
    pub field: &'static str,
    /// One value a moment; none where it was not known.
    pub values: Vec<Option<f64>>,
}

impl Subject {
    /// Every kind.
    const ALL: [Self; 6] = [Self::Pool, Self::Component, Self::Worker, Self::System, Self::Breaker, Self::Exporter];

    /// The fields of its samples.
    pub const fn fields(self) -> &'static [&'static str] {
        match self {
            Self::Pool => &["active", "idle", "creating", "utilization", "pending", "requests", "errors"],
            Self::Component => &["items_processed", "errors", "healthy"],
            Self::Worker => &["requests", "errors", "memory_rss", "memory_heap_used", "state"],
            Self::System => &[
                "health_score",
                "error_rate",
                "items_per_second",
                "errors_per_second",
                "memory_usage_mb",
                "cpu_usage_percent",
                "traces_per_second",
                "active_spans",
                "alerts_active",
            ],
            Self::Breaker => &["calls_succeeded", "calls_failed", "calls_rejected", "state"],
            Self::Exporter => &["queue_items", "queue_bytes", "delivered", "dropped", "in_flight"],
        }
    }

    /// Seconds between two samples.
    const fn step_s(self) -> u64 {
        match self {
            Self::Worker => 10,
            _ => 1,
        }
    }
}

/// The samples of the last minutes, bounded in time and bytes: the oldest leave.
#[derive(Debug)]
pub(crate) struct History {
    reach_ms: u64,
    bytes_max: usize,
    bytes: usize,
    frames: VecDeque<Frame>,
    last: [Option<Latest>; Subject::ALL.len()],
}

/// What the next sample of a kind needs to know about the last one.
#[derive(Debug)]
struct Latest {
    at_unix_ms: u64,
    keys: Arc<[Arc<str>]>,
}

/// All entities of one kind at one moment.
#[derive(Debug)]
struct Frame {
    subject: Subject,
    at_unix_ms: u64,
    /// Shared with the frame before while the entities are the same.
    keys: Arc<[Arc<str>]>,
    /// The fields of the first entity, of the second, and so on; NaN where a value was not known.
    values: Box<[f64]>,
    bytes: usize,
}

impl History {
    /// An empty history.
    pub(crate) fn new(reach: std::time::Duration, bytes_max: usize) -> Self {
        let reach_ms = u64::try_from(reach.as_millis()).unwrap_or(u64::MAX);
        Self { reach_ms, bytes_max, bytes: 0, frames: VecDeque::new(), last: Default::default() }
    }

    /// Samples what is due.
    pub(crate) fn sample(&mut self, snapshot: &Snapshot) {
        for subject in Subject::ALL {
            let now_ms = snapshot.taken_at_unix_ms;
            let last_ms = self.last.get(subject as usize).and_then(Option::as_ref).map(|last| last.at_unix_ms);
            // Ticks are never exactly a second apart. A calendar that was set back samples at once.
            let due_ms = subject.step_s() * 1000 - 500;
            if last_ms.is_none_or(|last_ms| now_ms < last_ms || now_ms - last_ms >= due_ms) {
                let (keys, values) = rows(subject, snapshot);
                self.add(subject, now_ms, keys, values);
            }
        }
        let oldest_ms = snapshot.taken_at_unix_ms.saturating_sub(self.reach_ms);
        while self.frames.front().is_some_and(|frame| frame.at_unix_ms < oldest_ms || self.bytes > self.bytes_max) {
            if let Some(frame) = self.frames.pop_front() {
                self.bytes -= frame.bytes;
            }
        }
    }

    fn add(&mut self, subject: Subject, at_unix_ms: u64, keys: Vec<Arc<str>>, values: Vec<f64>) {
        let Some(place) = self.last.get_mut(subject as usize) else { return };
        let mut bytes = size_of::<Frame>() + values.len() * size_of::<f64>();
        let keys = if let Some(last) = place.as_ref().filter(|last| *last.keys == *keys) {
            last.keys.clone()
        } else {
            bytes += keys.len() * 48;
            keys.into()
        };
        *place = Some(Latest { at_unix_ms, keys: keys.clone() });
        if !values.is_empty() {
            self.bytes += bytes;
            self.frames.push_back(Frame { subject, at_unix_ms, keys, values: values.into(), bytes });
        }
    }

    /// The samples of the entities with these keys, or of all.
    pub(crate) fn columns(&self, subject: Subject, keys: &[String], since_unix_ms: u64) -> Columns {
        let frames: Vec<&Frame> =
            self.frames.iter().filter(|frame| frame.subject == subject && frame.at_unix_ms >= since_unix_ms).collect();
        let wanted = |key: &str| keys.is_empty() || keys.iter().any(|one| one == key);
        let fields = subject.fields();
        let mut rows: BTreeMap<&Arc<str>, Vec<Vec<Option<f64>>>> = BTreeMap::new();
        for (moment, frame) in frames.iter().enumerate() {
            for (key, values) in frame.keys.iter().zip(frame.values.chunks(fields.len())) {
                if !wanted(key) {
                    continue;
                }
                let columns = rows.entry(key).or_insert_with(|| vec![vec![None; frames.len()]; fields.len()]);
                for (column, value) in columns.iter_mut().zip(values) {
                    if let Some(place) = column.get_mut(moment) {
                        *place = Some(*value).filter(|value| !value.is_nan());
                    }
                }
            }
        }
        let columns = rows.into_iter().flat_map(|(key, columns)| {
            fields.iter().zip(columns).map(|(field, values)| Column { key: key.clone(), field, values })
        });
        Columns { columns: columns.collect(), times_unix_ms: frames.iter().map(|frame| frame.at_unix_ms).collect() }
    }
}

#[cfg(test)]
mod tests;
