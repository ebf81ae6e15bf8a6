//! The variables of the OpenTelemetry specification (conformance G).

use std::time::Duration;

use super::*;
use crate::config::push::{Compression, Protocol};
use crate::config::temporality::Temporality;
use crate::model::signal::Signal;

const ENDPOINT: (&str, &str) = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318");

fn with(pairs: &[(&str, &str)]) -> Config {
    Config::embedded_defaults(&environment(pairs)).unwrap()
}

/// An endpoint alone makes `otel-env` for all signals, with the specification's defaults; an empty one is unset (V1, V8).
#[test]
fn endpoint_alone() {
    let config = with(&[ENDPOINT]);
    assert_eq!(config.push.len(), 1);
    let destination = &config.push[0];
    assert_eq!((destination.name.as_str(), destination.endpoint.as_str()), ("otel-env", ENDPOINT.1));
    assert_eq!((destination.protocol, destination.compression), (Protocol::HttpProtobuf, Compression::None));
    assert_eq!(destination.signals, Signal::ALL);
    assert!(!destination.endpoint_is_exact && config.warnings.is_empty());
    assert!(with(&[("OTEL_EXPORTER_OTLP_ENDPOINT", " ")]).push.is_empty());
}

/// The file wins, even with an empty list.
#[test]
fn file_wins() {
    let load = |text: &str| Config::parse(text, "x", &environment(&[ENDPOINT])).unwrap().push;
    assert!(load("push: []").is_empty());
    assert_eq!(load("push: [{ name: a, endpoint: 'http://b:1' }]")[0].name, "a");
    assert_eq!(load("state: {}")[0].name, "otel-env");
}

/// A signal's own form wins and is used as it is; signals that are sent differently have destinations of their own (V7, V8).
#[test]
fn forms_of_one_signal() {
    let config = with(&[ENDPOINT, ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://tempo:4318/custom")]);
    let names: Vec<&str> = config.push.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["otel-env-metrics", "otel-env-traces", "otel-env-logs"]);
    assert_eq!(
        (config.push[1].endpoint.as_str(), config.push[1].endpoint_is_exact),
        ("http://tempo:4318/custom", true)
    );
    assert!(!config.push[0].endpoint_is_exact);
    let alone = with(&[("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "http://loki:4318/v1/logs")]);
    assert_eq!(
        (alone.push[0].name.as_str(), alone.push[0].signals.as_slice()),
        ("otel-env", [Signal::Logs].as_slice())
    );
    let off = with(&[ENDPOINT, ("OTEL_TRACES_EXPORTER", "none")]);
    assert_eq!(off.push[0].signals, [Signal::Metrics, Signal::Logs]);
}

/// Headers are pairs, percent-decoded (V10); the other options arrive; gRPC may leave the scheme out.
#[test]
fn options() {
    let config = with(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4317"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_OTLP_INSECURE", "TRUE"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=old,Authorization=Bearer%20x, x-tenant=a=b,"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "2500"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
        ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/ca.pem"),
    ]);
    let destination = &config.push[0];
    assert_eq!((destination.endpoint.as_str(), destination.protocol), ("http://collector:4317", Protocol::Grpc));
    let headers: Vec<(&str, &str)> =
        destination.headers.iter().map(|(name, value)| (name.as_str(), value.reveal())).collect();
    assert_eq!(headers, [("authorization", "Bearer x"), ("x-tenant", "a=b")]);
    assert_eq!((destination.timeout, destination.compression), (Duration::from_millis(2500), Compression::Gzip));
    assert_eq!(destination.tls.ca.as_deref(), Some(std::path::Path::new("/ca.pem")));
    let secure = with(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4317"), ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")]);
    assert_eq!(secure.push[0].endpoint, "https://collector:4317");
}

/// Wrong values warn once, without the value, and are ignored (V2, V3).
#[test]
fn wrong_values() {
    let config = with(&[
        ENDPOINT,
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "CANARY"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "CANARY"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "CANARY"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "-5"),
        ("OTEL_SDK_DISABLED", "1"),
        ("OTEL_RESOURCE_ATTRIBUTES", "a=1,CANARY"),
        ("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "CANARY"),
    ]);
    assert_eq!(config.push.len(), 1);
    assert_eq!(config.push[0].timeout, Duration::from_secs(10));
    assert_eq!(config.metric_export_interval, Duration::from_mins(1));
    assert!(config.self_observation && config.resource.is_empty());
    assert_eq!(config.warnings.len(), 7, "{:#?}", config.warnings);
    assert!(!config.warnings.join(" ").contains("CANARY"));
}

/// The process's own resource, interval, temporality and switch (V6, V12).
#[test]
fn own_telemetry() {
    let config = with(&[
        ("OTEL_RESOURCE_ATTRIBUTES", "service.name=other,team=a%2Cb"),
        ("OTEL_SERVICE_NAME", "bridge-7"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "5000"),
        ("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "Delta"),
        ("OTEL_SDK_DISABLED", "True"),
    ]);
    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    assert_eq!(config.resource, [pair("team", "a,b"), pair("service.name", "bridge-7")]);
    assert_eq!(config.metric_export_interval, Duration::from_secs(5));
    assert_eq!(config.metric_temporality, Temporality::Delta);
    assert!(!config.self_observation);
    let file = Config::parse("self_observation: true", "x", &environment(&[("OTEL_SDK_DISABLED", "true")]));
    assert!(file.unwrap().self_observation);
}

/// From the environment a loop, a bad URL or one with credentials is a warning, and nothing is sent.
#[test]
fn refused_endpoints() {
    for endpoint in ["http://localhost:4317", "collector", "http://me:CANARY@collector:4318"] {
        let config = with(&[("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)]);
        assert!(config.push.is_empty(), "{endpoint}");
        assert_eq!(config.warnings.len(), 1, "{:?}", config.warnings);
        assert!(!config.warnings[0].contains("CANARY"));
    }
    let config = with(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4317")]);
    assert!(config.warnings[0].contains("OTEL_EXPORTER_OTLP_PROTOCOL=grpc"));
}
