//! A snapshot with the bridge itself, a live instance, a stale one and one that was replaced.

use std::sync::Arc;
use std::time::Duration;

use crate::model::breaker::BreakerState;
use crate::model::component::ComponentState;
use crate::model::pool::PoolCounts;
use crate::model::signal::Signal;
use crate::model::snapshot::{
    BreakerFacts, BridgeFacts, ComponentFacts, DestinationFacts, DestinationSignal, InstanceFacts, Liveness, PoolFacts,
    ReceiverFacts, Snapshot, StreamFacts, WorkerFacts,
};
use crate::model::worker::WorkerState;

pub(super) fn instance(id: u32, service: &str, liveness: Liveness) -> InstanceFacts {
    let resource =
        [("service.name", service), ("k8s.pod.name", "pod\"1"), ("job", "theirs"), ("a.b", "1"), ("a_b", "2")];
    InstanceFacts {
        id,
        key: format!("k{id}").into(),
        service: service.into(),
        instance: format!("i{id}").into(),
        job: format!("shop/{service}").into(),
        environment: Some("production".into()),
        resource: resource.map(|(key, value)| (key.into(), value.into())).into(),
        liveness,
        is_local: id == 0,
        is_bridge: id == 0,
        first_seen_unix_ms: 1,
        last_seen_unix_ms: 2,
        export_interval_s: Some(10.0),
        cpu_utilization: Some(0.255),
        memory_bytes: Some(512 << 20),
        uptime_s: Some(60.5),
        traces: 45,
        traces_recent: 45,
        recent_s: 60.0,
        spans_active: 12,
        spans: 90,
        log_records: 0,
        series: 0,
        restarts: 0,
    }
}

pub(super) fn component(owner: usize, name: &str, state: ComponentState) -> ComponentFacts {
    ComponentFacts {
        owner,
        key: name.into(),
        name: name.into(),
        kind: "Store".into(),
        state,
        items_processed: 1_500,
        errors: 2,
        items_recent: 150,
        errors_recent: 1,
        recent_s: 60.0,
        last_activity: Some(1_691_234_567.89),
        last_error: None,
    }
}

fn breaker(owner: usize, name: &str, component: Option<&str>, state: BreakerState) -> BreakerFacts {
    BreakerFacts {
        owner,
        key: name.into(),
        name: name.into(),
        component: component.map(Into::into),
        state,
        is_state_known: true,
        since_unix_ms: 0,
        failures: Some(3),
        transitions: 2,
        calls: [Some(5), Some(3), Some(1)],
        last_failure: (owner == 1).then_some(1_691_234_567.5),
        recent_transitions: Arc::new([]),
    }
}

fn worker(owner: usize, id: &str, state: Option<WorkerState>) -> WorkerFacts {
    WorkerFacts {
        owner,
        key: id.into(),
        id: id.into(),
        app: "my-app".into(),
        pool: "main".into(),
        state,
        state_age_s: 1.0,
        progress_age_s: 1.0,
        requests: Some(150),
        errors: None,
        uptime_s: Some(3_600.25),
        memory_rss: Some(52_428_800),
        memory_heap_used: None,
    }
}

fn pool(owner: usize, name: &str, size: Option<u64>) -> PoolFacts {
    PoolFacts {
        owner,
        key: name.into(),
        name: name.into(),
        size,
        counts: PoolCounts { active: 12, idle: 3, creating: 0 },
        pending: Some(4),
        requests: Some(1_000),
        errors: None,
        workers_created: Some(20),
        workers_failed: None,
        workers_retired: None,
    }
}

pub(super) fn snapshot() -> Snapshot {
    let stream = StreamFacts {
        owner: Some(1),
        key: "s".into(),
        name: "input".into(),
        from: "task_api".into(),
        to: "task_store".into(),
        active: Some(1),
        queue_depth: None,
        messages: Some(15_000),
        messages_recent: 100,
        recent_s: 60.0,
        backpressure_events: None,
    };
    Snapshot {
        id: 7,
        uptime: Duration::from_millis(3_600_500),
        instances: vec![
            instance(0, "otel-bridge", Liveness::Live),
            instance(1, "web", Liveness::Live),
            instance(2, "web", Liveness::Stale),
            instance(3, "web", Liveness::Replaced),
        ],
        pools: vec![pool(0, "own", Some(4)), pool(1, "main", None), pool(2, "main", Some(9))],
        workers: vec![
            worker(1, "w-1", Some(WorkerState::Active)),
            worker(1, "w-2", Some(WorkerState::Terminated)),
            worker(1, "w-3", None),
            worker(2, "gone", Some(WorkerState::Idle)),
        ],
        components: vec![
            component(0, "receiver", ComponentState::Running),
            component(1, "task_api", ComponentState::Starting),
            component(1, "task_store", ComponentState::Degraded),
            component(2, "task_api", ComponentState::Running),
            component(3, "replaced", ComponentState::Running),
        ],
        missing: vec!["expected".into()],
        breakers: vec![
            breaker(1, "db", Some("task_api"), BreakerState::Closed),
            breaker(1, "cache", Some("task_api"), BreakerState::ForcedOpen),
            breaker(1, "lone", None, BreakerState::HalfOpen),
            breaker(2, "db", Some("task_api"), BreakerState::Open),
        ],
        streams: vec![stream],
        bridge: books(),
        ..Snapshot::default()
    }
}

fn books() -> BridgeFacts {
    let signal = DestinationSignal { accepted: 10, delivered: 7, dropped: vec![("rejected", 1)], ..Default::default() };
    let destination = DestinationFacts {
        name: "stack".into(),
        endpoint: "http://localhost:4317".into(),
        protocol: "grpc",
        state: "ok",
        breaker: BreakerState::Closed,
        signals: [Some(signal), None, None],
        queue_bytes_max: 1 << 30,
        in_flight: 1,
        last_success_unix_ms: None,
        last_error: None,
        retry_in_s: None,
        warnings: 0,
    };
    let refused = vec![(Signal::Traces, "too_large", 5)];
    let refused_requests = vec![(Signal::Traces, "too_large", 2)];
    let receiver =
        ReceiverFacts { receiver: "grpc", items: [100, 20, 3], requests: [10, 2, 1], refused, refused_requests };
    BridgeFacts {
        receivers: vec![receiver],
        destinations: vec![destination],
        unreadable: vec![("bad_bounds", 2)],
        series: 9,
        ..BridgeFacts::default()
    }
}
