//! A service that records with the library, and what its exposition says.

use otel_bridge::clock::Clock;
use otel_bridge::config::pull::Prometheus;
use otel_bridge::model::scope::Scope;
use otel_bridge::pull::prometheus::{Format, Sources, render};
use otel_bridge::record::{Recorder, Telemetry, TelemetryOptions};
use otel_bridge::state::{Store, StoreOptions};
use std::sync::Arc;
use std::time::Duration;

const MANY: usize = 10_000;

fn page(store: &Arc<Store>, telemetry: &Telemetry) -> String {
    let (snapshot, gathered) = (store.snapshot(), telemetry.gather());
    let rules = snapshot.health_rules.clone();
    let sources = Sources { snapshot: &snapshot, rules: &rules, series: &**store, gathered: &gathered };
    render(&sources, &Scope::default(), &Prometheus::default(), Format::Text)
}

/// Ten thousand workers are on the page while they live, and not a byte of them is left when they are gone.
#[test]
fn workers_leave_the_page() {
    let clock = Clock::manual(1_700_000_000_000);
    let mut options = StoreOptions::of_service("shop", clock.clone());
    options.state.snapshot_interval = Duration::ZERO;
    let store = Store::new(options);
    let recorder = Recorder::new(&store, clock).unwrap();
    let resource = [("service.name".to_owned(), "shop".to_owned())];
    let telemetry = Telemetry::new(&recorder, &resource, TelemetryOptions::pull_only());
    let pool = telemetry.recorder().pool("requests").size(MANY as u64).register().unwrap();
    drop(pool.worker("first").register().unwrap().begin());
    let before = page(&store, &telemetry);
    assert!(before.contains("pool_request_duration_seconds_count"), "{before}");

    let register = |number| pool.worker(&format!("worker-{number}")).app("shop").register().unwrap();
    let workers: Vec<_> = (0..MANY).map(register).collect();
    let full = page(&store, &telemetry);
    for number in [0, MANY / 2, MANY - 1] {
        assert!(full.contains(&format!("=\"worker-{number}\"")), "worker {number} is missing");
    }
    drop(workers);
    let after = page(&store, &telemetry);
    assert!(!after.contains("worker-"));
    assert_eq!(after.lines().count(), before.lines().count());
}
