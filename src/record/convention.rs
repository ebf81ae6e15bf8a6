//! Names, units and attributes of the instruments, declared once (contract §6).

/// An instrument's name, unit and description.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Convention {
    /// The instrument's name.
    pub name: &'static str,
    /// Its UCUM unit.
    pub unit: &'static str,
    /// For people.
    pub description: &'static str,
}

const fn convention(name: &'static str, unit: &'static str, description: &'static str) -> Convention {
    Convention { name, unit, description }
}

/// Attribute: the pool's name.
pub const ATTRIBUTE_POOL: &str = "pool.name";
/// Attribute: state of counted workers.
pub const ATTRIBUTE_POOL_WORKER_STATE: &str = "pool.worker.state";
/// Attribute: the worker's identifier.
pub const ATTRIBUTE_WORKER: &str = "worker.id";
/// Attribute: the application that a worker runs.
pub const ATTRIBUTE_WORKER_APP: &str = "worker.app";
/// Attribute: a worker's state.
pub const ATTRIBUTE_WORKER_STATE: &str = "worker.state";
/// Attribute: kind of a worker's memory.
pub const ATTRIBUTE_WORKER_MEMORY_TYPE: &str = "worker.memory.type";
/// Attribute: the component's name.
pub const ATTRIBUTE_COMPONENT: &str = "component.name";
/// Attribute: the component's type.
pub const ATTRIBUTE_COMPONENT_TYPE: &str = "component.type";
/// Attribute: a component's state.
pub const ATTRIBUTE_COMPONENT_STATE: &str = "component.state";
/// Attribute: the circuit breaker's name.
pub const ATTRIBUTE_BREAKER: &str = "circuit_breaker.name";
/// Attribute: a circuit breaker's state.
pub const ATTRIBUTE_BREAKER_STATE: &str = "circuit_breaker.state";
/// Attribute: how a call ended.
pub const ATTRIBUTE_OUTCOME: &str = "outcome";

/// Attribute: the type of an error.
pub const ATTRIBUTE_ERROR_TYPE: &str = "error.type";
/// Attribute: what an error says.
pub const ATTRIBUTE_EXCEPTION_MESSAGE: &str = "exception.message";
/// Attribute: the state that a circuit breaker left.
pub const ATTRIBUTE_FROM: &str = "from";
/// Attribute: the state that a circuit breaker entered.
pub const ATTRIBUTE_TO: &str = "to";
/// Attribute: why a circuit breaker changed its state.
pub const ATTRIBUTE_REASON: &str = "reason";
/// Attribute: the stream's name.
pub const ATTRIBUTE_STREAM: &str = "stream.name";
/// Attribute: the component that sends into a stream.
pub const ATTRIBUTE_STREAM_FROM: &str = "stream.from";
/// Attribute: the component that a stream leads to.
pub const ATTRIBUTE_STREAM_TO: &str = "stream.to";

/// Log event: a component failed at something.
pub const EVENT_COMPONENT_ERROR: &str = "component.error";
/// Log event: a circuit breaker changed its state.
pub const EVENT_BREAKER_TRANSITION: &str = "circuit_breaker.transition";

/// Outcomes of a call through a circuit breaker, in the order of [`crate::state::cells::BreakerCell::calls`].
pub const OUTCOMES: [&str; 3] = ["success", "failure", "rejected"];

/// Configured size of a pool.
pub const POOL_SIZE: Convention = convention("pool.size", "{worker}", "Configured size of the pool");
/// Workers of a pool by state.
pub const POOL_WORKER_COUNT: Convention = convention("pool.worker.count", "{worker}", "Workers of the pool by state");
/// Share of a pool that is active.
pub const POOL_UTILIZATION: Convention =
    convention("pool.utilization", "1", "Active workers divided by the pool's size");
/// Requests that wait for a worker.
pub const POOL_PENDING: Convention =
    convention("pool.pending_requests", "{request}", "Requests that wait for a worker");
/// Requests of a pool.
pub const POOL_REQUESTS: Convention =
    convention("pool.requests", "{request}", "Requests that the pool's workers handled");
/// Errors of a pool.
pub const POOL_ERRORS: Convention = convention("pool.errors", "{error}", "Requests of the pool that failed");
/// Workers that a pool created.
pub const POOL_WORKERS_CREATED: Convention =
    convention("pool.workers.created", "{worker}", "Workers of the pool that became ready");
/// Workers that failed to start.
pub const POOL_WORKERS_FAILED: Convention =
    convention("pool.workers.failed", "{worker}", "Workers of the pool that failed to start");
/// Workers that left a pool.
pub const POOL_WORKERS_RETIRED: Convention =
    convention("pool.workers.retired", "{worker}", "Workers that left the pool");
/// How long a pool's requests take.
pub const POOL_REQUEST_DURATION: Convention =
    convention("pool.request.duration", "s", "How long a worker of the pool took for a request");
/// State of a worker.
pub const WORKER_STATUS: Convention =
    convention("worker.status", "1", "1 for the state that the worker is in, 0 for the others");
/// Requests of a worker.
pub const WORKER_REQUESTS: Convention = convention("worker.requests", "{request}", "Requests handled by the worker");
/// Errors of a worker.
pub const WORKER_ERRORS: Convention = convention("worker.errors", "{error}", "Errors of the worker");
/// Age of a worker.
pub const WORKER_UPTIME: Convention = convention("worker.uptime", "s", "Time since the worker was created");
/// Memory of a worker.
pub const WORKER_MEMORY: Convention = convention("worker.memory.usage", "By", "Memory of the worker by type");
/// State of a component.
pub const COMPONENT_STATUS: Convention =
    convention("component.status", "1", "1 for the state that the component is in, 0 for the others");
/// Items of a component.
pub const COMPONENT_ITEMS: Convention =
    convention("component.items_processed", "{item}", "Items processed by the component");
/// Errors of a component.
pub const COMPONENT_ERRORS: Convention = convention("component.errors", "{error}", "Errors of the component");
/// Last activity of a component.
pub const COMPONENT_LAST_ACTIVITY: Convention =
    convention("component.last_activity", "s", "Unix time of the component's last activity");
/// How long a component takes.
pub const COMPONENT_PROCESS_DURATION: Convention =
    convention("component.process.duration", "s", "How long the component took for an item");
/// State of a circuit breaker.
pub const BREAKER_STATUS: Convention =
    convention("circuit_breaker.status", "1", "1 for the state that the circuit breaker is in, 0 for the others");
/// Failures that a circuit breaker saw.
pub const BREAKER_FAILURES: Convention =
    convention("circuit_breaker.failures", "{failure}", "Failures that the circuit breaker saw");
/// Transitions of a circuit breaker.
pub const BREAKER_TRANSITIONS: Convention =
    convention("circuit_breaker.transitions", "{transition}", "Changes of the circuit breaker's state");
/// Calls through a circuit breaker.
pub const BREAKER_CALLS: Convention =
    convention("circuit_breaker.calls", "{call}", "Calls through the circuit breaker by outcome");
/// Last failure that a circuit breaker saw.
pub const BREAKER_LAST_FAILURE: Convention =
    convention("circuit_breaker.last_failure", "s", "Unix time of the last failure that the circuit breaker saw");
/// What is active of a stream.
pub const STREAM_ACTIVE: Convention = convention("stream.active", "{stream}", "What is active of the stream now");
/// Messages that wait in a stream.
pub const STREAM_QUEUE_DEPTH: Convention =
    convention("stream.queue_depth", "{message}", "Messages that wait for the stream's receiver");
/// Messages of a stream.
pub const STREAM_MESSAGES: Convention = convention("stream.messages", "{message}", "Messages of the stream");
/// Backpressure in a stream.
pub const STREAM_BACKPRESSURE: Convention =
    convention("stream.backpressure_events", "{event}", "Times that the stream's receiver held the sender back");
/// Traces begun.
pub const TRACE_COUNT: Convention = convention("trace.count", "{trace}", "Traces begun by this process");
/// Spans that are open.
pub const SPAN_LIVE: Convention = convention("otel.sdk.span.live", "{span}", "Recording spans that have not ended yet");
/// Spans begun.
pub const SPAN_STARTED: Convention = convention("otel.sdk.span.started", "{span}", "Spans begun by this process");
/// The health score of the process.
pub const HEALTH_SCORE: Convention = convention("health.score", "1", "Health score from 0 to 1");
/// CPU of the process.
pub const PROCESS_CPU: Convention =
    convention("process.cpu.utilization", "1", "Share of the machine's cores that the process used lately");
/// Memory of the process.
pub const PROCESS_MEMORY: Convention = convention("process.memory.usage", "By", "Resident memory of the process");
/// Age of the process.
pub const PROCESS_UPTIME: Convention = convention("process.uptime", "s", "Time since the process started");
