//! The destination that `OTEL_EXPORTER_OTLP_*` describes. The signals share one, `otel-env`, while they are sent alike;
//! otherwise each has its own, `otel-env-traces` and so on.

use crate::config::otel_environment::{Variables, pairs};
use crate::config::push::{ClientTls, Compression, Destination, Protocol, Queue, Retry, TIMEOUT};
use crate::config::read::address::check_url;
use crate::config::read::push::{COMPRESSIONS, PROTOCOLS, check_header};
use crate::config::validate::loop_door;
use crate::config::{Config, Secret};
use crate::model::signal::Signal;

const NAME: &str = "otel-env";
/// Port that speaks OTLP/gRPC nearly everywhere.
const GRPC_PORT: u16 = 4317;

/// How one signal is sent.
#[derive(Clone, PartialEq)]
struct Route {
    endpoint: String,
    is_exact: bool,
    protocol: Protocol,
    compression: Compression,
    headers: Vec<(String, Secret)>,
    timeout: std::time::Duration,
    tls: ClientTls,
}

impl Variables<'_> {
    /// None, one, or one a signal.
    pub(crate) fn destinations(&self, config: &Config) -> Vec<Destination> {
        let routes: Vec<(Signal, Route)> = Signal::ALL
            .into_iter()
            .filter(|signal| self.exports(*signal))
            .filter_map(|signal| self.route(config, signal).map(|route| (signal, route)))
            .collect();
        let Some((_, first)) = routes.first() else { return Vec::new() };
        if routes.iter().all(|(_, route)| route == first) {
            let signals = routes.iter().map(|(signal, _)| *signal).collect();
            return vec![destination(NAME.to_owned(), first.clone(), signals)];
        }
        let own =
            |(signal, route): (Signal, Route)| destination(format!("{NAME}-{}", signal.as_str()), route, vec![signal]);
        routes.into_iter().map(own).collect()
    }

    /// `OTEL_TRACES_EXPORTER=none` and its like turn a signal off.
    fn exports(&self, signal: Signal) -> bool {
        let name = format!("OTEL_{}_EXPORTER", signal.as_str().to_ascii_uppercase());
        self.text(&name).is_none_or(|text| text.split(',').any(|word| word.trim().eq_ignore_ascii_case("otlp")))
    }

    fn route(&self, config: &Config, signal: Signal) -> Option<Route> {
        let (endpoint_name, endpoint) = self.option(signal, "ENDPOINT")?;
        let protocol = self.word(signal, "PROTOCOL", &PROTOCOLS);
        let endpoint = self.with_scheme(signal, endpoint, protocol);
        if let Err(message) = check_url(&endpoint) {
            self.ignored(&endpoint_name, &format!("is ignored: it {message}"));
            return None;
        }
        if let Some(door) = loop_door(config, &endpoint) {
            self.ignored(&endpoint_name, &format!("is ignored: it is this bridge's own receiver ({door})"));
            return None;
        }
        let port = endpoint.parse::<http::Uri>().ok().and_then(|uri| uri.port_u16());
        if protocol.is_none() && port == Some(GRPC_PORT) {
            let what = "leads to port 4317, which usually speaks gRPC, but without OTEL_EXPORTER_OTLP_PROTOCOL=grpc the \
                        protocol is http/protobuf";
            self.ignored(&endpoint_name, what);
        }
        Some(Route {
            is_exact: !endpoint_name.starts_with("OTEL_EXPORTER_OTLP_ENDPOINT"),
            endpoint,
            protocol: protocol.unwrap_or(Protocol::HttpProtobuf),
            compression: self.word(signal, "COMPRESSION", &COMPRESSIONS).unwrap_or(Compression::None),
            headers: self.headers(signal),
            timeout: self.option(signal, "TIMEOUT").and_then(|(name, _)| self.milliseconds(&name)).unwrap_or(TIMEOUT),
            tls: self.tls(signal),
        })
    }

    /// The signal's own form of a variable, else the general one, with the name of the one that counts.
    fn option(&self, signal: Signal, what: &str) -> Option<(String, String)> {
        let own = format!("OTEL_EXPORTER_OTLP_{}_{what}", signal.as_str().to_ascii_uppercase());
        let general = format!("OTEL_EXPORTER_OTLP_{what}");
        [own, general].into_iter().find_map(|name| self.text(&name).map(|text| (name, text)))
    }

    fn word<T: Copy>(&self, signal: Signal, what: &str, words: &[(&str, T)]) -> Option<T> {
        let (name, text) = self.option(signal, what)?;
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if found.is_none() {
            let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.ignored(&name, &format!("is none of {} and is ignored", known.join(", ")));
        }
        found
    }

    /// Only gRPC may leave the scheme out; then `…_INSECURE` chooses.
    fn with_scheme(&self, signal: Signal, endpoint: String, protocol: Option<Protocol>) -> String {
        if protocol != Some(Protocol::Grpc) || endpoint.contains("://") {
            return endpoint;
        }
        let is_insecure = self.option(signal, "INSECURE").is_some_and(|(name, _)| self.boolean(&name));
        format!("{}://{endpoint}", if is_insecure { "http" } else { "https" })
    }

    fn headers(&self, signal: Signal) -> Vec<(String, Secret)> {
        let Some((name, text)) = self.option(signal, "HEADERS") else { return Vec::new() };
        let Some(pairs) = pairs(&text) else {
            self.ignored(&name, "is no list `key=value,key2=value2` and is ignored");
            return Vec::new();
        };
        let is_good = |(key, value): &(String, String)| match check_header(key, value) {
            Ok(()) => true,
            Err(message) => {
                self.ignored(&name, &format!("holds a header that is ignored: it {message}"));
                false
            }
        };
        let mut headers: Vec<(String, Secret)> = Vec::new();
        for (key, value) in pairs.into_iter().filter(is_good) {
            let key = key.to_ascii_lowercase();
            headers.retain(|(other, _)| *other != key);
            headers.push((key, Secret::new(value)));
        }
        headers
    }

    fn tls(&self, signal: Signal) -> ClientTls {
        let file = |what: &str| self.option(signal, what).map(|(_, path)| path.into());
        let mut tls = ClientTls {
            ca: file("CERTIFICATE"),
            certificate: file("CLIENT_CERTIFICATE"),
            key: file("CLIENT_KEY"),
            server_name: None,
        };
        if tls.certificate.is_some() != tls.key.is_some() {
            self.ignored("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", "or …_CLIENT_KEY stands alone: both are ignored");
            (tls.certificate, tls.key) = (None, None);
        }
        tls
    }
}

fn destination(name: String, route: Route, signals: Vec<Signal>) -> Destination {
    Destination {
        name,
        endpoint: route.endpoint,
        endpoint_is_exact: route.is_exact,
        protocol: route.protocol,
        signals,
        compression: route.compression,
        headers: route.headers,
        tls: route.tls,
        timeout: route.timeout,
        retry: Retry::default(),
        queue: Queue::default(),
    }
}
