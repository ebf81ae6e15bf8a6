//! Events: what happened, one line each.

use serde::Serialize;
use utoipa::ToSchema;

use crate::model::scope::Scope;
use crate::pull::v1::noun::seconds;
use crate::state::events::Event as EventFacts;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Event<'a> {
    /// The service it is about.
    pub service: Option<&'a str>,
    /// The instance it is about.
    pub instance: Option<&'a str>,
    /// `deployment.environment.name` of its instance.
    pub environment: Option<&'a str>,
    /// The subject's name.
    pub name: &'a str,
    /// The event's number as text, as every entry has a key.
    pub key: String,
    /// Grows by one with every event of this run; `?after=` takes it.
    pub id: u64,
    /// When, in Unix seconds.
    pub at: f64,
    /// `breaker_transition`, `alert_fired`, `alert_resolved`, `instance_seen`, `instance_stale`, `instance_restarted`,
    /// `instance_forgotten`, `component_error`, `config_reloaded` or `config_refused`.
    #[serde(rename = "type")]
    pub kind: &'a str,
    /// For people.
    pub message: &'a str,
}

impl<'a> From<&'a EventFacts> for Event<'a> {
    fn from(facts: &'a EventFacts) -> Self {
        Self {
            service: facts.service.as_deref(),
            instance: facts.instance.as_deref(),
            environment: facts.environment.as_deref(),
            name: &facts.subject,
            key: facts.id.to_string(),
            id: facts.id,
            at: seconds(facts.at_unix_ms),
            kind: facts.kind,
            message: &facts.message,
        }
    }
}

/// Whether the event is about something in scope; one about the process itself is, where nothing is filtered.
pub fn is_in_scope(scope: &Scope, event: &EventFacts) -> bool {
    let fits = |wanted: Option<&str>, told: Option<&str>| wanted.is_none() || wanted == told;
    fits(scope.service.as_deref(), event.service.as_deref())
        && fits(scope.instance.as_deref(), event.instance.as_deref())
        && fits(scope.environment.as_deref(), event.environment.as_deref())
}
