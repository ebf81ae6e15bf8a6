//! Addresses and URLs.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use crate::config::section::Item;

/// `127.0.0.1:4317`, `[::1]:4317`, `localhost:4317`.
pub(crate) fn socket(item: &Item<'_>) -> Option<SocketAddr> {
    let text = item.name()?;
    if let Ok(address) = text.parse() {
        return Some(address);
    }
    if let Some(port) = text.strip_prefix("localhost:").and_then(|port| port.parse().ok()) {
        return Some(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port));
    }
    let is_shown = !item.written().is_empty();
    let port = text.strip_prefix(':').unwrap_or(&text).parse::<u16>().ok().filter(|_| is_shown);
    let example = match (port, text.parse::<IpAddr>().ok().filter(|_| is_shown)) {
        (Some(port), _) => format!(": write `127.0.0.1:{port}`"),
        (_, Some(IpAddr::V6(host))) => format!(": write `[{host}]:9000` with its port"),
        (_, Some(host)) => format!(": write `{host}:9000` with its port"),
        _ => ", such as `127.0.0.1:9000`".to_owned(),
    };
    item.problem(&format!("must be an IP address (or `localhost`) and a port{example}{}", item.written()));
    None
}

/// A host without port: an IP address or `localhost`.
pub(crate) fn host(item: &Item<'_>) -> Option<IpAddr> {
    let text = item.name()?;
    if text == "localhost" {
        return Some(Ipv4Addr::LOCALHOST.into());
    }
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(&text);
    let found = bare.parse().ok();
    if found.is_none() {
        item.problem(&format!("must be an IP address or `localhost`, without a port{}", item.written()));
    }
    found
}

/// An `http` or `https` URL without credentials.
pub(crate) fn url(item: &Item<'_>) -> Option<String> {
    let text = item.name()?;
    match check_url(&text) {
        Ok(()) => Some(text),
        Err(message) => {
            item.problem(&message);
            None
        }
    }
}

/// # Errors
/// What is wrong, without the URL itself: it may hold credentials.
pub(crate) fn check_url(text: &str) -> Result<(), String> {
    let wrong = || "must be a URL, such as `http://localhost:4317`".to_owned();
    if text.contains('@') {
        return Err("must not hold credentials (`user:password@`): they would end up in logs; use `headers`".to_owned());
    }
    let uri: http::Uri = text.parse().map_err(|_error| wrong())?;
    match uri.scheme_str() {
        Some("http" | "https") => {}
        Some(_) => return Err("must begin with `http://` or `https://`".to_owned()),
        None => return Err("must be a URL and begin with `http://` or `https://`".to_owned()),
    }
    if uri.host().is_none_or(str::is_empty) {
        return Err(wrong());
    }
    Ok(())
}
