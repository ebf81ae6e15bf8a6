//! How a destination stands: the worst of its signals.

use std::sync::{Arc, Mutex, PoisonError};

use crate::clock::Clock;
use crate::model::signal::Signal;
use crate::state::accounting::DestinationAccount;

/// A held destination is logged at most this often.
const SHOUT_INTERVAL_MS: u64 = 60_000;

/// How one signal stands; worse ones are greater.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Condition {
    /// Fine.
    #[default]
    Ok,
    /// The last try failed.
    Retrying,
    /// The credentials were refused.
    Held,
}

#[derive(Debug, Default)]
struct Inner {
    conditions: [(Condition, Option<u64>); 3],
    shouted_ms: Option<u64>,
    mourned_ms: Option<u64>,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Board {
    account: Arc<DestinationAccount>,
    clock: Clock,
    inner: Mutex<Inner>,
}

impl Board {
    /// All signals are fine.
    pub(crate) fn new(account: Arc<DestinationAccount>, clock: Clock) -> Self {
        Self { account, clock, inner: Mutex::default() }
    }

    /// A request was delivered.
    pub(crate) fn delivered(&self, signal: Signal) {
        let now_unix_ms = self.clock.unix_ms();
        self.set(signal, Condition::Ok, None);
        self.account.update(|standing| standing.last_success_unix_ms = Some(now_unix_ms));
    }

    /// A try failed; the next one is at `retry_at_ms`.
    pub(crate) fn failed(&self, signal: Signal, condition: Condition, error: &str, retry_at_ms: Option<u64>) {
        let before = self.set(signal, condition, retry_at_ms);
        let now_unix_ms = self.clock.unix_ms();
        self.account.update(|standing| standing.last_error = Some((error.into(), now_unix_ms)));
        let destination = &*self.account.name;
        match condition {
            Condition::Held => {
                let now_ms = self.clock.elapsed_ms();
                let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
                if inner.shouted_ms.is_none_or(|at_ms| now_ms.saturating_sub(at_ms) >= SHOUT_INTERVAL_MS) {
                    inner.shouted_ms = Some(now_ms);
                    tracing::error!(
                        destination,
                        signal = signal.as_str(),
                        error,
                        "destination refuses us: data is held"
                    );
                }
            }
            Condition::Retrying if before != condition => {
                tracing::warn!(destination, signal = signal.as_str(), error, "destination fails: trying again");
            }
            Condition::Retrying | Condition::Ok => {}
        }
    }

    /// The destination took a request but for some items.
    pub(crate) fn rejected(&self, signal: Signal, items: u64, message: &str) {
        self.dropped(signal, "rejected", items, message);
    }

    /// Items were dropped; logged at most once a minute.
    pub(crate) fn dropped(&self, signal: Signal, reason: &'static str, items: u64, error: &str) {
        let now_unix_ms = self.clock.unix_ms();
        self.account.update(|standing| standing.last_error = Some((error.into(), now_unix_ms)));
        let now_ms = self.clock.elapsed_ms();
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if inner.mourned_ms.is_none_or(|at_ms| now_ms.saturating_sub(at_ms) >= SHOUT_INTERVAL_MS) {
            inner.mourned_ms = Some(now_ms);
            tracing::error!(
                destination = %self.account.name, signal = signal.as_str(), reason, items, error,
                "items dropped; the counter tells of further ones"
            );
        }
    }

    /// The destination was stopped.
    pub(crate) fn stopped(&self) {
        self.account.update(|standing| {
            standing.state = "stopped";
            standing.retry_at_ms = None;
        });
    }

    fn set(&self, signal: Signal, condition: Condition, retry_at_ms: Option<u64>) -> Condition {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(place) = inner.conditions.get_mut(signal.index()) else { return condition };
        let before = std::mem::replace(place, (condition, retry_at_ms)).0;
        let worst = inner.conditions.iter().map(|(condition, _)| *condition).max().unwrap_or_default();
        let next_ms = inner.conditions.iter().filter_map(|(_, at_ms)| *at_ms).min();
        self.account.update(|standing| {
            standing.state = match worst {
                Condition::Ok => "ok",
                Condition::Retrying => "retrying",
                Condition::Held => "held",
            };
            standing.retry_at_ms = next_ms;
        });
        before
    }
}
