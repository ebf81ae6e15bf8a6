//! Streams between components.

use serde::Serialize;
use utoipa::ToSchema;

use crate::model::snapshot::{Snapshot, StreamFacts};
use crate::pull::v1::component::per_second;
use crate::pull::v1::noun::{Context, Noun};
use crate::pull::v1::sort::sort_fields;

/// One stream of one instance, or a binding that only the configuration names.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Stream<'a> {
    /// `service.name` of its service; null for a binding that nobody reported.
    pub service: Option<&'a str>,
    /// Id of its instance; null for a binding that nobody reported.
    pub instance: Option<&'a str>,
    /// `deployment.environment.name` of its instance.
    pub environment: Option<&'a str>,
    /// `stream.name`.
    pub name: &'a str,
    /// Opaque and stable key, unique among streams.
    pub key: &'a str,
    /// Whether its instance is silent.
    pub stale: bool,
    /// The sending component.
    pub from: &'a str,
    /// The receiving component.
    pub to: &'a str,
    /// Streams that are active now.
    pub active: Option<u64>,
    /// Messages that wait.
    pub queue_depth: Option<u64>,
    /// Messages so far; null when never reported.
    pub messages: Option<u64>,
    /// Messages a second over the last minute; null when they were never reported.
    pub messages_per_second: Option<f64>,
    /// Times that the sender had to wait; null when never reported.
    pub backpressure_events: Option<u64>,
}

sort_fields!(Stream: service, instance, environment, name, key, stale, from, to, active, queue_depth, messages,
    messages_per_second, backpressure_events);

impl<'a> Noun<'a> for Stream<'a> {
    type Facts = StreamFacts;
    const SINGULAR: &'static str = "stream";

    fn all(snapshot: &'a Snapshot) -> &'a [StreamFacts] {
        &snapshot.streams
    }

    fn key(facts: &StreamFacts) -> &str {
        &facts.key
    }

    fn name(facts: &StreamFacts) -> &str {
        &facts.name
    }

    fn is_same(before: &StreamFacts, now: &StreamFacts) -> bool {
        before.active == now.active
            && before.queue_depth == now.queue_depth
            && before.messages == now.messages
            && before.messages_recent == now.messages_recent
            && before.backpressure_events == now.backpressure_events
    }

    fn owner(facts: &StreamFacts) -> Option<usize> {
        facts.owner
    }

    fn view(context: &Context<'a>, facts: &'a StreamFacts) -> Self {
        let owner = facts.owner.map(|place| context.owner(place));
        Self {
            service: owner.map(|owner| owner.service),
            instance: owner.map(|owner| owner.instance),
            environment: owner.and_then(|owner| owner.environment),
            name: &facts.name,
            key: &facts.key,
            stale: owner.is_some_and(|owner| owner.is_stale),
            from: &facts.from,
            to: &facts.to,
            active: facts.active,
            queue_depth: facts.queue_depth,
            messages: facts.messages,
            messages_per_second: facts.messages.map(|_| per_second(facts.messages_recent, facts.recent_s)),
            backpressure_events: facts.backpressure_events,
        }
    }
}
