//! Who calls: the browser's origin and the client's address.

use std::net::IpAddr;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use tower_http::cors::{AllowHeaders, AllowMethods, AllowOrigin, Any, CorsLayer};

use crate::config::listener::Cors;

static FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// How long a browser may remember the answer to a preflight.
const PREFLIGHT_AGE: Duration = Duration::from_mins(10);

/// The CORS layer of a listener; none when no origin may read. Origins are compared whole, and `null` is never one.
///
/// # Errors
/// The reason, when an origin is no header value.
pub(crate) fn cors(config: &Cors) -> Result<Option<CorsLayer>, String> {
    if config.origins.is_empty() {
        return Ok(None);
    }
    let layer = CorsLayer::new().allow_methods(AllowMethods::list([Method::GET, Method::HEAD, Method::POST]));
    let layer = layer.max_age(PREFLIGHT_AGE);
    if config.origins.iter().any(|origin| origin == "*") {
        return Ok(Some(layer.allow_headers(Any).allow_origin(Any)));
    }
    let exact = |origin: &String| match HeaderValue::from_str(origin) {
        Ok(value) if origin != "null" => Ok(value),
        _ => Err("an origin must be an exact one, such as https://grafana.example".to_owned()),
    };
    let origins = config.origins.iter().map(exact).collect::<Result<Vec<_>, _>>()?;
    // With exact origins the headers that are asked for are allowed by name: `*` would not cover `Authorization`.
    let layer = layer.allow_origin(AllowOrigin::list(origins)).allow_headers(AllowHeaders::mirror_request());
    Ok(Some(layer.allow_credentials(true)))
}

/// The client's address: the peer's own, unless the peer is a trusted proxy; then the rightmost address of `X-Forwarded-For`
/// that is no trusted proxy itself. What stands further left was written by the client.
pub(crate) fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpAddr]) -> IpAddr {
    let mut client = peer.to_canonical();
    if trusted.is_empty() || !is_trusted(client, trusted) {
        return client;
    }
    for line in headers.get_all(&FORWARDED_FOR).iter().rev() {
        for entry in line.to_str().unwrap_or_default().rsplit(',') {
            let Some(address) = parse(entry.trim()) else { return client };
            client = address;
            if !is_trusted(client, trusted) {
                return client;
            }
        }
    }
    client
}

fn is_trusted(address: IpAddr, trusted: &[IpAddr]) -> bool {
    trusted.iter().any(|proxy| proxy.to_canonical() == address)
}

/// An address, also with a port or in brackets as some proxies write it.
fn parse(entry: &str) -> Option<IpAddr> {
    let bare = entry.trim_start_matches('[').trim_end_matches(']');
    let address = bare.parse::<IpAddr>().ok();
    address.or_else(|| entry.parse::<std::net::SocketAddr>().ok().map(|socket| socket.ip())).map(|ip| ip.to_canonical())
}

/// The one `Authorization` header; an error when there are several.
pub(crate) fn authorization(headers: &HeaderMap) -> Result<Option<&HeaderValue>, ()> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    match (all.next(), all.next()) {
        (first, None) => Ok(first),
        (_, Some(_)) => Err(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(peer: &str, forwarded: &[&str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append(&FORWARDED_FOR, line.parse().unwrap());
        }
        let trusted: Vec<IpAddr> = trusted.iter().map(|one| one.parse().unwrap()).collect();
        client_address(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    /// H: a spoofed X-Forwarded-For is believed from trusted proxies only, and only as far as they wrote it.
    #[test]
    fn forwarded_for_is_believed_from_trusted_proxies_only() {
        assert_eq!(seen("192.0.2.7", &["10.0.0.1"], &[]), "192.0.2.7");
        assert_eq!(seen("192.0.2.7", &["10.0.0.1"], &["192.0.2.8"]), "192.0.2.7");
        assert_eq!(seen("192.0.2.8", &["10.0.0.1"], &["192.0.2.8"]), "10.0.0.1");
        assert_eq!(seen("192.0.2.8", &["6.6.6.6, 10.0.0.1"], &["192.0.2.8"]), "10.0.0.1");
        assert_eq!(seen("192.0.2.8", &["6.6.6.6", "10.0.0.1, 192.0.2.9"], &["192.0.2.8", "192.0.2.9"]), "10.0.0.1");
        assert_eq!(seen("192.0.2.8", &["evil"], &["192.0.2.8"]), "192.0.2.8");
        assert_eq!(seen("192.0.2.8", &["[2001:db8::1]:4711"], &["192.0.2.8"]), "2001:db8::1");
        assert_eq!(seen("::ffff:192.0.2.8", &["10.0.0.1:80"], &["192.0.2.8"]), "10.0.0.1");
        assert_eq!(seen("192.0.2.8", &[], &["192.0.2.8"]), "192.0.2.8");
    }
}
