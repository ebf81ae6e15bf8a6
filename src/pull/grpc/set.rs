//! One set of filter, topics and interval: looked at and encoded once a tick, for all who watch the same.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::watch;

use crate::model::scope::Scope;
use crate::model::snapshot::Snapshot;
use crate::proto::v1::watch_response::Message;
use crate::proto::v1::{Ping, WatchResponse};
use crate::pull::grpc::encoded::Encoded;
use crate::pull::grpc::messages::Said as _;
use crate::pull::grpc::service::Ground;
use crate::pull::sse::delta::{Delta, Moment};
use crate::pull::v1::event::{self, Event};
use crate::pull::v1::noun::Context;
use crate::pull::v1::topics::{Topic, Topics};
use crate::pull::v1::whole::Whole;

/// What identifies a set: equal requests share one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct SetKey {
    pub(super) scope: Scope,
    pub(super) topics: Topics,
    pub(super) interval: Duration,
}

/// What one tick gave. The messages lead from `before` to `last`; who was elsewhere gets the whole instead.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) before: u64,
    pub(super) last: u64,
    pub(super) messages: Vec<Encoded>,
    /// A sign of life after them.
    pub(super) ping: Option<Encoded>,
    source: Arc<Snapshot>,
    latest_event: u64,
    whole: Arc<OnceLock<Encoded>>,
}

/// A set; its watchers hold receivers of its frames.
#[derive(Debug)]
pub(super) struct Set {
    pub(super) key: SetKey,
    pub(super) frames: watch::Sender<Arc<Frame>>,
}

impl Set {
    /// A set that begins with the present snapshot.
    pub(super) fn new(ground: &Ground, key: SetKey) -> Self {
        // Before the snapshot: an event in between is sent twice rather than never.
        let latest_event = ground.store.events().latest();
        let frame = Frame {
            before: 0,
            last: 0,
            messages: Vec::new(),
            ping: None,
            source: ground.snapshot(),
            latest_event,
            whole: Arc::default(),
        };
        Self { key, frames: watch::Sender::new(Arc::new(frame)) }
    }

    /// Whether nobody watches.
    pub(super) fn is_idle(&self) -> bool {
        self.frames.receiver_count() == 0
    }

    /// Everything at that frame, encoded when the first watcher needs it.
    pub(super) fn whole(&self, ground: &Ground, frame: &Frame) -> Encoded {
        let SetKey { scope, topics, .. } = &self.key;
        let make = || {
            let context = ground.context(&frame.source, scope);
            let system = context.system();
            let whole = Whole::new(&context, &system, *topics, frame.latest_event);
            response(Message::Snapshot(whole.said()))
        };
        frame.whole.get_or_init(make).clone()
    }

    /// Looks for changes; all watchers get the same messages.
    pub(super) fn advance(&self, ground: &Ground) {
        let latest_event = ground.store.events().latest();
        let snapshot = ground.snapshot();
        let known = self.frames.borrow().clone();
        if snapshot.id == known.source.id && latest_event == known.latest_event {
            return;
        }
        let messages = self.changes(ground, &known, &snapshot);
        if messages.is_empty() {
            // Nobody needs to wake. The picture that deltas lead on from stays: what moved too little to be told adds up.
            return;
        }
        let frame = Frame {
            before: known.last,
            last: known.last + 1,
            messages,
            ping: None,
            source: snapshot,
            latest_event,
            whole: Arc::default(),
        };
        self.frames.send_replace(Arc::new(frame));
    }

    /// A sign of life beside the last frame's messages: a watcher that has not taken those yet still gets them.
    pub(super) fn ping(&self, ground: &Ground) {
        let now = Ping { timestamp: ground.clock.unix_ms() as f64 / 1000.0 };
        let known = self.frames.borrow().clone();
        let frame = Frame {
            before: known.before,
            last: known.last,
            messages: known.messages.clone(),
            ping: Some(response(Message::Ping(now))),
            source: known.source.clone(),
            latest_event: known.latest_event,
            whole: known.whole.clone(),
        };
        self.frames.send_replace(Arc::new(frame));
    }

    fn changes(&self, ground: &Ground, known: &Frame, snapshot: &Snapshot) -> Vec<Encoded> {
        let SetKey { scope, topics, .. } = &self.key;
        let mut messages = Vec::new();
        if topics.holds(Topic::Events) {
            let events = ground.store.events_after(known.latest_event);
            let told = events.iter().filter(|one| event::is_in_scope(scope, one));
            messages.extend(told.map(|one| response(Message::Event(Event::from(one).said()))));
        }
        if snapshot.id != known.source.id {
            let (old, new) = (ground.context(&known.source, scope), ground.context(snapshot, scope));
            let (before, now) = (old.system(), new.system());
            let (before, now) = (Moment { context: &old, system: &before }, Moment { context: &new, system: &now });
            let delta = Delta::between(&before, &now, *topics);
            messages.extend(delta.map(|delta| response(Message::Delta(delta.said()))));
        }
        messages
    }
}

impl Ground {
    /// A snapshot as an asker with that filter sees it.
    pub(super) fn context<'a>(&'a self, snapshot: &'a Snapshot, scope: &'a Scope) -> Context<'a> {
        Context::new(snapshot, scope, &self.links, &snapshot.health_rules)
    }
}

fn response(message: Message) -> Encoded {
    Encoded::of(&WatchResponse { message: Some(message) })
}
