//! Pull endpoints, native and the other forms: all take the same keys.

use std::time::Duration;

use crate::config::listener::Listener;
use crate::config::pull::{Names, Prometheus, PullEndpoint};
use crate::config::read::listener::{cors, listener};
use crate::config::section::{Item, Section};
use crate::model::scope::Scope;

const SSE_INTERVAL_MS_RANGE: std::ops::RangeInclusive<usize> = 50..=3_600_000;
/// Paths under which other routes stand; a `base` there would hide them or be hidden.
const RESERVED: [&str; 6] = ["/api/v1", "/ui", "/readyz", "/livez", "/healthz", "/openapi.json"];

/// `pull`: a list of endpoints, or one endpoint without the list; absent is one with the defaults.
pub(crate) fn endpoints(root: &mut Section<'_>) -> Vec<PullEndpoint> {
    let stands_alone = !root.has("pull");
    let Some(item) = root.get("pull") else {
        return if stands_alone { vec![default_endpoint(root)] } else { Vec::new() };
    };
    let items = if item.is_mapping() { vec![item] } else { item.items() };
    items.iter().filter_map(endpoint).collect()
}

fn default_endpoint(root: &mut Section<'_>) -> PullEndpoint {
    let mut absent = root.section("pull");
    native(&mut absent)
}

fn endpoint(item: &Item<'_>) -> Option<PullEndpoint> {
    let mut section = item.section()?;
    let endpoint = native(&mut section);
    section.finish();
    Some(endpoint)
}

fn native(section: &mut Section<'_>) -> PullEndpoint {
    let default = PullEndpoint::default();
    let name = section.get("name").and_then(|item| item.name()).unwrap_or(default.name);
    let listener = listener(section, default.listener.address, default.listener.rate_limit);
    beside(section, name, listener)
}

/// The keys that stand beside name and listener.
pub(crate) fn beside(section: &mut Section<'_>, name: String, mut listener: Listener) -> PullEndpoint {
    let default = PullEndpoint::default();
    listener.cors = cors(section);
    let sse_clients_max = section.whole("sse_clients_max", default.sse_clients_max, 1..=1_000_000);
    let per_address = default.sse_clients_per_address_max;
    PullEndpoint {
        name,
        listener,
        base: section.get("base").and_then(|item| base(&item)).unwrap_or(default.base),
        pool_namespace: section
            .get("pool_namespace")
            .and_then(|item| namespace(&item))
            .unwrap_or(default.pool_namespace),
        prometheus: section.get("prometheus").map_or(default.prometheus, |item| prometheus(&item)),
        sse_interval: sse_interval(section, default.sse_interval),
        filter: section.get("filter").map(|item| filter(&item)).unwrap_or_default(),
        sse_clients_max,
        sse_clients_per_address_max: section.whole("sse_clients_per_address_max", per_address, 1..=1_000_000),
        enabled: section.boolean("enabled", default.enabled),
    }
}

/// `sse_interval: 1s`, or `sseInterval: 1000` in milliseconds as the plugin writes it.
fn sse_interval(section: &mut Section<'_>, default: Duration) -> Duration {
    let milliseconds = |count: usize| Duration::from_millis(count as u64);
    let range = milliseconds(*SSE_INTERVAL_MS_RANGE.start())..=milliseconds(*SSE_INTERVAL_MS_RANGE.end());
    let native = section.get("sse_interval").and_then(|item| item.duration(range));
    let printed = section.get("sseInterval");
    if let (Some(_), Some(item)) = (native, &printed) {
        item.problem("and `sse_interval` say the same thing: keep one");
    }
    let printed = printed.and_then(|item| item.whole(SSE_INTERVAL_MS_RANGE));
    native.or(printed.map(milliseconds)).unwrap_or(default)
}

fn base(item: &Item<'_>) -> Option<String> {
    let text = item.name()?;
    let trimmed = text.trim_end_matches('/');
    let is_segment = |segment: &str| {
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.~".contains(letter);
        !segment.is_empty() && segment != "." && segment != ".." && segment.chars().all(is_plain)
    };
    let is_path = trimmed.strip_prefix('/').is_some_and(|rest| rest.split('/').all(is_segment));
    if !is_path {
        item.problem(&format!("must be a path below the root, such as `/metrics`{}", item.written()));
        return None;
    }
    let is_under =
        |reserved: &str| trimmed.strip_prefix(reserved).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    if let Some(reserved) = RESERVED.iter().find(|reserved| is_under(reserved)) {
        item.problem(&format!("must not stand under `{reserved}`, where other routes are"));
        return None;
    }
    Some(trimmed.to_owned())
}

fn namespace(item: &Item<'_>) -> Option<String> {
    let text = item.name()?;
    let is_name = text.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
        && text.starts_with(|first: char| !first.is_ascii_digit());
    if !is_name || text.len() > 64 {
        item.problem(&format!("must have at most 64 letters, digits and `_`, no digit first{}", item.written()));
        return None;
    }
    Some(text)
}

/// `true`, `false`, or a mapping.
fn prometheus(item: &Item<'_>) -> Option<Prometheus> {
    if !item.is_mapping() {
        return item.boolean().unwrap_or(true).then(Prometheus::default);
    }
    let mut section = item.section()?;
    let prometheus = Prometheus {
        names: section.word("names", Names::Spec, &[("spec", Names::Spec), ("otel", Names::Otel)]),
        openmetrics: section.boolean("openmetrics", false),
        resource_labels: section.texts("resource_labels"),
    };
    section.finish();
    Some(prometheus)
}

fn filter(item: &Item<'_>) -> Scope {
    let Some(mut section) = item.section() else { return Scope::default() };
    let mut exact = |key| section.get(key).and_then(|item| item.name());
    let scope = Scope { service: exact("service"), instance: exact("instance"), environment: exact("environment") };
    section.finish();
    scope
}
