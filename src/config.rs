//! Configuration: one small struct per concern, loaded, substituted and validated whole, reported once.

pub mod alerts;
#[cfg(feature = "cli")]
pub mod args;
pub mod environment;
pub mod error;
pub mod health;
pub mod links;
pub mod listener;
mod load;
pub mod mappings;
mod otel_environment;
pub mod print;
pub mod pull;
pub mod push;
mod read;
pub mod receive;
pub mod schema;
pub mod secret;
mod section;
pub mod state;
mod substitute;
mod suggest;
pub mod temporality;
mod tree;
mod units;
mod validate;

#[cfg(test)]
mod tests;

use std::path::PathBuf;

pub use environment::{Environment, ProcessEnvironment};
pub use error::{ConfigErrors, Finding};
pub use secret::Secret;

/// The whole configuration after loading: defaults filled in, variables substituted, everything validated.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// The file it came from; none for the embedded defaults.
    pub file: Option<PathBuf>,
    /// Whether the bridge shows itself as service `otel-bridge`.
    pub self_observation: bool,
    /// The OTLP doors.
    pub receive: receive::Receive,
    /// The pull endpoints.
    pub pull: Vec<pull::PullEndpoint>,
    /// The push destinations.
    pub push: Vec<push::Destination>,
    /// The store.
    pub state: state::State,
    /// The health score.
    pub health: health::Health,
    /// Alerting.
    pub alerts: alerts::Alerts,
    /// Mapping rules added to the built-in table.
    pub mappings: Vec<mappings::MappingRule>,
    /// Link templates.
    pub links: links::Links,
    /// Streams that a blueprint's bindings declare.
    pub bindings: Vec<Binding>,
    /// Export interval of the process's own metrics (`OTEL_METRIC_EXPORT_INTERVAL`, 60 s by default).
    pub metric_export_interval: std::time::Duration,
    /// Temporality of the process's own metrics (`OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE`, cumulative by default).
    pub metric_temporality: temporality::Temporality,
    /// `OTEL_RESOURCE_ATTRIBUTES` and `OTEL_SERVICE_NAME` for the process's own resource.
    pub resource: Vec<(String, String)>,
    /// Things worth a warning in the log: a destination from the environment that would be a loop, an endpoint that is not enabled.
    pub warnings: Vec<String>,
}

impl Config {
    /// Every socket that will be bound, receivers first.
    pub(crate) fn listeners(&self) -> impl Iterator<Item = &listener::Listener> {
        let doors = self.receive.grpc.iter().chain(&self.receive.http);
        doors.chain(self.pull.iter().filter(|endpoint| endpoint.enabled).map(|endpoint| &endpoint.listener))
    }
}

/// A binding of a blueprint (spec, blueprint examples): a stream from one component to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The sending component.
    pub from_component: String,
    /// The receiving component.
    pub to_component: String,
    /// The stream's name.
    pub stream_name: String,
}
