//! Each rule of the health score on a snapshot made for it.
#![expect(clippy::float_cmp, reason = "the score is rounded, and exact figures are what the views promise")]

use proptest::prelude::*;

use crate::model::breaker::BreakerState;
use crate::model::component::ComponentState::{Degraded, Failed, Running, Starting, Stopped};
use crate::model::fixture::{any_snapshot, breaker, component, documented, pool, snapshot, stream};
use crate::model::health::{HealthRules, HealthStatus, System};
use crate::model::scope::Scope;
use crate::model::snapshot::Liveness::{Live, Replaced, Stale};
use crate::model::snapshot::{ComponentFacts, Snapshot};

fn system(snapshot: &Snapshot) -> System {
    System::of(snapshot, &Scope::default(), &HealthRules::default())
}

fn service(name: &str) -> Scope {
    Scope { service: Some(name.to_owned()), ..Scope::default() }
}

fn codes(system: &System) -> Vec<(&'static str, f64)> {
    system.reasons.iter().map(|reason| (reason.code, reason.deduction)).collect()
}

/// Two services with one live instance each, and these components of the first.
fn tasks(components: Vec<ComponentFacts>) -> Snapshot {
    let mut snapshot = snapshot(&[("tasks", "t-1", Live), ("mail", "m-1", Live)]);
    snapshot.components = components;
    snapshot
}

/// Every state has its weight, and its deduction is told.
#[test]
fn the_mean_weighs_states() {
    let states = [Running, Starting, Degraded, Failed, Stopped];
    let snapshot = tasks(states.into_iter().map(|state| component(0, state.as_str(), state)).collect());
    let system = system(&snapshot);
    assert_eq!(system.score, 0.5);
    assert_eq!(system.status, HealthStatus::Degraded);
    let told = [("component_degraded", 0.1), ("component_failed", 0.2), ("component_stopped", 0.2)];
    assert_eq!(codes(&system), told);
    let totals = system.components;
    assert_eq!((totals.total, totals.healthy, totals.running), (5, 2, 1));
}

/// Weights are looked up by `service/component` first, then by component; nonsense weighs nothing.
#[test]
fn weights_apply() {
    let snapshot =
        tasks(vec![component(0, "api", Failed), component(0, "store", Running), component(1, "api", Running)]);
    let weights = [("tasks/api", 1.0), ("api", 5.0), ("store", 4.0)];
    let weights = weights.into_iter().map(|(name, weight)| (name.to_owned(), weight)).collect();
    let rules = HealthRules { weights, ..HealthRules::default() };
    assert_eq!(System::of(&snapshot, &Scope::default(), &rules).score, 0.9);
    assert_eq!(rules.weight(None, "other"), 1.0);
    let nonsense = HealthRules { weights: [("a".to_owned(), f64::NAN)].into(), ..HealthRules::default() };
    assert_eq!(nonsense.weight(None, "a"), 0.0);
}

/// Open breakers take 0.05 each and 0.3 at most, half-open ones 0.02; forced open is open, disabled is closed.
#[test]
fn breakers_deduct_up_to_their_cap() {
    let mut snapshot = tasks(vec![component(0, "api", Running)]);
    let named = |state: BreakerState| breaker(0, state.as_str(), None, state);
    snapshot.breakers = BreakerState::ALL.map(named).to_vec();
    assert_eq!(system(&snapshot).score, 0.88);
    snapshot.breakers = (0..8).map(|place| breaker(0, &place.to_string(), None, BreakerState::Open)).collect();
    let system = system(&snapshot);
    assert_eq!(system.score, 0.7);
    assert_eq!(system.reasons.len(), 8, "one beyond the cap is listed too");
    assert_eq!(system.reasons[7].deduction, 0.0);
}

/// Four open breakers leave exactly the healthy threshold.
#[test]
fn a_threshold_is_reached_exactly() {
    let mut snapshot = tasks(vec![component(0, "api", Running)]);
    snapshot.breakers = (0..4).map(|place| breaker(0, &place.to_string(), None, BreakerState::Open)).collect();
    assert_eq!(system(&snapshot).score, 0.8);
    assert_eq!(system(&snapshot).status, HealthStatus::Healthy);
}

/// 10 % and 20 % are limits to exceed; the greater deduction replaces the smaller.
#[test]
fn error_rates_deduct() {
    for (errors, score) in [(10, 1.0), (11, 0.9), (20, 0.9), (21, 0.8)] {
        let counted = ComponentFacts { items_recent: 100, errors_recent: errors, ..component(0, "api", Running) };
        assert_eq!(system(&tasks(vec![counted])).score, score, "{errors} %");
    }
    let only_errors = ComponentFacts { errors_recent: 3, ..component(0, "api", Running) };
    assert_eq!(system(&tasks(vec![only_errors])).error_rate, 3.0);
}

/// The score is never below 0.
#[test]
fn the_score_has_a_floor() {
    let mut snapshot = tasks(vec![component(0, "api", Failed)]);
    snapshot.breakers = vec![breaker(0, "calls", None, BreakerState::Open)];
    assert_eq!(system(&snapshot).score, 0.0);
    assert_eq!(system(&snapshot).status, HealthStatus::Unhealthy);
}

/// Rates are over the window of each component; a window below a second counts as one.
#[test]
fn rates_use_the_window() {
    let old = ComponentFacts { items_recent: 600, recent_s: 60.0, ..component(0, "api", Running) };
    let young = ComponentFacts { items_recent: 7, recent_s: 0.01, ..component(0, "store", Running) };
    assert_eq!(system(&tasks(vec![old, young])).items_per_second, 17.0);
}

/// Beside another service the bridge's own components weigh nothing and its items leave the rates, but they are counted.
#[test]
fn the_bridge_steps_back() {
    let snapshot = documented();
    let both = system(&snapshot);
    assert_eq!((both.score, both.components.total, both.components.healthy), (1.0, 3, 2));
    assert_eq!((both.error_rate, both.items_per_second), (6.0 / 900.0, 15.0));
    assert_eq!((both.memory_usage_mb, both.cpu_usage_percent), (Some(512.0), Some(25.5)));
    let alone = System::of(&snapshot, &service("otel-bridge"), &HealthRules::default());
    assert_eq!((alone.score, alone.memory_usage_mb), (0.0, Some(16.0)));
}

/// The bridge's own open breaker shows as an alert, not in the health of what it observes.
#[test]
fn the_bridges_breakers_step_back_too() {
    let mut snapshot = documented();
    snapshot.breakers = vec![breaker(0, "stack", None, BreakerState::Open)];
    assert_eq!(system(&snapshot).score, 1.0);
}

/// A stale component counts 0; a replaced one counts nowhere.
#[test]
fn silence_counts_unless_replaced() {
    let mut snapshot = snapshot(&[("tasks", "old", Replaced), ("tasks", "new", Live), ("mail", "m", Stale)]);
    snapshot.components =
        vec![component(0, "api", Failed), component(1, "api", Running), component(2, "sender", Running)];
    snapshot.instances[0].traces = 5;
    snapshot.instances[2].memory_bytes = Some(1 << 20);
    snapshot.breakers = vec![breaker(2, "calls", None, BreakerState::Open)];
    let system = system(&snapshot);
    assert_eq!(codes(&system), [("component_stale", 0.5)]);
    assert_eq!((system.score, system.traces_total, system.memory_usage_mb), (0.5, 0, None));
    assert_eq!((system.components.total, system.components.healthy), (2, 1));
}

/// Expected components count where no filter is given, and only there.
#[test]
fn missing_components_count_without_a_filter() {
    let mut snapshot = tasks(vec![component(0, "api", Running)]);
    snapshot.missing = vec!["task_store".into()];
    assert_eq!(codes(&system(&snapshot)), [("component_missing", 0.5)]);
    assert_eq!(system(&snapshot).components.total, 2);
    assert_eq!(System::of(&snapshot, &service("tasks"), &HealthRules::default()).score, 1.0);
}

/// Something live without a component scores 1; nothing at all scores 0 and says so; silence alone scores 0.
#[test]
fn scopes_without_components() {
    let mut live = tasks(Vec::new());
    live.pools = vec![pool(0, "web", Some(1), (1, 0, 0))];
    assert_eq!((system(&live).score, system(&live).anything_in_scope), (1.0, true));
    let nothing = System::of(&live, &service("nobody"), &HealthRules::default());
    assert_eq!((nothing.score, nothing.anything_in_scope), (0.0, false));
    let silent = snapshot(&[("tasks", "t-1", Stale)]);
    assert_eq!(codes(&system(&silent)), [("nothing_live", 1.0)]);
    assert!(system(&silent).anything_in_scope);
    let mut gone = snapshot(&[("tasks", "t-1", Replaced)]);
    gone.streams = vec![stream(None, "declared")];
    assert_eq!((system(&gone).anything_in_scope, system(&gone).score), (false, 0.0));
}

/// CPU is the busiest machine's, memory the sum, spans of live instances only; uptime is the bridge's, in whole seconds.
#[test]
fn process_figures_merge() {
    let mut snapshot = snapshot(&[("tasks", "a", Live), ("tasks", "b", Live), ("tasks", "c", Stale)]);
    for (instance, (cpu, memory)) in snapshot.instances.iter_mut().zip([(0.02, 1), (0.07, 2), (0.9, 4)]) {
        instance.cpu_utilization = Some(cpu);
        instance.memory_bytes = Some(memory << 20);
        instance.spans_active = memory;
    }
    let system = system(&snapshot);
    assert_eq!((system.cpu_usage_percent, system.memory_usage_mb), (Some(7.0), Some(3.0)));
    assert_eq!((system.spans_active, system.uptime_seconds), (3, 3_600));
}

proptest! {
    /// Whatever is observed, the score stays in its range, explains itself, and agrees with the counts.
    #[test]
    fn the_reasons_explain_the_score(snapshot in any_snapshot()) {
        for scope in [Scope::default(), service("tasks"), service("otel-bridge")] {
            let system = System::of(&snapshot, &scope, &HealthRules::default());
            prop_assert!((0.0..=1.0).contains(&system.score));
            let deducted: f64 = system.reasons.iter().map(|reason| reason.deduction).sum();
            let explained = if system.anything_in_scope { (1.0 - deducted).max(0.0) } else { 0.0 };
            prop_assert!((system.score - explained).abs() < 1e-6, "{} {:?}", system.score, system.reasons);
            prop_assert!(system.components.healthy <= system.components.total);
            prop_assert!(system.components.running <= system.components.healthy);
            prop_assert_eq!(system.status, HealthRules::default().status(system.score));
        }
    }
}
