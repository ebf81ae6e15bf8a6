//! Circuit breakers and their transitions.

use serde::Serialize;
use utoipa::ToSchema;

use crate::model::snapshot::{BreakerFacts, Snapshot, Transition as TransitionFacts};
use crate::pull::v1::noun::{Context, Noun, facts_in_scope, seconds};
use crate::pull::v1::sort::sort_fields;

/// One circuit breaker of one instance.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Breaker<'a> {
    /// `service.name` of its service.
    pub service: &'a str,
    /// Id of its instance.
    pub instance: &'a str,
    /// `deployment.environment.name` of its instance.
    pub environment: Option<&'a str>,
    /// `circuit_breaker.name`.
    pub name: &'a str,
    /// Opaque and stable key, unique among breakers.
    pub key: &'a str,
    /// Whether its instance is silent.
    pub stale: bool,
    /// `component.name`; null when not told.
    pub component: Option<&'a str>,
    /// closed, open, `half_open`, `forced_open` or disabled; null while none was ever told.
    pub state: Option<&'a str>,
    /// When it entered that state, in Unix seconds.
    pub since: f64,
    /// Failures so far; null when never reported.
    pub failures: Option<u64>,
    /// Transitions so far.
    pub transitions: u64,
    /// Calls that succeeded; null when never reported.
    pub calls_succeeded: Option<u64>,
    /// Calls that failed; null when never reported.
    pub calls_failed: Option<u64>,
    /// Calls that were rejected; null when never reported.
    pub calls_rejected: Option<u64>,
    /// Last failure in Unix seconds.
    pub last_failure: Option<f64>,
}

sort_fields!(Breaker: service, instance, environment, name, key, stale, component, state, since, failures, transitions,
    calls_succeeded, calls_failed, calls_rejected, last_failure);

impl<'a> Noun<'a> for Breaker<'a> {
    type Facts = BreakerFacts;
    const SINGULAR: &'static str = "breaker";

    fn all(snapshot: &'a Snapshot) -> &'a [BreakerFacts] {
        &snapshot.breakers
    }

    fn key(facts: &BreakerFacts) -> &str {
        &facts.key
    }

    fn name(facts: &BreakerFacts) -> &str {
        &facts.name
    }

    fn is_same(before: &BreakerFacts, now: &BreakerFacts) -> bool {
        before.state == now.state
            && before.is_state_known == now.is_state_known
            && before.component == now.component
            && before.since_unix_ms == now.since_unix_ms
            && before.failures == now.failures
            && before.transitions == now.transitions
            && before.calls == now.calls
            && before.last_failure == now.last_failure
    }

    fn owner(facts: &BreakerFacts) -> Option<usize> {
        Some(facts.owner)
    }

    fn view(context: &Context<'a>, facts: &'a BreakerFacts) -> Self {
        let owner = context.owner(facts.owner);
        let [calls_succeeded, calls_failed, calls_rejected] = facts.calls;
        Self {
            service: owner.service,
            instance: owner.instance,
            environment: owner.environment,
            name: &facts.name,
            key: &facts.key,
            stale: owner.is_stale,
            component: facts.component.as_deref(),
            state: facts.is_state_known.then_some(facts.state.as_str()),
            since: seconds(facts.since_unix_ms),
            failures: facts.failures,
            transitions: facts.transitions,
            calls_succeeded,
            calls_failed,
            calls_rejected,
            last_failure: facts.last_failure,
        }
    }
}

/// One change of a breaker's state.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Transition<'a> {
    /// `service.name` of the breaker's service.
    pub service: &'a str,
    /// Id of the breaker's instance.
    pub instance: &'a str,
    /// The breaker's name.
    pub name: &'a str,
    /// The breaker's key.
    pub key: &'a str,
    /// The state that it left.
    pub from: &'a str,
    /// The state that it entered.
    pub to: &'a str,
    /// When, in Unix seconds.
    pub at: f64,
    /// Why, where it was told.
    pub reason: Option<&'a str>,
}

impl<'a> Transition<'a> {
    /// The transitions of every breaker in scope from a moment on, newest first, at most so many.
    pub fn of_all(context: &Context<'a>, since_unix_ms: u64, limit: usize) -> (Vec<Self>, usize) {
        let of_one = |breaker: &'a BreakerFacts| {
            let recent = breaker.recent_transitions.iter();
            recent.filter(|one| one.at_unix_ms >= since_unix_ms).map(move |one| (one.at_unix_ms, breaker, one))
        };
        let mut found: Vec<_> = facts_in_scope::<Breaker<'_>>(context).flat_map(of_one).collect();
        // The sort is stable: two at one moment stay in the order of their breakers.
        found.sort_by_key(|(at_unix_ms, ..)| std::cmp::Reverse(*at_unix_ms));
        let total = found.len();
        let views = found.into_iter().take(limit).map(|(_, breaker, one)| Self::of(context, breaker, one));
        (views.collect(), total)
    }

    /// The breaker's transitions, newest first.
    pub fn all(context: &Context<'a>, breaker: &'a BreakerFacts) -> Vec<Self> {
        breaker.recent_transitions.iter().map(|one| Self::of(context, breaker, one)).collect()
    }

    fn of(context: &Context<'a>, breaker: &'a BreakerFacts, transition: &'a TransitionFacts) -> Self {
        let owner = context.owner(breaker.owner);
        Self {
            service: owner.service,
            instance: owner.instance,
            name: &breaker.name,
            key: &breaker.key,
            from: transition.from.as_str(),
            to: transition.to.as_str(),
            at: seconds(transition.at_unix_ms),
            reason: transition.reason.as_deref(),
        }
    }
}
