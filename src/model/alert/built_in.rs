//! The rules that always stand (contract §7, §9), and what to do when one of them goes off.

use std::time::Duration;

use crate::model::alert::Level;
use crate::model::alert::rule::{Condition, Rule, Subject};

use Condition::{Above, Below};
use Level::{Critical, Warning};
use Subject::{CircuitBreaker, Component, Pool, Push, Service, System, Worker};

/// How long a condition must be gone before its alert ends, unless a rule says otherwise.
pub const CLEAR: Duration = Duration::from_secs(5);

/// A built-in rule: name, subject, field, condition, `for` in seconds, level, message, recommendation.
type Row = (&'static str, Subject, &'static str, Condition, u64, Level, &'static str, &'static str);

/// The built-in rules; one of the configuration with the same name replaces its namesake.
pub fn rules() -> Vec<Rule> {
    rows().into_iter().map(rule).collect()
}

fn rule((name, on, field, condition, hold_s, level, message, recommendation): Row) -> Rule {
    Rule {
        name: name.to_owned(),
        on,
        field: field.to_owned(),
        condition,
        hold: Duration::from_secs(hold_s),
        clear: CLEAR,
        level,
        message: message.to_owned(),
        recommendation: Some(recommendation.to_owned()),
    }
}

#[rustfmt::skip]
fn rows() -> [Row; 15] {
    let is = |word: &str| Condition::Equals(word.to_owned());
    [
        ("high_error_rate", System, "error_rate", Above(0.1), 0, Warning,
            "Error rate of {name} is {value}, above {threshold}",
            "Look at the errors of {name} before they become an outage"),
        ("critical_error_rate", System, "error_rate", Above(0.2), 0, Critical,
            "Error rate of {name} is {value}, above {threshold}",
            "Find the failing component of {name}, and take it out of traffic"),
        ("high_memory_usage", System, "memory_usage_mb", Above(1000.0), 0, Warning,
            "High memory usage of {name}: {value}, above {threshold}",
            "Consider increasing the memory of {name}, or find what grows"),
        ("critical_memory_usage", System, "memory_usage_mb", Above(2000.0), 0, Critical,
            "Critical memory usage of {name}: {value}, above {threshold}",
            "Find what grows in {name}, or give it more memory, before it is killed"),
        ("high_cpu_usage", System, "cpu_usage_percent", Above(80.0), 0, Warning,
            "High CPU usage of {name}: {value}, above {threshold}",
            "Consider more instances of {name}, or profile what is busy"),
        ("low_throughput", System, "items_per_second", Below(0.1), 60, Warning,
            "Low throughput of {name}: {value}, below {threshold}",
            "Check that work reaches {name}"),
        ("component_unhealthy", Component, "is_healthy", is("false"), 0, Critical,
            "Component {name} is unhealthy",
            "Check component {name}: its last error, its dependencies, its logs"),
        ("circuit_breaker_open", CircuitBreaker, "state", is("open"), 0, Critical,
            "Circuit breaker {name} is open",
            "Check what circuit breaker {name} protects: its calls are being rejected"),
        ("circuit_breaker_half_open", CircuitBreaker, "state", is("half_open"), 0, Warning,
            "Circuit breaker {name} is half-open",
            "Watch whether circuit breaker {name} closes"),
        ("pool_saturated", Pool, "utilization", Above(0.9), 30, Warning,
            "Pool {name} is saturated: {value} of its workers are active",
            "Raise the size of pool {name}, or find the requests that hold its workers"),
        ("worker_stuck", Worker, "stuck_s", Above(60.0), 0, Warning,
            "Worker {name} has been active without progress for {value}",
            "Look at what worker {name} is doing, and restart it if it does not come back"),
        ("instance_stale", Service, "status", is("stale"), 0, Warning,
            "Instance {instance} of {service} has gone silent",
            "Check that instance {instance} of {service} runs and can reach the bridge"),
        ("push_failing", Push, "is_failing", is("true"), 0, Warning,
            "Push destination {name} is failing",
            "Check that destination {name} is up and takes these credentials; data waits in the queue"),
        ("push_queue_filling", Push, "queue_ratio", Above(0.7), 0, Warning,
            "Queue of push destination {name} is {value} full",
            "Bring destination {name} back, or give its queue more bytes"),
        ("push_queue_full", Push, "queue_ratio", Above(0.9), 0, Critical,
            "Queue of push destination {name} is {value} full",
            "Bring destination {name} back now, or give its queue more bytes: it will soon refuse or drop"),
    ]
}

/// What a recommendation says beside its message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Advice {
    /// `performance`, `reliability`, `capacity` or `configuration`.
    pub kind: &'static str,
    /// A few words.
    pub title: &'static str,
    /// What to do, step by step.
    pub actions: &'static [&'static str],
}

/// The advice of a rule; a rule of the configuration gets that of its subject, without steps.
#[rustfmt::skip]
pub fn advice(rule: &Rule) -> Advice {
    let (kind, title, actions): (_, _, &'static [&'static str]) = match rule.name.as_str() {
        "high_error_rate" | "critical_error_rate" => ("reliability", "Reduce the error rate", &[
            "List the components with the most errors", "Read their last error", "Roll back what changed last",
        ]),
        "high_memory_usage" | "critical_memory_usage" => ("performance", "Watch the memory", &[
            "Find the instance and the worker with the largest memory", "Compare with the time of its last restart",
            "Raise the limit, or fix what grows",
        ]),
        "high_cpu_usage" => ("performance", "Relieve the CPU", &[
            "Find the busiest instance", "Add instances or workers", "Profile the hot path",
        ]),
        "low_throughput" => ("performance", "Check the flow of work", &[
            "Check the senders", "Check queues and streams in front of it", "Check open circuit breakers",
        ]),
        "component_unhealthy" => ("reliability", "Repair the component", &[
            "Read its last error", "Check what it depends on", "Restart it",
        ]),
        "circuit_breaker_open" | "circuit_breaker_half_open" => ("reliability", "Check the protected call", &[
            "Check the callee's health", "Read the breaker's transitions and their reasons",
        ]),
        "pool_saturated" => ("capacity", "Give the pool room", &[
            "Look for workers that are stuck", "Raise the pool's size", "Spread the load",
        ]),
        "worker_stuck" => ("reliability", "Free the worker", &[
            "Find the request that it handles", "Add a timeout", "Restart the worker",
        ]),
        "instance_stale" => ("reliability", "Bring the instance back", &[
            "Check that its process runs", "Check its OTLP endpoint and the network", "Check its export interval",
        ]),
        "push_failing" => ("configuration", "Repair the destination", &[
            "Read its last error", "Check endpoint, TLS and credentials", "Watch its queue",
        ]),
        "push_queue_filling" | "push_queue_full" => ("capacity", "Drain the queue", &[
            "Check that the destination takes data", "Raise queue.bytes_max", "Send less",
        ]),
        _ => (kind_of(rule.on), "", &[]),
    };
    Advice { kind, title, actions }
}

const fn kind_of(on: Subject) -> &'static str {
    match on {
        System | Worker => "performance",
        Pool | Subject::Stream => "capacity",
        Service | Component | CircuitBreaker | Push => "reliability",
    }
}
