//! Exporters: the push destinations and their books.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use crate::model::signal::Signal;
use crate::model::snapshot::{DestinationFacts, DestinationSignal, Snapshot};
use crate::pull::v1::noun::{Context, Noun, is_same_moment, seconds};
use crate::pull::v1::sort::sort_fields;

/// One push destination.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Exporter<'a> {
    /// `service.name` of the process that pushes; null where it does not show itself.
    pub service: Option<&'a str>,
    /// Its instance.
    pub instance: Option<&'a str>,
    /// The destination's configured name.
    pub name: &'a str,
    /// Opaque and stable key, unique among exporters.
    pub key: &'a str,
    /// Where it sends, without credentials.
    pub endpoint: &'a str,
    /// grpc, http/protobuf or http/json.
    pub protocol: &'a str,
    /// ok, retrying, held (credentials refused) or stopped.
    pub state: &'a str,
    /// State of its circuit breaker.
    pub breaker: &'a str,
    /// Figures by signal; null where it neither takes that signal nor has some left.
    pub signals: ExporterSignals<'a>,
    /// Items that wait, of all signals.
    pub queue_items: u64,
    /// Bytes that wait, of all signals.
    pub queue_bytes: u64,
    /// Most bytes that its queue may hold.
    pub queue_bytes_max: u64,
    /// Items that the destination has accepted, of all signals.
    pub delivered: u64,
    /// Items that were dropped for any reason, of all signals.
    pub dropped: u64,
    /// Of these, the ones that the destination refused or rejected.
    pub failed: u64,
    /// Sends that were repeated, of all signals.
    pub retries: u64,
    /// Requests in flight now.
    pub in_flight: u64,
    /// Last success in Unix seconds.
    pub last_success: Option<f64>,
    /// The last error's text, without secrets.
    pub last_error: Option<&'a str>,
    /// When the last error came, in Unix seconds.
    pub last_error_at: Option<f64>,
    /// Seconds until the next try, while it waits for one.
    pub retry_in_seconds: Option<f64>,
    /// Answers that counted as delivered although their body could not be read.
    pub warnings: u64,
}

sort_fields!(Exporter: service, instance, name, key, endpoint, protocol, state, breaker, queue_items, queue_bytes,
    queue_bytes_max, delivered, dropped, failed, retries, in_flight, last_success, last_error, last_error_at, retry_in_seconds, warnings);

/// A destination's figures by signal.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ExporterSignals<'a> {
    /// Metric points.
    pub metrics: Option<ExporterSignal<'a>>,
    /// Spans.
    pub traces: Option<ExporterSignal<'a>>,
    /// Log records.
    pub logs: Option<ExporterSignal<'a>>,
}

/// One signal's figures: recovered + accepted = delivered + `queue_items` + Σ dropped.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ExporterSignal<'a> {
    /// Items found in the queue at start.
    pub recovered: u64,
    /// Items taken into the queue in this run.
    pub accepted: u64,
    /// Items that the destination has accepted.
    pub delivered: u64,
    /// Items dropped, by reason.
    pub dropped: BTreeMap<&'a str, u64>,
    /// Items that wait, those in flight included.
    pub queue_items: u64,
    /// Bytes that wait.
    pub queue_bytes: u64,
    /// Sends that were repeated.
    pub retries: u64,
    /// Sends that ended without an answer: each may have left a duplicate.
    pub unanswered: u64,
}

impl<'a> From<&'a DestinationSignal> for ExporterSignal<'a> {
    fn from(facts: &'a DestinationSignal) -> Self {
        Self {
            recovered: facts.recovered,
            accepted: facts.accepted,
            delivered: facts.delivered,
            dropped: facts.dropped.iter().copied().collect(),
            queue_items: facts.queue_items,
            queue_bytes: facts.queue_bytes,
            retries: facts.retries,
            unanswered: facts.unanswered,
        }
    }
}

impl<'a> Noun<'a> for Exporter<'a> {
    type Facts = DestinationFacts;
    const SINGULAR: &'static str = "exporter";

    fn all(snapshot: &'a Snapshot) -> &'a [DestinationFacts] {
        &snapshot.bridge.destinations
    }

    fn key(facts: &DestinationFacts) -> &str {
        &facts.name
    }

    fn name(facts: &DestinationFacts) -> &str {
        &facts.name
    }

    /// Destinations belong to the process that pushes.
    fn is_in_scope(context: &Context<'a>, _: &DestinationFacts) -> bool {
        context.holds(context.local())
    }

    fn is_same(before: &DestinationFacts, now: &DestinationFacts) -> bool {
        let same_countdown = match (before.retry_in_s, now.retry_in_s) {
            (None, None) => true,
            // The moment of the next try, not the seconds that are left; both counted from their own snapshot. A tick is
            // short, so that a countdown which has not grown is the same one.
            (Some(before), Some(now)) => now <= before || is_same_moment(before, now),
            _ => false,
        };
        same_countdown
            && before.state == now.state
            && before.endpoint == now.endpoint
            && before.protocol == now.protocol
            && before.breaker == now.breaker
            && before.signals == now.signals
            && before.queue_bytes_max == now.queue_bytes_max
            && before.in_flight == now.in_flight
            && before.last_success_unix_ms == now.last_success_unix_ms
            && before.last_error == now.last_error
            && before.warnings == now.warnings
    }

    fn owner(_: &DestinationFacts) -> Option<usize> {
        None
    }

    fn view(context: &Context<'a>, facts: &'a DestinationFacts) -> Self {
        let owner = context.local().map(|place| context.owner(place));
        let signal =
            |signal: Signal| facts.signals.get(signal.index()).and_then(Option::as_ref).map(ExporterSignal::from);
        let held = || facts.signals.iter().flatten();
        let drops = || held().flat_map(|figures| &figures.dropped);
        Self {
            service: owner.map(|owner| owner.service),
            instance: owner.map(|owner| owner.instance),
            name: &facts.name,
            key: &facts.name,
            endpoint: &facts.endpoint,
            protocol: facts.protocol,
            state: facts.state,
            breaker: facts.breaker.as_str(),
            signals: ExporterSignals {
                metrics: signal(Signal::Metrics),
                traces: signal(Signal::Traces),
                logs: signal(Signal::Logs),
            },
            queue_items: held().map(|figures| figures.queue_items).sum(),
            queue_bytes: held().map(|figures| figures.queue_bytes).sum(),
            queue_bytes_max: facts.queue_bytes_max,
            delivered: held().map(|figures| figures.delivered).sum(),
            dropped: drops().map(|(_, items)| items).sum(),
            failed: drops().filter(|(reason, _)| is_refusal(reason)).map(|(_, items)| items).sum(),
            retries: held().map(|figures| figures.retries).sum(),
            in_flight: facts.in_flight,
            last_success: facts.last_success_unix_ms.map(seconds),
            last_error: facts.last_error.as_ref().map(|(text, _)| &**text),
            last_error_at: facts.last_error.as_ref().map(|(_, at_unix_ms)| seconds(*at_unix_ms)),
            retry_in_seconds: facts.retry_in_s,
            warnings: facts.warnings,
        }
    }
}

/// Whether the destination had a say in it: it answered, and would not take the items.
fn is_refusal(reason: &str) -> bool {
    reason == "rejected" || reason == "too_large" || reason.starts_with("refused_")
}
