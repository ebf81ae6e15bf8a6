//! The books: what came in, what went out, what was refused or dropped, by reason. For every destination and signal that it
//! takes, received + recovered at start = delivered + queued + Σ dropped, exactly.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::model::breaker::BreakerState;
use crate::model::signal::Signal;
use crate::model::snapshot::{DestinationFacts, DestinationSignal, ReceiverFacts};
use crate::state::parts::{Part, Parts};

/// Where items came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Receiver {
    /// OTLP/gRPC.
    Grpc,
    /// OTLP/HTTP.
    Http,
    /// The process's own telemetry.
    Own,
}

impl Receiver {
    /// All receivers.
    pub const ALL: [Self; 3] = [Self::Grpc, Self::Http, Self::Own];

    /// The value of the label `receiver`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Grpc => "grpc",
            Self::Http => "http",
            Self::Own => "self",
        }
    }
}

/// Numbers that are counted under a reason, a fixed word.
#[derive(Debug, Default)]
pub struct Reasons(Mutex<BTreeMap<&'static str, u64>>);

impl Reasons {
    /// Adds `amount` under `reason`.
    pub fn add(&self, reason: &'static str, amount: u64) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(reason).or_default() += amount;
    }

    /// All reasons and their numbers, by name.
    pub fn all(&self) -> Vec<(&'static str, u64)> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .map(|(reason, amount)| (*reason, *amount))
            .collect()
    }

    /// The number under `reason`.
    pub fn get(&self, reason: &str) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(reason).copied().unwrap_or(0)
    }
}

/// What one receiver has taken.
#[derive(Debug, Default)]
pub struct ReceiverAccount {
    items: [AtomicU64; 3],
    requests: [AtomicU64; 3],
    refused: [Reasons; 3],
    refused_requests: [Reasons; 3],
}

impl ReceiverAccount {
    /// A request was accepted.
    pub fn accepted(&self, signal: Signal, items: u64) {
        let place = signal.index();
        if let (Some(total), Some(requests)) = (self.items.get(place), self.requests.get(place)) {
            total.fetch_add(items, Ordering::Relaxed);
            requests.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// A request was refused; `items` is 0 when they could not be counted.
    pub fn refused(&self, signal: Signal, reason: &'static str, items: u64) {
        let place = signal.index();
        if let (Some(refused), Some(requests)) = (self.refused.get(place), self.refused_requests.get(place)) {
            refused.add(reason, items);
            requests.add(reason, 1);
        }
    }
}

/// What one destination has done for one signal.
#[derive(Debug, Default)]
pub struct SignalAccount {
    /// Items found in the queue at start.
    pub recovered: AtomicU64,
    /// Items taken into the queue in this run.
    pub accepted: AtomicU64,
    /// Items that the destination has accepted.
    pub delivered: AtomicU64,
    /// Items dropped, by reason.
    pub dropped: Reasons,
    /// Items that wait, those in flight included.
    pub queue_items: AtomicU64,
    /// Bytes that wait, as stored.
    pub queue_bytes: AtomicU64,
    /// Sends that were repeated.
    pub retries: AtomicU64,
    /// Sends that ended without an answer: each may have left a duplicate at the destination.
    pub unanswered: AtomicU64,
}

/// What one destination has done; written by `push`, read by snapshots.
#[derive(Debug)]
pub struct DestinationAccount {
    /// Its configured name.
    pub name: Arc<str>,
    /// Where it sends, without credentials.
    pub endpoint: Arc<str>,
    /// `grpc`, `http/protobuf` or `http/json`.
    pub protocol: &'static str,
    /// Most bytes that its queue may hold.
    pub queue_bytes_max: u64,
    /// By signal.
    pub signals: [SignalAccount; 3],
    /// Which signals it takes; of others it may still have records that it took before a reload or a restart.
    pub takes: [bool; 3],
    /// Requests in flight.
    pub in_flight: AtomicU64,
    /// Answers counted as delivered although their body could not be read.
    pub warnings: AtomicU64,
    /// Its queue, which fails when its file cannot be written or read.
    pub queue: Part,
    /// What changes rarely.
    pub standing: Mutex<Standing>,
}

/// How a destination stands.
#[derive(Clone, Debug)]
pub struct Standing {
    /// `ok`, `retrying`, `held` or `stopped`.
    pub state: &'static str,
    /// Its circuit breaker.
    pub breaker: BreakerState,
    /// Last success in Unix milliseconds.
    pub last_success_unix_ms: Option<u64>,
    /// Last error, without secrets, and when.
    pub last_error: Option<(Arc<str>, u64)>,
    /// Monotonic milliseconds of the next try, while it waits for one.
    pub retry_at_ms: Option<u64>,
}

impl Default for Standing {
    fn default() -> Self {
        Self {
            state: "ok",
            breaker: BreakerState::Closed,
            last_success_unix_ms: None,
            last_error: None,
            retry_at_ms: None,
        }
    }
}

impl DestinationAccount {
    /// The account of one signal.
    pub fn signal(&self, signal: Signal) -> &SignalAccount {
        let [metrics, traces, logs] = &self.signals;
        match signal {
            Signal::Metrics => metrics,
            Signal::Traces => traces,
            Signal::Logs => logs,
        }
    }

    /// The facts of one signal, if the destination takes it or has still to deliver some.
    fn signal_facts(&self, signal: Signal) -> Option<DestinationSignal> {
        let facts = self.signal(signal).facts();
        let takes = self.takes.get(signal.index()).copied().unwrap_or_default();
        (takes || facts.recovered > 0 || facts.accepted > 0).then_some(facts)
    }

    /// Goes on with the books of a destination of the same name that has ended. What this one found in its queue so far counts
    /// as recovered only where it is more than what waited there; tells the items that waited and were not found.
    #[cfg(feature = "push")]
    pub(crate) fn go_on_from(&self, ended: &Self) -> u64 {
        self.warnings.fetch_add(ended.warnings.load(Ordering::Relaxed), Ordering::Relaxed);
        let before = ended.standing.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.update(|standing| {
            standing.last_success_unix_ms = before.last_success_unix_ms;
            standing.last_error = before.last_error;
        });
        self.signals.iter().zip(&ended.signals).map(|(now, before)| now.go_on_from(before)).sum()
    }

    /// Changes how it stands.
    pub fn update(&self, change: impl FnOnce(&mut Standing)) {
        change(&mut self.standing.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Its facts at the monotonic moment `now_ms`.
    pub fn facts(&self, now_ms: u64) -> DestinationFacts {
        let standing = self.standing.lock().unwrap_or_else(PoisonError::into_inner).clone();
        DestinationFacts {
            name: self.name.clone(),
            endpoint: self.endpoint.clone(),
            protocol: self.protocol,
            state: standing.state,
            breaker: standing.breaker,
            signals: Signal::ALL.map(|signal| self.signal_facts(signal)),
            queue_bytes_max: self.queue_bytes_max,
            in_flight: self.in_flight.load(Ordering::Relaxed),
            last_success_unix_ms: standing.last_success_unix_ms,
            last_error: standing.last_error,
            retry_in_s: standing.retry_at_ms.map(|at_ms| at_ms.saturating_sub(now_ms) as f64 / 1000.0),
            warnings: self.warnings.load(Ordering::Relaxed),
        }
    }
}

#[cfg(test)]
impl DestinationAccount {
    /// That of a destination that takes everything and has done nothing.
    pub(crate) fn empty(name: &str) -> Self {
        Self {
            name: name.into(),
            endpoint: "".into(),
            protocol: "grpc",
            queue_bytes_max: u64::MAX,
            signals: Signal::ALL.map(|_| SignalAccount::default()),
            takes: [true; 3],
            in_flight: 0.into(),
            warnings: 0.into(),
            queue: Part::new(format!("queue {name}")),
            standing: Mutex::default(),
        }
    }
}

impl SignalAccount {
    #[cfg(feature = "push")]
    fn go_on_from(&self, ended: &Self) -> u64 {
        let (found, waited) = (self.recovered.load(Ordering::Relaxed), ended.queue_items.load(Ordering::Relaxed));
        let recovered = ended.recovered.load(Ordering::Relaxed).saturating_add(found.saturating_sub(waited));
        self.recovered.store(recovered, Ordering::Relaxed);
        for (now, before) in [
            (&self.accepted, &ended.accepted),
            (&self.delivered, &ended.delivered),
            (&self.retries, &ended.retries),
            (&self.unanswered, &ended.unanswered),
        ] {
            now.fetch_add(before.load(Ordering::Relaxed), Ordering::Relaxed);
        }
        for (reason, items) in ended.dropped.all() {
            self.dropped.add(reason, items);
        }
        let lost = waited.saturating_sub(found);
        if lost > 0 {
            self.dropped.add("left_behind", lost);
        }
        lost
    }

    fn facts(&self) -> DestinationSignal {
        DestinationSignal {
            recovered: self.recovered.load(Ordering::Relaxed),
            accepted: self.accepted.load(Ordering::Relaxed),
            delivered: self.delivered.load(Ordering::Relaxed),
            dropped: self.dropped.all(),
            queue_items: self.queue_items.load(Ordering::Relaxed),
            queue_bytes: self.queue_bytes.load(Ordering::Relaxed),
            retries: self.retries.load(Ordering::Relaxed),
            unanswered: self.unanswered.load(Ordering::Relaxed),
        }
    }
}

/// All books of the process.
#[derive(Debug, Default)]
pub struct Accounting {
    grpc: ReceiverAccount,
    http: ReceiverAccount,
    own: ReceiverAccount,
    destinations: Mutex<Vec<Arc<DestinationAccount>>>,
    /// Points that the store could not read, by reason.
    pub unreadable: Reasons,
    /// SSE clients now.
    pub sse_clients: AtomicU64,
    /// Reloads that were refused so far.
    pub config_refusals: AtomicU64,
    /// What may fail to be read.
    pub parts: Parts,
}

impl Accounting {
    /// The account of one receiver.
    pub fn receiver(&self, receiver: Receiver) -> &ReceiverAccount {
        match receiver {
            Receiver::Grpc => &self.grpc,
            Receiver::Http => &self.http,
            Receiver::Own => &self.own,
        }
    }

    /// Adds a destination's account; one of the same name is replaced (a reload).
    pub fn register(&self, account: Arc<DestinationAccount>) {
        self.parts.watch(&account.queue);
        let mut all = self.destinations.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|known| known.name != account.name);
        all.push(account);
    }

    /// Takes a destination's account out (a reload).
    pub fn unregister(&self, name: &str) {
        self.destinations.lock().unwrap_or_else(PoisonError::into_inner).retain(|known| *known.name != *name);
    }

    /// The facts of every destination, in the order of their registration.
    pub fn destinations(&self, now_ms: u64) -> Vec<DestinationFacts> {
        self.destinations.lock().unwrap_or_else(PoisonError::into_inner).iter().map(|one| one.facts(now_ms)).collect()
    }

    /// The facts of every receiver.
    pub fn receivers(&self) -> Vec<ReceiverFacts> {
        let facts = |receiver: Receiver| {
            let account = self.receiver(receiver);
            let by_reason = |all: &[Reasons; 3]| {
                let each = Signal::ALL.into_iter().zip(all);
                each.flat_map(|(signal, one)| one.all().into_iter().map(move |(why, count)| (signal, why, count)))
                    .collect()
            };
            ReceiverFacts {
                receiver: receiver.as_str(),
                items: account.items.each_ref().map(|total| total.load(Ordering::Relaxed)),
                requests: account.requests.each_ref().map(|total| total.load(Ordering::Relaxed)),
                refused: by_reason(&account.refused),
                refused_requests: by_reason(&account.refused_requests),
            }
        };
        Receiver::ALL.map(facts).into()
    }
}
