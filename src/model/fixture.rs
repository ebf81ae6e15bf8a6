//! Snapshots made by hand, for the tests of every view.

use std::time::Duration;

use proptest::prelude::*;

use crate::model::breaker::BreakerState;
use crate::model::component::ComponentState;
use crate::model::pool::PoolCounts;
use crate::model::snapshot::{
    BreakerFacts, ComponentFacts, DestinationFacts, InstanceFacts, Liveness, PoolFacts, Snapshot, StreamFacts,
    WorkerFacts,
};
use crate::model::worker::WorkerState;

/// 2024-01-23T10:30:00.500Z.
pub(crate) const NOW_UNIX_MS: u64 = 1_706_005_800_500;

/// A snapshot with these instances (service, instance, liveness) and nothing else.
pub(crate) fn snapshot(instances: &[(&str, &str, Liveness)]) -> Snapshot {
    Snapshot {
        id: 7,
        taken_at_unix_ms: NOW_UNIX_MS,
        uptime: Duration::from_millis(3_600_900),
        run_id: "run".into(),
        instances: instances.iter().enumerate().map(|(place, one)| instance(place, *one)).collect(),
        ..Snapshot::default()
    }
}

fn instance(place: usize, (service, id, liveness): (&str, &str, Liveness)) -> InstanceFacts {
    InstanceFacts {
        id: place as u32,
        key: format!("{service}:{id}").into(),
        service: service.into(),
        instance: id.into(),
        job: service.into(),
        environment: None,
        resource: [].into(),
        liveness,
        is_local: service == "otel-bridge",
        is_bridge: service == "otel-bridge",
        first_seen_unix_ms: NOW_UNIX_MS - 60_000,
        last_seen_unix_ms: NOW_UNIX_MS - 1_000,
        export_interval_s: None,
        cpu_utilization: None,
        memory_bytes: None,
        uptime_s: None,
        traces: 0,
        traces_recent: 0,
        recent_s: 60.0,
        spans_active: 0,
        spans: 0,
        log_records: 0,
        series: 0,
        restarts: 0,
    }
}

/// A component of the instance at that place.
pub(crate) fn component(owner: usize, name: &str, state: ComponentState) -> ComponentFacts {
    ComponentFacts {
        owner,
        key: format!("{owner}:{name}").into(),
        name: name.into(),
        kind: "Store".into(),
        state,
        items_processed: 0,
        errors: 0,
        items_recent: 0,
        errors_recent: 0,
        recent_s: 60.0,
        last_activity: None,
        last_error: None,
    }
}

/// A circuit breaker of the instance at that place.
pub(crate) fn breaker(owner: usize, name: &str, component: Option<&str>, state: BreakerState) -> BreakerFacts {
    BreakerFacts {
        owner,
        key: format!("{owner}:{name}").into(),
        name: name.into(),
        component: component.map(Into::into),
        state,
        is_state_known: true,
        since_unix_ms: NOW_UNIX_MS,
        failures: None,
        transitions: 0,
        calls: [None; 3],
        last_failure: None,
        recent_transitions: [].into(),
    }
}

/// A pool of the instance at that place.
pub(crate) fn pool(owner: usize, name: &str, size: Option<u64>, counts: (u64, u64, u64)) -> PoolFacts {
    PoolFacts {
        owner,
        key: format!("{owner}:{name}").into(),
        name: name.into(),
        size,
        counts: PoolCounts { active: counts.0, idle: counts.1, creating: counts.2 },
        pending: None,
        requests: None,
        errors: None,
        workers_created: None,
        workers_failed: None,
        workers_retired: None,
    }
}

/// A worker of the instance at that place, which has handled ten requests.
pub(crate) fn worker(owner: usize, id: &str, pool: &str, state: WorkerState) -> WorkerFacts {
    WorkerFacts {
        owner,
        key: format!("{owner}:{id}").into(),
        id: id.into(),
        app: "my-app".into(),
        pool: pool.into(),
        state: Some(state),
        state_age_s: 1.0,
        progress_age_s: 1.0,
        requests: Some(10),
        errors: None,
        uptime_s: None,
        memory_rss: None,
        memory_heap_used: None,
    }
}

/// A stream between two components.
pub(crate) fn stream(owner: Option<usize>, name: &str) -> StreamFacts {
    StreamFacts {
        owner,
        key: format!("{owner:?}:{name}").into(),
        name: name.into(),
        from: "task_api".into(),
        to: "task_store".into(),
        active: None,
        queue_depth: None,
        messages: None,
        messages_recent: 0,
        recent_s: 60.0,
        backpressure_events: None,
    }
}

/// A push destination that takes nothing yet.
pub(crate) fn destination(name: &str, state: &'static str) -> DestinationFacts {
    DestinationFacts {
        name: name.into(),
        endpoint: "http://localhost:14317".into(),
        protocol: "grpc",
        state,
        breaker: BreakerState::Closed,
        signals: [None, None, None],
        queue_bytes_max: 1_000,
        in_flight: 0,
        last_success_unix_ms: None,
        last_error: None,
        retry_in_s: None,
        warnings: 0,
    }
}

/// The system of the documents: two components, a breaker, a pool with a worker, streams, and the bridge beside it.
pub(crate) fn documented() -> Snapshot {
    let mut snapshot = snapshot(&[("otel-bridge", "b", Liveness::Live), ("tasks", "t-1", Liveness::Live)]);
    snapshot.instances[0].memory_bytes = Some(16 << 20);
    snapshot.instances[1].memory_bytes = Some(512 << 20);
    snapshot.instances[1].cpu_utilization = Some(0.255);
    snapshot.instances[1].traces = 45;
    snapshot.instances[1].spans_active = 12;
    snapshot.components = vec![
        component(0, "otlp-grpc", ComponentState::Failed),
        ComponentFacts {
            items_processed: 1_500,
            errors: 2,
            items_recent: 600,
            errors_recent: 6,
            last_activity: Some(1_691_234_567.89),
            ..component(1, "task_api", ComponentState::Running)
        },
        ComponentFacts {
            items_processed: 1_450,
            items_recent: 300,
            ..component(1, "task_store", ComponentState::Running)
        },
    ];
    snapshot.breakers = vec![breaker(1, "api-calls", Some("task_api"), BreakerState::Closed)];
    snapshot.pools = vec![pool(1, "web", Some(500), (12, 3, 0))];
    snapshot.workers = vec![
        WorkerFacts {
            requests: Some(150),
            errors: Some(1),
            uptime_s: Some(3_600.0),
            memory_rss: Some(52_428_800),
            memory_heap_used: Some(31_457_280),
            ..worker(1, "worker-abc-123", "web", WorkerState::Active)
        },
        WorkerFacts { requests: None, state: None, ..worker(1, "thread-1", "web", WorkerState::Idle) },
    ];
    let busy =
        StreamFacts { active: Some(3), messages: Some(15_000), messages_recent: 3_012, ..stream(Some(1), "input") };
    snapshot.streams = vec![busy];
    snapshot
}

/// Snapshots of up to six instances with components, breakers, pools and workers in any state.
pub(crate) fn any_snapshot() -> impl Strategy<Value = Snapshot> {
    let liveness = prop_oneof![4 => Just(Liveness::Live), 1 => Just(Liveness::Stale), 1 => Just(Liveness::Replaced)];
    let service = prop::sample::select(vec!["otel-bridge", "tasks", "mail", "tasks/mail"]);
    let instances = prop::collection::vec((service, liveness, prop::option::of(0_u64..1 << 40)), 0..6);
    let name = || prop::sample::select(vec!["api", "store", "tasks/api", "mail/api"]);
    let state = prop::sample::select(ComponentState::ALL.to_vec());
    let components = prop::collection::vec((0_usize..7, name(), state, 0_u64..1_000, 0_u64..400, 0.0_f64..90.0), 0..12);
    let breaker_state = prop::sample::select(BreakerState::ALL.to_vec());
    let breakers = prop::collection::vec((0_usize..7, name(), breaker_state, 0_u64..100), 0..12);
    let pools = prop::collection::vec((0_usize..7, name(), prop::option::of(0_u64..50), (0_u64..50, 0..50_u64)), 0..6);
    let missing = prop::collection::vec(prop::sample::select(vec!["late", "never"]), 0..2);
    (instances, components, breakers, pools, missing).prop_map(|(instances, components, breakers, pools, missing)| {
        let names: Vec<String> = (0..instances.len()).map(|place| format!("i-{place}")).collect();
        let listed: Vec<_> = instances.iter().zip(&names).map(|(one, id)| (one.0, id.as_str(), one.1)).collect();
        let mut snapshot = snapshot(&listed);
        for (facts, (_, _, memory)) in snapshot.instances.iter_mut().zip(&instances) {
            facts.memory_bytes = *memory;
            facts.traces = memory.unwrap_or(3);
        }
        for (owner, name, state, items, errors, recent_s) in components {
            let facts = component(owner, name, state);
            let recent = ComponentFacts { items_recent: items, errors_recent: errors, recent_s, ..facts };
            snapshot.components.push(ComponentFacts { items_processed: items * 3, errors: errors * 2, ..recent });
        }
        for (owner, name, state, failures) in breakers {
            let component = (failures % 2 == 0).then_some(name);
            snapshot.breakers.push(BreakerFacts { failures: Some(failures), ..breaker(owner, name, component, state) });
        }
        for (owner, name, size, (active, idle)) in pools {
            snapshot.pools.push(pool(owner, name, size, (active, idle, 0)));
        }
        snapshot.missing = missing.into_iter().map(Into::into).collect();
        snapshot
    })
}
