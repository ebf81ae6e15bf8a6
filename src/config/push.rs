//! Push destinations.

use std::path::PathBuf;
use std::time::Duration;

use crate::config::Secret;
use crate::model::signal::Signal;

/// Time for one request by default.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(10);

/// One OTLP destination.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Destination {
    /// Its name, unique in the file; also names its queue file.
    pub name: String,
    /// URL. An HTTP endpoint gets `/v1/<signal>` appended unless it ends so, but for `endpoint_is_exact`.
    pub endpoint: String,
    /// Per-signal endpoints of the environment variables are used as they are.
    pub endpoint_is_exact: bool,
    /// Wire protocol.
    pub protocol: Protocol,
    /// Signals that it takes.
    pub signals: Vec<Signal>,
    /// Compression of requests.
    pub compression: Compression,
    /// Headers (gRPC metadata) of every request.
    pub headers: Vec<(String, Secret)>,
    /// TLS of an `https` endpoint.
    pub tls: ClientTls,
    /// Time for one request (default 10 s).
    pub timeout: Duration,
    /// When to try again.
    pub retry: Retry,
    /// Where what is not yet delivered waits.
    pub queue: Queue,
}

impl Destination {
    /// A destination with the defaults of the configuration file: gRPC, all signals, gzip, ten seconds. Its name names its queue
    /// file too.
    ///
    /// ```
    /// use otel_bridge::config::push::{Destination, Protocol};
    ///
    /// let collector = Destination::new("collector", "http://127.0.0.1:4317");
    /// assert_eq!(collector.protocol, Protocol::Grpc);
    /// ```
    pub fn new(name: impl Into<String>, endpoint: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            endpoint: endpoint.into(),
            endpoint_is_exact: false,
            protocol: Protocol::Grpc,
            signals: Signal::ALL.to_vec(),
            compression: Compression::Gzip,
            headers: Vec::new(),
            tls: ClientTls::default(),
            timeout: TIMEOUT,
            retry: Retry::default(),
            queue: Queue::default(),
        }
    }

    /// With this transport.
    #[must_use]
    pub const fn protocol(mut self, protocol: Protocol) -> Self {
        self.protocol = protocol;
        self
    }

    /// With this compression of requests.
    #[must_use]
    pub const fn compression(mut self, compression: Compression) -> Self {
        self.compression = compression;
        self
    }

    /// With these signals, and no others.
    ///
    /// ```
    /// use otel_bridge::config::push::{Compression, Destination, Protocol};
    /// use otel_bridge::model::signal::Signal;
    ///
    /// let collector = Destination::new("collector", "https://collector.example:4318")
    ///     .protocol(Protocol::HttpProtobuf)
    ///     .compression(Compression::Zstd)
    ///     .header("authorization", "Bearer secret")
    ///     .signals([Signal::Metrics]);
    /// // What is secret is not printed.
    /// assert!(!format!("{collector:?}").contains("Bearer"));
    /// ```
    #[must_use]
    pub fn signals(mut self, signals: impl IntoIterator<Item = Signal>) -> Self {
        self.signals = signals.into_iter().collect();
        self
    }

    /// With this header (gRPC: metadata) on every request.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), Secret::new(value.into())));
        self
    }

    /// With so much time for one request.
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }
}

/// OTLP transports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Protocol {
    /// OTLP/gRPC.
    Grpc,
    /// OTLP/HTTP with protobuf.
    HttpProtobuf,
    /// OTLP/HTTP with JSON.
    HttpJson,
}

/// Compression of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Compression {
    /// None.
    None,
    /// gzip.
    Gzip,
    /// Zstandard.
    Zstd,
}

/// TLS of a client.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientTls {
    /// PEM file with the authorities that are trusted instead of the system's.
    pub ca: Option<PathBuf>,
    /// PEM file with the client certificate.
    pub certificate: Option<PathBuf>,
    /// PEM file with its key.
    pub key: Option<PathBuf>,
    /// Name that the server's certificate must carry, if not the endpoint's host.
    pub server_name: Option<String>,
}

/// When a failed request is repeated.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Retry {
    /// First pause (default 1 s).
    pub initial: Duration,
    /// Longest pause (default 30 s).
    pub max: Duration,
    /// Age at which a batch is dropped; none is never (default).
    pub give_up_after: Option<Duration>,
    /// What refused credentials do.
    pub on_auth_error: OnAuthError,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            initial: Duration::from_secs(1),
            max: Duration::from_secs(30),
            give_up_after: None,
            on_auth_error: OnAuthError::Hold,
        }
    }
}

/// What to do when the destination refuses the credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnAuthError {
    /// Keep the data, pause, and say so loudly (default).
    Hold,
    /// Drop the data, as OTLP says of answers that are not retryable.
    Drop,
}

/// Where undelivered data waits.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Queue {
    /// Folder of the queue files (default `./otel-bridge-data`).
    pub directory: PathBuf,
    /// Most bytes (default 1 GiB).
    pub bytes_max: u64,
    /// When data counts as safe.
    pub durability: Durability,
    /// What happens when it is full.
    pub on_full: OnFull,
}

impl Default for Queue {
    fn default() -> Self {
        Self {
            directory: "./otel-bridge-data".into(),
            bytes_max: 1 << 30,
            durability: Durability::Commit,
            on_full: OnFull::Refuse,
        }
    }
}

/// When data counts as safe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Durability {
    /// After a commit that reached the disk (default).
    Commit,
    /// Written at once, on the disk within 500 ms.
    Interval,
    /// Never: it is lost with the process.
    Memory,
}

/// What a full queue does with new data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnFull {
    /// Refuse the request, so that the sender keeps it (default).
    Refuse,
    /// Drop the oldest batch in the queue.
    DropOldest,
    /// Drop the new data.
    DropNewest,
}
