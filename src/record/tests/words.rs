//! What is said in words arrives as it was said, and not without end.

use std::io;

use super::Bench;
use crate::limits::{OWN_ERRORS_TOLD_MAX, OWN_LOGS_MAX};

/// A store that receives what a process pushes says of errors and transitions what the process's own store says.
#[test]
fn a_receiver_understands_every_word() {
    let bench = Bench::new();
    let tasks = bench.recorder().component("tasks").kind("http").register().unwrap();
    let breaker = bench.recorder().circuit_breaker("payments").component("tasks").register().unwrap();
    let _silent = bench.recorder().circuit_breaker("silent").register().unwrap();
    tasks.failed(&io::Error::other("disk full"));
    breaker.opened("5 failures in a row");
    let (own, received) = (bench.store.snapshot(), bench.receiver().snapshot());
    assert_eq!(received.components[0].last_error, own.components[0].last_error);
    assert_eq!(received.components[0].last_error.as_deref(), Some("std::io::error::Error: disk full"));
    assert_eq!((received.components[0].errors, own.components[0].errors), (1, 1));
    let of = |snapshot: &crate::model::snapshot::Snapshot| snapshot.breakers[0].recent_transitions.to_vec();
    assert_eq!(of(&received), of(&own));
    assert_eq!(of(&received)[0].reason.as_deref(), Some("5 failures in a row"));
    assert_eq!((received.breakers[0].transitions, own.breakers[0].transitions), (1, 1));
    assert_eq!(received.instances[0].log_records, 2);
}

/// The same error becomes one log event between two exports, and many different ones become a few.
#[test]
fn errors_are_not_told_one_by_one() {
    let bench = Bench::new();
    let tasks = bench.recorder().component("tasks").register().unwrap();
    let others = bench.recorder().component("others").register().unwrap();
    for _ in 0..1_000 {
        tasks.failed(&io::Error::other("disk full"));
    }
    assert_eq!(bench.telemetry.take_logs().len(), 1);
    for number in 0..1_000 {
        tasks.failed(&io::Error::other(format!("request {number}")));
        others.failed_as("timeout", &std::fmt::Error);
    }
    assert_eq!(bench.telemetry.take_logs().len(), OWN_ERRORS_TOLD_MAX + 1);
    tasks.failed(&io::Error::other("disk full"));
    assert_eq!(bench.telemetry.take_logs().len(), 1, "the next interval tells again");
    assert_eq!(bench.store.snapshot().components[1].errors, 2_001, "each of them was counted");
}

/// What nobody fetches waits up to a bound; the rest is counted.
#[test]
fn words_wait_up_to_a_bound() {
    let bench = Bench::new();
    let breaker = bench.recorder().circuit_breaker("b").register().unwrap();
    for _ in 0..OWN_LOGS_MAX {
        breaker.opened("flapping");
        breaker.closed("flapping");
    }
    assert_eq!(bench.telemetry.take_logs().len(), OWN_LOGS_MAX);
    assert_eq!(bench.telemetry.dropped(), (0, OWN_LOGS_MAX as u64));
    assert!(bench.telemetry.encode_logs().is_none());
}
