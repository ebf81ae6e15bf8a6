//! From the tree of a file to the configuration, one reader a section. Defaults stand here.

pub(crate) mod address;
pub(crate) mod alerts;
pub(crate) mod listener;
pub(crate) mod mappings;
pub(crate) mod pull;
pub(crate) mod push;
pub(crate) mod receive;
pub(crate) mod state;

use crate::config::Config;
use crate::config::section::Section;
use crate::config::state::State;

/// Every native section of the file's top level; the caller has taken the keys of the other forms before.
pub(crate) fn native(root: &mut Section<'_>) -> Config {
    let mut receive_section = root.section("receive");
    let receive = receive::receive(&mut receive_section);
    receive_section.finish();
    let mut health_section = root.section("health");
    let health = state::health(&mut health_section);
    health_section.finish();
    let mut state_section = root.section("state");
    let state: State = state::state(&mut state_section);
    state_section.finish();
    Config {
        file: None,
        self_observation: root.boolean("self_observation", true),
        receive,
        pull: pull::endpoints(root),
        push: push::destinations(root),
        state,
        health,
        alerts: alerts::alerts(root),
        mappings: mappings::mappings(root),
        links: state::links(root),
        bindings: Vec::new(),
        metric_export_interval: std::time::Duration::from_secs(60),
        resource: Vec::new(),
        warnings: Vec::new(),
    }
}
