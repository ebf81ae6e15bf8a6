//! One log line for each reason and minute, however often the reason comes.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::clock::Clock;

const EVERY_MS: u64 = 60_000;

/// When each reason was logged last; reasons are words of the program, so there are few.
#[derive(Debug)]
pub(crate) struct LogLimit {
    clock: Clock,
    reasons: Mutex<BTreeMap<&'static str, Entry>>,
}

#[derive(Debug)]
struct Entry {
    logged_ms: u64,
    silent: u64,
}

impl LogLimit {
    pub(crate) fn new(clock: Clock) -> Self {
        Self { clock, reasons: Mutex::default() }
    }

    /// How often the reason came since its last line, this time included; none while the minute lasts.
    pub(crate) fn admit(&self, reason: &'static str) -> Option<u64> {
        let now_ms = self.clock.elapsed_ms();
        let mut reasons = self.reasons.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(entry) = reasons.get_mut(reason) else {
            reasons.insert(reason, Entry { logged_ms: now_ms, silent: 0 });
            return Some(1);
        };
        entry.silent += 1;
        if now_ms < entry.logged_ms + EVERY_MS {
            return None;
        }
        entry.logged_ms = now_ms;
        Some(std::mem::take(&mut entry.silent))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// H: one line a minute for each reason, which tells how many it stands for.
    #[test]
    fn one_line_a_minute() {
        let clock = Clock::manual(0);
        let log = LogLimit::new(clock.clone());
        assert_eq!(log.admit("too_large"), Some(1));
        assert_eq!(log.admit("too_large"), None);
        assert_eq!(log.admit("malformed"), Some(1));
        clock.advance(Duration::from_mins(1));
        assert_eq!(log.admit("too_large"), Some(2));
        assert_eq!(log.admit("too_large"), None);
    }
}
