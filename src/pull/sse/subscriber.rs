//! One client's stream: it holds what it sends next and nothing more. All it sends is shared with the others of its set.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, stream};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::limits::{SSE_LIFETIME_MS, SSE_RETRY_MS};
use crate::pull::PullState;
use crate::pull::sse::hubs::Membership;
use crate::pull::sse::message;
use crate::pull::sse::render;
use crate::pull::sse::set::Frame;

/// One client.
#[derive(Debug)]
pub struct Subscriber {
    state: PullState,
    membership: Membership,
    frames: watch::Receiver<Arc<Frame>>,
    stop: CancellationToken,
    ends_at: Instant,
    pending: VecDeque<Bytes>,
    last: u64,
    is_closed: bool,
}

impl Subscriber {
    /// A client that has just come, or come back.
    pub fn new(state: PullState, membership: Membership, last_event_id: Option<&str>) -> Self {
        let beginning = membership.set.begin(&state, last_event_id);
        let mut pending = VecDeque::from([Bytes::from(message::retry(SSE_RETRY_MS))]);
        pending.extend(beginning.messages);
        Self {
            stop: state.tasks.token(),
            state,
            membership,
            frames: beginning.frames,
            ends_at: Instant::now() + lifetime(),
            pending,
            last: beginning.last,
            is_closed: false,
        }
    }

    /// The body: one piece each time the connection asks for one, so that a client that does not read holds nothing but the
    /// piece that it has not taken (S11).
    pub fn into_stream(self) -> impl Stream<Item = Result<Bytes, Infallible>> + Send + 'static {
        stream::unfold(self, |mut subscriber| async move {
            let piece = subscriber.next().await?;
            Some((Ok(piece), subscriber))
        })
    }

    async fn next(&mut self) -> Option<Bytes> {
        if let Some(piece) = self.pending.pop_front() {
            return Some(piece);
        }
        while !self.is_closed {
            tokio::select! {
                biased;
                () = self.stop.cancelled() => return Some(self.close("stopping")),
                () = sleep_until(self.ends_at) => return Some(self.close("lifetime")),
                changed = self.frames.changed() => {
                    if changed.is_err() {
                        return Some(self.close("stopping"));
                    }
                    let piece = self.latest();
                    if !piece.is_empty() {
                        return Some(piece);
                    }
                }
            }
        }
        None
    }

    /// What leads from the last message to the latest frame: its messages for who has heard all before, its sign of life for
    /// who has heard those too, else the whole.
    fn latest(&mut self) -> Bytes {
        let frame = self.frames.borrow_and_update().clone();
        let piece = if self.last == frame.last {
            return frame.ping.clone();
        } else if self.last == frame.before {
            frame.body.clone()
        } else {
            self.membership.set.whole(&self.state, &frame)
        };
        self.last = frame.last;
        self.pending.extend(Some(frame.ping.clone()).filter(|ping| !ping.is_empty()));
        piece
    }

    fn close(&mut self, reason: &'static str) -> Bytes {
        self.is_closed = true;
        render::close(reason, &self.membership.set.id(self.last)).into()
    }
}

/// The longest life ± 10 %, so that clients which came together do not all come back together (S13).
fn lifetime() -> Duration {
    let spread = SSE_LIFETIME_MS / 5;
    let random = RandomState::new().build_hasher().finish();
    Duration::from_millis(SSE_LIFETIME_MS - spread / 2 + random % spread)
}
