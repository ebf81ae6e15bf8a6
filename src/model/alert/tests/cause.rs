//! What alerts of one cause say of each other.

use super::*;

/// One dead destination is three alerts by the built-in rules, and one problem: the others name the alert of the destination.
/// A component of that name in another service has nothing to do with it, nor has the queue of a destination that works.
#[test]
fn one_dead_destination_is_one_cause() {
    let mut snapshot = snapshot(&[("otel-bridge", "b", Live), ("tasks", "t-1", Live)]);
    snapshot.components = vec![component(0, "push-stack", Degraded), component(1, "push-stack", Degraded)];
    snapshot.breakers = vec![breaker(0, "push-stack", Some("push-stack"), BreakerState::Open)];
    let full = |destination| DestinationFacts { signals: queued(701).signals, ..destination };
    snapshot.bridge.destinations = vec![full(destination("stack", "retrying")), full(destination("other", "ok"))];
    let mut bench = Bench::new(&[]);
    let active = bench.at(0, &snapshot).board.active;
    let cause = active.iter().find(|alert| &*alert.rule == "push_failing").unwrap();
    let mut seen: Vec<_> = active
        .iter()
        .map(|alert| (&*alert.rule, alert.service.as_deref().unwrap(), &*alert.subject, alert.cause.as_ref()))
        .collect();
    seen.sort_unstable();
    let id = Some(&cause.id);
    let expected = [
        ("circuit_breaker_open", "otel-bridge", "push-stack", id),
        ("component_unhealthy", "otel-bridge", "push-stack", id),
        ("component_unhealthy", "tasks", "push-stack", None),
        ("push_failing", "otel-bridge", "stack", None),
        ("push_queue_filling", "otel-bridge", "other", None),
        ("push_queue_filling", "otel-bridge", "stack", id),
    ];
    assert_eq!(seen, expected);
    // One that outlasts its cause still names it.
    snapshot.bridge.destinations.clear();
    bench.at(1, &snapshot);
    let left = bench.at(6, &snapshot);
    assert!(names(&left.resolved).contains(&"push_failing".to_owned()));
    let open = left.board.active.iter().find(|alert| alert.category == "circuit_breaker").unwrap();
    assert_eq!(open.cause.as_ref(), id);
}
