//! The one home of time. Everything that needs an instant or a date is handed a [`Clock`], so that tests run on a clock of
//! their own and a jump of the machine's date stalls nothing: intervals are measured on the monotonic side only.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A source of monotonic and of calendar time; cheap to clone.
#[derive(Clone, Debug)]
pub struct Clock(Arc<Source>);

#[derive(Debug)]
enum Source {
    System { started: Instant },
    Manual { elapsed_ms: AtomicU64, unix_ms_at_start: AtomicI64 },
}

impl Clock {
    /// The machine's clock; the monotonic side counts from this call.
    #[expect(clippy::disallowed_methods, reason = "this is the clock's one home")]
    pub fn system() -> Self {
        Self(Arc::new(Source::System { started: Instant::now() }))
    }

    /// A clock that moves only by [`Clock::advance`], for tests; it starts at the given Unix time in milliseconds.
    pub fn manual(unix_ms: u64) -> Self {
        Self(Arc::new(Source::Manual {
            elapsed_ms: AtomicU64::new(0),
            unix_ms_at_start: AtomicI64::new(unix_ms as i64),
        }))
    }

    /// Moves a manual clock forward; the machine's clock is left alone.
    pub fn advance(&self, by: Duration) {
        if let Source::Manual { elapsed_ms, .. } = &*self.0 {
            elapsed_ms.fetch_add(by.as_millis() as u64, Ordering::Relaxed);
        }
    }

    /// Sets a manual clock's date forward or back, as an operator may; its monotonic side does not notice. The machine's clock
    /// is left alone.
    pub fn jump(&self, by_ms: i64) {
        if let Source::Manual { unix_ms_at_start, .. } = &*self.0 {
            unix_ms_at_start.fetch_add(by_ms, Ordering::Relaxed);
        }
    }

    /// Monotonic time since this clock was made.
    pub fn elapsed(&self) -> Duration {
        match &*self.0 {
            Source::System { started } => started.elapsed(),
            Source::Manual { elapsed_ms, .. } => Duration::from_millis(elapsed_ms.load(Ordering::Relaxed)),
        }
    }

    /// Monotonic milliseconds since this clock was made.
    pub fn elapsed_ms(&self) -> u64 {
        self.elapsed().as_millis() as u64
    }

    /// Calendar time in nanoseconds since the Unix epoch; may jump when the machine's date is set.
    #[expect(clippy::disallowed_methods, reason = "this is the clock's one home")]
    pub fn unix_ns(&self) -> u64 {
        match &*self.0 {
            Source::System { .. } => {
                SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64)
            }
            Source::Manual { elapsed_ms, unix_ms_at_start } => {
                let start_ms = unix_ms_at_start.load(Ordering::Relaxed).max(0) as u64;
                (start_ms + elapsed_ms.load(Ordering::Relaxed)) * 1_000_000
            }
        }
    }

    /// Calendar time in milliseconds since the Unix epoch.
    pub fn unix_ms(&self) -> u64 {
        self.unix_ns() / 1_000_000
    }
}
