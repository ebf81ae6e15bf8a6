//! The pull layer: every view of a snapshot over HTTP.

pub mod accept;
pub mod cache;
pub mod compat;
#[cfg(feature = "receive")]
pub mod grpc;
pub mod json;
pub mod login;
pub mod observe;
pub mod openapi;
pub mod probes;
pub mod problem;
pub mod prometheus;
pub mod query;
pub mod route;
pub mod sse;
#[cfg(test)]
mod tests;
pub mod ui;
pub mod v1;

use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;
use axum::Router;
use bytes::Bytes;

use crate::clock::Clock;
use crate::config::links::Links;
use crate::config::pull::PullEndpoint;
use crate::listen::Sessions;
use crate::model::scope::Scope;
use crate::model::snapshot::Snapshot;
use crate::pull::cache::{Cache, Rendered, View};
use crate::pull::prometheus::{Exposition, Meters};
use crate::pull::sse::hubs::Hubs;
use crate::pull::ui::Dashboard;
use crate::readiness::Readiness;
use crate::state::Store;
use crate::tasks::Tasks;

/// What the handlers of one endpoint share; cheap to clone.
#[derive(Clone, Debug)]
pub struct PullState(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    shared: Shared,
    cache: Cache,
    hubs: Hubs,
    openapi: OnceLock<Bytes>,
    /// Tests look at a picture of their own.
    #[cfg(test)]
    shown: std::sync::Mutex<Option<Arc<Snapshot>>>,
}

/// See [`PullState`].
#[derive(Debug)]
pub struct Shared {
    /// The store that all views render.
    pub store: Arc<Store>,
    /// The endpoint's configuration.
    pub endpoint: PullEndpoint,
    /// The probes' checks.
    pub readiness: Readiness,
    /// The time.
    pub clock: Clock,
    /// The resolved configuration as JSON, secrets redacted, for `about`; a reload exchanges it.
    pub about: Arc<ArcSwap<serde_json::Value>>,
    /// Where the Prometheus pages get the generic series and the process's own meters.
    pub exposition: Exposition,
    /// Meters whose families `/metrics/json` tells as `custom`: those of a service that embeds the bridge.
    pub custom_meters: Option<Meters>,
    /// Link templates into other tools.
    pub links: Links,
    /// The dashboard; it may have no files.
    pub dashboard: Dashboard,
    /// Those who signed in; none where no listener of ours asks for credentials.
    pub sessions: Option<Arc<Sessions>>,
    /// The owner of the streams' tasks; its cancel ends every stream.
    pub tasks: Tasks,
}

impl PullState {
    /// Wraps what is shared.
    pub fn new(shared: Shared) -> Self {
        Self(Arc::new(Inner {
            shared,
            cache: Cache::default(),
            hubs: Hubs::default(),
            openapi: OnceLock::new(),
            #[cfg(test)]
            shown: std::sync::Mutex::default(),
        }))
    }

    /// An endpoint that shows this snapshot, whatever its store holds.
    #[cfg(test)]
    pub(crate) fn showing(shared: Shared, snapshot: Snapshot) -> Self {
        let state = Self::new(shared);
        state.show(snapshot);
        state
    }

    /// Shows this snapshot from now on.
    #[cfg(test)]
    pub(crate) fn show(&self, snapshot: Snapshot) {
        *self.0.shown.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(Arc::new(snapshot));
    }

    /// The present snapshot.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        #[cfg(test)]
        if let Some(shown) = self.0.shown.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone() {
            return shown;
        }
        self.0.shared.store.snapshot()
    }

    /// The streams of this endpoint.
    pub fn hubs(&self) -> &Hubs {
        &self.0.hubs
    }

    /// `/openapi.json`, made once.
    pub fn openapi(&self) -> Bytes {
        self.0.openapi.get_or_init(|| openapi::render(self)).clone()
    }

    /// A view of the present snapshot, rendered once for each snapshot, scope and variant (whatever else the view depends
    /// on). `name` is the view's own.
    pub async fn render(
        &self,
        name: &'static str,
        scope: Scope,
        variant: &str,
        render: impl FnOnce(&Snapshot, &Scope) -> Rendered,
    ) -> Rendered {
        let snapshot = self.snapshot();
        self.render_of(&snapshot, name, scope, variant, render).await
    }

    /// As [`PullState::render`], of a snapshot that is at hand.
    pub async fn render_of(
        &self,
        snapshot: &Snapshot,
        name: &'static str,
        scope: Scope,
        variant: &str,
        render: impl FnOnce(&Snapshot, &Scope) -> Rendered,
    ) -> Rendered {
        let view = View { name, scope: scope.clone(), variant: variant.to_owned() };
        self.0.cache.get(snapshot, view, || render(snapshot, &scope)).await
    }
}

impl std::ops::Deref for PullState {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0.shared
    }
}

/// Every route of an endpoint. Credentials, rate limits, CORS and TLS are the listener's; the router has none.
pub fn router(state: PullState) -> Router {
    routes(&state, |_| true).fallback(problem::unknown_path).with_state(state)
}

/// The same for a server of somebody else's, whose the root and all unknown paths are: merging routers panics when both have one.
pub fn guest_router(state: PullState) -> Router {
    routes(&state, |path| path != "/").with_state(state)
}

fn routes(state: &PullState, takes: impl Fn(&str) -> bool) -> Router<PullState> {
    let mut router = Router::new();
    for route in route::table(state).into_iter().filter(|route| takes(&route.path)) {
        router = router.route(&route.path, route.handler);
    }
    router.method_not_allowed_fallback(problem::unknown_method)
}
