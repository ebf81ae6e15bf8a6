//! What a set's messages say.

use serde::Serialize;

use crate::model::snapshot::Snapshot;
use crate::pull::PullState;
use crate::pull::compat::plugin;
use crate::pull::sse::delta::{Delta, Moment};
use crate::pull::sse::message::push_message;
use crate::pull::sse::set::{Kind, Set, SetKey};
use crate::pull::v1::event::{self, Event};
use crate::pull::v1::noun::Context;
use crate::pull::v1::topics::{Topic, Topics};
use crate::pull::v1::whole::Whole;

/// From where to where a tick leads.
#[derive(Debug)]
pub struct Step<'a> {
    /// The picture that was told last.
    pub before: &'a Snapshot,
    /// The present one.
    pub now: &'a Snapshot,
    /// Number of the last event that was told.
    pub events_after: u64,
    /// Number of the last message.
    pub sequence: u64,
}

/// The messages of one tick, in order; none when nothing has changed.
pub fn messages(state: &PullState, set: &Set, step: &Step<'_>) -> Vec<String> {
    match &set.key().kind {
        Kind::Pool(_) | Kind::Stats(_) => vec![pool(set, step.now, step.sequence + 1)],
        Kind::Topics(topics) => changes(state, set, step, *topics),
    }
}

/// The whole state as one message, of that number.
pub fn whole(state: &PullState, set: &Set, snapshot: &Snapshot, latest_event: u64, sequence: u64) -> String {
    match &set.key().kind {
        Kind::Pool(_) | Kind::Stats(_) => pool(set, snapshot, sequence),
        Kind::Topics(topics) => {
            let context = context(state, set, snapshot);
            let system = context.system();
            let data = json(&Whole::new(&context, &system, *topics, latest_event));
            message(Some("snapshot"), &set.id(sequence), &data)
        }
    }
}

/// A sign of life. Clients of the plugin's stream know only data, so that they get a comment.
pub fn ping(state: &PullState, set: &Set, sequence: u64) -> String {
    match &set.key().kind {
        Kind::Pool(_) | Kind::Stats(_) => ": ping\n\n".to_owned(),
        Kind::Topics(_) => {
            let now = Ping { timestamp: state.clock.unix_ms() as f64 / 1000.0 };
            message(Some("ping"), &set.id(sequence), &json(&now))
        }
    }
}

/// The last message of a stream that ends for a reason of ours (S17).
pub fn close(reason: &'static str, id: &str) -> String {
    message(Some("close"), id, &json(&Close { reason }))
}

#[derive(Serialize)]
struct Ping {
    timestamp: f64,
}

#[derive(Serialize)]
struct Close {
    reason: &'static str,
}

fn changes(state: &PullState, set: &Set, step: &Step<'_>, topics: Topics) -> Vec<String> {
    let mut messages = Vec::new();
    let mut next_id = step.sequence;
    let mut push = |name, data: &str| {
        next_id += 1;
        messages.push(message(Some(name), &set.id(next_id), data));
    };
    if topics.holds(Topic::Events) {
        let events = state.store.events_after(step.events_after);
        for event in events.iter().filter(|one| event::is_in_scope(&set.key().scope, one)) {
            push("event", &json(&Event::from(event)));
        }
    }
    if step.now.id != step.before.id {
        let (old, new) = (context(state, set, step.before), context(state, set, step.now));
        let (before, now) = (old.system(), new.system());
        let (before, now) = (Moment { context: &old, system: &before }, Moment { context: &new, system: &now });
        if let Some(delta) = Delta::between(&before, &now, topics) {
            push("delta", &json(&delta));
        }
    }
    messages
}

fn pool(set: &Set, snapshot: &Snapshot, sequence: u64) -> String {
    let SetKey { scope, kind } = set.key();
    let data = match kind {
        Kind::Stats(pool) => json(&plugin::Stats::of(snapshot, scope, pool.as_deref())),
        Kind::Pool(pool) => json(&plugin::Summary::of(snapshot, scope, pool.as_deref())),
        Kind::Topics(_) => String::new(),
    };
    message(None, &set.id(sequence), &data)
}

fn context<'a>(state: &'a PullState, set: &'a Set, snapshot: &'a Snapshot) -> Context<'a> {
    Context::new(snapshot, &set.key().scope, &state.links, &snapshot.health_rules)
}

fn message(event: Option<&str>, id: &str, data: &str) -> String {
    let mut out = String::with_capacity(data.len() + 64);
    push_message(&mut out, event, Some(id), data);
    out
}

/// JSON of what has always a JSON form.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned())
}
