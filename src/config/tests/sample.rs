//! The commented sample: it loads, it names every key, and its defaults are the defaults.

use super::*;

const SAMPLE: &str = include_str!("../../../collector-config/otel-bridge.yaml");

/// The sample with everything that is switched off switched on; where both stand, the line that was off counts.
pub(super) fn full() -> String {
    // Prose has exactly one blank after the `#`.
    let is_prose = |rest: &str| rest.starts_with(' ') && !rest.starts_with("  ");
    let is_off = |line: &str| line.trim_start().strip_prefix('#').is_some_and(|rest| !is_prose(rest));
    let switched_on = |line: &str| if is_off(line) { line.replacen('#', "", 1) } else { line.to_owned() };
    let text: Vec<String> = SAMPLE.lines().filter(|line| line.trim() != "#").map(switched_on).collect();
    let replaced = ["rules: []", "mappings: []", "links: {}"];
    let kept = text.into_iter().filter(|line| !replaced.iter().any(|start| line.trim_start().starts_with(start)));
    kept.collect::<Vec<_>>().join("\n")
}

pub(super) fn variables() -> BTreeMap<String, String> {
    let hash = format!("$2b$12${}", "a".repeat(53));
    environment(&[("OTLP_TOKEN", "t"), ("PULL_TOKEN", "t"), ("PULL_PASSWORD_BCRYPT", &hash), ("STACK_TOKEN", "t")])
}

fn shown(text: &str) -> String {
    match Config::parse(text, "otel-bridge.yaml", &variables()) {
        Ok(config) => format!("{config:#?}"),
        Err(errors) => panic!("{errors}\n{text}"),
    }
}

/// As it is, the sample is the embedded defaults; with everything on it loads too.
#[test]
fn sample_loads() {
    let mut defaults = Config::embedded_defaults(&variables()).unwrap();
    // The only difference: there the endpoint is an item of a list.
    "pull[0]".clone_into(&mut defaults.pull[0].listener.key);
    assert_eq!(shown(SAMPLE), format!("{defaults:#?}"));
    let full = shown(&full());
    assert!(full.contains("production") && full.contains("pool-hot") && full.contains("shop.pool.*"));
}

/// A line that says "default" changes nothing when it is left out.
#[test]
fn sample_defaults_are_the_defaults() {
    let full = full();
    let lines: Vec<&str> = full.lines().collect();
    let expected = shown(&full);
    let marked: Vec<usize> = (0..lines.len()).filter(|at| lines[*at].contains("# default")).collect();
    assert!(marked.len() > 50, "{}", marked.len());
    for at in marked {
        // The first line of a list's item carries its dash, which must stay.
        let replacement = lines[at]
            .find("- ")
            .filter(|start| lines[at][..*start].trim().is_empty())
            .map(|start| format!("{}-", &lines[at][..start]));
        let mut without: Vec<&str> = lines.clone();
        let replacement = replacement.unwrap_or_default();
        without[at] = &replacement;
        assert_eq!(shown(&without.join("\n")), expected, "{}", lines[at]);
    }
}
