//! The blueprint form: `system:` with components and bindings (spec: metrics endpoint). A blueprint belongs to the program that
//! builds the system, so keys of its own are let pass; what this program reads is checked as strictly as elsewhere.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use crate::config::pull::{PORT, RATE_LIMIT};
use crate::config::read::{address, listener, pull, sections};
use crate::config::section::{Item, Section};
use crate::config::suggest::closest;
use crate::config::{Binding, Config};

const METRICS_ENDPOINT: &str = "MetricsEndpoint";
/// How long a blueprint's components may take to show up.
const GRACE: Duration = Duration::from_secs(30);

/// What one component becomes.
enum Component {
    Endpoint(Box<crate::config::pull::PullEndpoint>),
    Expected(String),
}

/// Reads `system` and the native sections beside it. Without any `MetricsEndpoint`, and without `pull`, the default endpoint stands.
pub(crate) fn blueprint(root: &mut Section<'_>) -> Config {
    let mut system = root.section("system");
    system.get("name");
    let items = system.get("components").map(|item| item.items()).unwrap_or_default();
    let components: Vec<(&Item<'_>, String, Component)> = items.iter().filter_map(component).collect();
    let bindings: Vec<Item<'_>> = system.get("bindings").map(|item| item.items()).unwrap_or_default();
    let names: Vec<&str> = components.iter().map(|(_, name, _)| name.as_str()).collect();
    check_names(&components);
    let bindings = bindings.iter().filter_map(|item| binding(item, &names)).collect();
    system.finish_foreign();
    let has_endpoint = components.iter().any(|(.., component)| matches!(component, Component::Endpoint(_)));
    let mut endpoints = if root.has("pull") || !has_endpoint { pull::endpoints(root) } else { Vec::new() };
    root.ignore(&["pull"]);
    let mut expected = Vec::new();
    for (.., component) in components {
        match component {
            Component::Endpoint(endpoint) => endpoints.push(*endpoint),
            // A name that stands twice is reported already.
            Component::Expected(name) if expected.contains(&name) => {}
            Component::Expected(name) => expected.push(name),
        }
    }
    let mut config = sections(root, endpoints);
    expected.retain(|name| !config.health.expect.contains(name));
    config.health.expect.extend(expected);
    config.health.expect_grace = GRACE;
    config.bindings = bindings;
    config
}

fn component<'a, 'b>(item: &'b Item<'a>) -> Option<(&'b Item<'a>, String, Component)> {
    let mut section = item.section()?;
    let name = section.required("name").and_then(|item| item.name());
    let kind = section.required("type").and_then(|item| item.name());
    let (Some(name), Some(kind)) = (name, kind) else { return None };
    let component = if kind == METRICS_ENDPOINT {
        let config = section.required("config").and_then(|item| item.section());
        Component::Endpoint(Box::new(endpoint(name.clone(), config?)))
    } else {
        warn_of_slip(&section, &name, &kind);
        section.ignore(&["config"]);
        Component::Expected(name.clone())
    };
    section.finish_foreign();
    Some((item, name, component))
}

/// `metricsendpoint` would silently become an expected component; the type is not ours to refuse, so it is a warning.
fn warn_of_slip(section: &Section<'_>, name: &str, kind: &str) {
    if closest(kind, [METRICS_ENDPOINT]).is_some() {
        let message = format!(
            "component `{name}` has type `{kind}`, which is not `{METRICS_ENDPOINT}`: it makes no pull endpoint"
        );
        section.report().warn(message);
    }
}

fn endpoint(name: String, mut config: Section<'_>) -> crate::config::pull::PullEndpoint {
    let port = config.required("port").and_then(|item| item.whole(0..=65_535)).unwrap_or(usize::from(PORT));
    let host = config.get("address").and_then(|item| address::host(&item)).unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
    let address = SocketAddr::new(host, u16::try_from(port).unwrap_or(PORT));
    let name = config.get("name").and_then(|item| item.name()).unwrap_or(name);
    let listener = listener::listener_at(&mut config, address, Some(RATE_LIMIT));
    let endpoint = pull::beside(&mut config, name, listener);
    config.finish();
    endpoint
}

fn binding(item: &Item<'_>, components: &[&str]) -> Option<Binding> {
    let mut section = item.section()?;
    let from = section.required("from_component").and_then(|item| known(&item, components));
    let to = section.required("to_component").and_then(|item| known(&item, components));
    let stream_name = section.required("stream_name").and_then(|item| item.name());
    section.finish_foreign();
    Some(Binding { from_component: from?, to_component: to?, stream_name: stream_name? })
}

fn known(item: &Item<'_>, components: &[&str]) -> Option<String> {
    let name = item.name()?;
    if !components.contains(&name.as_str()) {
        let hint = closest(&name, components.iter().copied()).map(|known| format!("; did you mean `{known}`?"));
        item.problem(&format!("names no component of this blueprint{}", hint.unwrap_or_default()));
        return None;
    }
    Some(name)
}

/// Names stand once; those of two endpoints are compared with the other endpoints later.
fn check_names(components: &[(&Item<'_>, String, Component)]) {
    let is_endpoint = |component: &Component| matches!(component, Component::Endpoint(_));
    for (index, (item, name, component)) in components.iter().enumerate() {
        let mut before = components.iter().take(index);
        if before.any(|(_, other, kind)| other == name && !(is_endpoint(kind) && is_endpoint(component))) {
            item.problem(&format!("has the name `{name}`, which a component before it has"));
        }
    }
}
