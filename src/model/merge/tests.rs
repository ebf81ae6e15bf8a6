//! The printed maps on snapshots made by hand.

use proptest::prelude::*;

use crate::model::breaker::BreakerState;
use crate::model::component::ComponentState::{Degraded, Failed, Running, Starting};
use crate::model::fixture::{any_snapshot, breaker, component, documented, pool, snapshot, stream};
use crate::model::health::{HealthRules, System};
use crate::model::merge::{breakers, components, pool_total, pools, streaming, workers};
use crate::model::scope::Scope;
use crate::model::snapshot::Liveness::{Live, Replaced, Stale};
use crate::model::snapshot::{BreakerFacts, ComponentFacts, Snapshot, StreamFacts};

fn everything() -> Scope {
    Scope::default()
}

fn keys<T>(map: &std::collections::BTreeMap<String, T>) -> Vec<&str> {
    map.keys().map(String::as_str).collect()
}

/// Counts add up, the worst live state stands, the latest activity too, and healthy means all live ones.
#[test]
fn instances_of_a_service_merge() {
    let mut snapshot =
        snapshot(&[("tasks", "a", Live), ("tasks", "b", Live), ("tasks", "c", Stale), ("tasks", "d", Replaced)]);
    let one = |owner, state, at| ComponentFacts {
        items_processed: 10,
        errors: 1,
        last_activity: Some(at),
        ..component(owner, "api", state)
    };
    snapshot.components = vec![one(2, Failed, 9.0), one(0, Running, 1.0), one(1, Degraded, 5.0), one(3, Failed, 99.0)];
    let map = components(&snapshot, &everything());
    let api = &map["api"];
    assert_eq!((api.items_processed, api.errors, api.status, api.is_healthy), (30, 3, "degraded", false));
    assert_eq!(api.last_activity, Some(9.0));
    snapshot.components.swap(1, 2);
    assert!(!components(&snapshot, &everything())["api"].is_healthy, "in whichever order they are listed");
    snapshot.components[1].state = Starting;
    let api = &components(&snapshot, &everything())["api"];
    assert_eq!((api.status, api.is_healthy), ("starting", true), "a silent instance has no say beside live ones");
    snapshot.components.truncate(1);
    let api = &components(&snapshot, &everything())["api"];
    assert_eq!((api.status, api.is_healthy), ("stale", false));
}

/// A name that two services in scope share is qualified for both, and only in a scope that has both.
#[test]
fn shared_names_are_qualified() {
    let mut snapshot = snapshot(&[("tasks", "a", Live), ("mail", "b", Live)]);
    snapshot.components =
        vec![component(0, "api", Running), component(1, "api", Failed), component(1, "sender", Running)];
    snapshot.missing = vec!["late".into()];
    assert_eq!(keys(&components(&snapshot, &everything())), ["late", "mail/api", "sender", "tasks/api"]);
    assert_eq!(components(&snapshot, &everything())["late"].status, "missing");
    let mail = Scope { service: Some("mail".to_owned()), ..Scope::default() };
    assert_eq!(keys(&components(&snapshot, &mail)), ["api", "sender"]);
}

/// A name that looks like the key of another is qualified too, so nothing disappears.
#[test]
fn a_name_cannot_hide_another() {
    let mut snapshot = snapshot(&[("tasks", "a", Live), ("mail", "b", Live), ("odd", "c", Live)]);
    snapshot.components =
        vec![component(0, "api", Running), component(1, "api", Running), component(2, "tasks/api", Failed)];
    assert_eq!(keys(&components(&snapshot, &everything())), ["mail/api", "odd/tasks/api", "tasks/api"]);
}

/// Breakers are keyed by component, else by their name; the worst live state stands, folded to the printed three.
#[test]
fn breakers_merge() {
    let mut snapshot = snapshot(&[("tasks", "a", Live), ("tasks", "b", Stale)]);
    let one = |facts, failures, last| BreakerFacts { failures: Some(failures), last_failure: last, ..facts };
    snapshot.breakers = vec![
        one(breaker(1, "calls", Some("api"), BreakerState::Open), 5, Some(9.0)),
        one(breaker(0, "calls", Some("api"), BreakerState::Disabled), 2, None),
        one(breaker(0, "more", Some("api"), BreakerState::HalfOpen), 1, Some(3.0)),
        one(breaker(0, "lonely", None, BreakerState::ForcedOpen), 0, None),
    ];
    let map = breakers(&snapshot, &everything());
    assert_eq!(keys(&map), ["api", "lonely"]);
    let api = &map["api"];
    assert_eq!((api.state, api.failure_count, api.last_failure), (BreakerState::HalfOpen, 8, Some(9.0)));
    assert_eq!(map["lonely"].state, BreakerState::Open);
}

/// Pools of live instances add up; `?pool=` picks one name; an unknown size stays unknown only when none is known.
#[test]
fn pools_add_up() {
    let mut snapshot =
        snapshot(&[("tasks", "a", Live), ("tasks", "b", Live), ("mail", "c", Live), ("tasks", "d", Stale)]);
    snapshot.pools = vec![
        pool(0, "web", Some(10), (4, 1, 0)),
        pool(1, "web", Some(10), (1, 0, 2)),
        pool(2, "web", None, (3, 0, 0)),
        pool(2, "cron", None, (1, 0, 0)),
        pool(3, "web", Some(99), (99, 0, 0)),
    ];
    let total = pool_total(&snapshot, &everything(), None);
    assert_eq!((total.size, total.counts.active, total.total(), total.utilization()), (Some(20), 9, 12, 0.45));
    let map = pools(&snapshot, &everything(), None);
    assert_eq!(keys(&map), ["cron", "mail/web", "tasks/web"]);
    assert_eq!(
        (map["tasks/web"].utilization(), map["mail/web"].size, map["mail/web"].utilization()),
        (0.25, None, 0.0)
    );
    let cron = pool_total(&snapshot, &everything(), Some("cron"));
    assert_eq!((cron.size, cron.counts.active), (None, 1));
    assert_eq!(pool_total(&snapshot, &everything(), Some("none")).size, Some(0));
}

/// Workers of live instances only, and of one pool when asked.
#[test]
fn workers_are_filtered() {
    let snapshot = documented();
    assert_eq!(workers(&snapshot, &everything(), None).len(), 2);
    assert_eq!(workers(&snapshot, &everything(), Some("other")).len(), 0);
}

/// Streams add up; one without a count is active while messages flow; declared ones belong to the whole.
#[test]
fn streams_add_up() {
    let mut snapshot = snapshot(&[("tasks", "a", Live), ("tasks", "b", Stale)]);
    let told = StreamFacts { active: Some(3), messages: Some(100), messages_recent: 60, ..stream(Some(0), "input") };
    let untold = StreamFacts { messages: Some(10), messages_recent: 30, ..stream(Some(0), "output") };
    let silent = StreamFacts { active: Some(7), messages: Some(1), ..stream(Some(1), "input") };
    snapshot.streams = vec![told, untold, silent, StreamFacts { messages: Some(5), ..stream(None, "declared") }];
    let all = streaming(&snapshot, &everything());
    assert_eq!((all.active_streams, all.total_messages, all.message_rate), (4, 116, 1.5));
    let tasks = Scope { service: Some("tasks".to_owned()), ..Scope::default() };
    assert_eq!(streaming(&snapshot, &tasks).total_messages, 111);
}

fn sums(snapshot: &Snapshot, scope: &Scope) -> (u64, u64, u64) {
    let places = scope.places(snapshot);
    let counted = snapshot.components.iter().filter(|one| places.contains(&one.owner));
    let live = |owner: usize| places.contains(&owner) && snapshot.instances[owner].liveness == Live;
    let failures =
        snapshot.breakers.iter().filter(|one| places.contains(&one.owner)).filter_map(|one| one.failures).sum();
    let active = snapshot.pools.iter().filter(|one| live(one.owner)).map(|one| one.counts.active).sum();
    (counted.map(|one| one.items_processed).sum(), failures, active)
}

proptest! {
    /// Merging loses nothing, and the maps agree with the totals of the same scope.
    #[test]
    fn nothing_is_lost(snapshot in any_snapshot()) {
        let tasks = Scope { service: Some("tasks".to_owned()), ..Scope::default() };
        for scope in [everything(), tasks] {
            let map = components(&snapshot, &scope);
            let (items, failures, active) = sums(&snapshot, &scope);
            prop_assert_eq!(map.values().map(|one| one.items_processed).sum::<u64>(), items);
            prop_assert_eq!(breakers(&snapshot, &scope).values().map(|one| one.failure_count).sum::<u64>(), failures);
            prop_assert_eq!(pools(&snapshot, &scope, None).values().map(|one| one.counts.active).sum::<u64>(), active);
            prop_assert_eq!(pool_total(&snapshot, &scope, None).counts.active, active);
            let system = System::of(&snapshot, &scope, &HealthRules::default());
            prop_assert_eq!(map.len() as u64, system.components.total);
            let healthy = map.values().filter(|one| one.is_healthy).count() as u64;
            prop_assert_eq!(healthy, system.components.healthy);
            for one in map.values() {
                prop_assert_eq!(one.is_healthy, matches!(one.status, "running" | "starting"));
            }
        }
    }
}
