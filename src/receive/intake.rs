//! The way of an accepted body, the same behind both doors: scan, forward, store, books. Success is answered only after the
//! forwarder has committed.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;

use crate::clock::Clock;
use crate::config::receive::Receive;
use crate::log_limit::LogLimit;
use crate::model::signal::Signal;
use crate::otlp::scan::scan;
use crate::receive::admission::{InFlight, Reservation};
use crate::receive::errors::{Reason, Refused};
use crate::state::accounting::Receiver;
use crate::state::{Ingested, Store};
use crate::tasks::Tasks;

/// A body up to this size is worked on where it is read; a larger one is moved off the reactor, so that others do not wait.
pub(crate) const INLINE_BYTES_MAX: usize = 1024 * 1024;

/// Why a request cannot be forwarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Unavailable {
    /// The word in the books, such as `queue_full`.
    pub reason: &'static str,
    /// What the client is told.
    pub message: &'static str,
    /// When to try again, in seconds; none when the request would never be taken.
    pub retry_after_s: Option<u64>,
}

/// Where accepted requests go.
pub trait Forward: Send + Sync + 'static {
    /// Takes the bytes of a request with its number of items; it has committed them when this returns.
    ///
    /// # Errors
    /// [`Unavailable`] when it has not taken them, and whether the client should keep them.
    fn submit(
        &self,
        signal: Signal,
        request: Bytes,
        items: u64,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;
}

/// What became of a request that was accepted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Accepted {
    /// Its items.
    pub(crate) items: u64,
    /// What the store could not read; it is forwarded all the same.
    pub(crate) warning: Option<String>,
}

/// The way in; shared by both doors.
#[derive(Debug)]
pub struct Intake<F> {
    forward: Arc<F>,
    store: Arc<Store>,
    in_flight: Arc<InFlight>,
    request_bytes_max: usize,
    items_max: usize,
    clock: Clock,
    tasks: Tasks,
    log: LogLimit,
}

impl<F: Forward> Intake<F> {
    /// An intake with the budgets of `config`. `tasks` finishes what a client that hung up has begun: cancel and join it after
    /// the doors'.
    pub fn new(config: &Receive, forward: Arc<F>, store: Arc<Store>, clock: Clock, tasks: Tasks) -> Arc<Self> {
        Arc::new(Self {
            forward,
            store,
            in_flight: InFlight::new(config.inflight_bytes_max),
            request_bytes_max: config.request_bytes_max,
            items_max: config.items_max,
            log: LogLimit::new(clock.clone()),
            clock,
            tasks,
        })
    }

    /// The budget of bytes that are being worked on.
    pub fn in_flight(&self) -> &Arc<InFlight> {
        &self.in_flight
    }

    pub(crate) fn request_bytes_max(&self) -> usize {
        self.request_bytes_max
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Takes one decoded request.
    pub(crate) async fn accept(
        self: &Arc<Self>,
        receiver: Receiver,
        signal: Signal,
        request: Bytes,
        reservation: Reservation,
    ) -> Result<Accepted, Refused> {
        let items = self.scan(signal, &request).await?;
        if items == 0 {
            self.store.accounting().receiver(receiver).accepted(signal, 0);
            return Ok(Accepted::default());
        }
        let intake = self.clone();
        let rest = async move {
            let result = intake.commit(receiver, signal, request, items).await;
            drop(reservation);
            result
        };
        // Once it is on its way it ends on its own, or the books would lack what the queue holds.
        Detached { work: Some(Box::pin(rest)), tasks: self.tasks.clone() }.await
    }

    async fn scan(&self, signal: Signal, request: &Bytes) -> Result<u64, Refused> {
        let scanned = if request.len() <= INLINE_BYTES_MAX {
            scan(signal, request, self.items_max)
        } else {
            let (request, items_max) = (request.clone(), self.items_max);
            let work = tokio::task::spawn_blocking(move || scan(signal, &request, items_max));
            work.await.map_err(|_| Reason::Busy)?
        };
        Ok(scanned?.items as u64)
    }

    async fn commit(
        &self,
        receiver: Receiver,
        signal: Signal,
        request: Bytes,
        items: u64,
    ) -> Result<Accepted, Refused> {
        if let Err(unavailable) = self.forward.submit(signal, request.clone(), items).await {
            let Unavailable { reason: word, message, retry_after_s } = unavailable;
            let reason = if retry_after_s.is_some() { Reason::Unavailable } else { Reason::TooLarge };
            let retry_after_s = retry_after_s.unwrap_or_default();
            return Err(Refused { reason, detail: Some(message.into()), word, retry_after_s, items });
        }
        self.store.accounting().receiver(receiver).accepted(signal, items);
        let ingested = if request.len() <= INLINE_BYTES_MAX {
            self.store.ingest(signal, &request)
        } else {
            let store = self.store.clone();
            // It is committed already: a store that fails costs a view, not the request.
            tokio::task::spawn_blocking(move || store.ingest(signal, &request)).await.unwrap_or_default()
        };
        Ok(Accepted { items, warning: warning(signal, ingested) })
    }

    /// Notes a refusal in the books and, once a minute for each reason, in the log.
    pub(crate) fn refused(&self, receiver: Receiver, signal: Option<Signal>, refused: &Refused) {
        if let Some(signal) = signal {
            self.store.accounting().receiver(receiver).refused(signal, refused.word, refused.items);
        }
        if let Some(times) = self.log.admit(refused.word) {
            let (receiver, signal) = (receiver.as_str(), signal.map_or("none", Signal::as_str));
            tracing::warn!(receiver, signal, reason = refused.word, times, "requests are refused");
        }
    }
}

/// What the answer says of points that the store could not read (G8).
fn warning(signal: Signal, ingested: Ingested) -> Option<String> {
    if ingested.unreadable == 0 {
        return None;
    }
    let why = ingested.message.unwrap_or_else(|| "the views cannot show them".to_owned());
    Some(format!("{} {} were forwarded but not read: {why}", ingested.unreadable, signal.item()))
}

/// Work that goes on in a task of its own when nobody waits for it any more.
struct Detached<F: Future + Send + 'static> {
    work: Option<Pin<Box<F>>>,
    tasks: Tasks,
}

impl<F: Future + Send + 'static> Future for Detached<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let Some(work) = &mut self.work else { return Poll::Pending };
        let result = work.as_mut().poll(context);
        if result.is_ready() {
            self.work = None;
        }
        result
    }
}

impl<F: Future + Send + 'static> Drop for Detached<F> {
    fn drop(&mut self) {
        // Without a runtime there is nothing left that could finish it.
        if let (Some(work), Ok(_runtime)) = (self.work.take(), tokio::runtime::Handle::try_current()) {
            self.tasks.spawn(async move {
                work.await;
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::receive::status;
    use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceResponse;
    use prost::Message as _;

    /// G7, G8: nothing unreadable leaves `partial_success` unset; else 0 are rejected and a message says why.
    #[test]
    fn unreadable_points_are_a_warning() {
        assert_eq!(warning(Signal::Metrics, Ingested::default()), None);
        let ingested = Ingested { unreadable: 2, message: Some("no name".to_owned()) };
        let text = warning(Signal::Metrics, ingested).unwrap();
        assert_eq!(text, "2 data points were forwarded but not read: no name");
        let response = ExportMetricsServiceResponse::decode(status::export_protobuf(Some(&text))).unwrap();
        let partial = response.partial_success.unwrap();
        assert_eq!((partial.rejected_data_points, partial.error_message.as_str()), (0, text.as_str()));
        let json: serde_json::Value = serde_json::from_slice(&status::export_json(Some(&text))).unwrap();
        assert_eq!(json, serde_json::json!({ "partialSuccess": { "errorMessage": text } }));
    }
}
