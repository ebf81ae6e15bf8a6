//! One watcher's stream: it holds what it sends next and nothing more.

use std::collections::VecDeque;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, BoxStream};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tonic::Status;

use crate::limits::SSE_LIFETIME_MS;
use crate::pull::grpc::encoded::Encoded;
use crate::pull::grpc::service::Ground;
use crate::pull::grpc::watchers::Place;

/// The messages of a watch; an error ends it.
pub(super) type WatchStream = BoxStream<'static, Result<Encoded, Status>>;

struct Watcher {
    ground: Arc<Ground>,
    place: Place,
    stop: CancellationToken,
    ends_at: Instant,
    pending: VecDeque<Encoded>,
    last: u64,
    has_begun: bool,
    has_ended: bool,
}

/// The stream of a watcher that has its place: the whole first, then what changes.
pub(super) fn open(ground: Arc<Ground>, place: Place) -> WatchStream {
    let watcher = Watcher {
        stop: ground.tasks.token(),
        ground,
        place,
        ends_at: Instant::now() + lifetime(),
        pending: VecDeque::new(),
        last: 0,
        has_begun: false,
        has_ended: false,
    };
    Box::pin(stream::unfold(watcher, |mut watcher| async move {
        let message = watcher.next().await?;
        Some((message, watcher))
    }))
}

impl Watcher {
    async fn next(&mut self) -> Option<Result<Encoded, Status>> {
        if self.has_ended {
            return None;
        }
        if !self.has_begun {
            self.has_begun = true;
            let frame = self.place.frames.borrow_and_update().clone();
            self.last = frame.last;
            return Some(Ok(self.place.set.whole(&self.ground, &frame)));
        }
        loop {
            if let Some(message) = self.pending.pop_front() {
                return Some(Ok(message));
            }
            tokio::select! {
                biased;
                () = self.stop.cancelled() => return Some(Err(self.end("the bridge stops or is reloaded"))),
                () = sleep_until(self.ends_at) => return Some(Err(self.end("a watch ends after about an hour"))),
                changed = self.place.frames.changed() => match changed {
                    Ok(()) => self.take(),
                    Err(_closed) => return Some(Err(self.end("the bridge is stopping"))),
                },
            }
        }
    }

    /// What leads from the last message to the latest frame: its messages for who has had all before, else the whole.
    fn take(&mut self) {
        let frame = self.place.frames.borrow_and_update().clone();
        if self.last == frame.before && frame.before != frame.last {
            self.pending.extend(frame.messages.iter().cloned());
        } else if self.last != frame.last {
            self.pending.push_back(self.place.set.whole(&self.ground, &frame));
        }
        self.last = frame.last;
        self.pending.extend(frame.ping.clone());
    }

    fn end(&mut self, why: &'static str) -> Status {
        self.has_ended = true;
        Status::unavailable(format!("{why}: watch again"))
    }
}

/// The longest life ± 10 %, so that watchers which came together do not all come back together.
fn lifetime() -> Duration {
    let spread = SSE_LIFETIME_MS / 5;
    let random = RandomState::new().build_hasher().finish();
    Duration::from_millis(SSE_LIFETIME_MS - spread / 2 + random % spread)
}
