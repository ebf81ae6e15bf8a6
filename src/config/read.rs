//! From the tree of a file to the configuration, one reader a section. Defaults stand here.

pub(crate) mod address;
pub(crate) mod alerts;
pub(crate) mod blueprint;
pub(crate) mod listener;
pub(crate) mod manifest;
pub(crate) mod mappings;
pub(crate) mod pull;
pub(crate) mod push;
pub(crate) mod receive;
pub(crate) mod state;

use std::time::Duration;

use crate::config::Config;
use crate::config::pull::PullEndpoint;
use crate::config::section::Section;
use crate::config::temporality::Temporality;

/// Reads a file of any of the three forms; its top level says which it is.
pub(crate) fn file(root: &mut Section<'_>) -> Config {
    if root.has("system") {
        blueprint::blueprint(root)
    } else if root.has("name") {
        manifest::manifest(root)
    } else {
        let pull = pull::endpoints(root);
        sections(root, pull)
    }
}

/// Every section but the pull endpoints, which each form makes in its own way.
fn sections(root: &mut Section<'_>, pull: Vec<PullEndpoint>) -> Config {
    let config = Config {
        file: None,
        self_observation: root.boolean("self_observation", true),
        receive: receive::receive(root),
        pull,
        push: push::destinations(root),
        state: state::state(root),
        health: state::health(root),
        alerts: alerts::alerts(root),
        mappings: mappings::mappings(root),
        links: state::links(root),
        bindings: Vec::new(),
        metric_export_interval: Duration::from_mins(1),
        metric_temporality: Temporality::Cumulative,
        resource: Vec::new(),
        warnings: Vec::new(),
    };
    for endpoint in config.pull.iter().filter(|endpoint| !endpoint.enabled) {
        root.report().warn(format!("pull endpoint `{}` has `enabled: false` and does not listen", endpoint.name));
    }
    config
}
