//! How often something is heard from, as observed on the receive clock, and how long a silence means that it is gone.

use crate::limits::{EXPORT_INTERVAL_MAX_MS, STALE_AFTER_MIN_MS};

/// Arrivals closer together than this belong to one export that was sent in parts.
const SAME_EXPORT_MS: u64 = 500;

/// The observed rhythm of an instance or of one of its metrics. The interval is the median of the last three gaps, so that one
/// outage, or one export that was held up, does not change it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cadence {
    last_ms: Option<u64>,
    gaps_ms: [u32; 3],
    gaps: u8,
}

impl Cadence {
    /// Something arrived at the monotonic moment `now_ms`.
    pub(crate) fn heard(&mut self, now_ms: u64) {
        let Some(last_ms) = self.last_ms else {
            self.last_ms = Some(now_ms);
            return;
        };
        let gap_ms = now_ms.saturating_sub(last_ms);
        if gap_ms < SAME_EXPORT_MS {
            return;
        }
        self.last_ms = Some(now_ms);
        if gap_ms <= EXPORT_INTERVAL_MAX_MS {
            self.gaps_ms.rotate_right(1);
            if let Some(first) = self.gaps_ms.first_mut() {
                *first = gap_ms as u32;
            }
            self.gaps = (self.gaps + 1).min(3);
        }
    }

    /// The interval in milliseconds, once two exports were seen.
    pub(crate) fn interval_ms(&self) -> Option<u64> {
        let [latest, before, oldest] = self.gaps_ms;
        match self.gaps {
            0 => None,
            1 => Some(u64::from(latest)),
            2 => Some(u64::from(latest.max(before))),
            _ => Some(u64::from(latest.max(before).min(latest.min(before).max(oldest)))),
        }
    }
}

/// The silence after which something with that interval is called stale: three intervals, at least 15 s (contract §6).
pub(crate) fn silence_ms(interval_ms: u64) -> u64 {
    interval_ms.saturating_mul(3).max(STALE_AFTER_MIN_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Exports in parts, a held-up export and an outage leave the interval as it is.
    #[test]
    fn the_interval_is_the_usual_gap() {
        let mut cadence = Cadence::default();
        let mut now_ms = 5_000;
        cadence.heard(now_ms);
        assert_eq!(cadence.interval_ms(), None);
        for gap_ms in [10_000, 3, 10_000, 120_000, 10_000, 9_000, 3_600_000, 10_000] {
            now_ms += gap_ms;
            cadence.heard(now_ms);
        }
        assert_eq!(cadence.interval_ms(), Some(10_000));
    }

    /// A rhythm that changes is followed after two exports.
    #[test]
    fn a_new_rhythm_is_followed() {
        let mut cadence = Cadence::default();
        for now_ms in [0, 1_000, 2_000, 3_000, 63_000, 123_000] {
            cadence.heard(now_ms);
        }
        assert_eq!(cadence.interval_ms(), Some(60_000));
        assert_eq!((silence_ms(60_000), silence_ms(1_000)), (180_000, 15_000));
    }
}
