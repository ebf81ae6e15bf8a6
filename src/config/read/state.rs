//! The store, the health score and the links.

use std::time::Duration;

use crate::config::health::Health;
use crate::config::links::Links;
use crate::config::read::address::check_url;
use crate::config::section::{Item, Section};
use crate::config::state::State;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);

/// `state`.
pub(crate) fn state(root: &mut Section<'_>) -> State {
    let mut section = root.section("state");
    let state = State {
        series_max: section.whole("series_max", 200_000, 1..=100_000_000),
        workers_max: section.whole("workers_max", 50_000, 1..=10_000_000),
        history: section.duration("history", MINUTE * 15, SECOND..=DAY * 7),
        history_bytes_max: section.size("history_bytes_max", 64 << 20, 64 << 10..=1 << 40) as usize,
        stale_after: section.get("stale_after").and_then(|item| match item.text()?.as_str() {
            "auto" => None,
            _ => item.duration(SECOND..=DAY * 30),
        }),
        forget_after: section.duration("forget_after", MINUTE * 15, SECOND..=DAY * 30),
        snapshot_interval: section.duration("snapshot_interval", Duration::from_millis(250), SECOND / 100..=MINUTE),
    };
    if state.stale_after.is_some_and(|stale| stale >= state.forget_after) {
        let message =
            "`state.stale_after` must be below `state.forget_after`: an instance is stale before it is forgotten";
        section.report().problem_at_path(&section.path_of("stale_after"), message);
    }
    section.finish();
    state
}

/// `health`.
pub(crate) fn health(root: &mut Section<'_>) -> Health {
    let mut section = root.section("health");
    let health = Health {
        healthy: section.fraction("healthy", 0.8, 0.0..=1.0),
        degraded: section.fraction("degraded", 0.5, 0.0..=1.0),
        expect: section.texts("expect"),
        expect_grace: Duration::ZERO,
        weights: section.pairs("weights").into_iter().filter_map(weight).collect(),
    };
    if health.degraded > health.healthy {
        let path = section.path_of(if section.has("degraded") { "degraded" } else { "healthy" });
        section.report().problem_at_path(&path, "`health.degraded` must not be above `health.healthy`");
    }
    section.finish();
    health
}

fn weight((name, item): (String, Item<'_>)) -> Option<(String, f64)> {
    item.number(0.0..=1_000_000.0).map(|weight| (name, weight))
}

/// `links`.
pub(crate) fn links(root: &mut Section<'_>) -> Links {
    let mut section = root.section("links");
    let mut template = |key, placeholder| section.get(key).and_then(|item| link(&item, placeholder));
    let links = Links { worker: template("worker", "{worker_id}"), trace: template("trace", "{trace_id}") };
    section.finish();
    links
}

/// Only `http` and `https`: pages make anchors of them, and a `javascript:` link would run there.
fn link(item: &Item<'_>, placeholder: &str) -> Option<String> {
    let text = item.name()?;
    let without_placeholders = text.replace(['{', '}'], "");
    let ascii: String = without_placeholders.chars().filter(char::is_ascii).collect();
    let host_end = ascii.find(['?', '#']).unwrap_or(ascii.len());
    if let Err(message) = check_url(ascii.get(..host_end).unwrap_or_default()) {
        item.problem(&message);
        return None;
    }
    if !text.contains(placeholder) {
        item.problem(&format!("must hold the placeholder `{placeholder}`"));
        return None;
    }
    Some(text)
}
