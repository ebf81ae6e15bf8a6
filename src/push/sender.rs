//! Sends what one queue holds of one signal: one request at a time, merged from what waits, repeated until it is settled.
//!
//! A request that finds the sender idle goes at once. After that the next one goes `LINGER` after the start of the one before,
//! or sooner when `BURST_BYTES` wait: small requests are merged under load, and nobody waits without load.

pub(crate) mod backoff;
pub(crate) mod circuit;
pub(crate) mod job;
pub(crate) mod standing;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::config::push::{OnAuthError, Retry};
use crate::model::signal::Signal;
use crate::otlp::scan::ScanError;
use crate::push::client::compress::Compressor;
use crate::push::client::reply::{Reply, Verdict};
use crate::push::client::{Client, Prepared};
use crate::push::queue::Queue;
use crate::push::queue::ledger::{Record, Taken};
use crate::push::sender::backoff::Backoff;
use crate::push::sender::circuit::Circuit;
use crate::push::sender::job::{Job, Part};
use crate::push::sender::standing::{Board, Condition};
use crate::state::accounting::SignalAccount;

/// See the module.
pub(crate) const LINGER: Duration = Duration::from_millis(50);
/// See the module.
const BURST_BYTES: u64 = 1024 * 1024;
/// Requests of this size are put together and compressed aside, where they hold up no other task.
const ASIDE_BYTES: usize = 128 * 1024;

/// How a sender is told to end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ending {
    /// Send what is there, then end; end at the first failure.
    pub(crate) drain: CancellationToken,
    /// End now.
    pub(crate) abort: CancellationToken,
    /// Try again now; one for each signal, which keeps a kick that comes while nobody waits.
    pub(crate) kick: Arc<[Notify; 3]>,
}

/// See the module.
pub(crate) struct Sender {
    /// What it sends.
    pub(crate) signal: Signal,
    /// Where from.
    pub(crate) queue: Arc<Queue>,
    /// Where to.
    pub(crate) client: Arc<Client>,
    /// Whether it may.
    pub(crate) circuit: Arc<Circuit>,
    /// Where it says how it goes.
    pub(crate) board: Arc<Board>,
    /// When to repeat.
    pub(crate) retry: Retry,
    /// Pauses.
    pub(crate) backoff: Backoff,
    /// The time.
    pub(crate) clock: Clock,
    /// When to end.
    pub(crate) ending: Ending,
    /// First and last id of the records that it works on; 0 before the first.
    pub(crate) flight: (i64, i64),
    /// Whether the process died with one of them in flight, and no attempt with it has ended since.
    pub(crate) is_suspect: bool,
}

/// Whether a job is done with.
enum Outcome {
    Done,
    Split(Job, Job),
    Ended(Job),
}

impl Sender {
    /// Works until told to end.
    pub(crate) async fn run(mut self) {
        let mut compressor = Some(Compressor::default());
        let mut sent: Option<Instant> = None;
        while let Some(records) = self.next(sent).await {
            sent = Some(Instant::now());
            if !self.deliver(records, &mut compressor).await {
                break;
            }
        }
    }

    async fn next(&self, sent: Option<Instant>) -> Option<Vec<Record>> {
        let ledger = self.queue.ledger();
        let paced = async {
            if let Some(sent) = sent {
                tokio::select! {
                    () = tokio::time::sleep_until(sent + LINGER) => {}
                    () = ledger.wait_for_bytes(self.signal, BURST_BYTES) => {}
                }
            }
            ledger.take(self.signal, self.client.batch_bytes_max()).await
        };
        tokio::select! {
            biased;
            () = self.ending.abort.cancelled() => return None,
            () = self.ending.drain.cancelled() => {}
            records = paced => return Some(records),
        }
        while !ledger.is_empty(self.signal) {
            if let Taken::Records(records) = ledger.try_take(self.signal, self.client.batch_bytes_max()) {
                return Some(records);
            }
            tokio::select! {
                () = self.ending.abort.cancelled() => return None,
                () = ledger.changed(self.signal) => {}
            }
        }
        None
    }

    /// Sends records until they are settled; false when it has to end before, with what is left given back.
    async fn deliver(&mut self, records: Vec<Record>, compressor: &mut Option<Compressor>) -> bool {
        self.flight = (records.first().map_or(0, |record| record.id), records.last().map_or(0, |record| record.id));
        self.is_suspect = records.iter().any(|record| record.attempts > 0);
        let mut jobs: VecDeque<Job> = job::plan(self.signal, &records, self.client.batch_bytes_max());
        while let Some(job) = jobs.pop_front() {
            let outcome = self.attempt_until_settled(job, compressor).await;
            match outcome {
                Outcome::Done => {}
                Outcome::Split(first, rest) => {
                    jobs.push_front(rest);
                    jobs.push_front(first);
                }
                Outcome::Ended(job) => {
                    jobs.push_front(job);
                    self.give_back(records, &jobs).await;
                    return false;
                }
            }
        }
        self.queue.settle(self.signal, records).await;
        true
    }

    async fn give_back(&self, records: Vec<Record>, jobs: &VecDeque<Job>) {
        let waits = |place: usize| jobs.iter().flatten().any(|part| part.record == place);
        let (mut kept, mut settled) = (Vec::new(), Vec::new());
        for (place, mut record) in records.into_iter().enumerate() {
            if waits(place) {
                let left: u64 = jobs.iter().flatten().filter(|part| part.record == place).map(|part| part.items).sum();
                self.queue.ledger().reopened(self.signal, record.items.saturating_sub(left));
                record.attempts = if self.is_suspect { record.attempts } else { 0 };
                kept.push(record);
            } else {
                settled.push(record);
            }
        }
        self.queue.ledger().give_back(self.signal, kept);
        if !settled.is_empty() {
            self.queue.settle(self.signal, settled).await;
        }
    }

    async fn attempt_until_settled(&mut self, mut job: Job, compressor: &mut Option<Compressor>) -> Outcome {
        let mut prepared: Option<Prepared> = None;
        loop {
            if self.expire(&mut job) {
                prepared = None;
            }
            if job.is_empty() {
                return Outcome::Done;
            }
            let ready = match prepared.take() {
                Some(ready) => ready,
                None => match self.prepare_watched(&job, compressor).await {
                    Ok(ready) => ready,
                    Err(error) => {
                        self.drop_job(&job, "not_json", &error.to_string());
                        return Outcome::Done;
                    }
                },
            };
            let Some(reply) = self.attempt(&ready).await else { return Outcome::Ended(job) };
            prepared = Some(ready);
            match reply.verdict() {
                Verdict::Delivered { rejected, warning } => {
                    self.delivered(&job, rejected, warning, &reply);
                    return Outcome::Done;
                }
                Verdict::Retry(after) => {
                    let pause = self.failed(&reply, after);
                    if !self.pause(pause).await {
                        return Outcome::Ended(job);
                    }
                }
                Verdict::Refused(_) if self.retry.on_auth_error == OnAuthError::Hold => {
                    self.circuit.succeeded();
                    let retry_at_ms = self.clock.elapsed_ms() + self.retry.max.as_millis() as u64;
                    self.board.failed(self.signal, Condition::Held, &reply.describe(), Some(retry_at_ms));
                    if !self.pause(self.retry.max).await {
                        return Outcome::Ended(job);
                    }
                }
                Verdict::Refused(reason) | Verdict::Permanent(reason) => {
                    self.circuit.succeeded();
                    self.drop_job(&job, reason, &reply.describe());
                    return Outcome::Done;
                }
                Verdict::TooLarge => {
                    self.circuit.succeeded();
                    if let Some((first, rest)) = job::halve(self.signal, job.clone()) {
                        return Outcome::Split(first, rest);
                    }
                    self.drop_job(&job, "too_large", &reply.describe());
                    return Outcome::Done;
                }
            }
            self.account(|account| _ = account.retries.fetch_add(1, Ordering::Relaxed));
        }
    }

    /// One exchange; none when it has to end instead.
    async fn attempt(&mut self, prepared: &Prepared) -> Option<Reply> {
        tokio::select! {
            biased;
            () = self.ending.abort.cancelled() => return None,
            () = self.circuit.admit() => {}
        }
        self.queue.departing(self.signal, self.flight);
        let account = self.queue.ledger().account();
        account.in_flight.fetch_add(1, Ordering::Relaxed);
        let reply = tokio::select! {
            () = self.ending.abort.cancelled() => None,
            reply = self.client.send(prepared) => Some(reply),
        };
        account.in_flight.fetch_sub(1, Ordering::Relaxed);
        self.queue.arrived(self.signal);
        let unanswered = matches!(&reply, None | Some(Reply::Failed { maybe_taken: true, .. }));
        if unanswered {
            self.account(|account| _ = account.unanswered.fetch_add(1, Ordering::Relaxed));
        }
        if reply.is_none() {
            self.circuit.abandoned();
        }
        // Where there was no connection nothing was sent, and nothing is known.
        let was_sent = reply.as_ref().is_some_and(|reply| !matches!(reply, Reply::Failed { maybe_taken: false, .. }));
        if was_sent && std::mem::take(&mut self.is_suspect) {
            self.queue.forgive(self.signal, self.flight);
        }
        reply
    }

    /// Puts a request together; a death of the process meanwhile is remembered against the records.
    async fn prepare_watched(&self, job: &Job, compressor: &mut Option<Compressor>) -> Result<Prepared, ScanError> {
        self.queue.departing(self.signal, self.flight);
        let prepared = self.prepare(job, compressor).await;
        self.queue.arrived(self.signal);
        prepared
    }

    async fn prepare(&self, job: &Job, compressor: &mut Option<Compressor>) -> Result<Prepared, ScanError> {
        let bodies: Vec<Bytes> = job.iter().map(|part| part.body.clone()).collect();
        let bytes: usize = bodies.iter().map(Bytes::len).sum();
        let mut context = compressor.take().unwrap_or_default();
        let signal = self.signal;
        if bytes < ASIDE_BYTES {
            let prepared = self.client.prepare(signal, &bodies, &mut context);
            *compressor = Some(context);
            return prepared;
        }
        let client = Arc::clone(&self.client);
        let aside = tokio::task::spawn_blocking({
            let bodies = bodies.clone();
            move || (client.prepare(signal, &bodies, &mut context), context)
        });
        match aside.await {
            Ok((prepared, context)) => {
                *compressor = Some(context);
                prepared
            }
            // The runtime is going down.
            Err(_) => self.client.prepare(signal, &bodies, &mut Compressor::default()),
        }
    }

    fn delivered(&mut self, job: &Job, rejected: u64, warning: bool, reply: &Reply) {
        self.backoff.reset();
        self.circuit.succeeded();
        self.board.delivered(self.signal);
        let items = items(job);
        let rejected = rejected.min(items);
        let ledger = self.queue.ledger();
        if warning {
            ledger.account().warnings.fetch_add(1, Ordering::Relaxed);
        }
        if rejected > 0 {
            self.board.rejected(self.signal, rejected, &reply.describe());
        }
        ledger.resolved(self.signal, items, |account| {
            account.delivered.fetch_add(items - rejected, Ordering::Relaxed);
            if rejected > 0 {
                account.dropped.add("rejected", rejected);
            }
        });
    }

    fn failed(&mut self, reply: &Reply, after: Option<Duration>) -> Duration {
        // A destination that says when is believed, but for "at once": that would be a busy loop.
        let own = self.backoff.next_pause();
        let pause = after.filter(|after| !after.is_zero()).unwrap_or(own);
        let retry_at_ms = self.clock.elapsed_ms() + pause.as_millis() as u64;
        let text = reply.describe();
        self.circuit.failed(retry_at_ms, &text);
        self.board.failed(self.signal, Condition::Retrying, &text, Some(retry_at_ms));
        pause
    }

    fn drop_job(&self, job: &Job, reason: &'static str, text: &str) {
        let items = items(job);
        self.board.dropped(self.signal, reason, items, text);
        self.queue.ledger().resolved(self.signal, items, |account| account.dropped.add(reason, items));
    }

    /// Drops the parts that are older than `give_up_after`; tells whether there were any.
    fn expire(&self, job: &mut Job) -> bool {
        let Some(age_max) = self.retry.give_up_after else { return false };
        let now_ms = self.clock.elapsed_ms() as i64;
        let old = |part: &Part| now_ms.saturating_sub(part.received_ms) >= age_max.as_millis() as i64;
        let (expired, kept): (Job, Job) = std::mem::take(job).into_iter().partition(old);
        *job = kept;
        if !expired.is_empty() {
            self.drop_job(&expired, "expired", "give_up_after has passed");
        }
        !expired.is_empty()
    }

    /// Waits before the next try; false when it has to end instead.
    async fn pause(&self, pause: Duration) -> bool {
        let [metrics, traces, logs] = &*self.ending.kick;
        let kick = match self.signal {
            Signal::Metrics => metrics,
            Signal::Traces => traces,
            Signal::Logs => logs,
        };
        tokio::select! {
            biased;
            () = self.ending.drain.cancelled() => false,
            () = self.ending.abort.cancelled() => false,
            () = kick.notified() => true,
            () = tokio::time::sleep(pause) => true,
        }
    }

    fn account(&self, change: impl FnOnce(&SignalAccount)) {
        change(self.queue.ledger().account().signal(self.signal));
    }
}

fn items(job: &Job) -> u64 {
    job.iter().map(|part| part.items).sum()
}
