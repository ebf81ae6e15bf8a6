//! What every listening socket has: the accept loop, its limits and clocks, TLS, credentials, rate limit and CORS. The doors
//! that stand behind one implement [`Handle`]; they see only requests that may come in.

mod accept;
mod body;
mod connection;
mod credentials;
mod delivery;
mod guard;
mod origin;
mod paced;
mod rate;
mod router;
mod sessions;
mod timings;
mod tls;

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response};
use tokio::net::{TcpListener, TcpSocket};

use crate::config::Finding;
use crate::config::listener::Listener;

pub use accept::{Served, Stats, serve};
pub use body::{BodyTooSlow, RequestBody};
pub use credentials::{Credentials, Verdict};
pub use router::RouterDoor;
pub use sessions::{Denied, Session, Sessions};
pub use timings::Timings;

/// Any error, boxed.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// What stands in the way of serving this listener, but for its address: files of TLS that cannot be used.
pub fn examine(listener: &Listener) -> Vec<Finding> {
    let found = listener.tls.iter().flat_map(|files| tls::examine(files, &listener.key));
    let finding = |(name, error): (&str, ListenError)| Finding {
        path: listener.path_of(&format!("tls.{name}")),
        message: error.to_string(),
    };
    found.map(finding).collect()
}

/// Connections that the system keeps for us between two accepts.
const BACKLOG: u32 = 1024;

/// Why a listener could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The address is taken, or not ours.
    #[error("cannot bind {address} (configuration key `{key}.address`): {reason}")]
    Bind {
        /// The address that was asked for.
        address: SocketAddr,
        /// The listener's configuration key.
        key: String,
        /// What the system said.
        reason: io::Error,
    },
    /// A certificate, key or authority file cannot be used.
    #[error("cannot use {path} (configuration key `{key}.tls`): {reason}", path = path.display())]
    Tls {
        /// The file.
        path: PathBuf,
        /// The listener's configuration key.
        key: String,
        /// Why, without contents.
        reason: String,
    },
    /// A bcrypt hash or an origin of the configuration cannot be used.
    #[error("cannot use the configuration key `{key}`: {reason}")]
    Setting {
        /// The configuration key.
        key: String,
        /// Why, without the value.
        reason: String,
    },
}

impl ListenError {
    /// Whether the address could not be bound: exit code 4 (contract §2).
    pub const fn is_bind(&self) -> bool {
        matches!(self, Self::Bind { .. })
    }
}

/// A socket that listens already, though nobody accepts yet: its port is known, and callers wait in the backlog.
#[derive(Debug)]
pub struct BoundListener {
    listener: TcpListener,
    address: SocketAddr,
    config: Listener,
}

impl BoundListener {
    /// Where it listens, with the port that the system chose.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }
}

/// Binds a listener's address. It must be called inside a tokio runtime.
///
/// # Errors
/// [`ListenError::Bind`] with address and configuration key.
pub fn bind(config: &Listener) -> Result<BoundListener, ListenError> {
    let listen = || {
        let socket = if config.address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        socket.set_reuseaddr(true)?;
        socket.bind(config.address)?;
        let listener = socket.listen(BACKLOG)?;
        let address = listener.local_addr()?;
        Ok((listener, address))
    };
    let refused = |reason| ListenError::Bind { address: config.address, key: config.key.clone(), reason };
    let (listener, address) = listen().map_err(refused)?;
    Ok(BoundListener { listener, address, config: config.clone() })
}

/// The address of the client, behind trusted proxies too; [`RouterDoor`] puts it into the request's extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

/// Who sends a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The client's address, behind trusted proxies too.
    pub address: IpAddr,
    /// Whether credentials were asked for and were right; true where the listener asks for none. A probe that came without
    /// credentials is not verified, and gets no detail.
    pub verified: bool,
}

/// Why a request does not reach the door; each door words it in its own format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Missing, wrong or several credentials: 401 with `WWW-Authenticate` of this value.
    Unauthenticated {
        /// The challenge.
        challenge: &'static str,
    },
    /// Too many requests of this client: 429 with `Retry-After`.
    RateLimited {
        /// When the next one may come, in whole seconds, at least 1.
        retry_after_s: u64,
    },
}

/// A door: what stands behind a listener.
pub trait Handle: Send + Sync + 'static {
    /// The body of its answers; the default is empty.
    type Body: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Default + Send + Unpin + 'static;

    /// Answers a request that may come in.
    fn handle(
        &self,
        request: Request<RequestBody>,
        caller: Caller,
    ) -> impl Future<Output = Response<Self::Body>> + Send;

    /// Words a refusal. Status and headers named at [`Refusal`] are its duty, so that a gRPC door may answer differently.
    fn refuse(&self, head: &Parts, refusal: Refusal) -> Response<Self::Body>;

    /// Whether this is a probe: no credentials are needed and the rate limit does not apply.
    fn is_probe(&self, _head: &Parts) -> bool {
        false
    }

    /// Whether this needs no credentials although others do, such as a page with a form for them. The rate limit applies.
    fn is_public(&self, _head: &Parts) -> bool {
        false
    }

    /// Whether other credentials than the `Authorization` header are good, such as a session's cookie.
    fn admits(&self, _head: &Parts) -> bool {
        false
    }
}

#[cfg(test)]
mod tests;
