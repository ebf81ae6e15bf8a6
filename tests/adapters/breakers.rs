//! Circuit breakers: each transition and each call is told once.

use std::time::Duration;

use failsafe::{CircuitBreaker as _, Error, backoff, failure_policy};
use otel_bridge::Bridge;
use otel_bridge::model::breaker::BreakerState::{self, Closed, HalfOpen, Open};
use otel_bridge::record::adapters::failsafe::watched;
use otel_bridge::record::adapters::tower_resilience::WatchedBy as _;
use tower::{Service, ServiceExt as _};
use tower_resilience_circuitbreaker::{CircuitBreakerLayer, FailureModel};

use super::{bridge, view};

const LONG: Duration = Duration::from_hours(1);

/// State, calls, and the transitions in the order in which they happened.
fn facts(bridge: &Bridge) -> (BreakerState, [u64; 3], Vec<(BreakerState, BreakerState)>) {
    let snapshot = bridge.snapshot();
    let breaker = &snapshot.breakers[0];
    let ways = breaker.recent_transitions.iter().rev().map(|one| (one.from, one.to)).collect();
    (breaker.state, breaker.calls.map(Option::unwrap_or_default), ways)
}

#[tokio::test]
async fn failsafe_tells_calls_and_trips() {
    let bridge = bridge();
    let shown = bridge.circuit_breaker("payments").component("task_api").register().unwrap();
    let breaker = watched(failure_policy::consecutive_failures(3, backoff::constant(LONG)), &shown).build();
    for number in ["1", "2", "three", "four", "five"] {
        assert_eq!(breaker.call(|| number.parse::<u8>()).is_ok(), number.len() == 1);
    }
    assert!(matches!(breaker.call(|| "6".parse::<u8>()), Err(Error::Rejected)));
    assert_eq!(facts(&bridge), (Open, [2, 3, 1], vec![(Closed, Open)]));
    breaker.reset();
    assert_eq!(facts(&bridge), (Closed, [2, 3, 1], vec![(Closed, Open), (Open, Closed)]));
    let text = view(&bridge, "/metrics").await;
    let line = text.lines().find(|line| line.starts_with("circuit_breaker_failures_total{")).unwrap();
    assert!(line.contains("\"payments\"") && line.ends_with(" 3"), "{line}");
    bridge.shutdown().await.unwrap();
}

/// A breaker whose pause is over probes: a failed probe opens it again, a good one closes it.
#[tokio::test]
async fn failsafe_tells_probes() {
    let bridge = bridge();
    let shown = bridge.circuit_breaker("payments").register().unwrap();
    let policy = failure_policy::consecutive_failures(1, backoff::constant(Duration::ZERO));
    let breaker = watched(policy, &shown).build();
    assert!(breaker.call(|| Err::<(), _>("down")).is_err());
    super::until("a probe that fails", || matches!(breaker.call(|| Err::<(), _>("down")), Err(Error::Inner(_)))).await;
    super::until("a probe that succeeds", || breaker.call(|| Ok::<_, &str>(())).is_ok()).await;
    let (state, [succeeded, failed, _], ways) = facts(&bridge);
    assert_eq!((state, succeeded, failed), (Closed, 1, 2));
    let wanted = [(Closed, Open), (Open, HalfOpen), (HalfOpen, Open), (Open, HalfOpen), (HalfOpen, Closed)];
    assert_eq!(ways, wanted);
    bridge.shutdown().await.unwrap();
}

#[tokio::test]
async fn tower_resilience_tells_calls_and_transitions() {
    let bridge = bridge();
    let shown = bridge.circuit_breaker("payments").register().unwrap();
    let builder = CircuitBreakerLayer::builder().failure_model(FailureModel::ConsecutiveFailures { k: 2 });
    let builder = builder.wait_duration_in_open(LONG).permitted_calls_in_half_open(1);
    let (layer, handle) = builder.watched_by(&shown).build_with_handle().unwrap();
    let parse = tower::service_fn(async |text: &'static str| text.parse::<u8>());
    let mut service = tower::ServiceBuilder::new().layer(layer).service(parse);
    for text in ["1", "two", "three"] {
        assert_eq!(service.ready().await.unwrap().call(text).await.is_ok(), text == "1");
    }
    assert!(service.ready().await.unwrap().call("4").await.unwrap_err().is_circuit_open());
    assert_eq!(facts(&bridge), (Open, [1, 2, 1], vec![(Closed, Open)]));
    handle.force_closed().await;
    assert_eq!(service.ready().await.unwrap().call("5").await.unwrap(), 5);
    assert_eq!(facts(&bridge), (Closed, [2, 2, 1], vec![(Closed, Open), (Open, Closed)]));
    bridge.shutdown().await.unwrap();
}

/// A pause that is over lets probes through.
#[tokio::test]
async fn tower_resilience_tells_probes() {
    let bridge = bridge();
    let shown = bridge.circuit_breaker("payments").register().unwrap();
    let builder = CircuitBreakerLayer::builder().failure_model(FailureModel::ConsecutiveFailures { k: 1 });
    let builder = builder.wait_duration_in_open(Duration::ZERO).permitted_calls_in_half_open(1);
    let layer = builder.watched_by(&shown).build().unwrap();
    let parse = tower::service_fn(async |text: &'static str| text.parse::<u8>());
    let mut service = tower::ServiceBuilder::new().layer(layer).service(parse);
    for text in ["one", "2"] {
        drop(service.ready().await.unwrap().call(text).await);
    }
    assert_eq!(facts(&bridge), (Closed, [1, 1, 0], vec![(Closed, Open), (Open, HalfOpen), (HalfOpen, Closed)]));
    bridge.shutdown().await.unwrap();
}
