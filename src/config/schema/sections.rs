//! Every section but the pull endpoints.

use serde_json::{Map, Value, json};

use super::endpoints::{address, listener};
use super::values::{boolean, duration, list, mapping, number, reference, size, text, whole, words};
use super::{keys, object};
use crate::config::read::push::{COMPRESSIONS, DURABILITIES, ON_AUTH_ERROR, ON_FULL, PROTOCOLS};
use crate::model::signal::Signal;

/// The sections that all three forms take.
pub(super) fn sections() -> Map<String, Value> {
    let links = keys([
        ("worker", text("URL with {worker_id}; also {service}, {instance}.")),
        ("trace", text("URL with {trace_id}; also {service}, {instance}.")),
    ]);
    let alerts = keys([
        (
            "alertmanager",
            json!({ "description": "Base URL of an Alertmanager that is told of every alert (its API, version 2).", "anyOf": [{ "$ref": "#/$defs/url" }, { "type": "null" }] }),
        ),
        (
            "rules",
            list(
                &json!({ "$ref": "#/$defs/rule" }),
                json!([]),
                "Rules beside the built-in ones; one of the same name replaces it.",
            ),
        ),
    ]);
    let destination = json!({ "$ref": "#/$defs/destination" });
    keys([
        ("self_observation", boolean(true, "Whether the bridge shows itself as service otel-bridge.")),
        ("receive", object("What the bridge receives.", &[], keys([("otlp", object("The OTLP doors.", &[], otlp()))]))),
        (
            "push",
            json!({ "description": "Destinations; absent leaves them to the OTEL_EXPORTER_OTLP_* variables.", "anyOf": [{ "type": "array", "items": destination.clone() }, destination, { "type": "null" }] }),
        ),
        ("state", object("The store's limits.", &[], state())),
        ("health", object("The health score.", &[], health())),
        ("alerts", object("Alerting.", &[], alerts)),
        (
            "mappings",
            list(
                &json!({ "$ref": "#/$defs/mapping" }),
                json!([]),
                "Rules that turn metrics into entities, beside the built-in ones.",
            ),
        ),
        ("links", object("Templates of links into other tools.", &[], links)),
    ])
}

fn otlp() -> Map<String, Value> {
    let door = |port: &str| {
        let mut properties = listener(&json!(0));
        properties.insert("address".to_owned(), address(port));
        properties
    };
    let mut http = door("127.0.0.1:4318");
    http.insert("cors".to_owned(), reference("cors", "Browsers that may send from other origins."));
    keys([
        ("grpc", object("OTLP over gRPC; null closes it.", &[], door("127.0.0.1:4317"))),
        ("http", object("OTLP over HTTP; null closes it.", &[], http)),
        ("request_bytes_max", size("64MiB", "Largest request after decompression, 1KiB to 1GiB.")),
        ("items_max", whole(json!(200_000), 1..=10_000_000, "Most points, spans or log records in one request.")),
        (
            "inflight_bytes_max",
            size("128MiB", "Most bytes of requests that are being worked on; at least request_bytes_max."),
        ),
    ])
}

fn state() -> Map<String, Value> {
    let stale = json!({ "description": "Silence after which an instance is stale; auto is three of its export intervals.", "anyOf": [{ "const": "auto" }, { "$ref": "#/$defs/duration" }], "default": "auto" });
    keys([
        ("series_max", whole(json!(200_000), 1..=100_000_000, "Most generic series.")),
        ("workers_max", whole(json!(50_000), 1..=10_000_000, "Most workers.")),
        ("history", duration("15m", "How far the history reaches back, 1s to 7d.")),
        ("history_bytes_max", size("64MiB", "Most bytes of history, 64KiB to 1TiB.")),
        ("stale_after", stale),
        ("forget_after", duration("15m", "Silence after which an instance is forgotten, 1s to 30d.")),
        ("snapshot_interval", duration("250ms", "Least time between two snapshots, 10ms to 1m.")),
    ])
}

fn health() -> Map<String, Value> {
    let weight = number(Value::Null, Some(0.0), Some(1_000_000.0), "Weight in the score.");
    keys([
        ("healthy", number(json!(0.8), Some(0.0), Some(1.0), "Least score of a healthy system.")),
        ("degraded", number(json!(0.5), Some(0.0), Some(1.0), "Least score of a degraded system.")),
        ("expect", list(&text("A component."), json!([]), "Components that must be reported.")),
        ("weights", mapping(&weight, "Weight by component or service/component; 1 where none is given.")),
    ])
}

/// A push destination.
pub(super) fn destination() -> Map<String, Value> {
    let tls = keys([
        ("ca", text("PEM file with the authorities that are trusted instead of the system's.")),
        ("certificate", text("PEM file with the client certificate.")),
        ("key", text("PEM file with its key.")),
        ("server_name", text("Name that the server's certificate must carry, if not the endpoint's host.")),
    ]);
    let give_up = json!({ "description": "Age at which a batch is dropped, or never.", "anyOf": [{ "const": "never" }, { "$ref": "#/$defs/duration" }], "default": "never" });
    let retry = keys([
        ("initial", duration("1s", "First pause, 10ms to 1h.")),
        ("max", duration("30s", "Longest pause, at most 1d.")),
        ("give_up_after", give_up),
        (
            "on_auth_error",
            words(
                "hold",
                ON_AUTH_ERROR.map(|(word, _)| word),
                "Refused credentials: hold keeps the data and pauses, drop drops it.",
            ),
        ),
    ]);
    let queue = keys([
        (
            "directory",
            json!({ "description": "Folder of the queue files; destinations may share it.", "type": "string", "default": "./otel-bridge-data" }),
        ),
        ("bytes_max", size("1GiB", "Most bytes, 1MiB to 32TiB.")),
        (
            "durability",
            words(
                "commit",
                DURABILITIES.map(|(word, _)| word),
                "When data counts as safe: on the disk, on the disk within 500 ms, never.",
            ),
        ),
        ("on_full", words("refuse", ON_FULL.map(|(word, _)| word), "What a full queue does with new data.")),
    ]);
    let signal = words("", Signal::ALL.map(Signal::as_str), "A signal.");
    keys([
        (
            "name",
            json!({ "description": "Unique; also names the queue file.", "type": "string", "pattern": "^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$|\\$\\{" }),
        ),
        ("endpoint", reference("url", "Where to; an HTTP endpoint gets /v1/<signal> appended unless it ends so.")),
        ("protocol", words("grpc", PROTOCOLS.map(|(word, _)| word), "Wire protocol.")),
        ("signals", list(&signal, json!(["metrics", "traces", "logs"]), "Signals that it takes.")),
        ("compression", words("gzip", COMPRESSIONS.map(|(word, _)| word), "Compression of requests.")),
        ("headers", mapping(&text("The value."), "Headers (gRPC metadata) of every request.")),
        ("tls", object("TLS of an https endpoint.", &[], tls)),
        ("timeout", duration("10s", "Time for one request, 100ms to 10m.")),
        ("retry", object("When to try again.", &[], retry)),
        ("queue", object("Where undelivered data waits.", &[], queue)),
    ])
}
