//! The native form.

use std::time::Duration;

use super::*;
use crate::config::push::{Compression, Durability, OnAuthError, OnFull, Protocol};
use crate::model::signal::Signal;

/// Without a file: the doors of contract §3, loopback only, nothing pushed.
#[test]
fn embedded_defaults() {
    let config = Config::embedded_defaults(&environment(&[])).unwrap();
    let receive = &config.receive;
    assert_eq!(receive.grpc.as_ref().unwrap().address.to_string(), "127.0.0.1:4317");
    assert_eq!(receive.http.as_ref().unwrap().address.to_string(), "127.0.0.1:4318");
    assert_eq!(receive.grpc.as_ref().unwrap().rate_limit, None);
    assert_eq!(receive.grpc.as_ref().unwrap().connections_max, 1024);
    assert_eq!(config.pull.len(), 1);
    assert_eq!(config.pull[0].listener.address.to_string(), "127.0.0.1:9000");
    assert_eq!(config.pull[0].name, "system_metrics");
    assert_eq!(config.pull[0].listener.rate_limit.unwrap().burst, 300);
    assert!(config.push.is_empty() && config.warnings.is_empty());
    assert!(config.self_observation);
    assert_eq!(config.metric_export_interval, Duration::from_mins(1));
}

/// Every key of a destination arrives in its field.
#[test]
fn destination() {
    let config = load(
        "push:
  - name: stack
    endpoint: http://localhost:14317
    protocol: http/json
    signals: [logs, metrics]
    compression: zstd
    headers: { Authorization: \"Bearer x\" }
    tls: { ca: ca.pem, certificate: c.pem, key: k.pem, server_name: otel }
    timeout: 3s
    retry: { initial: 100ms, max: 1m, give_up_after: 1h, on_auth_error: drop }
    queue: { directory: /var/q, bytes_max: 64MiB, durability: interval, on_full: drop_oldest }
",
    );
    let stack = &config.push[0];
    assert_eq!(stack.protocol, Protocol::HttpJson);
    assert_eq!(stack.signals, [Signal::Metrics, Signal::Logs]);
    assert_eq!(stack.compression, Compression::Zstd);
    assert_eq!(stack.headers[0].0, "authorization");
    assert_eq!(stack.headers[0].1.reveal(), "Bearer x");
    assert_eq!(stack.tls.server_name.as_deref(), Some("otel"));
    assert_eq!(stack.timeout, Duration::from_secs(3));
    assert_eq!(stack.retry.give_up_after, Some(Duration::from_hours(1)));
    assert_eq!(stack.retry.on_auth_error, OnAuthError::Drop);
    assert_eq!(stack.queue.bytes_max, 64 << 20);
    assert_eq!((stack.queue.durability, stack.queue.on_full), (Durability::Interval, OnFull::DropOldest));
}

/// `null` closes a door; `never` and `auto` are the absent limits; a list of one may leave the dash out.
#[test]
fn words_for_nothing() {
    let config = load(
        "receive: { otlp: { grpc: null, http: { address: 'localhost:5000' } } }
pull: { name: only, rate_limit: 0, prometheus: false }
push: { name: a, endpoint: 'http://b:1', retry: { give_up_after: never } }
state: { stale_after: auto }
alerts: { alertmanager: null }
",
    );
    assert!(config.receive.grpc.is_none());
    assert_eq!(config.receive.http.unwrap().address.to_string(), "127.0.0.1:5000");
    assert_eq!(config.pull[0].listener.rate_limit, None);
    assert_eq!(config.pull[0].prometheus, None);
    assert_eq!(config.push[0].retry.give_up_after, None);
    assert_eq!(config.state.stale_after, None);
    assert_eq!(config.alerts.alertmanager, None);
    assert!(load("pull: []").pull.is_empty());
}

/// A scalar is its text in the file, whatever YAML takes it for: a token of digits keeps its zeros.
#[test]
fn scalars_keep_their_spelling() {
    let config = load("pull: { auth: { bearer_tokens: [007, 0x1F, 1e3, 1.50, true, '12'] } }");
    let tokens = &config.pull[0].listener.auth.as_ref().unwrap().bearer_tokens;
    let spelled: Vec<&str> = tokens.iter().map(Secret::reveal).collect();
    assert_eq!(spelled, ["007", "0x1F", "1e3", "1.50", "true", "12"]);
}

/// Variables stand anywhere a scalar does, quoted or not, whatever the type; anchors and merges work.
#[test]
fn variables_and_anchors() {
    let text = "\
state: { series_max: \"${SERIES}\", history: \"${HISTORY:-5m}\" }
receive: { otlp: { request_bytes_max: '${SIZE:-1MiB}' } }
push:
  - &first { name: a, endpoint: 'http://${HOST}:4317', compression: none }
  - { <<: *first, name: b, timeout: \"${TIMEOUT:-2s}\" }
self_observation: ${SELF:-false}
";
    let environment = environment(&[("SERIES", "1000"), ("HOST", "collector")]);
    let config = Config::parse(text, "x", &environment).unwrap();
    assert_eq!(config.state.series_max, 1000);
    assert_eq!(config.state.history, Duration::from_mins(5));
    assert_eq!(config.receive.request_bytes_max, 1 << 20);
    assert_eq!(config.push[1].endpoint, "http://collector:4317");
    assert_eq!((config.push[1].name.as_str(), config.push[1].compression), ("b", Compression::None));
    assert_eq!(config.push[1].timeout, Duration::from_secs(2));
    assert!(!config.self_observation);
    check_error("state: { series_max: ${SERIES:-1} }", "1:23", "needs quotes");
}

/// The printed rule forms of contract §6 and §7 load.
#[test]
fn rules() {
    let config = load(
        "mappings:
  - metric: resilience4j.circuitbreaker.state
    where: { kind: failed }
    entity: circuit_breaker
    key: name
    labels: { component: group }
    field: state
    state: state
    scale: 1
    aggregate: last
  - { metric: 'app.*', entity: pool, key: { resource: service.name }, field: size, aggregate: sum }
alerts:
  rules:
    - name: pool-hot
      on: pool
      field: utilization
      above: 0.8
      for: 10s
      clear: 5s
      level: warning
      message: \"Pool {name} is at {value}\"
      recommendation: \"Raise its size, or find the slow requests\"
",
    );
    assert_eq!(config.mappings[0].conditions, [("kind".to_owned(), "failed".to_owned())]);
    assert_eq!(config.mappings[1].key, mappings::Key::Resource("service.name".to_owned()));
    let rule = &config.alerts.rules[0];
    assert_eq!(rule.condition, alerts::Condition::Above(0.8));
    assert_eq!((rule.hold, rule.clear), (Duration::from_secs(10), Duration::from_secs(5)));
}

/// Every key as the contract prints it.
#[test]
fn printed_example() {
    let text = r#"self_observation: true
receive:
  otlp:
    grpc: { address: 127.0.0.1:4317 }
    http: { address: 127.0.0.1:4318, cors: { origins: [] } }
    request_bytes_max: 64MiB
    inflight_bytes_max: 128MiB
pull:
  - name: system_metrics
    address: 127.0.0.1:9000
    base: /metrics
    pool_namespace: buntime
    prometheus: true
    sse_interval: 1s
    filter: { environment: production }
    cors: { origins: ["https://grafana.example"] }
    rate_limit: { per_second: 100, burst: 300 }
    auth: { bearer_tokens: ["${TOKEN}"], public: [] }
    trusted_proxies: []
    sse_clients_max: 10000
    tls: { certificate: …, key: …, client_ca: … }
push:
  - name: stack
    endpoint: http://localhost:14317
    protocol: grpc
    signals: [metrics, traces, logs]
    compression: gzip
    headers: { authorization: "Bearer ${TOKEN}" }
    tls: { ca: …, certificate: …, key: …, server_name: … }
    timeout: 10s
    retry: { initial: 1s, max: 30s, give_up_after: never, on_auth_error: hold }
    queue: { directory: ./otel-bridge-data, bytes_max: 1GiB, durability: commit,
             on_full: refuse }
state: { series_max: 200000, workers_max: 50000, history: 15m, history_bytes_max: 64MiB, stale_after: auto, forget_after: 15m, snapshot_interval: 250ms }
health: { healthy: 0.8, degraded: 0.5, expect: [task_api, task_store], weights: {} }
alerts: { alertmanager: null, rules: [] }
mappings: []
links: { worker: "https://grafana.example/d/x?var-worker={worker_id}", trace: "https://grafana.example/explore?…{trace_id}" }
"#;
    let config =
        Config::parse(text, "x", &environment(&[("TOKEN", "canary")])).unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(config.push[0].headers[0].1.reveal(), "Bearer canary");
    assert_eq!(config.pull[0].filter.environment.as_deref(), Some("production"));
    assert_eq!(config.health.expect, ["task_api", "task_store"]);
    assert!(config.links.trace.is_some() && config.pull[0].listener.tls.is_some());
}
