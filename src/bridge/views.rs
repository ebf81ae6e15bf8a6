//! What stands behind every pull endpoint, and the router over it.

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;
use axum::Router;

use crate::bridge::core::Core;
use crate::config::links::Links;
use crate::config::pull::PullEndpoint;
use crate::pull::observe::Observer;
use crate::pull::prometheus::{Exposition, Meters};
use crate::pull::{self, PullState, Shared};
use crate::tasks::Tasks;

/// What every endpoint is opened with.
#[derive(Clone)]
pub(crate) struct Behind {
    pub(crate) core: Core,
    /// What the configuration says, for every endpoint's `about`.
    pub(crate) about: Arc<ArcSwap<serde_json::Value>>,
    pub(crate) observer: Option<Observer>,
    /// Meters of the process, for `/metrics`.
    pub(crate) own_meters: Option<Meters>,
    /// Of these, those of the service that embeds the bridge, for `/metrics/json`.
    pub(crate) custom_meters: Option<Meters>,
}

impl fmt::Debug for Behind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Behind").finish_non_exhaustive()
    }
}

impl Behind {
    /// Every route of an endpoint; its streams end with `streams`.
    pub(crate) fn router(&self, endpoint: &PullEndpoint, links: &Links, streams: &Tasks) -> Router {
        let router = pull::router(self.state(endpoint, links, streams));
        match &self.observer {
            Some(observer) => observer.watch(router),
            None => router,
        }
    }

    /// What stands behind an endpoint.
    pub(crate) fn state(&self, endpoint: &PullEndpoint, links: &Links, streams: &Tasks) -> PullState {
        PullState::new(Shared {
            store: self.core.store.clone(),
            endpoint: endpoint.clone(),
            readiness: self.core.readiness.clone(),
            clock: self.core.clock.clone(),
            about: self.about.clone(),
            // Its pages are this endpoint's: they depend on how it prints.
            exposition: Exposition::new(self.core.store.clone(), self.own_meters.clone()),
            custom_meters: self.custom_meters.clone(),
            links: links.clone(),
            tasks: streams.clone(),
        })
    }
}
