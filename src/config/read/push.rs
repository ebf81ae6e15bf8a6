//! Push destinations.

use std::time::Duration;

use crate::config::Secret;
use crate::config::push::{
    ClientTls, Compression, Destination, Durability, OnAuthError, OnFull, Protocol, Queue, Retry, TIMEOUT,
};
use crate::config::read::address;
use crate::config::section::{Item, Section};
use crate::model::signal::Signal;

const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_hours(24);
/// Headers that the client itself sets.
const RESERVED_HEADERS: [&str; 9] = [
    "content-type",
    "content-length",
    "content-encoding",
    "transfer-encoding",
    "connection",
    "host",
    "te",
    "upgrade",
    "grpc-timeout",
];

/// `push`: a list of destinations, or one without the list.
pub(crate) fn destinations(root: &mut Section<'_>) -> Vec<Destination> {
    let Some(item) = root.get("push") else { return Vec::new() };
    let items = if item.is_mapping() { vec![item] } else { item.items() };
    items.iter().filter_map(destination).collect()
}

fn destination(item: &Item<'_>) -> Option<Destination> {
    let mut section = item.section()?;
    let name = section.required("name").and_then(|item| name(&item));
    let endpoint = section.required("endpoint").and_then(|item| address::url(&item));
    let destination = Destination {
        name: name.unwrap_or_default(),
        endpoint: endpoint.unwrap_or_default(),
        endpoint_is_exact: false,
        protocol: section.word("protocol", Protocol::Grpc, &PROTOCOLS),
        signals: signals(&mut section),
        compression: section.word("compression", Compression::Gzip, &COMPRESSIONS),
        headers: headers(&mut section),
        tls: tls(&mut section),
        timeout: section.duration("timeout", TIMEOUT, Duration::from_millis(100)..=Duration::from_mins(10)),
        retry: retry(&mut section),
        queue: queue(&mut section),
    };
    section.finish();
    // One that lacks name or endpoint is reported; it keeps its place, so that later messages count right.
    Some(destination)
}

/// Words of `protocol`.
pub(crate) const PROTOCOLS: [(&str, Protocol); 3] =
    [("grpc", Protocol::Grpc), ("http/protobuf", Protocol::HttpProtobuf), ("http/json", Protocol::HttpJson)];
/// Words of `compression`.
pub(crate) const COMPRESSIONS: [(&str, Compression); 3] =
    [("none", Compression::None), ("gzip", Compression::Gzip), ("zstd", Compression::Zstd)];
/// Words of `durability`.
pub(crate) const DURABILITIES: [(&str, Durability); 3] =
    [("commit", Durability::Commit), ("interval", Durability::Interval), ("memory", Durability::Memory)];
/// Words of `on_full`.
pub(crate) const ON_FULL: [(&str, OnFull); 3] =
    [("refuse", OnFull::Refuse), ("drop_oldest", OnFull::DropOldest), ("drop_newest", OnFull::DropNewest)];
/// Words of `on_auth_error`.
pub(crate) const ON_AUTH_ERROR: [(&str, OnAuthError); 2] = [("hold", OnAuthError::Hold), ("drop", OnAuthError::Drop)];

/// The name becomes a file's name.
fn name(item: &Item<'_>) -> Option<String> {
    let text = item.name()?;
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    if text.len() > 64 || text.starts_with('.') || !text.chars().all(is_plain) {
        item.problem("names a queue file: at most 64 letters, digits, `-`, `_` and `.`, no `.` first");
        return None;
    }
    Some(text)
}

fn signals(section: &mut Section<'_>) -> Vec<Signal> {
    let Some(item) = section.get("signals") else { return Signal::ALL.to_vec() };
    let items = item.items();
    let words = Signal::ALL.map(|signal| (signal.as_str(), signal));
    let named: Vec<Signal> = items.iter().filter_map(|item| item.word(&words)).collect();
    if items.is_empty() {
        item.problem("must name at least one of `metrics`, `traces`, `logs`");
    }
    Signal::ALL.into_iter().filter(|signal| named.contains(signal)).collect()
}

/// Names ignore case, so two that YAML tells apart may be one.
fn headers(section: &mut Section<'_>) -> Vec<(String, Secret)> {
    let mut headers: Vec<(String, Secret)> = Vec::new();
    for (name, item) in section.pairs("headers") {
        let Some((name, value)) = header(&name, &item) else { continue };
        if headers.iter().any(|(other, _)| *other == name) {
            item.problem("stands here already: names of headers ignore case");
        }
        headers.push((name, value));
    }
    headers
}

fn header(name: &str, item: &Item<'_>) -> Option<(String, Secret)> {
    let value = item.text()?;
    if let Err(message) = check_header(name, &value) {
        item.problem(&message);
        return None;
    }
    Some((name.to_ascii_lowercase(), Secret::new(value)))
}

/// # Errors
/// What is wrong, never with the value.
pub(crate) fn check_header(name: &str, value: &str) -> Result<(), String> {
    let lower = name.to_ascii_lowercase();
    if http::HeaderName::from_bytes(lower.as_bytes()).is_err() {
        return Err("has a name that HTTP does not allow".to_owned());
    }
    if RESERVED_HEADERS.contains(&lower.as_str()) || lower.starts_with("grpc-") {
        return Err("is set by the client itself".to_owned());
    }
    if lower.ends_with("-bin") {
        return Err("would be binary gRPC metadata, which cannot be set here".to_owned());
    }
    if !value.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
        return Err("must have a value of visible ASCII characters and blanks (is a line break at its end?)".to_owned());
    }
    Ok(())
}

fn tls(section: &mut Section<'_>) -> ClientTls {
    let Some(item) = section.get("tls") else { return ClientTls::default() };
    let Some(mut section) = item.section() else { return ClientTls::default() };
    let mut name = |key| section.get(key).and_then(|item| item.name());
    let tls = ClientTls {
        ca: name("ca").map(Into::into),
        certificate: name("certificate").map(Into::into),
        key: name("key").map(Into::into),
        server_name: name("server_name"),
    };
    if tls.certificate.is_some() != tls.key.is_some() {
        item.problem("needs `certificate` and `key` together");
    }
    section.finish();
    tls
}

fn retry(section: &mut Section<'_>) -> Retry {
    let default = Retry::default();
    let mut section = section.section("retry");
    let retry = Retry {
        initial: section.duration("initial", default.initial, Duration::from_millis(10)..=SECOND * 3600),
        max: section.duration("max", default.max, Duration::from_millis(10)..=DAY),
        give_up_after: section.get("give_up_after").and_then(|item| match item.text()?.as_str() {
            "never" => None,
            _ => item.duration(SECOND..=DAY * 366),
        }),
        on_auth_error: section.word("on_auth_error", default.on_auth_error, &ON_AUTH_ERROR),
    };
    if retry.max < retry.initial {
        let path = section.path_of(if section.has("max") { "max" } else { "initial" });
        section.report().problem_at_path(&path, format!("`{}.max` must not be below `initial`", section.path()));
    }
    section.finish();
    retry
}

fn queue(section: &mut Section<'_>) -> Queue {
    let default = Queue::default();
    let mut section = section.section("queue");
    let queue = Queue {
        directory: section.get("directory").and_then(|item| item.name()).map_or(default.directory, Into::into),
        bytes_max: section.size("bytes_max", default.bytes_max, 1 << 20..=1 << 45),
        durability: section.word("durability", default.durability, &DURABILITIES),
        on_full: section.word("on_full", default.on_full, &ON_FULL),
    };
    section.finish();
    queue
}
