//! How long a client may take, and how much it may hold (conformance A G15 and H).

use std::time::Duration;

/// The clocks and bounds of one listener; tests shorten them.
#[derive(Clone, Copy, Debug)]
pub struct Timings {
    /// From the accept (and the TLS handshake) to the first byte.
    pub first_byte: Duration,
    /// From the first byte of a request to the end of its headers.
    pub headers: Duration,
    /// For a TLS handshake.
    pub handshake: Duration,
    /// Longest silence inside a request's body.
    pub body_silence: Duration,
    /// Time of waiting for the body that every request has, beside what [`Timings::body_bytes_per_second_min`] adds.
    pub body_grace: Duration,
    /// Slowest body, in bytes a second, once the grace is used up.
    pub body_bytes_per_second_min: u64,
    /// Longest time in which a write makes no progress.
    pub write: Duration,
    /// An HTTP/1 connection without traffic is closed after this time (and at most twice this time).
    pub idle: Duration,
    /// Interval of HTTP/2 keepalive pings.
    pub ping_interval: Duration,
    /// Longest wait for the answer to one.
    pub ping_timeout: Duration,
    /// Age at which a connection is asked to go (GOAWAY, `Connection: close`), with up to a tenth of it added at random.
    pub age_max: Duration,
    /// How long the requests of an aged connection may still take.
    pub age_grace: Duration,
    /// How long the requests of a stopping listener may still take.
    pub drain: Duration,
    /// Pause of the accept loop when the process has no descriptor left.
    pub accept_pause: Duration,
    /// How often TLS files are looked at.
    pub reload: Duration,
    /// HTTP/2 streams at once on one connection.
    pub streams_max: u32,
}

impl Default for Timings {
    fn default() -> Self {
        Self {
            first_byte: Duration::from_secs(5),
            headers: Duration::from_secs(10),
            handshake: Duration::from_secs(5),
            body_silence: Duration::from_secs(10),
            body_grace: Duration::from_secs(10),
            body_bytes_per_second_min: 1024,
            write: Duration::from_secs(10),
            // Exporters send every 60 s by default and reuse their connection.
            idle: Duration::from_mins(3),
            ping_interval: Duration::from_secs(20),
            ping_timeout: Duration::from_secs(10),
            age_max: Duration::from_hours(1),
            age_grace: Duration::from_mins(5),
            drain: Duration::from_secs(5),
            accept_pause: Duration::from_millis(100),
            reload: Duration::from_secs(1),
            streams_max: 128,
        }
    }
}
