//! `otel_bridge.v1.Bridge`: the calls.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use axum::http::HeaderValue;
use tonic::{Request, Response, Status};

use crate::clock::Clock;
use crate::config::links::Links;
use crate::limits::{WATCH_INTERVAL_DEFAULT_MS, WATCH_INTERVAL_MAX_MS, WATCH_INTERVAL_MIN_MS, WATCH_REQUEST_BYTES_MAX};
use crate::listen::ClientAddress;
use crate::model::scope::Scope;
use crate::model::snapshot::Snapshot;
use crate::proto::v1::bridge_server::{Bridge, BridgeServer};
use crate::proto::v1::{GetSnapshotRequest, WatchRequest};
use crate::pull::cache::{Cache, Rendered, View};
use crate::pull::grpc::encoded::Encoded;
use crate::pull::grpc::messages::Said as _;
use crate::pull::grpc::set::SetKey;
use crate::pull::grpc::watch::{self, WatchStream};
use crate::pull::grpc::watchers::{NoWatch, Watchers};
use crate::pull::v1::topics::Topics;
use crate::pull::v1::whole::Whole;
use crate::state::Store;
use crate::tasks::Tasks;

/// What the calls stand on until the next reload.
#[derive(Debug)]
pub(super) struct Ground {
    pub(super) store: Arc<Store>,
    pub(super) clock: Clock,
    pub(super) links: Links,
    /// The owner of the sets' tasks; its cancel ends every watch.
    pub(super) tasks: Tasks,
    pub(super) watchers: Watchers,
    cache: Cache,
    /// Tests look at a picture of their own.
    #[cfg(test)]
    pub(super) shown: std::sync::Mutex<Option<Arc<Snapshot>>>,
}

/// The service; clones are one.
#[derive(Clone, Debug)]
pub struct BridgeService(Arc<ArcSwap<Ground>>);

impl Ground {
    fn new(store: Arc<Store>, clock: Clock, links: Links) -> Self {
        Self {
            store,
            clock,
            links,
            tasks: Tasks::new(),
            watchers: Watchers::default(),
            cache: Cache::default(),
            #[cfg(test)]
            shown: std::sync::Mutex::default(),
        }
    }

    /// The present snapshot.
    pub(super) fn snapshot(&self) -> Arc<Snapshot> {
        #[cfg(test)]
        if let Some(shown) = self.shown.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone() {
            return shown;
        }
        self.store.snapshot()
    }
}

impl BridgeService {
    /// A service over the store, with these link templates.
    pub fn new(store: Arc<Store>, clock: Clock, links: Links) -> Self {
        Self(Arc::new(ArcSwap::from_pointee(Ground::new(store, clock, links))))
    }

    /// The service for a gRPC port.
    pub fn server(&self) -> BridgeServer<Self> {
        BridgeServer::new(self.clone()).max_decoding_message_size(WATCH_REQUEST_BYTES_MAX)
    }

    /// Takes on link templates. If they are new, watches end and begin anew, since they tell links once.
    pub fn relink(&self, links: &Links) {
        let before = self.0.load_full();
        if before.links == *links {
            return;
        }
        self.0.store(Arc::new(Ground::new(before.store.clone(), before.clock.clone(), links.clone())));
        before.tasks.cancel();
    }

    /// Ends every watch, for good.
    pub async fn close(&self) {
        let ground = self.0.load_full();
        ground.tasks.cancel();
        ground.tasks.join().await;
    }

    #[cfg(test)]
    pub(super) fn ground(&self) -> Arc<Ground> {
        self.0.load_full()
    }
}

fn scope_of(service: String, instance: String, environment: String) -> Scope {
    let filter = |text: String| Some(text).filter(|text| !text.is_empty());
    Scope { service: filter(service), instance: filter(instance), environment: filter(environment) }
}

fn topics_of(names: &[String]) -> Result<Topics, Status> {
    Topics::named(names.iter().map(String::as_str)).map_err(|error| Status::invalid_argument(error.to_string()))
}

fn interval_of(wanted_ms: u32) -> Duration {
    let wanted_ms = if wanted_ms == 0 { WATCH_INTERVAL_DEFAULT_MS } else { u64::from(wanted_ms) };
    Duration::from_millis(wanted_ms.clamp(WATCH_INTERVAL_MIN_MS, WATCH_INTERVAL_MAX_MS))
}

impl From<NoWatch> for Status {
    fn from(reason: NoWatch) -> Self {
        match reason {
            NoWatch::NoSeat(_) | NoWatch::TooManySets => Self::resource_exhausted(reason.to_string()),
            NoWatch::Stopping => Self::unavailable(reason.to_string()),
        }
    }
}

#[tonic::async_trait]
impl Bridge for BridgeService {
    async fn get_snapshot(&self, request: Request<GetSnapshotRequest>) -> Result<Response<Encoded>, Status> {
        let GetSnapshotRequest { service, instance, environment, topics } = request.into_inner();
        let (scope, topics) = (scope_of(service, instance, environment), topics_of(&topics)?);
        let ground = self.0.load_full();
        // Before the snapshot, so that an event in between is seen twice rather than never.
        let latest_event = ground.store.events().latest();
        let snapshot = ground.snapshot();
        let view = View { name: "grpc", scope: scope.clone(), variant: format!("{topics:?} {latest_event}") };
        let render = || {
            let context = ground.context(&snapshot, &scope);
            let system = context.system();
            let encoded = Encoded::of(&Whole::new(&context, &system, topics, latest_event).said());
            Rendered::ok(HeaderValue::from_static("application/grpc"), encoded.bytes().clone())
        };
        let rendered = ground.cache.get(&snapshot, view, render).await;
        Ok(Response::new(rendered.body.into()))
    }

    type WatchStream = WatchStream;

    async fn watch(&self, request: Request<WatchRequest>) -> Result<Response<WatchStream>, Status> {
        // The loopback where no listener stands in front: a test.
        let address =
            request.extensions().get().map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |ClientAddress(address)| *address);
        let WatchRequest { service, instance, environment, topics, interval_ms } = request.into_inner();
        let scope = scope_of(service, instance, environment);
        let key = SetKey { scope, topics: topics_of(&topics)?, interval: interval_of(interval_ms) };
        let ground = self.0.load_full();
        let place = ground.watchers.join(&ground, key, address)?;
        Ok(Response::new(watch::open(ground, place)))
    }
}
