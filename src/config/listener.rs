//! What every listening socket has: address, credentials, TLS, limits.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use crate::config::Secret;

/// A listening socket.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Listener {
    /// Where it listens; port 0 lets the system choose.
    pub address: SocketAddr,
    /// The configuration key that names this listener, for messages: `receive.otlp.grpc`, `pull[0]` (`pull` where it is no list or
    /// absent), `system.components[2].config`, `address` (a manifest).
    pub key: String,
    /// Who may call; none lets everybody.
    pub auth: Option<Auth>,
    /// TLS; none is clear text.
    pub tls: Option<ServerTls>,
    /// Requests for each client address; none is no limit.
    pub rate_limit: Option<RateLimit>,
    /// Most connections at once (default 1024).
    pub connections_max: usize,
    /// A non-loopback address without `auth` is allowed only with this.
    pub insecure: bool,
    /// Origins that may read from a browser.
    pub cors: Cors,
    /// Addresses whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
}

impl Listener {
    /// Whether other machines reach it, and nothing says who may call. A client certificate counts as credentials: without one no
    /// connection is made.
    pub fn is_exposed(&self) -> bool {
        let has_client_ca = self.tls.as_ref().is_some_and(|tls| tls.client_ca.is_some());
        let is_open = self.auth.is_none() && !has_client_ca;
        !self.address.ip().to_canonical().is_loopback() && is_open && !self.insecure
    }

    /// The path of one of its keys in the file, such as `pull[0].tls`; a manifest's stand at the top level.
    pub(crate) fn path_of(&self, key: &str) -> String {
        if self.key == "address" { key.to_owned() } else { format!("{}.{key}", self.key) }
    }
}

/// Credentials of a listener.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Auth {
    /// Accepted bearer tokens.
    pub bearer_tokens: Vec<Secret>,
    /// Accepted users: name and bcrypt hash.
    pub basic: Vec<(String, Secret)>,
    /// Exact paths that need no credentials.
    pub public: Vec<String>,
}

/// TLS of a listener; the files are read again when they change.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerTls {
    /// PEM file with the certificate chain.
    pub certificate: PathBuf,
    /// PEM file with the private key.
    pub key: PathBuf,
    /// PEM file with the authorities of client certificates; with it no connection is made without one.
    pub client_ca: Option<PathBuf>,
}

impl ServerTls {
    /// TLS with this certificate chain and its key, open to clients without a certificate.
    pub fn new(certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        Self { certificate: certificate.into(), key: key.into(), client_ca: None }
    }
}

/// Requests for each client address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// Steady rate, in requests a second, at least 1.
    pub per_second: u32,
    /// Requests that may come at once, at least 1.
    pub burst: u32,
}

/// Cross-origin access.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cors {
    /// Exact origins, such as `https://grafana.example`; `*` alone means any, then without credentials.
    pub origins: Vec<String>,
}
