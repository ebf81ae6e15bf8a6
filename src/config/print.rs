//! The resolved configuration for people: every value that holds, in the native form, without secrets.

mod destination;
mod listener;
mod rules;
mod shown;

use crate::config::Config;
use crate::config::print::shown::Shown;
use crate::config::units::{print_duration, print_size};

/// What a series takes, in bytes (contract §8).
const SERIES_BYTES: usize = 400;
/// What a worker takes, in bytes.
const WORKER_BYTES: usize = 1024;
/// What the program takes beside its stores, in bytes.
const BASE_BYTES: usize = 24 << 20;

impl Config {
    /// The memory that the process may come to take, in bytes: requests in work, history, series and workers at their limits,
    /// and the program itself.
    pub fn memory_budget_bytes(&self) -> usize {
        let state = &self.state;
        [
            self.receive.inflight_bytes_max,
            state.history_bytes_max,
            state.series_max.saturating_mul(SERIES_BYTES),
            state.workers_max.saturating_mul(WORKER_BYTES),
            BASE_BYTES,
        ]
        .into_iter()
        .fold(0, usize::saturating_add)
    }

    /// One line that names the budget and its parts.
    pub fn memory_budget_line(&self) -> String {
        let state = &self.state;
        format!(
            "memory budget: {:.1} MiB = inflight_bytes_max {} + history_bytes_max {} + 400 B × series_max {} + 1 KiB × \
             workers_max {} + 24 MiB",
            self.memory_budget_bytes() as f64 / f64::from(1 << 20),
            print_size(self.receive.inflight_bytes_max as u64),
            print_size(state.history_bytes_max as u64),
            state.series_max,
            state.workers_max,
        )
    }
}

/// YAML of the native form with every value that holds; tokens, password hashes and header values read `<redacted>`. What the
/// native form has no keys for (streams of a blueprint, what variables said of the process itself) stands in comments.
pub fn resolved_yaml(config: &Config) -> String {
    let yaml = serde_saphyr::to_string(&shown(config)).unwrap_or_default();
    let mut comments = Vec::new();
    let mut comment = |line: String| comments.push(format!("# {}\n", one_line(&line)));
    for binding in &config.bindings {
        let (from, to) = (&binding.from_component, &binding.to_component);
        comment(format!("stream {} from {from} to {to}", binding.stream_name));
    }
    if !config.health.expect_grace.is_zero() {
        comment(format!("expected components may be missing for {}", print_duration(config.health.expect_grace)));
    }
    for (key, value) in &config.resource {
        comment(format!("resource {key} = {value}"));
    }
    comment(format!(
        "own metrics every {}, {} temporality",
        print_duration(config.metric_export_interval),
        config.metric_temporality.as_str()
    ));
    for warning in &config.warnings {
        comment(format!("warning: {warning}"));
    }
    comment(config.memory_budget_line());
    format!("{yaml}\n{}", comments.concat())
}

/// The same values as JSON, for `/api/v1/about`.
pub fn resolved_json(config: &Config) -> serde_json::Value {
    serde_json::to_value(shown(config)).unwrap_or_default()
}

/// A name with a line break would end the comment.
fn one_line(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

fn shown(config: &Config) -> Shown {
    let receive = &config.receive;
    let door = |door: &Option<crate::config::listener::Listener>, has_cors| match door {
        Some(listener) => Shown::mapping(listener::listener(listener, has_cors)),
        None => Shown::Null,
    };
    let otlp = Shown::mapping(vec![
        ("grpc", door(&receive.grpc, false)),
        ("http", door(&receive.http, true)),
        ("request_bytes_max", Shown::size(receive.request_bytes_max as u64)),
        ("items_max", Shown::whole(receive.items_max)),
        ("inflight_bytes_max", Shown::size(receive.inflight_bytes_max as u64)),
    ]);
    let link = |link: &Option<String>| link.as_ref().map_or(Shown::Null, Shown::text);
    Shown::mapping(vec![
        ("self_observation", Shown::Boolean(config.self_observation)),
        ("receive", Shown::mapping(vec![("otlp", otlp)])),
        ("pull", Shown::List(config.pull.iter().map(listener::endpoint).collect())),
        ("push", Shown::List(config.push.iter().map(destination::destination).collect())),
        ("state", state(&config.state)),
        ("health", health(&config.health)),
        ("alerts", rules::alerts(&config.alerts)),
        ("mappings", Shown::List(config.mappings.iter().map(rules::mapping).collect())),
        ("links", Shown::mapping(vec![("worker", link(&config.links.worker)), ("trace", link(&config.links.trace))])),
    ])
}

fn state(state: &crate::config::state::State) -> Shown {
    Shown::mapping(vec![
        ("series_max", Shown::whole(state.series_max)),
        ("workers_max", Shown::whole(state.workers_max)),
        ("history", Shown::duration(state.history)),
        ("history_bytes_max", Shown::size(state.history_bytes_max as u64)),
        ("stale_after", state.stale_after.map_or_else(|| Shown::text("auto"), Shown::duration)),
        ("forget_after", Shown::duration(state.forget_after)),
        ("snapshot_interval", Shown::duration(state.snapshot_interval)),
    ])
}

fn health(health: &crate::config::health::Health) -> Shown {
    let weights = health.weights.iter().map(|(name, weight)| (name.clone(), Shown::Number(*weight)));
    Shown::mapping(vec![
        ("healthy", Shown::Number(health.healthy)),
        ("degraded", Shown::Number(health.degraded)),
        ("expect", Shown::texts(&health.expect)),
        ("weights", Shown::Mapping(weights.collect())),
    ])
}
