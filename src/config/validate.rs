//! What no section can see alone: names and addresses that stand twice, doors open to the network, loops.

use std::net::{IpAddr, SocketAddr};

use crate::config::Config;
use crate::config::error::Report;
use crate::config::listener::Listener;

/// Reports every problem between sections.
pub(crate) fn validate(config: &Config, report: &Report) {
    exposed_listeners(config, report);
    duplicate_addresses(config, report);
    duplicate_names(config, report);
    for (index, destination) in config.push.iter().enumerate() {
        if let Some(door) = loop_door(config, &destination.endpoint) {
            let message = format!(
                "`push[{index}].endpoint` is this bridge's own receiver ({door}): what it sends would come back for ever"
            );
            report.problem_at_path(&format!("push[{index}].endpoint"), message);
        }
    }
}

fn exposed_listeners(config: &Config, report: &Report) {
    for listener in config.listeners() {
        if listener.is_exposed() {
            let message = format!(
                "`{}` listens on {}, which other machines reach, without `auth`: add `auth` (or `tls.client_ca`), or \
                 `insecure: true` if anybody may call",
                listener.key, listener.address
            );
            report.problem_at_path(&listener.path_of("address"), message);
        }
    }
}

fn duplicate_addresses(config: &Config, report: &Report) {
    let all: Vec<&Listener> = config.listeners().collect();
    for (index, listener) in all.iter().enumerate() {
        let collides = |other: &&&Listener| overlap(other.address, listener.address);
        if let Some(other) = all.iter().take(index).find(collides) {
            let message =
                format!("`{}` listens on {}, where `{}` already does", listener.key, listener.address, other.key);
            report.problem_at_path(&listener.path_of("address"), message);
        }
    }
}

/// Port 0 lets the system choose, so it never collides. `[::]` takes IPv4 too, `0.0.0.0` nothing but IPv4.
fn overlap(left: SocketAddr, right: SocketAddr) -> bool {
    let covers = |one: IpAddr, other: IpAddr| one.is_unspecified() && (one.is_ipv6() || other.is_ipv4());
    let (host, other) = (left.ip().to_canonical(), right.ip().to_canonical());
    let same_host = host == other || covers(host, other) || covers(other, host);
    left.port() != 0 && left.port() == right.port() && same_host
}

fn duplicate_names(config: &Config, report: &Report) {
    let endpoints: Vec<(String, &str)> =
        config.pull.iter().map(|endpoint| (endpoint.listener.key.clone(), endpoint.name.as_str())).collect();
    let destinations: Vec<(String, &str)> = config
        .push
        .iter()
        .enumerate()
        .map(|(index, destination)| (format!("push[{index}]"), destination.name.as_str()))
        .collect();
    let rules: Vec<(String, &str)> = config
        .alerts
        .rules
        .iter()
        .enumerate()
        .map(|(index, rule)| (format!("alerts.rules[{index}]"), rule.name.as_str()))
        .collect();
    let expected: Vec<(String, &str)> = config
        .health
        .expect
        .iter()
        .enumerate()
        .map(|(index, name)| (format!("health.expect[{index}]"), name.as_str()))
        .collect();
    for named in [endpoints, destinations, rules, expected] {
        for (index, (path, name)) in named.iter().enumerate() {
            if let Some((first, _)) = named.iter().take(index).find(|(_, other)| other == name && !name.is_empty()) {
                report.problem_at_path(
                    &format!("{path}.name"),
                    format!("`{path}` has the name `{name}`, which `{first}` has"),
                );
            }
        }
    }
}

/// The receiver that an endpoint's URL leads to, if it is this bridge's own.
pub(crate) fn loop_door(config: &Config, endpoint: &str) -> Option<SocketAddr> {
    let uri: http::Uri = endpoint.parse().ok()?;
    let default_port = if uri.scheme_str() == Some("https") { 443 } else { 80 };
    let port = uri.port_u16().unwrap_or(default_port);
    let host = uri.host()?.trim_start_matches('[').trim_end_matches(']');
    let host = match host.parse::<IpAddr>() {
        Ok(host) => host.to_canonical(),
        Err(_) if host.eq_ignore_ascii_case("localhost") => IpAddr::from([127, 0, 0, 1]),
        Err(_) => return None,
    };
    let doors = config.receive.grpc.iter().chain(&config.receive.http).map(|door| door.address);
    doors.filter(|door| door.port() == port && port != 0).find(|door| leads_to(host, door.ip().to_canonical()))
}

/// `0.0.0.0` as a target is this machine, and as a door takes what comes to any of its addresses; of those only the loopback
/// ones are known here. `localhost` may mean either family.
fn leads_to(host: IpAddr, door: IpAddr) -> bool {
    let is_here = |address: IpAddr| address.is_loopback() || address.is_unspecified();
    host == door || (is_here(host) && is_here(door))
}
