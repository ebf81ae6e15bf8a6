use std::time::Duration;

use super::*;
use crate::model::breaker::BreakerState;
use crate::model::fixture::{NOW_UNIX_MS, breaker, component, destination, snapshot};
use crate::model::snapshot::{BreakerFacts, DestinationSignal};

fn value(history: &History, subject: Subject, key: &str, field: &str) -> Vec<Option<f64>> {
    let columns = history.columns(subject, &[], 0);
    let column = columns.columns.into_iter().find(|column| (&*column.key, column.field) == (key, field));
    column.unwrap_or_else(|| panic!("{subject:?} {key} {field}")).values
}

/// The system, breakers and destinations have a sample a second; what is not known is none and not 0.
#[test]
fn every_kind_is_sampled() {
    let mut history = History::new(Duration::from_mins(1), 1 << 20);
    let mut picture = snapshot(&[("shop", "a", crate::model::snapshot::Liveness::Live)]);
    let failing = crate::model::component::ComponentState::Failed;
    picture.components = vec![component(0, "api", failing)];
    picture.components[0].errors_recent = 120;
    let unknown = BreakerFacts { is_state_known: false, ..breaker(0, "lost", None, BreakerState::Closed) };
    let open = BreakerFacts { calls: [Some(5), None, Some(2)], ..breaker(0, "db", None, BreakerState::Open) };
    picture.breakers = vec![open, unknown];
    let signal = |items, drops: u64| {
        let dropped = vec![("queue_full", drops), ("expired", 1)];
        Some(DestinationSignal {
            queue_items: items,
            queue_bytes: 10 * items,
            delivered: 7,
            dropped,
            ..Default::default()
        })
    };
    picture.bridge.destinations = vec![destination("stack", "ok")];
    picture.bridge.destinations[0].signals = [signal(3, 4), None, signal(1, 0)];
    picture.bridge.destinations[0].in_flight = 2;
    for second in 0..3 {
        picture.taken_at_unix_ms = NOW_UNIX_MS + second * 1_000;
        history.sample(&picture);
    }
    let of = |subject, key, field| value(&history, subject, key, field);
    assert_eq!(of(Subject::System, SYSTEM_KEY, "health_score"), [Some(0.0); 3]);
    assert_eq!(of(Subject::System, SYSTEM_KEY, "errors_per_second"), [Some(2.0); 3]);
    assert_eq!(of(Subject::System, SYSTEM_KEY, "memory_usage_mb"), [None; 3]);
    assert_eq!(of(Subject::Breaker, "0:db", "state"), [Some(1.0); 3]);
    assert_eq!(of(Subject::Breaker, "0:lost", "state"), [None; 3]);
    assert_eq!(of(Subject::Breaker, "0:db", "calls_succeeded"), [Some(5.0); 3]);
    assert_eq!(of(Subject::Breaker, "0:db", "calls_failed"), [None; 3]);
    for (field, expected) in
        [("queue_items", 4.0), ("queue_bytes", 40.0), ("delivered", 14.0), ("dropped", 6.0), ("in_flight", 2.0)]
    {
        assert_eq!(of(Subject::Exporter, "stack", field), [Some(expected); 3], "{field}");
    }
    picture.instances.clear();
    picture.components.clear();
    picture.breakers.clear();
    picture.taken_at_unix_ms += 1_000;
    history.sample(&picture);
    let score = value(&history, Subject::System, SYSTEM_KEY, "health_score");
    assert_eq!(score, [Some(0.0), Some(0.0), Some(0.0), None], "nothing in scope has no score");
}

/// Every kind has as many values as fields.
#[test]
fn rows_fit_their_fields() {
    let picture = crate::model::fixture::documented();
    for subject in Subject::ALL {
        let (keys, values) = rows(subject, &picture);
        assert_eq!(values.len(), keys.len() * subject.fields().len(), "{subject:?}");
    }
}
