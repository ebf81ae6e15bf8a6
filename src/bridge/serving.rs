//! The views of an embedded bridge: as a router for the service's own server, or behind a listener of their own.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;

use crate::bridge::Bridge;
use crate::bridge::views::Behind;
use crate::config::links::Links;
use crate::config::listener::Listener;
use crate::config::pull::PullEndpoint;
use crate::listen::{self, ListenError, Timings};
use crate::tasks::Tasks;

/// How long requests may take when the bridge stops.
const DRAIN: Duration = Duration::from_secs(1);

/// Why an endpoint was not opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The address cannot be bound, or a file of TLS cannot be used.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// Other machines reach the address, and nothing says who may call.
    #[error(
        "{address} can be reached by other machines: set `auth` or `tls.client_ca` of the endpoint, or `insecure` if anybody may call"
    )]
    Exposed {
        /// The address.
        address: SocketAddr,
    },
}

/// What an embedded bridge serves.
#[derive(Debug)]
pub(super) struct Serving {
    pub(super) behind: Behind,
    pub(super) endpoint: PullEndpoint,
    pub(super) links: Links,
    streams: Tasks,
    doors: Tasks,
}

impl Serving {
    pub(super) fn new(behind: Behind, endpoint: PullEndpoint, links: Links) -> Self {
        Self { behind, endpoint, links, streams: Tasks::new(), doors: Tasks::new() }
    }

    /// Asks everything to end.
    pub(super) fn cancel(&self) {
        self.streams.cancel();
        self.doors.cancel();
    }

    /// Ends the streams with a last event, then the listeners.
    pub(super) async fn close(&self) {
        self.streams.cancel();
        self.streams.join().await;
        self.doors.cancel();
        self.doors.join().await;
    }
}

impl Bridge {
    /// Every view as a router, to be merged into the service's own, or nested where paths such as `/health` would meet. The root
    /// and unknown paths stay the service's. Credentials, rate limits and TLS are those of the service's server.
    ///
    /// ```
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use axum::{Router, routing::get};
    /// use otel_bridge::Bridge;
    ///
    /// let bridge = Bridge::builder().service_name("checkout").build()?;
    /// let app: Router = Router::new().route("/", get(async || "hello")).merge(bridge.router());
    /// # let _ = app;
    /// # bridge.shutdown().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn router(&self) -> Router {
        let serving = &self.0.serving;
        serving.behind.guest(&serving.endpoint, &serving.links, &serving.streams)
    }

    /// Serves every view on a listener of its own, with the limits, credentials and TLS of the endpoint's configuration
    /// ([`crate::bridge::Builder::endpoint`]). Tells where it listens: port 0 lets the system choose.
    ///
    /// # Errors
    /// [`ServeError`]: an address that is taken, or one that other machines reach without anything that says who may call.
    pub fn serve(&self, address: SocketAddr) -> Result<SocketAddr, ServeError> {
        let serving = &self.0.serving;
        let listener = Listener { address, ..serving.endpoint.listener.clone() };
        if listener.is_exposed() {
            return Err(ServeError::Exposed { address });
        }
        let _entered = self.0.runtime.enter();
        let bound = listen::bind(&listener)?;
        let address = bound.local_addr();
        let endpoint = PullEndpoint { listener: listener.clone(), ..serving.endpoint.clone() };
        let door = serving.behind.door(&endpoint, &serving.links, &serving.streams)?;
        let timings = Timings { drain: DRAIN, ..Timings::default() };
        listen::serve(bound, Arc::new(door), timings, &serving.behind.core.clock, &serving.doors)?;
        Ok(address)
    }
}
