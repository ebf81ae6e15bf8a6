//! The store's limits.

use std::time::Duration;

/// Limits and intervals of the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// Most generic series in all (default 200,000).
    pub series_max: usize,
    /// Most workers in all (default 50,000).
    pub workers_max: usize,
    /// How far the history reaches back (default 15 min).
    pub history: Duration,
    /// Most bytes of history (default 64 MiB).
    pub history_bytes_max: usize,
    /// Silence after which an instance is stale; none is three observed export intervals.
    pub stale_after: Option<Duration>,
    /// Silence after which an instance is forgotten (default 15 min).
    pub forget_after: Duration,
    /// Least time between two snapshots (default 250 ms).
    pub snapshot_interval: Duration,
}

impl Default for State {
    fn default() -> Self {
        Self {
            series_max: 200_000,
            workers_max: 50_000,
            history: Duration::from_mins(15),
            history_bytes_max: 64 << 20,
            stale_after: None,
            forget_after: Duration::from_mins(15),
            snapshot_interval: Duration::from_millis(250),
        }
    }
}
