//! A worker pool: a bounded set of workers that handle requests.

/// How many workers of a pool are in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PoolCounts {
    /// Workers that handle a request now.
    pub active: u64,
    /// Workers that are alive without a request (ready ones count here).
    pub idle: u64,
    /// Workers that are being spawned.
    pub creating: u64,
}

impl PoolCounts {
    /// Active, idle and creating together (spec, pool metrics).
    pub const fn total(self) -> u64 {
        self.active + self.idle + self.creating
    }
}

/// `active / size`, unrounded; 0 when the size is 0 (contract §4.2).
pub fn utilization(active: u64, size: u64) -> f64 {
    if size == 0 { 0.0 } else { active as f64 / size as f64 }
}
