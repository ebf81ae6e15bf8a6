//! What was counted in the last 60 s. A service exports every so often, so the window ends at its latest export and not now: the
//! figure is steady between exports, whatever their interval is. Between two exports the count is taken as even.

use std::collections::VecDeque;

use crate::limits::RATE_WINDOW_S;

const WINDOW_MS: i64 = RATE_WINDOW_S as i64 * 1000;
/// Samples closer together than this are one.
const STEP_MS: i64 = 1000;
/// Samples are at least half a step apart; and the two that the window's start lies between.
const SAMPLES_MAX: usize = 2 * RATE_WINDOW_S as usize + 4;

/// The recent past of `N` totals that are counted together.
#[derive(Debug)]
pub(crate) struct Window<const N: usize> {
    /// Moments and totals, which never fall, oldest first.
    samples: VecDeque<(i64, [u64; N])>,
    /// The totals as last reported, which fall at a restart.
    reported: [u64; N],
    /// The round of gathering that met it last.
    pub(crate) round: u64,
}

impl<const N: usize> Window<N> {
    /// A window that begins with totals that took `age_ms` to come about; 0 when that is not known.
    pub(crate) fn new(totals: [u64; N], at_ms: u64, age_ms: u64) -> Self {
        let at_ms = at_ms as i64;
        let begun_ms = at_ms.saturating_sub(i64::try_from(age_ms).unwrap_or(i64::MAX));
        Self { samples: VecDeque::from([(begun_ms, [0; N]), (at_ms, totals)]), reported: totals, round: 0 }
    }

    /// The totals at the latest export, `at_ms` on the monotonic clock.
    pub(crate) fn observe(&mut self, totals: [u64; N], at_ms: u64) {
        let Some(&(last_ms, mut summed)) = self.samples.back() else { return };
        for ((sum, now), before) in summed.iter_mut().zip(totals).zip(self.reported) {
            // A total that fell began anew: all of it is new.
            *sum = sum.wrapping_add(now.checked_sub(before).unwrap_or(now));
        }
        self.reported = totals;
        let at_ms = (at_ms as i64).max(last_ms);
        let before_last = self.samples.len().checked_sub(2).and_then(|place| self.samples.get(place));
        if before_last.is_some_and(|(before_ms, _)| at_ms - before_ms < STEP_MS) && self.samples.len() > 2 {
            self.samples.pop_back();
        }
        self.samples.push_back((at_ms, summed));
        let from_ms = at_ms - WINDOW_MS;
        while self.samples.len() > SAMPLES_MAX
            || self.samples.get(1).is_some_and(|(second_ms, _)| *second_ms <= from_ms)
        {
            self.samples.pop_front();
        }
    }

    /// What was counted in the last 60 s, or in the whole life while it is younger; and how long that was, in seconds (at least one).
    pub(crate) fn recent(&self) -> ([u64; N], f64) {
        let (Some(&(first_ms, first)), Some(&(last_ms, last))) = (self.samples.front(), self.samples.back()) else {
            return ([0; N], 1.0);
        };
        let from_ms = (last_ms - WINDOW_MS).max(first_ms);
        let second = self.samples.get(1).copied().unwrap_or((last_ms, last));
        let part = match second.0 - first_ms {
            0 => 0.0,
            gap_ms => (from_ms - first_ms) as f64 / gap_ms as f64,
        };
        let mut recent = [0; N];
        for (((count, last), first), second) in recent.iter_mut().zip(last).zip(first).zip(second.1) {
            let at_start = first as f64 + (second.wrapping_sub(first)) as f64 * part;
            *count = (last as f64 - at_start).round().max(0.0) as u64;
        }
        (recent, ((last_ms - from_ms) as f64 / 1000.0).max(1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A young counter: its whole life, however it began.
    #[test]
    fn the_whole_life_while_younger() {
        assert_eq!(Window::new([1500, 2], 5_000, 0).recent(), ([1500, 2], 1.0));
        assert_eq!(Window::new([1500], 5_000, 30_000).recent(), ([1500], 30.0));
        assert_eq!(Window::new([3600], 5_000, 3_600_000).recent(), ([60], 60.0));
    }

    /// Exports every 10 s of 5 items a second: 300 a minute, in whatever phase it is read.
    #[test]
    fn a_steady_rate_is_steady() {
        let mut window = Window::new([0], 0, 0);
        for export in 1..=30_u64 {
            window.observe([export * 50], export * 10_000);
            for _ in 0..8 {
                window.observe([export * 50], export * 10_000);
            }
            let (recent, seconds) = window.recent();
            assert!((recent[0] as f64 / seconds - 5.0).abs() < 0.01, "{export}: {recent:?} in {seconds}");
        }
        assert!(window.samples.len() <= SAMPLES_MAX);
    }

    /// One sample a second for long: bounded, and exact.
    #[test]
    fn samples_are_bounded() {
        let mut window = Window::new([0], 0, 0);
        for step in 1..2_000_u64 {
            window.observe([step], step * 250);
        }
        assert!(window.samples.len() <= SAMPLES_MAX);
        assert_eq!(window.recent(), ([240], 60.0));
    }

    /// A restart counts what came after it.
    #[test]
    fn a_fall_is_a_new_beginning() {
        let mut window = Window::new([100], 0, 0);
        window.observe([110], 10_000);
        window.observe([7], 20_000);
        assert_eq!(window.recent(), ([117], 20.0));
    }
}
