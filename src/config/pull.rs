//! Pull endpoints: the listeners with JSON, Prometheus, SSE, health and probes.

use std::net::Ipv4Addr;
use std::time::Duration;

use crate::config::listener::{Cors, Listener, RateLimit};
use crate::model::scope::Scope;

/// Where the first endpoint listens by default.
pub(crate) const PORT: u16 = 9000;
/// Requests for each client address by default.
pub(crate) const RATE_LIMIT: RateLimit = RateLimit { per_second: 100, burst: 300 };

/// One pull endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PullEndpoint {
    /// Its name, unique in the file (default `system_metrics`).
    pub name: String,
    /// The socket.
    pub listener: Listener,
    /// Where the plugin's routes stand (default `/metrics`); starts with `/`, does not end with one.
    pub base: String,
    /// Prefix of the plugin's families (default `buntime`).
    pub pool_namespace: String,
    /// The Prometheus routes; none answers them with 404.
    pub prometheus: Option<Prometheus>,
    /// Interval of the plugin's SSE stream (default 1 s; also `sseInterval` in milliseconds).
    pub sse_interval: Duration,
    /// What this endpoint shows.
    pub filter: Scope,
    /// Most SSE clients (default 10,000).
    pub sse_clients_max: usize,
    /// Most SSE clients of one address (default 1,000).
    pub sse_clients_per_address_max: usize,
    /// Whether it listens at all.
    pub enabled: bool,
}

impl Default for PullEndpoint {
    /// What a file without `pull` gets: `127.0.0.1:9000`, 100 requests a second for each address.
    fn default() -> Self {
        Self {
            name: "system_metrics".to_owned(),
            listener: Listener {
                address: (Ipv4Addr::LOCALHOST, PORT).into(),
                key: "pull".to_owned(),
                auth: None,
                tls: None,
                rate_limit: Some(RATE_LIMIT),
                connections_max: 1024,
                insecure: false,
                cors: Cors::default(),
                trusted_proxies: Vec::new(),
            },
            base: "/metrics".to_owned(),
            pool_namespace: "buntime".to_owned(),
            prometheus: Some(Prometheus::default()),
            sse_interval: Duration::from_secs(1),
            filter: Scope::default(),
            sse_clients_max: 10_000,
            sse_clients_per_address_max: 1_000,
            enabled: true,
        }
    }
}

/// How the Prometheus routes print.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Prometheus {
    /// Names of the first two parts.
    pub names: Names,
    /// Whether `OpenMetrics` is offered by content negotiation.
    pub openmetrics: bool,
    /// Resource attributes that every series of an instance also carries.
    pub resource_labels: Vec<String>,
}

/// Which names the system, component, pool and worker families have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Names {
    /// As the specification documents print them.
    #[default]
    Spec,
    /// As the instruments translate.
    Otel,
}
