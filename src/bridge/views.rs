//! What stands behind every pull endpoint, and the router over it.

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;
use axum::Router;

use crate::bridge::core::Core;
use crate::config::links::Links;
use crate::config::pull::PullEndpoint;
use crate::listen::{ListenError, RouterDoor, Sessions};
use crate::pull::observe::Observer;
use crate::pull::prometheus::{Exposition, Meters};
use crate::pull::route::Publicity;
use crate::pull::ui::Dashboard;
use crate::pull::{self, PullState, Shared, probes};
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
    /// What somebody else's server takes of an endpoint; its streams end with `streams`.
    pub(crate) fn guest(&self, endpoint: &PullEndpoint, links: &Links, streams: &Tasks) -> Router {
        pull::guest_router(self.state(endpoint, links, streams, None))
    }

    /// Every route of an endpoint behind a listener of ours, with sessions where it asks for credentials.
    pub(crate) fn door(
        &self,
        endpoint: &PullEndpoint,
        links: &Links,
        streams: &Tasks,
    ) -> Result<RouterDoor, ListenError> {
        let sessions = Sessions::new(&endpoint.listener, &self.core.clock)?.map(Arc::new);
        let state = self.state(endpoint, links, streams, sessions.clone());
        let publicity = Publicity::of(&state);
        let door = RouterDoor::new(self.watched(state)).with_probes(|head| probes::is_probe(head.uri.path()));
        let door = door.with_public(move |head| publicity.admits(head));
        Ok(door.with_sessions(move |head| sessions.as_ref().is_some_and(|sessions| sessions.admits(head))))
    }

    fn state(
        &self,
        endpoint: &PullEndpoint,
        links: &Links,
        streams: &Tasks,
        sessions: Option<Arc<Sessions>>,
    ) -> PullState {
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
            dashboard: Dashboard::built(),
            sessions,
            tasks: streams.clone(),
        })
    }

    fn watched(&self, state: PullState) -> Router {
        let router = pull::router(state);
        match &self.observer {
            Some(observer) => observer.watch(router),
            None => router,
        }
    }
}
