//! The answer of an HTTP/2 stream under a clock. HTTP/2 has its own flow control: a client that reads the connection may still
//! leave one stream without a window for ever. So an answer is handed over in pieces, and a stream whose piece finds no window in
//! time is reset. An answer that has nothing to send, such as a stream of events at rest, waits as long as it likes.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep};

/// Largest piece; also what a client must take within the write timeout. HTTP/2's own frames are no larger by default.
const PIECE_BYTES_MAX: usize = 16 * 1024;

/// What the body of a stream has done.
#[derive(Clone, Copy, Debug, Default)]
struct Handed {
    /// Pieces that were handed over.
    pieces: u64,
    /// Whether the last one was not followed by a call for the next: it waits for a window.
    is_last_waiting: bool,
}

tokio::task_local! {
    static HANDED: Cell<Handed>;
}

fn note(note: impl FnOnce(&mut Handed)) {
    // Outside the task of a stream nobody watches.
    let _unwatched = HANDED.try_with(|cell| {
        let mut handed = cell.get();
        note(&mut handed);
        cell.set(handed);
    });
}

/// Runs the work of one stream to its end, or drops it, which resets the stream, once a piece of its answer has waited for
/// `patience`.
pub(crate) async fn watch<F: Future<Output = ()>>(work: F, patience: Duration) {
    HANDED.scope(Cell::default(), until_stuck(work, patience)).await;
}

async fn until_stuck<F: Future<Output = ()>>(work: F, patience: Duration) {
    let mut work = pin!(work);
    let mut timer: Option<(u64, Pin<Box<Sleep>>)> = None;
    poll_fn(|context| {
        if work.as_mut().poll(context).is_ready() {
            return Poll::Ready(());
        }
        let handed = HANDED.with(Cell::get);
        if !handed.is_last_waiting {
            return Poll::Pending;
        }
        let deadline = || Instant::now() + patience;
        let (piece, sleep) =
            timer.get_or_insert_with(|| (handed.pieces, Box::pin(tokio::time::sleep_until(deadline()))));
        if *piece != handed.pieces {
            *piece = handed.pieces;
            sleep.as_mut().reset(deadline());
        }
        let fired = sleep.as_mut().poll(context);
        if fired.is_ready() {
            tracing::debug!("a client did not read its answer; its stream is reset");
        }
        fired
    })
    .await;
}

/// An answer in pieces. The last byte of whatever the door gives is a piece of its own: it finds a window only after all bytes
/// before it, so that the stream is watched until nothing of it can be stuck any more.
#[derive(Debug, Default)]
pub(crate) struct Pieces<B> {
    inner: B,
    rest: Bytes,
}

impl<B> Pieces<B> {
    pub(crate) fn new(inner: B) -> Self {
        Self { inner, rest: Bytes::new() }
    }

    fn next_piece(&mut self) -> Frame<Bytes> {
        note(|handed| {
            handed.pieces += 1;
            handed.is_last_waiting = true;
        });
        let len = self.rest.len().saturating_sub(1).clamp(1, PIECE_BYTES_MAX);
        Frame::data(self.rest.split_to(len.min(self.rest.len())))
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for Pieces<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = &mut *self;
        if !this.rest.is_empty() {
            return Poll::Ready(Some(Ok(this.next_piece())));
        }
        note(|handed| handed.is_last_waiting = false);
        let polled = Pin::new(&mut this.inner).poll_frame(context);
        let Poll::Ready(Some(Ok(frame))) = polled else { return polled };
        Poll::Ready(Some(Ok(match frame.into_data() {
            Ok(data) if !data.is_empty() => {
                this.rest = data;
                this.next_piece()
            }
            Ok(empty) => Frame::data(empty),
            Err(trailers) => trailers,
        })))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (inner, rest) = (self.inner.size_hint(), self.rest.len() as u64);
        let mut hint = SizeHint::new();
        hint.set_lower(inner.lower().saturating_add(rest));
        if let Some(upper) = inner.upper() {
            hint.set_upper(upper.saturating_add(rest));
        }
        hint
    }
}
