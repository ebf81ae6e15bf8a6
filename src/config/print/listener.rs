//! Listeners and pull endpoints.

use std::net::IpAddr;

use crate::config::listener::{Auth, Listener, RateLimit, ServerTls};
use crate::config::print::shown::Shown;
use crate::config::pull::{Names, Prometheus, PullEndpoint};

/// The keys of a listener.
pub(super) fn listener(listener: &Listener, has_cors: bool) -> Vec<(&'static str, Shown)> {
    let mut entries = vec![
        ("address", Shown::text(listener.address.to_string())),
        ("auth", listener.auth.as_ref().map_or(Shown::Null, auth)),
        ("tls", listener.tls.as_ref().map_or(Shown::Null, tls)),
        ("rate_limit", listener.rate_limit.map_or(Shown::Whole(0), rate_limit)),
        ("connections_max", Shown::whole(listener.connections_max)),
        ("insecure", Shown::Boolean(listener.insecure)),
        (
            "trusted_proxies",
            Shown::List(listener.trusted_proxies.iter().map(IpAddr::to_string).map(Shown::Text).collect()),
        ),
    ];
    if has_cors {
        entries.push(("cors", Shown::mapping(vec![("origins", Shown::texts(&listener.cors.origins))])));
    }
    entries
}

fn auth(auth: &Auth) -> Shown {
    let tokens = auth.bearer_tokens.iter().map(|_| Shown::redacted()).collect();
    let users = auth.basic.iter().map(|(user, _)| (user.clone(), Shown::redacted())).collect();
    Shown::mapping(vec![
        ("bearer_tokens", Shown::List(tokens)),
        ("basic", Shown::Mapping(users)),
        ("public", Shown::texts(&auth.public)),
    ])
}

fn tls(tls: &ServerTls) -> Shown {
    let mut entries = vec![("certificate", Shown::path(&tls.certificate)), ("key", Shown::path(&tls.key))];
    if let Some(client_ca) = &tls.client_ca {
        entries.push(("client_ca", Shown::path(client_ca)));
    }
    Shown::mapping(entries)
}

fn rate_limit(limit: RateLimit) -> Shown {
    let (per_second, burst) = (u64::from(limit.per_second), u64::from(limit.burst));
    Shown::mapping(vec![("per_second", Shown::Whole(per_second)), ("burst", Shown::Whole(burst))])
}

/// A pull endpoint.
pub(super) fn endpoint(endpoint: &PullEndpoint) -> Shown {
    let filter = &endpoint.filter;
    let filter = [("service", &filter.service), ("instance", &filter.instance), ("environment", &filter.environment)];
    let filter = filter.into_iter().filter_map(|(key, value)| value.as_ref().map(|value| (key, Shown::text(value))));
    let mut entries = vec![("name", Shown::text(&endpoint.name))];
    entries.extend(listener(&endpoint.listener, true));
    entries.extend([
        ("enabled", Shown::Boolean(endpoint.enabled)),
        ("base", Shown::text(&endpoint.base)),
        ("pool_namespace", Shown::text(&endpoint.pool_namespace)),
        ("prometheus", endpoint.prometheus.as_ref().map_or(Shown::Boolean(false), prometheus)),
        ("sse_interval", Shown::duration(endpoint.sse_interval)),
        ("filter", Shown::mapping(filter.collect())),
        ("sse_clients_max", Shown::whole(endpoint.sse_clients_max)),
        ("sse_clients_per_address_max", Shown::whole(endpoint.sse_clients_per_address_max)),
    ]);
    Shown::mapping(entries)
}

fn prometheus(prometheus: &Prometheus) -> Shown {
    let names = match prometheus.names {
        Names::Spec => "spec",
        Names::Otel => "otel",
    };
    Shown::mapping(vec![
        ("names", Shown::text(names)),
        ("openmetrics", Shown::Boolean(prometheus.openmetrics)),
        ("resource_labels", Shown::texts(&prometheus.resource_labels)),
    ])
}
