//! Alerts and the recommendations that stand beside them.

use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use crate::model::alert::{Alert as AlertFacts, Level, Recommendation as RecommendationFacts};
use crate::model::snapshot::Snapshot;
use crate::pull::v1::noun::{Context, Noun, seconds};
use crate::pull::v1::sort::{SortValue, sort_fields};

/// A level that prints as its name and sorts by its gravity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gravity(pub Level);

impl Serialize for Gravity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.as_str())
    }
}

impl From<Gravity> for SortValue {
    fn from(gravity: Gravity) -> Self {
        Self::Number(match gravity.0 {
            Level::Info => 0.0,
            Level::Warning => 1.0,
            Level::Critical => 2.0,
        })
    }
}

/// One alert, active or resolved.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Alert<'a> {
    /// The service it is about; null for expected components and the like.
    pub service: Option<&'a str>,
    /// The instance it is about, where one is meant.
    pub instance: Option<&'a str>,
    /// `deployment.environment.name` of its instance.
    pub environment: Option<&'a str>,
    /// The rule's name, such as `high_error_rate`.
    pub name: &'a str,
    /// Stable while the alert lasts.
    pub key: &'a str,
    /// system, pool, worker, component, `circuit_breaker`, stream, service or push.
    pub category: &'a str,
    /// info, warning or critical; sorts by gravity.
    #[schema(value_type = String)]
    pub level: Gravity,
    /// active or resolved.
    pub state: &'a str,
    /// For people.
    pub message: &'a str,
    /// The subject's name.
    pub subject: &'a str,
    /// The figure that was judged; null where the field is a word, such as a state.
    pub value: Option<f64>,
    /// The threshold that it crossed, where the rule has one.
    pub threshold: Option<f64>,
    /// Key of the alert that this one comes from: a push destination that fails has one of its own, and others about its
    /// component, its breaker and its queue.
    pub cause: Option<&'a str>,
    /// When the condition began, in Unix seconds.
    pub since: f64,
    /// When the alert went off, in Unix seconds.
    pub fired: f64,
    /// When it ended, in Unix seconds.
    pub resolved: Option<f64>,
}

sort_fields!(Alert: service, instance, environment, name, key, category, level, state, subject, value, threshold, cause,
    since, fired, resolved);

impl<'a> From<&'a AlertFacts> for Alert<'a> {
    fn from(facts: &'a AlertFacts) -> Self {
        Self {
            service: facts.service.as_deref(),
            instance: facts.instance.as_deref(),
            environment: facts.environment.as_deref(),
            name: &facts.rule,
            key: &facts.id,
            category: facts.category,
            level: Gravity(facts.level),
            state: if facts.resolved_unix_ms.is_some() { "resolved" } else { "active" },
            message: &facts.message,
            subject: &facts.subject,
            value: facts.value,
            threshold: facts.threshold,
            cause: facts.cause.as_deref(),
            since: seconds(facts.since_unix_ms),
            fired: seconds(facts.fired_unix_ms),
            resolved: facts.resolved_unix_ms.map(seconds),
        }
    }
}

impl<'a> Noun<'a> for Alert<'a> {
    type Facts = AlertFacts;
    const SINGULAR: &'static str = "alert";

    fn all(snapshot: &'a Snapshot) -> &'a [AlertFacts] {
        &snapshot.alerts.active
    }

    fn key(facts: &AlertFacts) -> &str {
        &facts.id
    }

    fn name(facts: &AlertFacts) -> &str {
        &facts.rule
    }

    fn is_in_scope(context: &Context<'a>, facts: &AlertFacts) -> bool {
        facts.is_in(context.scope)
    }

    fn is_same(before: &AlertFacts, now: &AlertFacts) -> bool {
        before == now
    }

    fn owner(_: &AlertFacts) -> Option<usize> {
        None
    }

    fn view(_: &Context<'a>, facts: &'a AlertFacts) -> Self {
        Self::from(facts)
    }
}

/// What to do about an active alert.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Recommendation<'a> {
    /// The service it is about; null where none is meant.
    pub service: Option<&'a str>,
    /// The instance it is about, where one is meant.
    pub instance: Option<&'a str>,
    /// `deployment.environment.name` of its instance.
    pub environment: Option<&'a str>,
    /// The subject's name.
    pub name: &'a str,
    /// Stable while its alert lasts.
    pub key: &'a str,
    /// performance, reliability, capacity or configuration.
    #[serde(rename = "type")]
    pub kind: &'a str,
    /// info, warning or critical; sorts by gravity.
    #[schema(value_type = String)]
    pub priority: Gravity,
    /// A few words.
    pub title: &'a str,
    /// For people.
    pub message: &'a str,
    /// What to do, step by step.
    pub actions: Vec<&'a str>,
    /// Key of the alert behind it.
    pub alert: &'a str,
}

sort_fields!(Recommendation: service, instance, environment, name, key, kind, priority, title, alert);

impl<'a> From<&'a RecommendationFacts> for Recommendation<'a> {
    fn from(facts: &'a RecommendationFacts) -> Self {
        Self {
            service: facts.service.as_deref(),
            instance: facts.instance.as_deref(),
            environment: facts.environment.as_deref(),
            name: &facts.subject,
            key: &facts.id,
            kind: facts.kind,
            priority: Gravity(facts.priority),
            title: &facts.title,
            message: &facts.message,
            actions: facts.actions.iter().map(AsRef::as_ref).collect(),
            alert: &facts.alert_id,
        }
    }
}

impl<'a> Recommendation<'a> {
    /// The recommendations in scope.
    pub fn all(context: &Context<'a>) -> Vec<Self> {
        context
            .snapshot
            .alerts
            .recommendations
            .iter()
            .filter(|facts| facts.is_in(context.scope))
            .map(Self::from)
            .collect()
    }
}
