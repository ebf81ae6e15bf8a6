//! A worker pool: a bounded set of workers that handle requests.

use crate::model::worker::WorkerState;

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
    /// Counts a worker in that state: ready ones are idle, ephemeral ones are active, others count nowhere.
    pub fn add(&mut self, state: Option<WorkerState>) {
        match state {
            Some(WorkerState::Active | WorkerState::Ephemeral) => self.active += 1,
            Some(WorkerState::Idle | WorkerState::Ready) => self.idle += 1,
            Some(WorkerState::Creating) => self.creating += 1,
            Some(WorkerState::Terminated | WorkerState::Offline) | None => {}
        }
    }

    /// Active, idle and creating together (spec, pool metrics).
    pub const fn total(self) -> u64 {
        self.active + self.idle + self.creating
    }
}

/// `active / size`, unrounded; 0 when the size is 0 (contract §4.2).
pub fn utilization(active: u64, size: u64) -> f64 {
    if size == 0 { 0.0 } else { active as f64 / size as f64 }
}
