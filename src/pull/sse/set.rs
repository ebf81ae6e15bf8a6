//! One set of filter, topics and kind: rendered once a tick, shared by all who asked for the same (conformance S10).

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{Notify, watch};

use crate::limits::SSE_TICK_MS;
use crate::model::scope::Scope;
use crate::model::snapshot::Snapshot;
use crate::pull::PullState;
use crate::pull::sse::render::{self, Step};
use crate::pull::sse::ring::Ring;
use crate::pull::v1::topics::Topics;

/// What a stream carries.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The plugin's stream: the pool summary, of one pool or of all in scope.
    Pool(Option<String>),
    /// The plugin's stream in its stats form: the pool summary and the workers.
    Stats(Option<String>),
    /// The version 1 stream: a snapshot, then deltas and events.
    Topics(Topics),
}

impl Kind {
    /// How often it is rendered; `plugin` is the configured interval of the plugin's stream.
    pub fn tick(&self, plugin: Duration) -> Duration {
        match self {
            Self::Pool(_) | Self::Stats(_) => plugin,
            Self::Topics(_) => Duration::from_millis(SSE_TICK_MS),
        }
    }
}

/// What identifies a set: equal requests share one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SetKey {
    /// The filter.
    pub scope: Scope,
    /// What it carries.
    pub kind: Kind,
}

/// What one tick gave. The messages lead from `before` to `last`; who was elsewhere gets the whole instead.
#[derive(Debug)]
pub struct Frame {
    /// Number of the last message before this tick.
    pub before: u64,
    /// Number of the last message of this tick.
    pub last: u64,
    /// The messages of this tick, shared by all subscribers.
    pub body: Bytes,
    /// A sign of life that came after them, for who has heard them already too; empty when there was none.
    pub ping: Bytes,
    source: Arc<Snapshot>,
    latest_event: u64,
    whole: OnceLock<Bytes>,
}

/// A set, its last frame and what it remembers.
#[derive(Debug)]
pub struct Set {
    key: SetKey,
    id_prefix: String,
    frames: watch::Sender<Arc<Frame>>,
    progress: Mutex<Progress>,
    subscribers: AtomicUsize,
    joined: Notify,
}

/// Where the set stands; the next tick leads on from here.
#[derive(Debug)]
struct Progress {
    source: Arc<Snapshot>,
    latest_event: u64,
    sequence: u64,
    ring: Ring,
}

/// Where a subscriber begins.
#[derive(Debug)]
pub struct Beginning {
    /// What it gets at once.
    pub messages: Vec<Bytes>,
    /// Number of the last message in that.
    pub last: u64,
    /// The frames that follow.
    pub frames: watch::Receiver<Arc<Frame>>,
}

impl Set {
    /// A set that begins with the present snapshot; `generation` tells it from all others of this run.
    pub fn new(state: &PullState, key: SetKey, generation: u64) -> Arc<Self> {
        // Before the snapshot: an event in between is sent twice rather than never.
        let latest_event = state.store.events().latest();
        let source = state.snapshot();
        let run: String = source.run_id.chars().filter(char::is_ascii_alphanumeric).collect();
        let progress = Progress { source, latest_event, sequence: 0, ring: Ring::default() };
        let frame = Arc::new(progress.frame(0, Bytes::new()));
        Arc::new(Self {
            key,
            id_prefix: format!("{run}.{generation}-"),
            frames: watch::Sender::new(frame),
            progress: Mutex::new(progress),
            subscribers: AtomicUsize::new(0),
            joined: Notify::new(),
        })
    }

    /// What identifies it.
    pub fn key(&self) -> &SetKey {
        &self.key
    }

    /// The id of the message of that number.
    pub fn id(&self, sequence: u64) -> String {
        format!("{}{sequence}", self.id_prefix)
    }

    /// Renders what has changed since the last tick, if anything, for all subscribers at once.
    pub fn advance(&self, state: &PullState) {
        let mut progress = self.progress();
        let latest_event = state.store.events().latest();
        let snapshot = state.snapshot();
        if let Kind::Topics(_) = self.key.kind
            && snapshot.id == progress.source.id
            && latest_event == progress.latest_event
        {
            return;
        }
        let step = Step {
            before: &progress.source,
            now: &snapshot,
            events_after: progress.latest_event,
            sequence: progress.sequence,
        };
        let messages = render::messages(state, self, &step);
        if messages.is_empty() {
            // The picture that deltas lead on from stays: what moved too little to be told adds up there.
            progress.latest_event = latest_event;
            return;
        }
        let before = progress.sequence;
        progress.sequence += messages.len() as u64;
        progress.source = snapshot;
        progress.latest_event = latest_event;
        let body = messages.concat().into();
        for (sequence, message) in (before + 1..).zip(messages) {
            progress.ring.push(sequence, message.into());
        }
        self.frames.send_replace(Arc::new(progress.frame(before, body)));
    }

    /// Sends a sign of life. It changes nothing, so that it has no number of its own, and it stands beside the last frame's
    /// messages: a subscriber that has not taken those yet still gets them.
    pub fn ping(&self, state: &PullState) {
        let progress = self.progress();
        let ping = render::ping(state, self, progress.sequence).into();
        let frame = self.frames.borrow().clone();
        self.frames.send_replace(Arc::new(frame.with_ping(ping)));
    }

    /// Where a subscriber begins that has seen `last_event_id`: the messages after that if they are remembered, else the whole
    /// (S5).
    pub fn begin(&self, state: &PullState, last_event_id: Option<&str>) -> Beginning {
        let progress = self.progress();
        let mut frames = self.frames.subscribe();
        let frame = frames.borrow_and_update().clone();
        let number = last_event_id.and_then(|id| id.strip_prefix(&self.id_prefix)).and_then(|id| id.parse().ok());
        let replay = match self.key.kind {
            Kind::Topics(_) => number.and_then(|seen| progress.ring.after(seen, progress.sequence)),
            // Every message of the plugin's stream is the whole state: only the latest matters.
            Kind::Pool(_) | Kind::Stats(_) => None,
        };
        let last = progress.sequence;
        // Rendering may take a while, and others tick meanwhile.
        drop(progress);
        let messages = replay.unwrap_or_else(|| vec![self.whole(state, &frame)]);
        Beginning { messages, last, frames }
    }

    /// The whole state at that frame as a message, rendered when the first subscriber needs it and shared by all.
    pub fn whole(&self, state: &PullState, frame: &Frame) -> Bytes {
        let render = || render::whole(state, self, &frame.source, frame.latest_event, frame.last).into();
        frame.whole.get_or_init(render).clone()
    }

    /// Counts a subscriber.
    pub fn enter(&self) {
        self.subscribers.fetch_add(1, Ordering::AcqRel);
        self.joined.notify_one();
    }

    /// Counts a subscriber out.
    pub fn leave(&self) {
        self.subscribers.fetch_sub(1, Ordering::AcqRel);
    }

    /// Whether nobody listens.
    pub fn is_idle(&self) -> bool {
        self.subscribers.load(Ordering::Acquire) == 0
    }

    /// Completes when a subscriber enters.
    pub async fn joined(&self) {
        self.joined.notified().await;
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Frame {
    fn with_ping(&self, ping: Bytes) -> Self {
        Self {
            before: self.before,
            last: self.last,
            body: self.body.clone(),
            ping,
            source: self.source.clone(),
            latest_event: self.latest_event,
            whole: self.whole.clone(),
        }
    }
}

impl Progress {
    fn frame(&self, before: u64, body: Bytes) -> Frame {
        Frame {
            before,
            last: self.sequence,
            body,
            ping: Bytes::new(),
            source: self.source.clone(),
            latest_event: self.latest_event,
            whole: OnceLock::new(),
        }
    }
}
