//! A request's body that must keep coming: it fails when its sender is too slow.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep};

use crate::listen::{BoxError, Timings};

/// The body did not come at the slowest rate that is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the request's body came too slowly")]
pub struct BodyTooSlow;

/// A request's body. Only the time that it is waited for counts against its sender.
#[derive(Debug)]
pub struct RequestBody {
    inner: Incoming,
    pace: Option<Pace>,
    received_bytes: u64,
    waited: Duration,
    waiting: Option<Waiting>,
}

#[derive(Clone, Copy, Debug)]
struct Pace {
    silence: Duration,
    grace: Duration,
    bytes_per_second_min: u64,
}

#[derive(Debug)]
struct Waiting {
    since: Instant,
    sleep: Pin<Box<Sleep>>,
}

impl RequestBody {
    pub(crate) fn new(inner: Incoming, timings: &Timings) -> Self {
        let pace = Pace {
            silence: timings.body_silence,
            grace: timings.body_grace,
            bytes_per_second_min: timings.body_bytes_per_second_min.max(1),
        };
        Self { inner, pace: Some(pace), received_bytes: 0, waited: Duration::ZERO, waiting: None }
    }

    /// Takes the clock off, for calls whose request is a stream that may rest.
    #[must_use]
    pub fn unpaced(mut self) -> Self {
        self.pace = None;
        self.waiting = None;
        self
    }

    fn wait(&mut self, pace: Pace, context: &mut Context<'_>) -> Poll<BodyTooSlow> {
        let waiting = self.waiting.get_or_insert_with(|| {
            let earned = Duration::from_millis(self.received_bytes.saturating_mul(1000) / pace.bytes_per_second_min);
            let left = (pace.grace + earned).saturating_sub(self.waited).min(pace.silence);
            let since = Instant::now();
            Waiting { since, sleep: Box::pin(tokio::time::sleep_until(since + left)) }
        });
        waiting.sleep.as_mut().poll(context).map(|()| BodyTooSlow)
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = &mut *self;
        match Pin::new(&mut this.inner).poll_frame(context) {
            Poll::Pending => match this.pace {
                Some(pace) => this.wait(pace, context).map(|slow| Some(Err(slow.into()))),
                None => Poll::Pending,
            },
            Poll::Ready(frame) => {
                if let Some(waiting) = this.waiting.take() {
                    this.waited += waiting.since.elapsed();
                }
                if let Some(Ok(frame)) = &frame {
                    this.received_bytes += frame.data_ref().map_or(0, Bytes::len) as u64;
                }
                Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
