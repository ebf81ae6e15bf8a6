//! Every fixed limit of the program, with its reason. What a user may want to change is configuration instead, and its
//! default stands in `config`.

/// Longest attribute key or value that the store keeps, in bytes; longer ones are truncated there and forwarded whole.
pub const LABEL_BYTES_MAX: usize = 2 * 1024;
/// Most attributes of one point that the store keeps; the rest is left out there, counted, and forwarded.
pub const LABELS_MAX: usize = 128;
/// Deepest nesting of messages (an AnyValue in an AnyValue counts one) that the pre-scan lets pass; protobuf libraries stop at 100.
pub const DEPTH_MAX: u32 = 96;
/// Longest gap between two exports that counts as an interval; a longer one is an outage, not a habit.
pub const EXPORT_INTERVAL_MAX_MS: u64 = 300_000;
/// How long an answer waits for a part of it that others provide; a scraper waits ten seconds in all.
pub const PART_PATIENCE_MS: u64 = 2_000;
/// Shortest silence after which an instance or a series may be called stale.
pub const STALE_AFTER_MIN_MS: u64 = 15_000;
/// Alert conditions that are tracked at once; with so many on, one more tells nobody anything.
pub const ALERTS_MAX: usize = 10_000;
/// Resolved alerts that are remembered.
pub const RESOLVED_ALERTS_MAX: usize = 200;
/// Events (transitions, alerts, restarts) in the ring that `events` and reconnecting streams read.
pub const EVENTS_MAX: usize = 1_000;
/// Slow and failed spans that are remembered, of each kind.
pub const SPANS_KEPT_MAX: usize = 100;
/// Transitions that are remembered for each breaker.
pub const TRANSITIONS_MAX: usize = 100;
/// HTTP/1 and HTTP/2 header list, in bytes.
pub const HEADER_BYTES_MAX: usize = 16 * 1024;
/// A response of a destination is read up to this many bytes, also after decompression.
pub const RESPONSE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// A forwarded request is at most this large before compression; larger batches are split.
pub const FORWARD_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Window of `error_rate` and `items_per_second`.
pub const RATE_WINDOW_S: u64 = 60;
/// Rows of a page of `/api/v1/` where no `limit` is given: a screenful of any table, and a small fleet whole.
pub const PAGE_ROWS_DEFAULT: usize = 1_000;
/// Greatest `limit`: as many workers as the load target names, about 4 MB of JSON.
pub const PAGE_ROWS_MAX: usize = 10_000;
/// Distinct sets of filter, topics and kind that SSE clients may ask for at once: each costs one rendering a tick.
pub const SSE_SETS_MAX: usize = 64;
/// Messages that one such set remembers for clients that come back.
pub const SSE_REPLAY_MESSAGES_MAX: usize = 256;
/// Bytes that one such set remembers for clients that come back: 64 sets stay under 32 MiB.
pub const SSE_REPLAY_BYTES_MAX: usize = 512 * 1024;
/// How long a set without subscribers is remembered: a browser that lost its connection is back well within it.
pub const SSE_LINGER_MS: u64 = 15_000;
/// Pause between two looks for changes on the version 1 stream: as often as the store ticks. The plugin's stream has its
/// configured interval.
pub const SSE_TICK_MS: u64 = 1_000;
/// Pause between two signs of life on a stream where nothing changes.
pub const SSE_PING_MS: u64 = 5_000;
/// Pause that clients are told to make before they come back.
pub const SSE_RETRY_MS: u64 = 3_000;
/// Longest life of one SSE connection, ± 10 %: load balancers and leaks get a fresh start, and not all at once.
pub const SSE_LIFETIME_MS: u64 = 60 * 60 * 1_000;
/// Watches over gRPC at once, beside the cap on the port's connections.
pub const WATCHERS_MAX: usize = 1_000;
/// Watches of one address: some terminals and programs, and room for everybody else.
pub const WATCHERS_PER_ADDRESS_MAX: usize = 250;
/// Pause between two looks for changes of a watch that names none: as often as the store ticks.
pub const WATCH_INTERVAL_DEFAULT_MS: u64 = 1_000;
/// Shortest such pause: a snapshot is not made more often by default.
pub const WATCH_INTERVAL_MIN_MS: u64 = 250;
/// Longest such pause.
pub const WATCH_INTERVAL_MAX_MS: u64 = 60_000;
/// Bytes of a request for a snapshot or a watch: three filters and some words.
pub const WATCH_REQUEST_BYTES_MAX: usize = 16 * 1024;
/// Renderings of one snapshot that an endpoint keeps: views times the filters that people look through.
pub const RENDERED_VIEWS_MAX: usize = 256;
/// Bytes of those renderings; a larger one is made again for whoever asks next.
pub const RENDERED_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Instances that the store shows; what further ones send is counted as unreadable and forwarded.
pub const INSTANCES_MAX: usize = 5_000;
/// Pools, components, circuit breakers and streams of all instances together; further ones are counted as unreadable.
pub const ENTITIES_MAX: usize = 20_000;
/// Points of mapped metrics that the store follows for each worker that it may hold: seven states, two counters, uptime, two
/// kinds of memory, and room for error types.
pub const POINTS_PER_WORKER_MAX: usize = 16;
/// Resource attributes, in bytes, that are kept of each instance, and up to which a resource is recognised by its bytes.
pub const RESOURCE_BYTES_MAX: usize = 4 * 1024;
/// A span that takes longer is remembered as slow.
pub const SLOW_SPAN_NS: u64 = 1_000_000_000;
/// A log event explains a transition that was observed at most this long before.
pub const TRANSITION_MATCH_MS: u64 = 120_000;
/// Generic series of one metric in one instance; more fold into its overflow series. A quarter of the default
/// `series_max`: one metric with an unbounded label cannot push out everybody else's.
pub const SERIES_PER_METRIC_MAX: usize = 50_000;
/// Bytes that one generic series may cost on average: `series_max` times this is the store's budget for them.
pub const SERIES_BYTES: usize = 400;
/// Buckets of one histogram, and quantiles of one summary, that the store keeps; more make the point unreadable.
pub const BUCKETS_MAX: usize = 1_024;
/// Buckets to each side of zero that an exponential histogram is folded into; four decades at two a doubling need 27.
pub const EXPONENTIAL_BUCKETS_MAX: usize = 80;
/// Type conflicts of metric names that are remembered by name; more are only counted.
pub const TYPE_CONFLICTS_MAX: usize = 100;
/// Scopes and metric descriptors of one instance that are remembered for a faster look-up; more start it afresh.
pub const DESCRIPTORS_MAX: usize = 10_000;
/// Error types that a recorded component counts apart, beside `_OTHER` for the rest: a type is a kind of failure, not a message.
pub const ERROR_TYPES_MAX: usize = 24;
/// Log events of the process itself that wait for the next export; beyond it they are counted and not exported.
pub const OWN_LOGS_MAX: usize = 1_024;
/// Different errors of one component that become log events between two exports; the metric counts every one.
pub const OWN_ERRORS_TOLD_MAX: usize = 8;
/// Ended spans of the process itself that wait for the next export; beyond it they are counted and not exported.
pub const OWN_SPANS_MAX: usize = 2_048;
/// People signed in to one endpoint at once; one more ends the oldest session.
pub const SESSIONS_MAX: usize = 1_024;
/// Life of a session: a working day, and a morning needs no more than one password.
pub const SESSION_LIFE_MS: u64 = 12 * 60 * 60 * 1_000;
/// Attempts to sign in of one address: this many a second, and [`SIGN_IN_BURST`] at once.
pub const SIGN_IN_PER_SECOND: u32 = 1;
/// See [`SIGN_IN_PER_SECOND`].
pub const SIGN_IN_BURST: u32 = 10;
/// What somebody sends to sign in, in bytes.
pub const SIGN_IN_BYTES_MAX: usize = 8 * 1024;
