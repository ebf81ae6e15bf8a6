//! Hostile and broken files (conformance H): an error with its place, no panic, no secret.

use proptest::prelude::*;

use super::*;

const CANARY: &str = "CANARY7f3a";

/// An unfolding document is refused before it fills the memory.
#[test]
fn yaml_bombs() {
    let mut text = "a: &a [x,x,x,x,x,x,x,x,x]\n".to_owned();
    for letter in 'b'..='j' {
        let before = char::from(letter as u8 - 1);
        let aliases = vec![format!("*{before}"); 9].join(",");
        text = format!("{text}{letter}: &{letter} [{aliases}]\n");
    }
    let found = errors(&text);
    assert_eq!(found.lines().count(), 1, "{found}");
    assert!(found.starts_with("bridge.yaml:5:") && found.contains("unfolds too far"), "{found}");
    for deep in ["[".repeat(5_000), format!("a: {}1{}", "[".repeat(40), "]".repeat(40)), "- ".repeat(5_000)] {
        assert_eq!(errors(&deep).lines().count(), 1);
    }
    assert!(errors(&format!("a: {}", "x".repeat(2 << 20))).contains("at most 1048576"));
    assert!(!errors(&format!("a: [{}]", "1,".repeat(100_000))).is_empty());
}

/// A key that stands twice, broken YAML, an unknown alias and a second document have one line with a place.
#[test]
fn broken_yaml() {
    check_error("state: { series_max: 5 }\nhealth: {}\nstate: {}\n", "3:1", "duplicate");
    check_error("pull:\n  - name: a\n    name: b\n", "3:5", "duplicate");
    for text in
        ["pull: [", "a: 'x", "a: *none", "a: b: c", "\tx: 1", "a: 1\n---\nb: 2\n", "a: !!int x", "%", "? [a]\n: b"]
    {
        let found = errors(text);
        assert!(found.starts_with("bridge.yaml:"), "{text}: {found}");
    }
}

/// A key that stands twice hides no other problem, wherever it stands; what it overrides by a merge is no duplicate.
#[test]
fn duplicate_keys_hide_nothing() {
    let text = "\
state: { series_max: 5, series_max: 6 }
pull: { name: a, bse: /x }
state: { history: { a: 1, a: 2 } }
health: { healthy: 80 }
";
    let found = errors(text);
    let places: Vec<&str> = found.lines().filter_map(|line| line.strip_prefix("bridge.yaml:")).collect();
    let starts =
        ["1:25: duplicate", "2:18: unknown key `bse`", "3:1: duplicate", "3:27: duplicate", "4:20: `health.healthy`"];
    assert_eq!(places.len(), starts.len(), "{found}");
    assert!(places.iter().zip(starts).all(|(line, start)| line.starts_with(start)), "{found}");
    load("pull:\n  - &one { name: a, address: 'localhost:1' }\n  - { <<: *one, name: b, address: 'localhost:2' }\n");
}

/// Empty files and files of comments are the defaults.
#[test]
fn empty_files() {
    for text in ["", "\n", "# nothing\n", "\u{feff}# mark\n", "---\n", "{}"] {
        assert_eq!(load(text).pull.len(), 1, "{text:?}");
    }
}

/// A file that cannot be read says so, with its path.
#[test]
fn unreadable_files() {
    let missing = std::path::Path::new("/nonexistent/bridge.yaml");
    let found = Config::load(missing, &environment(&[])).unwrap_err().to_string();
    assert!(found.starts_with("/nonexistent/bridge.yaml: cannot be read"), "{found}");
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bridge.yaml");
    std::fs::write(&path, [0xff, 0xfe, 0x00]).unwrap();
    assert!(Config::load(&path, &environment(&[])).unwrap_err().to_string().contains("UTF-8"));
    std::fs::write(&path, "pull: []").unwrap();
    assert_eq!(Config::load(&path, &environment(&[])).unwrap().file, Some(path));
}

/// Whatever is wrong around a secret, and wherever it stands by mistake, no message repeats it.
#[test]
fn no_secret_in_errors() {
    let rows = [
        "pull: { auth: { bearer_tokens: [\"CANARY7f3a with blanks\"] } }",
        "pull: { auth: { bearer_tokens: CANARY7f3a } }",
        "pull: { auth: { bearer_tokens: { CANARY7f3a: 1 } } }",
        "pull: { auth: CANARY7f3a }",
        "pull: { auth: { CANARY7f3a: x, bearer_tokens: [x] } }",
        "pull: { auth: { bearer_token: CANARY7f3a } }",
        "pull: { auth: { basic: { me: CANARY7f3a } } }",
        "pull: { auth: { basic: { me: $2b$99$CANARY7f3aCANARY7f3aCANARY7f3aCANARY7f3aCANARY7f3aYYY } } }",
        "pull: { auth: { basic: CANARY7f3a } }",
        "pull: { port: \"${SECRET}\", address: \"${SECRET}\" }",
        "pull: { prometheus: \"${SECRET}\", rate_limit: \"${SECRET}\", sse_interval: \"${SECRET}\" }",
        "state: { series_max: \"${SECRET}\", history: \"${DIGITS}\", history_bytes_max: \"${SECRET}\" }",
        "push: [{ name: a, endpoint: 'http://me:CANARY7f3a@b:1' }]",
        "push: [{ name: a, endpoint: 'me:CANARY7f3a@b:1' }]",
        "push: [{ name: a, endpoint: 'http://b:1', headers: CANARY7f3a }]",
        "push: [{ name: a, endpoint: 'http://b:1', headers: { x: \"CANARY7f3a\\n\" } }]",
        "push: [{ name: a, endpoint: 'http://b:1', headers: { x: [CANARY7f3a] } }]",
        "push: [{ name: a, endpoint: 'http://b:1', headers: { x: ${CANARY7f3a } }]",
        "push: [{ name: a, endpoint: \"${SECRET}\", protocol: \"${SECRET}\", timeout: \"${SECRET}\" }]",
        "alerts: { alertmanager: 'http://me:CANARY7f3a@b:1' }",
        "alerts: { rules: [{ name: a, on: \"${SECRET}\", field: \"${SECRET}\" }] }",
        "pull: { auth: { bearer_tokens: [\"CANARY7f3a] } }",
        "pull: { auth: { bearer_tokens: [CANARY7f3a, ] }",
        "pull: { auth: { bearer_tokens: [*CANARY7f3a] } }",
        "pull: { auth: { bearer_tokens: { CANARY7f3a: 1, CANARY7f3a: 2 } } }",
        "pull: { auth: { bearer_tokens: !CANARY7f3a [] } }",
        "pull: { auth: { basic: { 'a:b': CANARY7f3a } } }",
        "receive: { otlp: { grpc: { auth: { public: [CANARY7f3a] } } } }",
    ];
    let environment = environment(&[("SECRET", CANARY), ("DIGITS", "7773777")]);
    for text in rows {
        let found = Config::parse(text, "bridge.yaml", &environment).expect_err(text);
        let shown = format!("{found} {found:?}");
        assert!(!shown.contains("CANARY") && !shown.contains("7773777"), "{text}\n{shown}");
    }
}

proptest! {
    /// No text panics, and every error has a message.
    #[test]
    fn any_text(text in "[a-z:{}\\[\\]\\-,&*!|>'\"$ \n#?%]{0,80}") {
        if let Err(found) = parse(&text) {
            prop_assert!(!found.problems.is_empty());
        }
    }

    /// Any value in any key of a known file is read or refused, never a panic.
    #[test]
    fn any_value(index: prop::sample::Index, value in "[ -~]{0,20}") {
        let mut lines: Vec<String> = sample::full().lines().map(str::to_owned).collect();
        let is_key = |line: &str| line.contains(": ") && !line.trim_start().starts_with('#');
        let keys: Vec<usize> = (0..lines.len()).filter(|at| is_key(&lines[*at])).collect();
        let at = *index.get(&keys);
        let key = lines[at].split(": ").next().unwrap_or_default().to_owned();
        lines[at] = format!("{key}: {value}");
        let _ = parse(&lines.join("\n"));
    }
}
