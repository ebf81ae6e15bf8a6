//! What both shapes are made of: the store, the way to record into it, and who the process is.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::clock::Clock;
use crate::config::Config;
use crate::model::health::HealthRules;
use crate::readiness::Readiness;
use crate::record::Recorder;
use crate::state::accounting::Accounting;
use crate::state::judging::Judging;
use crate::state::{LocalIdentity, Store, StoreOptions};

/// Who the process says it is where the configuration and the environment do not.
#[derive(Clone, Debug)]
pub(crate) struct Fallback {
    /// `service.name`.
    pub(crate) service: String,
    /// `service.version`.
    pub(crate) version: Option<&'static str>,
    /// Whether the process is the bridge itself rather than a service that embeds it.
    pub(crate) is_bridge: bool,
}

/// See the module.
#[derive(Clone, Debug)]
pub(crate) struct Core {
    #[cfg_attr(not(any(feature = "pull", feature = "push")), expect(dead_code, reason = "the doors read it"))]
    pub(crate) clock: Clock,
    #[cfg_attr(not(feature = "push"), expect(dead_code, reason = "destinations write it"))]
    pub(crate) accounting: Arc<Accounting>,
    pub(crate) store: Arc<Store>,
    /// None when the process does not show itself.
    pub(crate) recorder: Option<Recorder>,
    pub(crate) readiness: Readiness,
    /// The attributes of the process's resource.
    pub(crate) resource: Vec<(String, String)>,
}

impl Core {
    /// An empty store, and what goes with it.
    pub(crate) fn new(config: &Config, clock: Clock, fallback: &Fallback) -> Self {
        let accounting = Arc::new(Accounting::default());
        let resource = resource_of(config, fallback);
        let shown = LocalIdentity { resource: resource.clone(), is_bridge: fallback.is_bridge };
        let Judging { health, expect, expect_grace, rules } = judging(config);
        let store = Store::new(StoreOptions {
            state: config.state.clone(),
            mappings: config.mappings.clone(),
            health: Arc::unwrap_or_clone(health),
            expect,
            expect_grace,
            rules,
            bindings: config.bindings.clone(),
            local: config.self_observation.then_some(shown),
            clock: clock.clone(),
            accounting: accounting.clone(),
        });
        let recorder = Recorder::new(&store, clock.clone());
        Self { clock, accounting, store, recorder, readiness: Readiness::default(), resource }
    }
}

/// By which rules the configuration judges.
pub(crate) fn judging(config: &Config) -> Judging {
    let weights: BTreeMap<String, f64> = config.health.weights.iter().cloned().collect();
    let health = HealthRules { healthy: config.health.healthy, degraded: config.health.degraded, weights };
    Judging {
        health: Arc::new(health),
        expect: config.health.expect.clone(),
        expect_grace: config.health.expect_grace,
        rules: config.alerts.rules.clone(),
    }
}

/// The process's own resource: what the configuration says, and the defaults for what it does not.
fn resource_of(config: &Config, fallback: &Fallback) -> Vec<(String, String)> {
    let mut resource = config.resource.clone();
    // A service without a name is one whose name is not known (specification of the resource).
    resource.retain(|(key, value)| key != "service.name" || !value.is_empty());
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let defaults = [
        ("service.name", Some(fallback.service.clone())),
        ("service.version", fallback.version.map(str::to_owned)),
        ("service.instance.id", Some(format!("{host}-{}", std::process::id()))),
    ];
    for (key, value) in defaults {
        if let Some(value) = value.filter(|_| !resource.iter().any(|(known, _)| known == key)) {
            resource.push((key.to_owned(), value));
        }
    }
    resource
}
