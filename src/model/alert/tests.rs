//! Timelines of alerts: what the snapshots say at each moment, and which alerts are on then.

mod cause;

use std::time::Duration;

use crate::model::alert::built_in;
use crate::model::alert::judge::{AlertEngine, Judged};
use crate::model::alert::rule::{Condition, Rule, Subject, Value, shown};
use crate::model::alert::{Alert, Level, subjects};
use crate::model::breaker::BreakerState;
use crate::model::component::ComponentState::{Degraded, Running};
use crate::model::fixture::{NOW_UNIX_MS, breaker, component, destination, pool, snapshot, stream, worker};
use crate::model::health::HealthRules;
use crate::model::scope::Scope;
use crate::model::snapshot::Liveness::{Live, Replaced, Stale};
use crate::model::snapshot::{
    BreakerFacts, ComponentFacts, DestinationFacts, DestinationSignal, PoolFacts, Snapshot, StreamFacts, WorkerFacts,
};
use crate::model::worker::WorkerState;

/// An engine whose clock stands at the given second.
struct Bench(AlertEngine);

impl Bench {
    fn new(rules: &[Rule]) -> Self {
        Self(AlertEngine::new(rules, HealthRules::default()))
    }

    fn at(&mut self, second: u64, snapshot: &Snapshot) -> Judged {
        self.0.judge(snapshot, second * 1_000, NOW_UNIX_MS + second * 1_000)
    }

    /// The rules that are on at that second.
    fn on(&mut self, second: u64, snapshot: &Snapshot) -> Vec<String> {
        names(&self.at(second, snapshot).board.active)
    }
}

fn names(alerts: &[Alert]) -> Vec<String> {
    alerts.iter().map(|alert| alert.rule.to_string()).collect()
}

/// A live service whose component processes a hundred items a minute, with that many errors.
fn busy(errors: u64) -> Snapshot {
    let mut snapshot = snapshot(&[("tasks", "t-1", Live)]);
    let counted = ComponentFacts { items_recent: 100, errors_recent: errors, ..component(0, "api", Running) };
    snapshot.components = vec![counted];
    snapshot
}

fn pooled(active: u64) -> Snapshot {
    let mut snapshot = snapshot(&[("tasks", "t-1", Live)]);
    snapshot.pools = vec![pool(0, "web", Some(100), (active, 0, 0))];
    snapshot
}

/// Scenario: an error rate rises over both thresholds and falls. The critical alert replaces its warning, which keeps its id
/// and comes back for as long as it lasts.
#[test]
fn a_critical_alert_replaces_its_warning() {
    let mut bench = Bench::new(&[]);
    let warning = bench.at(0, &busy(15)).board.active;
    assert_eq!(names(&warning), ["high_error_rate"]);
    assert_eq!(&*warning[0].message, "Error rate of tasks is 15 %, above 10 %");
    let critical = bench.at(1, &busy(25));
    assert_eq!(names(&critical.board.active), ["critical_error_rate"]);
    assert_eq!((names(&critical.fired), names(&critical.resolved)), (vec!["critical_error_rate".to_owned()], vec![]));
    assert_eq!(bench.on(2, &busy(15)), ["critical_error_rate"], "until it has been clear for 5 s");
    let again = bench.at(7, &busy(15)).board;
    assert_eq!(again.active[0].id, warning[0].id);
    assert_eq!(names(&again.resolved), ["critical_error_rate"]);
    assert_eq!(bench.on(8, &busy(0)), ["high_error_rate"]);
    let end = bench.at(13, &busy(0));
    assert_eq!((names(&end.board.active), names(&end.resolved)), (vec![], vec!["high_error_rate".to_owned()]));
    assert_eq!(end.board.resolved[0].resolved_unix_ms, Some(NOW_UNIX_MS + 13_000));
}

/// Both thresholds are passed at once: only the critical one is told, and its hidden warning leaves no trace.
#[test]
fn a_hidden_warning_leaves_no_trace() {
    let mut bench = Bench::new(&[]);
    assert_eq!(names(&bench.at(0, &busy(50)).fired), ["critical_error_rate"]);
    bench.at(1, &busy(0));
    assert_eq!(names(&bench.at(6, &busy(0)).board.resolved), ["critical_error_rate"]);
}

/// `for`: a pool must stay saturated for 30 s; a dip before that starts over; the alert tells when the condition began.
#[test]
fn a_condition_must_last() {
    let mut bench = Bench::new(&[]);
    for (second, active, expected) in [
        (0, 95, 0),
        (29, 95, 0),
        (30, 80, 0),
        (31, 95, 0),
        (60, 95, 0),
        (61, 95, 1),
        (62, 90, 1),
        (66, 90, 1),
        (67, 90, 0),
    ] {
        let on = bench.on(second, &pooled(active));
        assert_eq!(on.len(), expected, "{second} s: {on:?}");
    }
    let resolved = bench.at(68, &pooled(0)).board.resolved;
    assert_eq!(resolved[0].since_unix_ms, NOW_UNIX_MS + 31_000);
    assert_eq!(resolved[0].fired_unix_ms, NOW_UNIX_MS + 61_000);
}

/// `clear`: an alert whose condition comes back within 5 s goes on under the same id, and no event is told.
#[test]
fn a_flicker_is_one_alert() {
    let mut bench = Bench::new(&[]);
    let first = bench.at(0, &busy(15)).board.active[0].id.clone();
    bench.at(1, &busy(0));
    let back = bench.at(4, &busy(15));
    assert_eq!((back.board.active[0].id.clone(), back.fired.len()), (first.clone(), 0));
    bench.at(5, &busy(0));
    assert_eq!(bench.on(9, &busy(0)).len(), 1, "the 5 s count from the last time");
    bench.at(10, &busy(0));
    assert_ne!(bench.at(20, &busy(15)).board.active[0].id, first, "another episode is another alert");
}

/// Each remaining built-in rule: what makes it go off, at which level, and what does not.
#[test]
fn built_in_rules_go_off() {
    let live = || snapshot(&[("tasks", "t-1", Live)]);
    let with = |change: fn(&mut Snapshot)| {
        let mut snapshot = live();
        change(&mut snapshot);
        snapshot
    };
    let table: Vec<(Snapshot, &[(&str, Level)])> = vec![
        (live(), &[]),
        (with(|one| one.instances[0].memory_bytes = Some(1_000 << 20)), &[]),
        (with(|one| one.instances[0].memory_bytes = Some(1_001 << 20)), &[("high_memory_usage", Level::Warning)]),
        (with(|one| one.instances[0].memory_bytes = Some(2_001 << 20)), &[("critical_memory_usage", Level::Critical)]),
        (with(|one| one.instances[0].cpu_utilization = Some(0.81)), &[("high_cpu_usage", Level::Warning)]),
        (
            with(|one| one.components = vec![ComponentFacts { items_recent: 60, ..component(0, "api", Degraded) }]),
            &[("component_unhealthy", Level::Critical)],
        ),
        (with(|one| one.missing = vec!["late".into()]), &[("component_unhealthy", Level::Critical)]),
        (
            with(|one| one.breakers = vec![breaker(0, "calls", None, BreakerState::ForcedOpen)]),
            &[("circuit_breaker_open", Level::Critical)],
        ),
        (
            with(|one| one.breakers = vec![breaker(0, "calls", None, BreakerState::HalfOpen)]),
            &[("circuit_breaker_half_open", Level::Warning)],
        ),
        (with(|one| one.bridge.destinations = vec![destination("stack", "ok")]), &[]),
        (with(|one| one.bridge.destinations = vec![destination("stack", "held")]), &[("push_failing", Level::Warning)]),
        (with(|one| one.bridge.destinations = vec![queued(701)]), &[("push_queue_filling", Level::Warning)]),
        (with(|one| one.bridge.destinations = vec![queued(901)]), &[("push_queue_full", Level::Critical)]),
    ];
    for (snapshot, expected) in table {
        let active = Bench::new(&[]).at(0, &snapshot).board.active;
        let on: Vec<(&str, Level)> = active.iter().map(|alert| (&*alert.rule, alert.level)).collect();
        assert_eq!(on, expected);
    }
}

fn queued(bytes: u64) -> DestinationFacts {
    let signal = DestinationSignal { queue_bytes: bytes, ..DestinationSignal::default() };
    DestinationFacts { signals: [Some(signal), None, None], ..destination("stack", "ok") }
}

/// Throughput is judged after 60 s, and not for a service without components.
#[test]
fn low_throughput_needs_a_minute_and_a_component() {
    let mut bench = Bench::new(&[]);
    let mut idle = snapshot(&[("tasks", "t-1", Live)]);
    bench.at(0, &idle);
    assert!(bench.on(61, &idle).is_empty());
    idle.components = vec![component(0, "api", Running)];
    assert!(bench.on(100, &idle).is_empty());
    assert!(bench.on(159, &idle).is_empty());
    assert_eq!(bench.on(160, &idle), ["low_throughput"]);
}

/// A bridge that nobody has sent to waits, and that is no low throughput; one that data came to and stopped is judged.
#[test]
fn a_waiting_bridge_is_no_fault() {
    let mut idle = snapshot(&[("otel-bridge", "b-1", Live)]);
    idle.components = vec![component(0, "otlp-http", Running)];
    idle.components[0].items_processed = 0;
    let mut bench = Bench::new(&[]);
    bench.at(0, &idle);
    assert!(bench.on(100, &idle).is_empty());
    idle.components[0].items_processed = 5;
    bench.at(101, &idle);
    assert_eq!(bench.on(161, &idle), ["low_throughput"]);
}

/// A worker is stuck when it is active without progress; an idle one, and one that never counted, is not.
#[test]
fn stuck_workers() {
    let mut snapshot = snapshot(&[("tasks", "t-1", Live)]);
    let stuck = WorkerFacts { state_age_s: 90.0, progress_age_s: 61.0, ..worker(0, "w", "web", WorkerState::Active) };
    for (worker, expected) in [
        (stuck.clone(), 1),
        (WorkerFacts { progress_age_s: 60.0, ..stuck.clone() }, 0),
        (WorkerFacts { state_age_s: 3.0, ..stuck.clone() }, 0),
        (WorkerFacts { state: Some(WorkerState::Idle), ..stuck.clone() }, 0),
        (WorkerFacts { requests: None, ..stuck }, 0),
    ] {
        snapshot.workers = vec![worker];
        assert_eq!(Bench::new(&[]).on(0, &snapshot).len(), expected);
    }
}

/// A silent instance is told, its components with it; nothing else of it is judged, and nothing of a replaced one.
#[test]
fn silent_instances() {
    let mut snapshot = snapshot(&[("tasks", "old", Replaced), ("tasks", "new", Stale)]);
    snapshot.instances[1].memory_bytes = Some(9_000 << 20);
    snapshot.components = vec![component(0, "api", Degraded), component(1, "api", Running)];
    snapshot.breakers = vec![breaker(1, "calls", None, BreakerState::Open)];
    let active = Bench::new(&[]).at(0, &snapshot).board.active;
    assert_eq!(names(&active), ["component_unhealthy", "instance_stale"]);
    assert_eq!(active[1].instance.as_deref(), Some("new"));
}

/// An entity that vanishes ends its alert like one that recovers.
#[test]
fn a_vanished_entity_resolves() {
    let mut bench = Bench::new(&[]);
    let mut snapshot = busy(0);
    snapshot.breakers = vec![breaker(0, "calls", None, BreakerState::Open)];
    assert_eq!(bench.on(0, &snapshot), ["circuit_breaker_open"]);
    snapshot.breakers.clear();
    bench.at(1, &snapshot);
    assert_eq!(names(&bench.at(6, &snapshot).resolved), ["circuit_breaker_open"]);
}

fn rule(name: &str, level: Level) -> Rule {
    Rule {
        name: name.to_owned(),
        on: Subject::Pool,
        field: "utilization".to_owned(),
        condition: Condition::Above(0.8),
        hold: Duration::ZERO,
        clear: Duration::ZERO,
        level,
        message: "Pool {name} of {service} ({instance}) is at {value}, over {threshold} {braces}".to_owned(),
        recommendation: Some("Raise the size of {name}".to_owned()),
    }
}

/// A rule of the configuration works like a built-in one, and replaces its namesake.
#[test]
fn rules_of_the_configuration() {
    let mut bench = Bench::new(&[rule("pool-hot", Level::Info), rule("pool_saturated", Level::Critical)]);
    assert_eq!(bench.0.rules().len(), built_in::rules().len() + 1);
    let board = bench.at(0, &pooled(85)).board;
    assert_eq!(names(&board.active), ["pool_saturated"], "the gravest of one field");
    let mut bench = Bench::new(&[rule("pool-hot", Level::Info)]);
    let board = bench.at(0, &pooled(85)).board;
    assert_eq!(&*board.active[0].message, "Pool web of tasks (t-1) is at 85 %, over 80 % {braces}");
    let recommendation = &board.recommendations[0];
    assert_eq!((&*recommendation.message, &*recommendation.title), ("Raise the size of web", "pool-hot"));
    assert_eq!((recommendation.kind, &recommendation.alert_id), ("capacity", &board.active[0].id));
    assert!(bench.on(1, &pooled(0)).is_empty(), "clear: 0 s");
}

/// The value of an alert is the field's own: a figure where it is one, by whichever condition, and nothing where it is a word.
#[test]
fn the_value_is_the_fields_own() {
    let equals = |name: &str, field: &str, wanted: &str| Rule {
        field: field.to_owned(),
        condition: Condition::Equals(wanted.to_owned()),
        ..rule(name, Level::Info)
    };
    let mut bench = Bench::new(&[equals("pool-of-42", "active", "42")]);
    let mut snapshot = pooled(42);
    snapshot.breakers = vec![breaker(0, "calls", None, BreakerState::Open)];
    let active = bench.at(0, &snapshot).board.active;
    let values: Vec<_> = active.iter().map(|alert| (&*alert.rule, alert.value, alert.threshold)).collect();
    assert_eq!(values, [("circuit_breaker_open", None, None), ("pool-of-42", Some(42.0), Some(42.0))]);
}

/// A hostile name is text: what looks like a placeholder in it stays as it is.
#[test]
fn names_are_not_templates() {
    let mut snapshot = snapshot(&[("{value}", "t-1", Live)]);
    snapshot.instances[0].cpu_utilization = Some(0.9);
    let active = Bench::new(&[]).at(0, &snapshot).board.active;
    assert_eq!(&*active[0].message, "High CPU usage of {value}: 90 %, above 80 %");
}

/// The board of a scope holds what is about it; a service's own alerts carry the environment its instances share.
#[test]
fn boards_are_filtered_by_scope() {
    let mut snapshot = snapshot(&[("tasks", "a", Live), ("tasks", "b", Live), ("mail", "c", Live)]);
    for (instance, environment) in snapshot.instances.iter_mut().zip(["production", "production", "staging"]) {
        instance.environment = Some(environment.into());
        instance.cpu_utilization = Some(0.9);
    }
    snapshot.missing = vec!["late".into()];
    let board = Bench::new(&[]).at(0, &snapshot).board;
    let count = |scope: &Scope| (board.in_scope(scope).active.len(), board.in_scope(scope).recommendations.len());
    assert_eq!(count(&Scope::default()), (3, 3));
    assert_eq!(count(&Scope { service: Some("tasks".into()), ..Scope::default() }), (1, 1));
    assert_eq!(count(&Scope { environment: Some("staging".into()), ..Scope::default() }), (1, 1));
    snapshot.instances[1].environment = None;
    let board = Bench::new(&[]).at(0, &snapshot).board;
    assert_eq!(board.in_scope(&Scope { environment: Some("production".into()), ..Scope::default() }).active.len(), 0);
}

/// Every built-in rule names a field of its subject, and has advice of its own.
#[test]
fn built_in_rules_name_known_fields() {
    for rule in built_in::rules() {
        assert!(rule.on.fields().contains(&rule.field.as_str()), "{}", rule.name);
        assert!(!built_in::advice(&rule).title.is_empty(), "{} has no advice of its own", rule.name);
    }
    let unique: std::collections::HashSet<String> = built_in::rules().into_iter().map(|rule| rule.name).collect();
    assert_eq!(unique.len(), built_in::rules().len());
}

/// Figures carry the unit of their field; what is no number never holds.
#[test]
fn values_and_conditions() {
    assert_eq!(shown("error_rate", Value::Number(0.153)), "15.3 %");
    assert_eq!(shown("stuck_s", Value::Number(61.04)), "61 s");
    assert_eq!(shown("memory_rss", Value::Number(52_428_800.0)), "50 MB");
    assert!(!Condition::Above(0.0).holds(Value::Number(f64::NAN)));
    assert!(!Condition::Below(9.0).holds(Value::Word("open")));
    assert!(Condition::Equals("OPEN".to_owned()).holds(Value::Word("open")));
    assert!(Condition::Equals("1".to_owned()).holds(Value::Number(1.0)));
}

/// At the cap of tracked conditions nothing more is taken, and the rest goes on.
#[test]
fn tracked_conditions_are_bounded() {
    let mut snapshot = snapshot(&[("tasks", "t-1", Live)]);
    let open = |place: usize| breaker(0, &place.to_string(), None, BreakerState::Open);
    snapshot.breakers = (0..crate::limits::ALERTS_MAX + 10).map(open).collect();
    let mut bench = Bench::new(&[]);
    assert_eq!(bench.on(0, &snapshot).len(), crate::limits::ALERTS_MAX);
    snapshot.breakers.clear();
    bench.at(1, &snapshot);
    assert_eq!(bench.at(6, &snapshot).board.resolved.len(), crate::limits::RESOLVED_ALERTS_MAX);
}

/// Every field that a rule may name is answered by a subject that tells everything, so that no rule is silently dead.
#[test]
fn every_field_is_answered() {
    let mut told = snapshot(&[("otel-bridge", "b", Live)]);
    let instance = &mut told.instances[0];
    (instance.cpu_utilization, instance.memory_bytes, instance.uptime_s) = (Some(0.1), Some(1), Some(1.0));
    let active = Some(NOW_UNIX_MS as f64 / 1_000.0);
    let moved = ComponentFacts { last_activity: active, items_processed: 1, ..component(0, "api", Running) };
    told.components = vec![moved];
    let counted = BreakerFacts {
        failures: Some(1),
        calls: [Some(1), None, None],
        last_failure: active,
        ..breaker(0, "calls", None, BreakerState::Open)
    };
    told.breakers = vec![counted];
    let counts =
        PoolFacts { pending: Some(1), requests: Some(1), errors: Some(1), ..pool(0, "web", Some(1), (1, 0, 0)) };
    told.pools = vec![counts];
    let worker = worker(0, "w", "web", WorkerState::Active);
    let memory = WorkerFacts { memory_rss: Some(1), memory_heap_used: Some(1), ..worker };
    told.workers = vec![WorkerFacts { errors: Some(1), uptime_s: Some(1.0), ..memory }];
    told.streams = vec![StreamFacts {
        active: Some(1),
        queue_depth: Some(1),
        messages: Some(1),
        backpressure_events: Some(1),
        ..stream(Some(0), "input")
    }];
    told.bridge.destinations = vec![destination("stack", "held")];
    let (services, rules) = (subjects::services(&told), HealthRules::default());
    for on in Subject::ALL {
        let mut seen = 0;
        subjects::each(&told, &services, &rules, on, |entity| {
            seen += 1;
            for field in on.fields() {
                assert!(entity.field(field).is_some(), "{} of {}", field, on.as_str());
            }
            assert!(entity.field("nothing").is_none());
        });
        assert_eq!(seen, 1, "{}", on.as_str());
    }
}
