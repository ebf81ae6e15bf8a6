//! What every listening socket takes.

use std::net::{IpAddr, SocketAddr};

use crate::config::Secret;
use crate::config::listener::{Auth, Cors, Listener, RateLimit, ServerTls};
use crate::config::read::address;
use crate::config::section::{Item, Section};

/// Most connections of one listener that may be asked for; beyond it file descriptors are the limit.
const CONNECTIONS_MAX: usize = 1_000_000;
/// Highest bcrypt cost that is taken: each check of 2^16 rounds takes seconds already.
const BCRYPT_COST_MAX: u32 = 16;

/// A listener's keys; the address is the default or what `address` says.
pub(crate) fn listener(section: &mut Section<'_>, default: SocketAddr, rate_limit: Option<RateLimit>) -> Listener {
    let address = section.get("address").and_then(|item| address::socket(&item)).unwrap_or(default);
    listener_at(section, address, rate_limit)
}

/// A listener's keys but the address.
pub(crate) fn listener_at(section: &mut Section<'_>, address: SocketAddr, rate_limit: Option<RateLimit>) -> Listener {
    let tls = section.get("tls").and_then(|item| server_tls(&item));
    let has_client_ca = tls.as_ref().is_some_and(|tls| tls.client_ca.is_some());
    Listener {
        address,
        key: section.path().to_owned(),
        auth: section.get("auth").and_then(|item| auth(&item, has_client_ca)),
        tls,
        rate_limit: section.get("rate_limit").map_or(rate_limit, |item| rate_limit_of(&item)),
        connections_max: section.whole("connections_max", 1024, 1..=CONNECTIONS_MAX),
        insecure: section.boolean("insecure", false),
        cors: Cors::default(),
        trusted_proxies: trusted_proxies(section),
    }
}

fn trusted_proxies(section: &mut Section<'_>) -> Vec<IpAddr> {
    let items = section.get("trusted_proxies").map(|item| item.items()).unwrap_or_default();
    items.iter().filter_map(address::host).collect()
}

/// `0` turns the limit off; a mapping sets it.
fn rate_limit_of(item: &Item<'_>) -> Option<RateLimit> {
    if !item.is_mapping() {
        match item.text()?.trim() {
            "0" | "false" => {}
            _ => item.problem("must be `0` (no limit) or a mapping with `per_second` and `burst`"),
        }
        return None;
    }
    let mut section = item.section()?;
    let per_second = section.whole("per_second", 100, 1..=1_000_000) as u32;
    let burst = section.whole("burst", per_second as usize * 3, 1..=10_000_000) as u32;
    section.finish();
    Some(RateLimit { per_second, burst })
}

/// `cors`, for the listeners that browsers speak to.
pub(crate) fn cors(section: &mut Section<'_>) -> Cors {
    let Some(item) = section.get("cors") else { return Cors::default() };
    let Some(mut section) = item.section() else { return Cors::default() };
    let items = section.get("origins").map(|item| item.items()).unwrap_or_default();
    section.finish();
    let origins: Vec<String> = items.iter().filter_map(origin).collect();
    if origins.len() > 1 && origins.iter().any(|origin| origin == "*") {
        item.problem("has `*` beside other origins: `*` stands alone");
    }
    Cors { origins }
}

fn origin(item: &Item<'_>) -> Option<String> {
    let text = item.name()?;
    if text == "*" {
        return Some(text);
    }
    if let Err(message) = address::check_url(&text) {
        item.problem(&message);
        return None;
    }
    let is_bare = text.split_once("://").is_some_and(|(_, rest)| !rest.contains(['/', '?', '#']));
    if !is_bare {
        item.problem("must be an origin: scheme, host and port, without a path or a final `/`");
        return None;
    }
    // What a browser sends has no such port, so that the origin would never match.
    let default_port = [("https://", ":443"), ("http://", ":80")].into_iter();
    let mut written = default_port.filter(|(scheme, port)| text.starts_with(scheme) && text.ends_with(port));
    if let Some((_, port)) = written.next() {
        item.problem(&format!("must be written as browsers send it: leave `{port}` out"));
        return None;
    }
    Some(text.to_ascii_lowercase())
}

fn server_tls(item: &Item<'_>) -> Option<ServerTls> {
    let mut section = item.section()?;
    let certificate = section.required("certificate").and_then(|item| item.name());
    let key = section.required("key").and_then(|item| item.name());
    let client_ca = section.get("client_ca").and_then(|item| item.name());
    section.finish();
    Some(ServerTls { certificate: certificate?.into(), key: key?.into(), client_ca: client_ca.map(Into::into) })
}

/// Credentials; those that are wrong are reported and left out, which no caller sees as the configuration is then refused.
fn auth(item: &Item<'_>, has_client_ca: bool) -> Option<Auth> {
    let mut section = item.section()?.hide_unknown_keys();
    let tokens = section.get("bearer_tokens").map(|item| item.items()).unwrap_or_default();
    let users = section.pairs("basic");
    let public = section.get("public").map(|item| item.items()).unwrap_or_default();
    if tokens.is_empty() && users.is_empty() && !has_client_ca {
        item.problem("names no `bearer_tokens` and no `basic` users: nobody could enter");
    }
    section.finish();
    Some(Auth {
        bearer_tokens: tokens.iter().filter_map(token).collect(),
        basic: users.into_iter().filter_map(|(user, item)| basic(user, &item)).collect(),
        public: public.iter().filter_map(public_path).collect(),
    })
}

fn token(item: &Item<'_>) -> Option<Secret> {
    let text = item.name()?;
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        item.problem("must be a token of visible ASCII characters, without blanks");
        return None;
    }
    Some(Secret::new(text))
}

fn basic(user: String, item: &Item<'_>) -> Option<(String, Secret)> {
    let hash = item.name()?;
    if user.is_empty() || user.contains(':') {
        item.problem("has a user name that is empty or holds a `:`, which HTTP does not allow");
        return None;
    }
    if !is_bcrypt(&hash) {
        item.problem("must be a bcrypt hash (`$2b$12$` and 53 characters), not a password: `htpasswd -nbB USER PASSWORD` makes one");
        return None;
    }
    if bcrypt_cost(&hash).is_none_or(|cost| !(4..=BCRYPT_COST_MAX).contains(&cost)) {
        item.problem(&format!("must be a bcrypt hash with a cost from 4 to {BCRYPT_COST_MAX}"));
        return None;
    }
    Some((user, Secret::new(hash)))
}

fn is_bcrypt(hash: &str) -> bool {
    let Some(rest) = ["$2a$", "$2b$", "$2x$", "$2y$"].iter().find_map(|start| hash.strip_prefix(start)) else {
        return false;
    };
    let Some((cost, digest)) = rest.split_once('$') else { return false };
    cost.len() == 2
        && cost.bytes().all(|byte| byte.is_ascii_digit())
        && digest.len() == 53
        && digest.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'/')
}

fn bcrypt_cost(hash: &str) -> Option<u32> {
    hash.split('$').nth(2)?.parse().ok()
}

fn public_path(item: &Item<'_>) -> Option<String> {
    let text = item.name()?;
    if !text.starts_with('/') || text.contains(['*', '?', '#']) {
        item.problem("must be an exact path, such as `/health`");
        return None;
    }
    Some(text)
}
