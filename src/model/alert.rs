//! Alerts and recommendations as facts; how rules are judged stands in the functions beside them.

pub mod built_in;
mod cause;
pub mod judge;
pub mod rule;
mod subjects;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::model::scope::Scope;

/// How grave an alert is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Level {
    /// Worth knowing.
    Info,
    /// Worth a look soon.
    Warning,
    /// Act now.
    Critical,
}

impl Level {
    /// All levels, gravest first, as `system_alerts_total` lists them.
    pub const ALL: [Self; 3] = [Self::Critical, Self::Warning, Self::Info];

    /// The name in every view.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

/// One alert: active while `resolved_unix_ms` is none.
#[derive(Clone, Debug, PartialEq)]
pub struct Alert {
    /// Stable while it lasts.
    pub id: Arc<str>,
    /// The rule's name, such as `high_error_rate`.
    pub rule: Arc<str>,
    /// What the rule is about: `system`, `pool`, `worker`, `component`, `circuit_breaker`, `stream`, `service`, `push`.
    pub category: &'static str,
    /// How grave.
    pub level: Level,
    /// For people.
    pub message: Arc<str>,
    /// The subject's name: the component of the printed JSON.
    pub subject: Arc<str>,
    /// The service and instance it is about; none for expected components and the like.
    pub service: Option<Arc<str>>,
    /// The instance, where one is meant.
    pub instance: Option<Arc<str>>,
    /// The instance's environment, for scopes.
    pub environment: Option<Arc<str>>,
    /// The figure that was judged; none where the field is a word, such as a state.
    pub value: Option<f64>,
    /// The threshold that it crossed, where the rule has one.
    pub threshold: Option<f64>,
    /// The id of the alert that this one comes from: that of a failing push destination, where this one is about its component,
    /// its breaker or its queue.
    pub cause: Option<Arc<str>>,
    /// When the condition began, in Unix milliseconds.
    pub since_unix_ms: u64,
    /// When the alert went off (after `for`), in Unix milliseconds.
    pub fired_unix_ms: u64,
    /// When it ended.
    pub resolved_unix_ms: Option<u64>,
}

impl Alert {
    /// Whether the alert concerns the scope. One about a whole service shows under `?service=` and under an environment
    /// that all its instances share; one without service or instance shows where that is not asked for.
    pub fn is_in(&self, scope: &Scope) -> bool {
        is_in(scope, self.service.as_deref(), self.instance.as_deref(), self.environment.as_deref())
    }
}

impl Recommendation {
    /// As [`Alert::is_in`].
    pub fn is_in(&self, scope: &Scope) -> bool {
        is_in(scope, self.service.as_deref(), self.instance.as_deref(), self.environment.as_deref())
    }
}

fn is_in(scope: &Scope, service: Option<&str>, instance: Option<&str>, environment: Option<&str>) -> bool {
    let matches = |wanted: &Option<String>, is: Option<&str>| wanted.as_deref().is_none_or(|wanted| is == Some(wanted));
    matches(&scope.service, service) && matches(&scope.instance, instance) && matches(&scope.environment, environment)
}

/// A recommendation; it stands beside the alert that gave rise to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Recommendation {
    /// Stable while its alert lasts.
    pub id: Arc<str>,
    /// `performance`, `reliability`, `capacity` or `configuration`.
    pub kind: &'static str,
    /// Gravity of the alert behind it.
    pub priority: Level,
    /// A few words.
    pub title: Arc<str>,
    /// For people.
    pub message: Arc<str>,
    /// What to do, step by step.
    pub actions: Vec<Arc<str>>,
    /// The alert behind it.
    pub alert_id: Arc<str>,
    /// The subject's name.
    pub subject: Arc<str>,
    /// See [`Alert::service`].
    pub service: Option<Arc<str>>,
    /// See [`Alert::instance`].
    pub instance: Option<Arc<str>>,
    /// See [`Alert::environment`].
    pub environment: Option<Arc<str>>,
}

/// All alerts of one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AlertBoard {
    /// Active ones, gravest first, then oldest first.
    pub active: Vec<Alert>,
    /// Resolved ones, newest first, bounded.
    pub resolved: Vec<Alert>,
    /// What to do about the active ones.
    pub recommendations: Vec<Recommendation>,
}

impl AlertBoard {
    /// The part of the board that concerns a scope.
    #[must_use]
    pub fn in_scope(&self, scope: &Scope) -> Self {
        Self {
            active: self.active.iter().filter(|alert| alert.is_in(scope)).cloned().collect(),
            resolved: self.resolved.iter().filter(|alert| alert.is_in(scope)).cloned().collect(),
            recommendations: self.recommendations.iter().filter(|one| one.is_in(scope)).cloned().collect(),
        }
    }
}
