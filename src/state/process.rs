//! Figures of the own process, from procfs.

use std::sync::Mutex;
use std::sync::PoisonError;

use procfs::process::Process;

use crate::state::instance::{Moment, ProcessCell};

/// What the last reading found, for the share of time in between.
#[derive(Debug, Default)]
pub(crate) struct OwnProcess(Mutex<Option<Reading>>);

#[derive(Clone, Copy, Debug)]
struct Reading {
    at_ms: u64,
    ticks: u64,
}

impl OwnProcess {
    /// Reads CPU (share of the machine's cores since the last reading), memory and uptime into the cell.
    ///
    /// # Errors
    /// What could not be read; the figures are then absent or old.
    pub(crate) fn read(&self, cell: &ProcessCell, at: Moment) -> Result<(), String> {
        cell.uptime_s.set(at.now_ms as f64 / 1000.0);
        let stat = Process::myself().and_then(|process| process.stat()).map_err(|error| error.to_string())?;
        cell.memory_bytes.set((stat.rss * procfs::page_size()) as f64);
        let now = Reading { at_ms: at.now_ms, ticks: stat.utime + stat.stime };
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) = *last
            && now.at_ms.saturating_sub(before.at_ms) < 500
        {
            return Ok(());
        }
        if let Some(before) = last.replace(now) {
            let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
            let spent_s = now.ticks.saturating_sub(before.ticks) as f64 / procfs::ticks_per_second() as f64;
            let passed_s = (now.at_ms - before.at_ms) as f64 / 1000.0;
            cell.cpu_utilization.set((spent_s / passed_s / cores as f64).clamp(0.0, 1.0));
        }
        Ok(())
    }
}
