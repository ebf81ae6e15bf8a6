//! What is refused, and how the refusal reads.

use super::*;

/// Problems of several sections are all told, each with its place and a suggestion.
#[test]
fn every_problem_at_once() {
    let text = "\
recieve: {}
pull:
  - address: 0.0.0.0:9000
    bse: /x
push:
  - name: stack
    endpoint: localhost:4317
    timeout: 10
    protocol: grcp
  - endpoint: http://b:1
state: { history: 5 minutes, series_max: many, workers_max: 0 }
health: { healthy: 80, expect: [a, a] }
alerts: { rules: [{ name: r, on: pol, field: x, above: 1, below: 2 }] }
";
    insta::assert_snapshot!(errors(text));
}

/// One row for each rule of a single value.
#[test]
fn single_values() {
    check_error("state: { forget_after: 10 }", "1:24", "write `10s`");
    check_error("pull: { base: metrics }", "1:15", "such as `/metrics`");
    check_error("pull: { base: /api/v1/x }", "1:15", "`/api/v1`");
    check_error("pull: { base: '/{x}' }", "1:15", "such as `/metrics`");
    check_error("pull: { pool_namespace: 0day }", "1:25", "no digit first");
    check_error("pull: { address: 9001 }", "1:18", "write `127.0.0.1:9001`");
    check_error("pull: { address: 'my-host:9001' }", "1:18", "IP address");
    check_error("pull: { rate_limit: 5 }", "1:21", "`per_second`");
    check_error("pull: { rate_limit: { per_second: 0 } }", "1:35", "from 1 to");
    check_error("pull: { prometheus: yes }", "1:21", "`true` or `false`");
    check_error("pull: { prometheus: { names: otlp } }", "1:30", "one of `spec`, `otel`");
    check_error("pull: { cors: { origins: ['https://a.example/'] } }", "1:27", "final `/`");
    check_error("pull: { cors: { origins: ['https://a.example:443'] } }", "1:27", "leave `:443` out");
    check_error("pull: { cors: { origins: ['http://a.example:80'] } }", "1:27", "leave `:80` out");
    load("pull: { cors: { origins: ['http://a.example:443', 'http://[::1]:8080'] } }");
    check_error("pull: { cors: { origins: ['*', 'https://a.example'] } }", "1:15", "stands alone");
    check_error("pull: { auth: {} }", "1:15", "nobody could enter");
    check_error("pull: { auth: { bearer_tokens: [''] } }", "1:33", "must not be empty");
    check_error("pull: { auth: { bearer_tokens: [x], public: [health] } }", "1:46", "exact path");
    check_error("pull: { tls: { certificate: a } }", "1:14", "needs the key `key`");
    check_error("pull: { sse_interval: 1s, sseInterval: 5000 }", "1:40", "keep one");
    check_error("receive: { otlp: { inflight_bytes_max: 1MiB } }", "1:40", "must not be below");
    check_error("state: { stale_after: 1h }", "1:23", "must be below");
    check_error("health: { degraded: 0.9 }", "1:21", "must not be above");
    check_error("health: { weights: { a: -1 } }", "1:25", "from 0 to");
    check_error("links: { worker: 'javascript:alert({worker_id})' }", "1:18", "http");
    check_error("links: { worker: 'http://a/x' }", "1:18", "{worker_id}");
    check_error("mappings: [{ metric: a, entity: pool, key: k, field: sise }]", "1:54", "did you mean `size`");
    check_error("mappings: [{ metric: a, entity: pol, key: k, field: size }]", "1:33", "did you mean `pool`");
    check_error("mappings: [{ metric: a, entity: pool, key: k, field: size, state: s }]", "1:54", "must be `state`");
    check_error(
        "alerts: { rules: [{ name: a, on: pool, field: utilisation, above: 1 }] }",
        "1:47",
        "did you mean `utilization`",
    );
    check_error("alerts: { rules: [{ name: a, on: pool, field: size }] }", "1:19", "exactly one of");
    check_error(
        "alerts: { rules: [{ name: a, on: pool, field: size, above: 1, message: '{nam}' }] }",
        "1:72",
        "did you mean `{name}`",
    );
    check_error("- a", "1:1", "the file must be a mapping");
}

/// One row for each rule of a destination.
#[test]
fn destinations() {
    let with = |rest: &str| format!("push: [{{ name: a, endpoint: 'http://b:1', {rest} }}]");
    check_error("push: [{ name: a, endpoint: 'b:4317' }]", "1:29", "http://");
    check_error("push: [{ name: a, endpoint: 'ftp://b:4317' }]", "1:29", "http://");
    check_error("push: [{ name: a, endpoint: 'http://' }]", "1:29", "URL");
    check_error("push: [{ name: ../a, endpoint: 'http://b:1' }]", "1:16", "queue file");
    check_error(&with("signals: []"), "1:52", "at least one");
    check_error(&with("signals: [metric]"), "1:53", "did you mean `metrics`");
    check_error(&with("retry: { initial: 1m }"), "1:61", "must not be below");
    check_error(&with("queue: { bytes_max: 5 }"), "1:63", "1MiB");
    check_error(&with("tls: { certificate: a }"), "1:48", "together");
    check_error(&with("headers: { content-type: a }"), "1:68", "client itself");
    check_error(&with("headers: { 'a b': a }"), "1:61", "HTTP does not allow");
    check_error(&with("headers: { x-a: one, X-A: two }"), "1:69", "stands here already");
}

/// An address that others reach needs credentials, a client certificate, or the word `insecure`.
#[test]
fn exposed_addresses() {
    check_error("pull: { address: '0.0.0.0:9000' }", "1:18", "`insecure: true`");
    check_error("receive: { otlp: { grpc: { address: '[::]:4317' } } }", "1:37", "`receive.otlp.grpc` listens on");
    load("pull: { address: '0.0.0.0:9000', insecure: true }");
    load("pull: { address: '0.0.0.0:9000', enabled: false }");
    load("pull: { address: '0.0.0.0:9000', auth: { bearer_tokens: [x] } }");
    load("pull: { address: '0.0.0.0:9000', tls: { certificate: c, key: k, client_ca: a } }");
    check_error("pull: { address: '0.0.0.0:9000', tls: { certificate: c, key: k } }", "1:18", "`insecure: true`");
    load("pull: { address: '[::1]:9000' }");
}

/// Names and addresses stand once.
#[test]
fn duplicates() {
    check_error("pull: [{ address: 'localhost:1' }, { address: 'localhost:2' }]", "1:36", "`system_metrics`");
    check_error("pull: [{ name: a }, { name: b }]", "1:21", "where `pull[0]` already does");
    check_error("pull: { address: 'localhost:4317' }", "1:18", "where `receive.otlp.grpc` already does");
    let both = |one: &str, other: &str| {
        format!(
            "pull: [{{ name: a, address: '{one}', insecure: true }}, {{ name: b, address: '{other}', insecure: true }}]"
        )
    };
    load(&both("0.0.0.0:9000", "[::1]:9000"));
    for (one, other) in
        [("[::]:9000", "127.0.0.1:9000"), ("[::]:9000", "[::1]:9000"), ("0.0.0.0:9000", "10.0.0.1:9000")]
    {
        assert!(errors(&both(one, other)).contains("already does"), "{one} {other}");
        assert!(errors(&both(other, one)).contains("already does"), "{other} {one}");
    }
    load("pull: [{ name: a, address: 'localhost:0' }, { name: b, address: 'localhost:0' }]");
    let destination = "{ name: a, endpoint: 'http://b:1' }";
    check_error(&format!("push: [{destination}, {destination}]"), "1:53", "which `push[0]` has");
}

/// A destination that is the bridge's own door is refused, however it is spelt.
#[test]
fn loops() {
    for endpoint in
        ["http://localhost:4317", "http://127.0.0.1:4318/v1/traces", "http://0.0.0.0:4317", "http://[::1]:4317"]
    {
        check_error(&format!("push: [{{ name: a, endpoint: '{endpoint}' }}]"), "1:29", "own receiver");
    }
    check_error("push: { name: a, endpoint: 'http://localhost:4317' }", "1:28", "own receiver");
    load("push: [{ name: a, endpoint: 'http://localhost:14317' }]");
    load("push: [{ name: a, endpoint: 'http://10.0.0.1:4317' }]");
    load("receive: { otlp: { grpc: null } }\npush: [{ name: a, endpoint: 'http://localhost:4317' }]");
}
