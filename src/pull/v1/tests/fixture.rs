//! Endpoints and snapshots made by hand.

use std::sync::Arc;
use std::time::Duration;

use crate::config::links::Links;
use crate::config::pull::PullEndpoint;
use crate::model::alert::{Alert, AlertBoard, Level};
use crate::model::breaker::BreakerState;
use crate::model::component::ComponentState;
use crate::model::pool::PoolCounts;
use crate::model::snapshot::{
    BreakerFacts, ComponentFacts, DestinationFacts, DestinationSignal, InstanceFacts, Liveness, PartError, PoolFacts,
    Snapshot, StreamFacts, Transition, WorkerFacts,
};
use crate::model::trace::{KeptSpan, SpanKind};
use crate::model::worker::WorkerState;
use crate::pull::{PullState, Shared, tests};

/// A date in 2026, in Unix milliseconds.
pub(crate) const NOW_MS: u64 = 1_790_000_000_000;

/// The endpoint of all views, with room for many streams.
pub(crate) fn endpoint() -> PullEndpoint {
    PullEndpoint { sse_clients_max: 10_000, sse_clients_per_address_max: 1_000, ..tests::endpoint() }
}

pub(crate) fn state_of(endpoint: PullEndpoint) -> PullState {
    let links = Links {
        worker: Some("https://g/w?id={worker_id}&s={service}".to_owned()),
        trace: Some("https://g/t/{trace_id}".to_owned()),
    };
    let about = Arc::new(arc_swap::ArcSwap::from_pointee(serde_json::json!({ "pull": [] })));
    PullState::new(Shared { about, links, ..tests::shared_at(endpoint, NOW_MS) })
}

pub(crate) fn state() -> PullState {
    state_of(endpoint())
}

pub(crate) fn instance(service: &str, instance: &str) -> InstanceFacts {
    InstanceFacts {
        id: 0,
        key: format!("{service}-{instance}").into(),
        service: service.into(),
        instance: instance.into(),
        job: service.into(),
        environment: Some("production".into()),
        resource: Arc::new([("service.name".into(), service.into())]),
        liveness: Liveness::Live,
        is_local: false,
        is_bridge: false,
        first_seen_unix_ms: NOW_MS - 60_000,
        last_seen_unix_ms: NOW_MS,
        export_interval_s: Some(10.0),
        cpu_utilization: Some(0.5),
        memory_bytes: Some(1 << 20),
        uptime_s: Some(60.0),
        traces: 30,
        traces_recent: 15,
        recent_s: 60.0,
        spans_active: 2,
        spans: 90,
        log_records: 1,
        series: 3,
        restarts: 0,
    }
}

pub(crate) fn pool(owner: usize, name: &str) -> PoolFacts {
    PoolFacts {
        owner,
        key: format!("p{owner}-{name}").into(),
        name: name.into(),
        size: Some(500),
        counts: PoolCounts { active: 12, idle: 3, creating: 0 },
        pending: None,
        requests: Some(7),
        errors: Some(1),
        workers_created: None,
        workers_failed: None,
        workers_retired: None,
    }
}

pub(crate) fn worker(owner: usize, id: &str) -> WorkerFacts {
    WorkerFacts {
        owner,
        key: format!("w{owner}-{id}").into(),
        id: id.into(),
        app: "shop".into(),
        pool: "requests".into(),
        state: Some(WorkerState::Active),
        state_age_s: 1.0,
        progress_age_s: 1.0,
        requests: Some(10),
        errors: Some(0),
        uptime_s: Some(60.0),
        memory_rss: None,
        memory_heap_used: None,
    }
}

pub(crate) fn component(owner: usize, name: &str, state: ComponentState) -> ComponentFacts {
    ComponentFacts {
        owner,
        key: format!("c{owner}-{name}").into(),
        name: name.into(),
        kind: "Store".into(),
        state,
        items_processed: 100,
        errors: 2,
        items_recent: 60,
        errors_recent: 3,
        recent_s: 60.0,
        last_activity: Some(1.5),
        last_error: None,
    }
}

pub(crate) fn breaker(owner: usize, name: &str) -> BreakerFacts {
    BreakerFacts {
        owner,
        key: format!("b{owner}-{name}").into(),
        name: name.into(),
        component: None,
        state: BreakerState::Open,
        is_state_known: true,
        since_unix_ms: NOW_MS - 1_000,
        failures: Some(5),
        transitions: 1,
        calls: [Some(1), Some(5), Some(2)],
        last_failure: None,
        recent_transitions: Arc::new([Transition {
            from: BreakerState::Closed,
            to: BreakerState::Open,
            at_unix_ms: NOW_MS - 1_000,
            reason: Some("5 failures".into()),
        }]),
    }
}

pub(crate) fn alert(id: &str, level: Level, service: Option<&str>) -> Alert {
    Alert {
        id: id.into(),
        rule: "high_error_rate".into(),
        category: "system",
        level,
        message: "High".into(),
        subject: "shop".into(),
        service: service.map(Into::into),
        instance: None,
        environment: None,
        value: Some(0.3),
        threshold: Some(0.2),
        cause: None,
        since_unix_ms: NOW_MS - 5_000,
        fired_unix_ms: NOW_MS - 5_000,
        resolved_unix_ms: None,
    }
}

/// Two services, one of them with a stale instance, with something of every noun.
pub(crate) fn picture() -> Snapshot {
    let stale = InstanceFacts { liveness: Liveness::Stale, environment: None, ..instance("cart", "c1") };
    let span = KeptSpan {
        why: SpanKind::Failed,
        trace_id: "0af7651916cd43dd8448eb211c80319c".into(),
        span_id: "b7ad6b7169203331".into(),
        name: "GET /".into(),
        start_unix_ns: NOW_MS * 1_000_000,
        duration_s: 0.25,
        message: "boom".into(),
        owner: 0,
    };
    let binding = StreamFacts {
        owner: None,
        key: "s-input".into(),
        name: "input".into(),
        from: "api".into(),
        to: "store".into(),
        active: None,
        queue_depth: None,
        messages: None,
        messages_recent: 0,
        recent_s: 0.0,
        backpressure_events: None,
    };
    let mut snapshot = Snapshot {
        id: 7,
        taken_at_unix_ms: NOW_MS,
        uptime: Duration::from_secs(90),
        run_id: "run-1".into(),
        instances: vec![instance("shop", "s1"), instance("shop", "s2"), stale],
        pools: vec![pool(0, "requests"), pool(1, "requests"), pool(0, "jobs")],
        workers: vec![worker(0, "a/1"), worker(0, "b"), worker(1, "b"), worker(2, "c")],
        components: vec![component(0, "api", ComponentState::Running), component(2, "cart", ComponentState::Running)],
        missing: vec!["ghost".into()],
        breakers: vec![breaker(0, "db")],
        streams: vec![binding],
        spans: vec![span],
        alerts: Arc::new(AlertBoard {
            active: vec![alert("a1", Level::Warning, Some("shop")), alert("a2", Level::Critical, None)],
            resolved: vec![Alert { resolved_unix_ms: Some(NOW_MS), ..alert("a0", Level::Critical, Some("shop")) }],
            recommendations: Vec::new(),
        }),
        errors: vec![PartError { part: "process".into(), message: "no /proc".into() }],
        ..Snapshot::default()
    };
    snapshot.bridge.destinations = vec![DestinationFacts {
        name: "stack".into(),
        endpoint: "http://localhost:14317".into(),
        protocol: "grpc",
        state: "retrying",
        breaker: BreakerState::Open,
        signals: [Some(DestinationSignal { accepted: 5, queue_items: 5, ..Default::default() }), None, None],
        queue_bytes_max: 1 << 30,
        in_flight: 0,
        last_success_unix_ms: None,
        last_error: Some(("refused".into(), NOW_MS)),
        retry_in_s: Some(2.5),
        warnings: 0,
    }];
    snapshot
}
