//! Blueprints and manifests, as their documents print them.

use std::time::Duration;

use super::*;

const BASIC: &str = include_str!("../../../tests/it/printed/basic.yaml");
const PRODUCTION: &str = include_str!("../../../tests/it/printed/production.yaml");
const MULTI: &str = include_str!("../../../tests/it/printed/multi_environment.yaml");
const MANIFEST: &str = include_str!("../../../tests/it/printed/manifest.yaml");

fn endpoints(config: &Config) -> Vec<(&str, String)> {
    config.pull.iter().map(|one| (one.name.as_str(), one.listener.address.to_string())).collect()
}

/// The three printed blueprints: endpoints on loopback, expected components with a grace, streams; no port of another component counts.
#[test]
fn printed_blueprints() {
    let basic = load(BASIC);
    assert_eq!(endpoints(&basic), [("system_metrics", "127.0.0.1:9000".to_owned())]);
    assert_eq!(basic.health.expect, ["app_server", "data_store"]);
    assert_eq!(basic.health.expect_grace, Duration::from_secs(30));
    assert_eq!(basic.bindings.len(), 1);
    assert_eq!(basic.bindings[0].stream_name, "input");
    assert!(basic.receive.grpc.is_some());

    let production = load(PRODUCTION);
    let expected = [("metrics_server", "127.0.0.1:9090".to_owned()), ("health_check", "127.0.0.1:8080".to_owned())];
    assert_eq!(endpoints(&production), expected);
    assert_eq!(production.health.expect, ["public_api", "business_logic", "persistent_store"]);
    assert_eq!(production.bindings[1].to_component, "persistent_store");

    let multi = load(MULTI);
    assert_eq!(multi.pull.len(), 3);
    assert!(multi.pull.iter().all(|one| one.filter.is_everything()), "nothing is inferred from a name");
    assert!(multi.bindings.is_empty());
}

/// Every pull endpoint key may stand beside `port`, `address` is a host, and native sections stand beside `system`.
#[test]
fn blueprint_with_more() {
    let text = BASIC.replace(
        "        port: 9000\n",
        "        port: 9000\n        address: 0.0.0.0\n        insecure: true\n        name: shown\n        filter: { environment: production }\n",
    );
    let config = load(&format!(
        "{text}push:\n  - {{ name: a, endpoint: 'http://b:1' }}\npull: [{{ name: more, address: '127.0.0.1:1' }}]\n"
    ));
    assert_eq!(endpoints(&config)[1], ("shown", "0.0.0.0:9000".to_owned()));
    assert_eq!(endpoints(&config)[0].0, "more");
    assert_eq!(config.pull[1].filter.environment.as_deref(), Some("production"));
    assert_eq!(config.push[0].name, "a");
}

/// Slips in a blueprint are told; keys and variables of the program that it belongs to are let pass.
#[test]
fn blueprint_errors() {
    check_error(&BASIC.replace("port: 9000", "port: 9000\n        prot: 1"), "14:9", "did you mean `port`");
    check_error(&BASIC.replace("        port: 9000", "        base: /x"), "13:9", "needs the key `port`");
    check_error(
        &BASIC.replace("to_component: \"data_store\"", "to_component: data_stoer"),
        "17:21",
        "did you mean `data_store`",
    );
    check_error(&BASIC.replace("bindings:", "bindngs:"), "15:3", "did you mean `bindings`");
    check_error(
        &BASIC
            .replace("\"data_store\"\n      type", "\"app_server\"\n      type")
            .replace("to_component: \"data_store\"", "to_component: app_server"),
        "8:7",
        "which a component before it has",
    );
    check_error(&BASIC.replace("port: 9000", "port: 70000"), "13:15", "from 0 to 65535");
    load(
        &BASIC
            .replace("port: 8000", "port: 8000\n        dsn: ${THEIRS}")
            .replace("name: \"monitored", "owner: me\n  name: \"monitored"),
    );
    let slip = load(&BASIC.replace("MetricsEndpoint", "MetricEndpoint"));
    assert!(slip.warnings[0].contains("MetricsEndpoint"), "{:?}", slip.warnings);
}

/// The printed manifest is off: nothing listens for pull, the doors stand, and a warning says so.
#[test]
fn printed_manifest() {
    let config = load(MANIFEST);
    assert_eq!(endpoints(&config), [("@buntime/plugin-metrics", "127.0.0.1:9000".to_owned())]);
    assert!(!config.pull[0].enabled);
    assert!(config.receive.grpc.is_some() && config.receive.http.is_some());
    assert_eq!(config.warnings.len(), 1);
    assert!(config.warnings[0].contains("does not listen"));
}

/// The four keys take effect, in a manifest and on a native endpoint alike; the native sections stand beside a manifest.
#[test]
fn manifest_keys() {
    let example = "name: \"@buntime/plugin-metrics\"\nenabled: true\nsseInterval: 2000\n";
    let config = load(&format!("{example}base: /pool\nprometheus: false\nstate: {{ series_max: 5 }}\n"));
    let endpoint = &config.pull[0];
    assert!(endpoint.enabled && endpoint.prometheus.is_none());
    assert_eq!((endpoint.base.as_str(), endpoint.sse_interval), ("/pool", Duration::from_secs(2)));
    assert_eq!(config.state.series_max, 5);
    let native = load("pull: [{ sseInterval: 500, enabled: false, prometheus: true, base: /a/b/ }]");
    assert_eq!(native.pull[0].sse_interval, Duration::from_millis(500));
    assert_eq!((native.pull[0].base.as_str(), native.pull[0].enabled), ("/a/b", false));
    check_error("name: x\nsseIntervall: 5\n", "2:1", "did you mean `sseInterval`");
    check_error("name: x\nsseInterval: 10s\n", "2:14", "whole number");
}
