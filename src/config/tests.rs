//! Whole files in, configuration or errors out.

use std::collections::BTreeMap;

use super::*;

fn environment(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn load(text: &str) -> Result<Config, ConfigErrors> {
    Config::parse(text, "bridge.yaml", &environment(&[]))
}

fn errors(text: &str) -> String {
    load(text).expect_err(text).to_string()
}

/// Without a file: the doors of contract §3, loopback only, nothing pushed.
#[test]
fn embedded_defaults() {
    let config = Config::embedded_defaults(&environment(&[])).unwrap();
    let receive = &config.receive;
    assert_eq!(receive.grpc.as_ref().unwrap().address.to_string(), "127.0.0.1:4317");
    assert_eq!(receive.http.as_ref().unwrap().address.to_string(), "127.0.0.1:4318");
    assert_eq!(receive.grpc.as_ref().unwrap().rate_limit, None);
    assert_eq!(config.pull.len(), 1);
    assert_eq!(config.pull[0].listener.address.to_string(), "127.0.0.1:9000");
    assert_eq!(config.pull[0].name, "system_metrics");
    assert_eq!(config.pull[0].listener.rate_limit.unwrap().burst, 300);
    assert!(config.push.is_empty());
    assert!(config.self_observation);
}

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
state: { history: 5 minutes, series_max: many }
";
    println!("{}", errors(text));
}
