//! The OTLP doors.

use crate::config::listener::Listener;

/// What the bridge receives.
#[derive(Clone, Debug)]
pub struct Receive {
    /// OTLP over gRPC; none when `receive.otlp.grpc` is `null`.
    pub grpc: Option<Listener>,
    /// OTLP over HTTP; none when `receive.otlp.http` is `null`.
    pub http: Option<Listener>,
    /// Largest request after decompression, in bytes (default 64 MiB).
    pub request_bytes_max: usize,
    /// Most items (points, spans, log records) in one request (default 200,000).
    pub items_max: usize,
    /// Most bytes of requests that are being worked on at once (default 128 MiB).
    pub inflight_bytes_max: usize,
}
