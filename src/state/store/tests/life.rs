//! How instances and entities come, fall silent, are replaced and leave.

use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::model::signal::Signal;
use crate::model::snapshot::Liveness;
use crate::model::worker::WorkerState;
use crate::state::LocalIdentity;
use crate::state::history::Subject;
use crate::state::store::tests::{
    Bench, CUMULATIVE, DELTA, SHOP, START_UNIX_MS, breaker_status, counter, gauge, point, request, timed, worker_status,
};

const SHOP_2: &[(&str, &str)] = &[("service.name", "shop"), ("service.instance.id", "shop-2")];

fn size() -> Vec<opentelemetry_proto::tonic::metrics::v1::Metric> {
    vec![gauge("pool.size", vec![point(&[("pool.name", "main")], 4.0)])]
}

fn liveness(bench: &Bench) -> Vec<Liveness> {
    bench.store.snapshot().instances.iter().map(|instance| instance.liveness).collect()
}

/// Who an instance is: its attributes, or the hash of all of them, whatever their order.
#[test]
fn identity() {
    let bench = Bench::new();
    let told = [
        ("service.name", "shop"),
        ("service.namespace", "eu"),
        ("service.instance.id", "one"),
        ("deployment.environment", "staging"),
    ];
    bench.export(&told, size());
    bench.export(&[("service.name", "anonymous"), ("host.name", "a")], size());
    bench.export(&[("host.name", "a"), ("service.name", "anonymous")], size());
    bench.export(&[("service.name", "anonymous"), ("host.name", "b")], size());
    bench.export(&[], size());
    let snapshot = bench.store.snapshot();
    let names: Vec<_> = snapshot.instances.iter().map(|one| (&*one.service, &*one.job)).collect();
    let expected = [
        ("anonymous", "anonymous"),
        ("anonymous", "anonymous"),
        ("shop", "eu/shop"),
        ("unknown_service", "unknown_service"),
    ];
    assert_eq!(names, expected);
    let shop = &snapshot.instances[2];
    assert_eq!((&*shop.instance, shop.environment.as_deref()), ("one", Some("staging")));
    assert_eq!(shop.resource.len(), 4);
    assert_eq!((shop.first_seen_unix_ms, snapshot.instances[0].instance.len()), (START_UNIX_MS, 16));
}

/// Contract §6: three observed intervals, at least 15 s; while unknown, a third of `forget_after`, at most 5 min.
#[test]
fn silence_makes_stale_and_then_forgotten() {
    let bench = Bench::new();
    bench.export(SHOP, size());
    bench.after(300);
    assert_eq!(liveness(&bench), [Liveness::Live], "a third of 15 min");
    bench.after(1);
    assert_eq!(liveness(&bench), [Liveness::Stale]);
    for _ in 0..3 {
        bench.export(SHOP, size());
        bench.after(10);
    }
    bench.after(20);
    assert_eq!(liveness(&bench), [Liveness::Live], "three intervals of 10 s");
    bench.after(1);
    assert_eq!(liveness(&bench), [Liveness::Stale]);
    bench.store.tick();
    bench.store.tick();
    bench.after(900);
    bench.store.tick();
    assert_eq!(liveness(&bench), []);
    let kinds: Vec<_> = bench.store.events_after(0).iter().map(|event| event.kind).collect();
    assert_eq!(
        kinds.iter().filter(|kind| kind.starts_with("instance_")).collect::<Vec<_>>(),
        [&"instance_seen", &"instance_stale", &"instance_forgotten"]
    );
    assert_eq!(bench.store.shared.budget.points.load(Ordering::Relaxed), 0, "what it held is given back");
    assert_eq!(bench.store.shared.budget.others.load(Ordering::Relaxed), 0);
}

/// A fixed `stale_after` goes before what is observed; 15 s is the least of the observed.
#[test]
fn fixed_and_least_silence() {
    let bench = Bench::with(|options| options.state.stale_after = Some(Duration::from_secs(2)));
    bench.export(SHOP, size());
    bench.after(3);
    assert_eq!(liveness(&bench), [Liveness::Stale]);
    let bench = Bench::new();
    for _ in 0..3 {
        bench.export(SHOP, size());
        bench.after(1);
    }
    bench.after(14);
    assert_eq!(liveness(&bench), [Liveness::Live]);
    bench.after(1);
    assert_eq!(liveness(&bench), [Liveness::Stale]);
}

/// Contract §7: a rollout is no outage; the older instance must be the silent one.
#[test]
fn a_newer_instance_replaces_a_stale_one() {
    let bench = Bench::with(|options| options.state.stale_after = Some(Duration::from_secs(20)));
    bench.export(SHOP, size());
    bench.after(10);
    bench.export(SHOP_2, size());
    assert_eq!(liveness(&bench), [Liveness::Live, Liveness::Live]);
    bench.after(15);
    assert_eq!(liveness(&bench), [Liveness::Replaced, Liveness::Live]);
    bench.export(SHOP, size());
    bench.after(15);
    assert_eq!(liveness(&bench), [Liveness::Live, Liveness::Stale], "the newer one fell silent: that is an outage");
}

/// Two instances of one service keep their entities apart, under keys of their own.
#[test]
fn instances_are_apart() {
    let bench = Bench::new();
    bench.export(SHOP_2, vec![worker_status("w1", "active")]);
    bench.export(SHOP, vec![worker_status("w1", "idle"), worker_status("w2", "creating")]);
    let snapshot = bench.store.snapshot();
    let workers: Vec<_> = snapshot.workers.iter().map(|worker| (worker.owner, &*worker.id, worker.state)).collect();
    let expected = [
        (0, "w1", Some(WorkerState::Idle)),
        (0, "w2", Some(WorkerState::Creating)),
        (1, "w1", Some(WorkerState::Active)),
    ];
    assert_eq!(workers, expected);
    assert_ne!(snapshot.workers[0].key, snapshot.workers[2].key);
    let counts: Vec<_> =
        snapshot.pools.iter().map(|pool| (pool.counts.active, pool.counts.idle, pool.counts.creating)).collect();
    assert_eq!(counts, [(0, 1, 1), (1, 0, 0)], "pools that only their workers name");
    let again = bench.store.snapshot();
    assert_eq!(again.workers[1].key, snapshot.workers[1].key);
    assert!(again.id > snapshot.id && again.run_id == snapshot.run_id);
}

/// A worker that is no longer reported leaves, the others stay; delta counters alone do not hold it.
#[test]
fn a_vanished_worker_leaves() {
    let bench = Bench::new();
    let requests = |id: &str, time_s: u64| {
        counter("worker.requests", DELTA, vec![timed(&[("worker.id", id)], 1.0, time_s - 1, time_s)])
    };
    for round in 0..3 {
        bench.export(SHOP, vec![worker_status("w1", "idle"), worker_status("w2", "idle"), requests("w2", 10 + round)]);
        bench.store.tick();
        bench.after(10);
    }
    for _ in 0..3 {
        bench.export(SHOP, vec![worker_status("w1", "idle")]);
        bench.store.tick();
        assert_eq!(bench.store.snapshot().workers.len(), 2);
        bench.after(10);
    }
    bench.export(SHOP, vec![worker_status("w1", "idle")]);
    bench.store.tick();
    let snapshot = bench.store.snapshot();
    assert_eq!(snapshot.workers.iter().map(|worker| &*worker.id).collect::<Vec<_>>(), ["w1"]);
    assert_eq!(bench.store.shared.budget.workers.load(Ordering::Relaxed), 1);
    assert_eq!(bench.store.shared.budget.points.load(Ordering::Relaxed), 1);
}

/// A component that only counts, by delta, stays as long as its instance: silence means that nothing happened.
#[test]
fn an_idle_delta_counter_stays() {
    let bench = Bench::new();
    let items = counter("component.items_processed", DELTA, vec![timed(&[("component.name", "api")], 5.0, 1, 2)]);
    bench.export(SHOP, vec![items]);
    for _ in 0..60 {
        bench.after(10);
        bench.export(SHOP, size());
        bench.store.tick();
    }
    assert_eq!(bench.store.snapshot().components[0].items_processed, 5);
}

/// Metrics that stop while spans still come: their entities leave, without waiting for metrics.
#[test]
fn metrics_that_stop() {
    let bench = Bench::new();
    for _ in 0..3 {
        bench.export(SHOP, size());
        bench.store.tick();
        bench.after(10);
    }
    let lasting = |bench: &Bench| {
        let bytes = request(SHOP, Vec::new());
        bench.store.ingest(Signal::Logs, &bytes);
        bench.store.tick();
        bench.store.snapshot().pools.len()
    };
    bench.after(20);
    assert_eq!(lasting(&bench), 1);
    bench.after(15);
    assert_eq!(lasting(&bench), 0);
    assert_eq!(liveness(&bench), [Liveness::Live]);
}

/// X15: a point without a recorded value ends its entity at once.
#[test]
fn no_recorded_value_removes() {
    let bench = Bench::new();
    bench.export(SHOP, size());
    let mut gone = point(&[("pool.name", "main")], 0.0);
    (gone.flags, gone.value) = (1, None);
    assert_eq!(bench.export(SHOP, vec![gauge("pool.size", vec![gone])]), 0);
    bench.store.tick();
    assert_eq!(bench.store.snapshot().pools.len(), 0);
}

/// The state is the one at 1; changes of a breaker become transitions and events.
#[test]
fn states_change() {
    let bench = Bench::new();
    for state in ["closed", "closed", "open", "half_open"] {
        bench.export(SHOP, vec![breaker_status(state), worker_status("w1", "idle")]);
        bench.after(10);
    }
    let snapshot = bench.store.snapshot();
    let breaker = &snapshot.breakers[0];
    let changes: Vec<_> =
        breaker.recent_transitions.iter().map(|one| (one.from.as_str(), one.to.as_str(), one.at_unix_ms)).collect();
    let at = |seconds: u64| START_UNIX_MS + seconds * 1000;
    assert_eq!(changes, [("open", "half_open", at(30)), ("closed", "open", at(20))]);
    assert_eq!((breaker.transitions, breaker.since_unix_ms), (2, at(30)));
    let told = bench.store.events_after(0).into_iter().filter(|event| event.kind == "breaker_transition");
    assert_eq!(told.map(|event| event.message.to_string()).collect::<Vec<_>>(), ["closed → open", "open → half_open"]);
    assert!((snapshot.workers[0].state_age_s - 40.0).abs() < 1e-9);
}

/// Progress is a request count that moves.
#[test]
fn progress_of_a_worker() {
    let bench = Bench::new();
    for (seconds, total) in [(10, 1.0), (10, 2.0), (10, 2.0), (10, 2.0)] {
        let requests = counter("worker.requests", CUMULATIVE, vec![point(&[("worker.id", "w1")], total)]);
        bench.export(SHOP, vec![requests, worker_status("w1", "active")]);
        bench.after(seconds);
    }
    assert!((bench.store.snapshot().workers[0].progress_age_s - 30.0).abs() < 1e-9);
}

/// Expected components that nobody reported, after the grace; declared streams until a received one matches.
#[test]
fn expected_and_declared() {
    let bench = Bench::with(|options| {
        options.expect = ["api", "store"].map(str::to_owned).into();
        options.expect_grace = Duration::from_secs(30);
        options.bindings = vec![crate::config::Binding {
            from_component: "api".to_owned(),
            to_component: "store".to_owned(),
            stream_name: "input".to_owned(),
        }];
    });
    bench.export(SHOP, vec![gauge("component.last_activity", vec![point(&[("component.name", "api")], 1.0)])]);
    assert_eq!(bench.store.snapshot().missing.len(), 0);
    bench.after(30);
    let snapshot = bench.store.snapshot();
    assert_eq!(snapshot.missing, ["store".into()]);
    assert_eq!((snapshot.streams.len(), snapshot.streams[0].owner), (1, None));
    let labels = [("stream.name", "input"), ("stream.from", "api"), ("stream.to", "store")];
    bench.export(SHOP, vec![gauge("stream.active", vec![point(&labels, 1.0)])]);
    let snapshot = bench.store.snapshot();
    assert_eq!((snapshot.streams.len(), snapshot.streams[0].owner), (1, Some(0)));
}

/// The local process is one more instance: never stale, its entities are the cells of its handles.
#[test]
fn the_local_process() {
    let resource = [("service.name", "otel-bridge"), ("service.instance.id", "me")];
    let bench = Bench::with(|options| {
        let resource = resource.map(|(name, text)| (name.to_owned(), text.to_owned())).into();
        options.local = Some(LocalIdentity { resource, is_bridge: true });
    });
    let local = bench.store.local().unwrap();
    local.component("queue", "queue").items_processed.add(3);
    local.worker("t1", "runtime", "tokio").requests.set(5);
    local.worker("t2", "runtime", "tokio").gone.store(true, Ordering::Relaxed);
    assert_eq!(bench.export(&resource, size()), 0);
    bench.after(86_400);
    bench.store.tick();
    let snapshot = bench.store.snapshot();
    let me = &snapshot.instances[0];
    assert!(me.is_local && me.is_bridge && me.liveness == Liveness::Live && me.memory_bytes > Some(1_000_000));
    assert_eq!(snapshot.components[0].items_processed, 3);
    assert_eq!((snapshot.workers.len(), snapshot.workers[0].requests), (1, Some(5)));
    assert_eq!(snapshot.pools.len(), 1, "its own export is not read back: the pool is the workers'");
    assert_eq!(bench.store.shared.budget.workers.load(Ordering::Relaxed), 1);
    assert!(snapshot.errors.is_empty());
}

/// Snapshots: one in each interval, whoever asks.
#[test]
fn one_snapshot_an_interval() {
    let bench = Bench::with(|options| options.state.snapshot_interval = Duration::from_millis(250));
    let first = bench.store.snapshot();
    bench.clock.advance(Duration::from_millis(249));
    bench.export(SHOP, size());
    assert_eq!(bench.store.snapshot().id, first.id);
    bench.clock.advance(Duration::from_millis(1));
    let second = bench.store.snapshot();
    assert_eq!((second.id, second.instances.len()), (first.id + 1, 1));
}

/// History: a sample a second for pools, one in ten for workers; it reaches as far back as it may, within its bytes.
#[test]
fn history_is_sampled_and_bounded() {
    let bench = Bench::with(|options| options.state.history = Duration::from_mins(1));
    for second in 0..100_u32 {
        let active = point(&[("pool.name", "main"), ("pool.worker.state", "active")], f64::from(second));
        bench.export(SHOP, vec![gauge("pool.worker.count", vec![active]), worker_status("w1", "idle")]);
        bench.store.tick();
        bench.after(1);
    }
    let pools = bench.store.history(Subject::Pool, &[], 0);
    assert_eq!((pools.times_unix_ms.len(), pools.columns.len()), (61, 7));
    let active = pools.columns.iter().find(|column| column.field == "active").unwrap();
    assert_eq!((active.values[0], active.values[60]), (Some(39.0), Some(99.0)));
    assert_eq!(pools.columns.iter().find(|column| column.field == "pending").unwrap().values[0], None);
    let key = bench.store.snapshot().workers[0].key.to_string();
    let workers = bench.store.history(Subject::Worker, &[key], START_UNIX_MS + 70_000);
    assert_eq!(workers.times_unix_ms, [70, 80, 90].map(|seconds| START_UNIX_MS + seconds * 1000));
    assert_eq!(bench.store.history(Subject::Worker, &["other".to_owned()], 0).columns.len(), 0);

    let small = Bench::with(|options| options.state.history_bytes_max = 2_000);
    for _ in 0..100 {
        small.export(SHOP, size());
        small.store.tick();
        small.after(1);
    }
    let columns = small.store.history(Subject::Pool, &[], 0);
    assert!(columns.times_unix_ms.len() < 20 && columns.times_unix_ms.last() == Some(&(START_UNIX_MS + 99_000)));
}

/// H, clock −1 h and +10 years: a date that jumps stalls nothing. The instance stays live and its counts go on; it falls silent after
/// as much monotonic time as ever.
#[test]
fn a_date_that_jumps_stalls_nothing() {
    const HOUR_MS: i64 = 3_600_000;
    let bench = Bench::new();
    let resource = [("service.name", "shop"), ("service.instance.id", "s-1")];
    for (round, jump_ms) in [0, -HOUR_MS, 10 * 365 * 24 * HOUR_MS, -HOUR_MS].into_iter().enumerate() {
        bench.clock.jump(jump_ms);
        for second in 0..3 {
            bench.after(5);
            let total = (round * 3 + second) as u64;
            let cart = point(&[("component.name", "cart")], total as f64);
            let items = counter("component.items_processed", 2, vec![cart]);
            assert_eq!(bench.export(&resource, vec![items]), 0);
            bench.store.tick();
            let snapshot = bench.store.snapshot();
            assert_eq!(snapshot.instances[0].liveness, Liveness::Live);
            assert_eq!(snapshot.components[0].items_processed, total);
            assert_eq!(snapshot.taken_at_unix_ms, bench.clock.unix_ms());
        }
    }
    bench.after(60);
    bench.store.tick();
    assert_eq!(bench.store.snapshot().instances[0].liveness, Liveness::Stale);
}

/// A part that cannot be read stands in the snapshot until it can, however it is provided; a snapshot is made all the same.
#[test]
fn failed_parts_are_told() {
    let bench = Bench::new();
    let part = bench.store.accounting().parts.part("pool requests");
    let errors = || {
        let snapshot = bench.store.snapshot();
        snapshot.errors.iter().map(|one| format!("{}: {}", one.part, one.message)).collect::<Vec<_>>()
    };
    part.read(|| Err::<(), _>("the source has gone"));
    assert_eq!(errors(), ["pool requests: the source has gone"]);
    part.read(|| Ok::<_, String>(()));
    assert_eq!(errors(), Vec::<String>::new());
}
