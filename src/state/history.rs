//! What the last minutes looked like, so that history exists before a page is opened.

use std::sync::Arc;

/// What a history is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A pool: active, idle, creating, utilization, pending, requests, errors; one sample a second.
    Pool,
    /// A component: items_processed, errors, healthy; one sample a second.
    Component,
    /// A worker: requests, errors, memory_rss, memory_heap_used, state; one sample every ten seconds.
    Worker,
}

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
