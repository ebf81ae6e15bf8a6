//! The resolved print.

use super::*;
use crate::config::print::resolved_yaml;

fn shown(config: &Config) -> String {
    // Where it came from and the keys of listeners differ by form; what holds must not.
    format!("{:#?}", Config { file: None, ..config.clone() })
}

/// What is printed, read back, is the same configuration, but for the secrets.
#[test]
fn prints_read_back() {
    let variables = sample::variables();
    for text in ["pull: []\nreceive: { otlp: { grpc: null } }".to_owned(), sample::full()] {
        let config = Config::parse(&text, "x", &variables).unwrap();
        let printed = resolved_yaml(&config);
        let hash = format!("$2b$12${}", "a".repeat(53));
        let secrets = printed.replace("prometheus: <redacted>", &format!("prometheus: {hash}"));
        let again =
            Config::parse(&secrets, "x", &environment(&[])).unwrap_or_else(|errors| panic!("{errors}\n{printed}"));
        assert_eq!(shown(&again), shown(&config), "{printed}");
    }
}

/// Every secret is redacted, in the print and in `Debug`.
#[test]
fn secrets_are_redacted() {
    let hash = format!("$2b$12$CANARY{}", "a".repeat(47));
    let text = format!(
        "pull: {{ auth: {{ bearer_tokens: [CANARY], basic: {{ me: '{hash}' }} }} }}
push: [{{ name: a, endpoint: 'http://b:1', headers: {{ authorization: 'Bearer CANARY' }} }}]"
    );
    let config = load(&text);
    let printed = resolved_yaml(&config);
    assert!(!format!("{printed}{config:?}{config:#?}").contains("CANARY"));
    assert_eq!(printed.matches("<redacted>").count(), 3, "{printed}");
}

/// A blueprint prints as the native form; what that has no keys for stands in comments.
#[test]
fn whole_print() {
    let text =
        "system: { components: [{ name: a, type: Store }, { name: m, type: MetricsEndpoint, config: { port: 9000 } }],
      bindings: [{ from_component: a, to_component: m, stream_name: s }] }";
    let variables = environment(&[("OTEL_SERVICE_NAME", "shop"), ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318")]);
    insta::assert_snapshot!(resolved_yaml(&Config::parse(text, "x", &variables).unwrap()));
}

/// The budget is the sum that contract §8 prints.
#[test]
fn memory_budget() {
    let config = load("");
    let expected = (128 << 20) + (64 << 20) + 400 * 200_000 + 1024 * 50_000 + (24 << 20);
    assert_eq!(config.memory_budget_bytes(), expected);
    assert!(config.memory_budget_line().starts_with("memory budget: 341.1 MiB = "), "{}", config.memory_budget_line());
}
