//! The one picture of everything at one moment. Every view renders the same immutable [`Snapshot`], so that for one snapshot id
//! JSON, Prometheus, SSE and health agree to the last digit.
//!
//! Only facts stand here. What depends on the asker's scope (health score, error rate, merged maps) is derived from the
//! snapshot by `model::health` and `model::merge`, the same for every view.

use std::sync::Arc;
use std::time::Duration;

use crate::model::alert::AlertBoard;
use crate::model::breaker::BreakerState;
use crate::model::component::ComponentState;
use crate::model::health::HealthRules;
use crate::model::pool::PoolCounts;
use crate::model::signal::Signal;
use crate::model::trace::KeptSpan;
use crate::model::worker::WorkerState;

/// Everything that is known at one moment.
#[derive(Debug, Default)]
pub struct Snapshot {
    /// Grows by one with every snapshot of this run.
    pub id: u64,
    /// When it was taken, in Unix milliseconds.
    pub taken_at_unix_ms: u64,
    /// How long this process has run.
    pub uptime: Duration,
    /// Identifies this run of the process: another value means a restart.
    pub run_id: Arc<str>,
    /// Every instance that is not forgotten; entities name theirs by its place in this list.
    pub instances: Vec<InstanceFacts>,
    /// Every pool.
    pub pools: Vec<PoolFacts>,
    /// Every worker, the terminated ones that are still reported included.
    pub workers: Vec<WorkerFacts>,
    /// Every component.
    pub components: Vec<ComponentFacts>,
    /// Components that the configuration expects and nobody reported (contract §7, §9); they have no instance.
    pub missing: Vec<Arc<str>>,
    /// Every circuit breaker.
    pub breakers: Vec<BreakerFacts>,
    /// Every stream.
    pub streams: Vec<StreamFacts>,
    /// The last slow and failed spans, newest first.
    pub spans: Vec<KeptSpan>,
    /// Alerts and recommendations as judged at this moment.
    pub alerts: Arc<AlertBoard>,
    /// The bridge's own counters.
    pub bridge: BridgeFacts,
    /// Health thresholds and weights that hold at this moment; views apply them to their scope.
    pub health_rules: Arc<HealthRules>,
    /// Parts that could not be read; the rest is true all the same.
    pub errors: Vec<PartError>,
}

impl Snapshot {
    /// The moment in Unix seconds with milliseconds, as the `timestamp` fields of the spec print it.
    pub fn timestamp(&self) -> f64 {
        self.taken_at_unix_ms as f64 / 1000.0
    }
}

/// A part of the snapshot that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartError {
    /// What is missing, such as `process` or `pool requests`.
    pub part: Arc<str>,
    /// Why.
    pub message: Arc<str>,
}

/// Whether an instance is heard from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Liveness {
    /// Heard from within its staleness window.
    Live,
    /// Silent for longer: its components count as unhealthy, its series have left the exposition.
    Stale,
    /// Stale, but a newer live instance of the same service has taken its place: it counts nowhere.
    Replaced,
}

/// One instance of a service.
#[derive(Clone, Debug)]
pub struct InstanceFacts {
    /// Number of the instance in this run; never used again for another.
    pub id: u32,
    /// Opaque and stable key.
    pub key: Arc<str>,
    /// `service.name`.
    pub service: Arc<str>,
    /// `service.instance.id`, or the hash of the whole resource.
    pub instance: Arc<str>,
    /// Prometheus `job`: `service.namespace/service.name`, or the name alone.
    pub job: Arc<str>,
    /// `deployment.environment.name` (or its deprecated form).
    pub environment: Option<Arc<str>>,
    /// All resource attributes as strings, in the order received.
    pub resource: Arc<[(Arc<str>, Arc<str>)]>,
    /// Whether it is heard from.
    pub liveness: Liveness,
    /// The local process: its entities carry no `job` and `instance` labels.
    pub is_local: bool,
    /// The bridge itself (only the local process of the binary): its components weigh 0 beside other services.
    pub is_bridge: bool,
    /// When it was first heard from, in Unix milliseconds.
    pub first_seen_unix_ms: u64,
    /// When it was last heard from, in Unix milliseconds.
    pub last_seen_unix_ms: u64,
    /// Observed export interval in seconds, once two exports were seen.
    pub export_interval_s: Option<f64>,
    /// CPU of that machine's cores, 0 to 1, as it reports.
    pub cpu_utilization: Option<f64>,
    /// Memory in bytes, as it reports.
    pub memory_bytes: Option<u64>,
    /// Uptime in seconds, as it reports.
    pub uptime_s: Option<f64>,
    /// Traces counted so far.
    pub traces: u64,
    /// Traces in the last 60 s (the whole life while younger).
    pub traces_recent: u64,
    /// Length of that time in seconds.
    pub recent_s: f64,
    /// Spans that are open now, where it reports them.
    pub spans_active: u64,
    /// Spans received or started so far.
    pub spans: u64,
    /// Log records received so far.
    pub log_records: u64,
    /// Generic series held for it.
    pub series: usize,
    /// Restarts that were seen (a new start time, or a counter that fell).
    pub restarts: u64,
}

/// One pool of one instance.
#[derive(Clone, Debug)]
pub struct PoolFacts {
    /// Place of its instance in [`Snapshot::instances`].
    pub owner: usize,
    /// Opaque and stable key.
    pub key: Arc<str>,
    /// `pool.name`.
    pub name: Arc<str>,
    /// Configured size, in workers; unknown when it was never reported.
    pub size: Option<u64>,
    /// Workers by state.
    pub counts: PoolCounts,
    /// Requests that wait for a worker.
    pub pending: Option<u64>,
    /// Requests handled so far.
    pub requests: Option<u64>,
    /// Errors so far.
    pub errors: Option<u64>,
    /// Workers spawned so far.
    pub workers_created: Option<u64>,
    /// Workers that could not be spawned or died.
    pub workers_failed: Option<u64>,
    /// Workers retired on purpose.
    pub workers_retired: Option<u64>,
}

impl PoolFacts {
    /// `active / size`, 0 when the size is 0 or unknown.
    pub fn utilization(&self) -> f64 {
        crate::model::pool::utilization(self.counts.active, self.size.unwrap_or(0))
    }
}

/// One worker of one instance.
#[derive(Clone, Debug)]
pub struct WorkerFacts {
    /// Place of its instance in [`Snapshot::instances`].
    pub owner: usize,
    /// Opaque and stable key.
    pub key: Arc<str>,
    /// `worker.id`.
    pub id: Arc<str>,
    /// `worker.app`; empty when not told.
    pub app: Arc<str>,
    /// `pool.name`; empty when not told.
    pub pool: Arc<str>,
    /// Its state; unknown when it was never reported.
    pub state: Option<WorkerState>,
    /// How long it has been in that state, as observed here, in seconds.
    pub state_age_s: f64,
    /// Seconds since its request count last moved, as observed here.
    pub progress_age_s: f64,
    /// Requests handled so far.
    pub requests: Option<u64>,
    /// Errors so far.
    pub errors: Option<u64>,
    /// Time since creation in seconds.
    pub uptime_s: Option<f64>,
    /// Resident memory in bytes.
    pub memory_rss: Option<u64>,
    /// Used heap in bytes.
    pub memory_heap_used: Option<u64>,
}

/// One component of one instance.
#[derive(Clone, Debug)]
pub struct ComponentFacts {
    /// Place of its instance in [`Snapshot::instances`].
    pub owner: usize,
    /// Opaque and stable key.
    pub key: Arc<str>,
    /// `component.name`.
    pub name: Arc<str>,
    /// `component.type`; empty when not told.
    pub kind: Arc<str>,
    /// Its state as it says; a component that only counts is taken as running.
    pub state: ComponentState,
    /// Items processed so far.
    pub items_processed: u64,
    /// Errors so far.
    pub errors: u64,
    /// Items processed in the last 60 s (the whole life while younger).
    pub items_recent: u64,
    /// Errors in the same time.
    pub errors_recent: u64,
    /// Length of that time in seconds.
    pub recent_s: f64,
    /// Last activity in Unix seconds.
    pub last_activity: Option<f64>,
    /// The last error's type and message, where a log event told them.
    pub last_error: Option<Arc<str>>,
}

/// One circuit breaker of one instance.
#[derive(Clone, Debug)]
pub struct BreakerFacts {
    /// Place of its instance in [`Snapshot::instances`].
    pub owner: usize,
    /// Opaque and stable key.
    pub key: Arc<str>,
    /// `circuit_breaker.name`.
    pub name: Arc<str>,
    /// `component.name`; none when not told.
    pub component: Option<Arc<str>>,
    /// Its state; closed while none was ever told.
    pub state: BreakerState,
    /// Whether a state was ever told.
    pub is_state_known: bool,
    /// When it entered that state, in Unix milliseconds, as observed here.
    pub since_unix_ms: u64,
    /// Failures so far; unknown when they were never reported.
    pub failures: Option<u64>,
    /// Transitions so far.
    pub transitions: u64,
    /// Calls by outcome: success, failure, rejected; each unknown when it was never reported.
    pub calls: [Option<u64>; 3],
    /// Last failure in Unix seconds.
    pub last_failure: Option<f64>,
    /// The last transitions, newest first.
    pub recent_transitions: Arc<[Transition]>,
}

/// One change of a breaker's state.
#[derive(Clone, Debug, PartialEq)]
pub struct Transition {
    /// The state that it left.
    pub from: BreakerState,
    /// The state that it entered.
    pub to: BreakerState,
    /// When, in Unix milliseconds.
    pub at_unix_ms: u64,
    /// Why, where it was told.
    pub reason: Option<Arc<str>>,
}

/// One stream of one instance.
#[derive(Clone, Debug)]
pub struct StreamFacts {
    /// Place of its instance in [`Snapshot::instances`]; none for a binding that only the configuration names.
    pub owner: Option<usize>,
    /// Opaque and stable key.
    pub key: Arc<str>,
    /// `stream.name`.
    pub name: Arc<str>,
    /// The sending component.
    pub from: Arc<str>,
    /// The receiving component.
    pub to: Arc<str>,
    /// Streams that are active now.
    pub active: Option<u64>,
    /// Messages that wait.
    pub queue_depth: Option<u64>,
    /// Messages so far; unknown when they were never reported.
    pub messages: Option<u64>,
    /// Messages in the last 60 s.
    pub messages_recent: u64,
    /// Length of that time in seconds.
    pub recent_s: f64,
    /// Times that the sender had to wait; unknown when they were never reported.
    pub backpressure_events: Option<u64>,
}

/// The bridge's own counters.
#[derive(Clone, Debug, Default)]
pub struct BridgeFacts {
    /// One entry for each receiver (`grpc`, `http`, `self`).
    pub receivers: Vec<ReceiverFacts>,
    /// One entry for each push destination.
    pub destinations: Vec<DestinationFacts>,
    /// Points that the store could not read, by reason.
    pub unreadable: Vec<(&'static str, u64)>,
    /// Generic series held now.
    pub series: usize,
    /// Series that were folded into an overflow series, so far.
    pub series_overflowed: u64,
    /// Names whose type conflicted with an earlier one: (name, kept type, dropped type).
    pub conflicts: Vec<(Arc<str>, &'static str, &'static str)>,
    /// SSE clients now.
    pub sse_clients: u64,
    /// The configuration's standing: none while it is as loaded, else the refusal.
    pub config_refused: Option<ConfigRefused>,
    /// Reloads that were refused so far.
    pub config_refusals: u64,
}

/// A reload that was refused.
#[derive(Clone, Debug, PartialEq)]
pub struct ConfigRefused {
    /// The first error, without secrets.
    pub error: Arc<str>,
    /// When, in Unix milliseconds.
    pub at_unix_ms: u64,
}

/// What one receiver has taken.
#[derive(Clone, Debug)]
pub struct ReceiverFacts {
    /// `grpc`, `http` or `self`.
    pub receiver: &'static str,
    /// Items by signal.
    pub items: [u64; 3],
    /// Requests by signal.
    pub requests: [u64; 3],
    /// Refused items: (signal, reason, items).
    pub refused: Vec<(Signal, &'static str, u64)>,
    /// Refused requests: (signal, reason, requests); of some the items could not be counted.
    pub refused_requests: Vec<(Signal, &'static str, u64)>,
}

/// What one push destination has done.
#[derive(Clone, Debug)]
pub struct DestinationFacts {
    /// Its configured name.
    pub name: Arc<str>,
    /// Where it sends, without credentials.
    pub endpoint: Arc<str>,
    /// `grpc`, `http/protobuf` or `http/json`.
    pub protocol: &'static str,
    /// One word: `ok`, `retrying`, `held` (credentials refused), `stopped`.
    pub state: &'static str,
    /// Its circuit breaker.
    pub breaker: BreakerState,
    /// Figures by signal; none where it does not take that signal.
    pub signals: [Option<DestinationSignal>; 3],
    /// Most bytes that its queue may hold.
    pub queue_bytes_max: u64,
    /// Requests in flight now.
    pub in_flight: u64,
    /// Last success in Unix milliseconds.
    pub last_success_unix_ms: Option<u64>,
    /// The last error's text, without secrets, and when, in Unix milliseconds.
    pub last_error: Option<(Arc<str>, u64)>,
    /// Seconds until the next try, while it waits for one.
    pub retry_in_s: Option<f64>,
    /// Answers that were counted as delivered although their body could not be read.
    pub warnings: u64,
}

/// One signal's figures at one destination; received + recovered = delivered + queued + Σ dropped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DestinationSignal {
    /// Items found in the queue at start.
    pub recovered: u64,
    /// Items that it has accepted into its queue in this run.
    pub accepted: u64,
    /// Items that the destination has accepted.
    pub delivered: u64,
    /// Items dropped by a named policy.
    pub dropped: Vec<(&'static str, u64)>,
    /// Items that wait.
    pub queue_items: u64,
    /// Bytes that wait.
    pub queue_bytes: u64,
    /// Sends that were repeated.
    pub retries: u64,
    /// Sends that ended without an answer: each may have left a duplicate.
    pub unanswered: u64,
}
