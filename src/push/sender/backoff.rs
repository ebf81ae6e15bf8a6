//! Pauses between tries: each twice as long as the one before, shortened by chance (conformance C3).

use std::time::Duration;

use crate::config::push::Retry;
use crate::push::hooks::Jitter;

/// Doublings after which every configured `max` is long reached.
const DOUBLINGS_MAX: u32 = 20;

/// The next pause of one signal.
#[derive(Debug)]
pub(crate) struct Backoff {
    initial: Duration,
    max: Duration,
    failures: u32,
    jitter: Jitter,
}

impl Backoff {
    /// Starts with the first pause.
    pub(crate) fn new(retry: &Retry, jitter: Jitter) -> Self {
        Self { initial: retry.initial, max: retry.max, failures: 0, jitter }
    }

    /// The pause after one more failure: at least half of its full length.
    pub(crate) fn next_pause(&mut self) -> Duration {
        let doubled = self.initial.saturating_mul(1 << self.failures.min(DOUBLINGS_MAX));
        self.failures = self.failures.saturating_add(1);
        doubled.min(self.max).mul_f64(1.0 - self.jitter.fraction() / 2.0)
    }

    /// Starts over.
    pub(crate) fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::push::OnAuthError;

    #[test]
    fn doubles_up_to_the_maximum_and_starts_over() {
        let (initial, max) = (Duration::from_millis(100), Duration::from_millis(500));
        let retry = Retry { initial, max, give_up_after: None, on_auth_error: OnAuthError::Hold };
        let mut backoff = Backoff::new(&retry, Jitter::zero());
        let pauses: Vec<u128> = (0..5).map(|_| backoff.next_pause().as_millis()).collect();
        assert_eq!(pauses, [100, 200, 400, 500, 500]);
        backoff.reset();
        assert_eq!(backoff.next_pause(), initial);
        let mut spread = Backoff::new(&retry, Jitter::random());
        let pauses: std::collections::BTreeSet<u128> =
            (0..50).map(|_| spread.next_pause().as_nanos()).skip(5).collect();
        assert!(pauses.len() > 10, "chance spreads them");
        assert!(pauses.iter().all(|pause| (250_000_000..=500_000_000).contains(pause)));
    }
}
