//! Style that a machine can check: sizes, names of rooms, and which crate may be named where.

use std::fs;
use std::path::{Path, PathBuf};

const FILE_LINES_MAX: usize = 400;
const FUNCTION_LINES_MAX: usize = 70;

/// A crate may be named only in files whose path starts so.
const FENCES: &[(&str, &[&str])] = &[
    ("rusqlite", &["src/push/queue"]),
    ("clap", &["src/config/args.rs", "src/main.rs"]),
    ("anyhow", &["src/main.rs"]),
    ("clap_complete", &["src/config/args.rs"]),
    ("clap_mangen", &["src/config/args.rs"]),
    ("ratatui", &["src/top"]),
    ("crossterm", &["src/top"]),
    ("tonic", &["src/receive", "src/push", "src/pull/grpc", "src/gateway", "src/proto", "src/top"]),
    ("axum", &["src/receive", "src/pull", "src/listen", "src/bridge", "src/gateway"]),
    ("opentelemetry_sdk", &["src/record", "src/push/direct", "src/bridge"]),
    ("hyper_rustls", &["src/push", "src/probe.rs"]),
    ("deadpool", &["src/record/adapters/deadpool.rs"]),
    ("bb8", &["src/record/adapters/bb8.rs"]),
    ("sqlx", &["src/record/adapters/sqlx.rs"]),
    ("rayon_core", &["src/record/adapters/rayon.rs"]),
    ("failsafe", &["src/record/adapters/failsafe.rs"]),
    ("tower_resilience_circuitbreaker", &["src/record/adapters/tower_resilience.rs"]),
];

/// A room may not import these.
const WALLS: &[(&str, &[&str])] = &[
    ("src/model", &["state", "receive", "pull", "push", "record", "listen", "config", "otlp", "clock"]),
    ("src/state", &["receive", "pull", "push", "record", "listen"]),
    ("src/receive", &["pull", "push", "record"]),
    ("src/push", &["pull", "receive", "record", "listen"]),
    ("src/pull", &["push", "receive", "record"]),
    ("src/record", &["pull", "push", "receive", "listen"]),
    ("src/top", &["state", "receive", "pull", "push", "record", "listen", "model", "otlp", "config"]),
    ("src/proto", &["state", "receive", "push", "record", "listen", "config", "otlp"]),
    ("src/otlp", &["state", "receive", "pull", "push", "record", "listen", "config"]),
];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

fn files() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for folder in ["src", "tests", "benches", "examples"] {
        let folder = root.join(folder);
        if folder.is_dir() {
            sources(&folder, &mut found);
        }
    }
    let relative = |path: &PathBuf| path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
    let mut all: Vec<_> = found.iter().map(|path| (relative(path), fs::read_to_string(path).unwrap())).collect();
    all.sort();
    assert!(all.len() > 50, "the sources were found");
    all
}

fn is_test(path: &str) -> bool {
    path.starts_with("tests/") || path.ends_with("/tests.rs") || path.contains("/tests/") || path.contains("_tests.rs")
}

fn report(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

/// Whether a person wrote it.
fn is_written(path: &str) -> bool {
    !path.starts_with("src/proto/")
}

/// A file that is longer than a screenful of thought is split by what it holds.
#[test]
fn files_are_short() {
    let written = files().into_iter().filter(|(path, _)| is_written(path));
    let long = written.filter(|(_, text)| text.lines().count() > FILE_LINES_MAX);
    report(&long.map(|(path, text)| format!("{path}: {} lines", text.lines().count())).collect::<Vec<_>>());
}

/// Functions are short; their bodies are told by indentation, which rustfmt keeps true.
#[test]
fn functions_are_short() {
    let mut faults = Vec::new();
    for (path, text) in files().into_iter().filter(|(path, _)| is_written(path)) {
        let mut open: Option<(usize, usize, &str)> = None;
        for (number, line) in text.lines().enumerate() {
            let indent = line.len() - line.trim_start().len();
            let start = line.trim_start();
            let is_function =
                ["fn ", "pub fn ", "async fn ", "pub async fn ", "pub(crate) fn ", "pub(super) fn ", "const fn "]
                    .iter()
                    .any(|head| start.starts_with(head));
            if is_function && open.is_none() {
                open = Some((number, indent, start));
            }
            if let Some((from, at, name)) = open
                && (line.trim_end() == format!("{}}}", " ".repeat(at)) || (number == from && line.ends_with('}')))
            {
                if number - from + 1 > FUNCTION_LINES_MAX {
                    faults.push(format!("{path}:{}: {} lines: {name}", from + 1, number - from + 1));
                }
                open = None;
            }
        }
    }
    report(&faults);
}

/// Rooms are named for what they hold.
#[test]
fn rooms_have_names() {
    let vague = ["util", "utils", "common", "helper", "helpers", "misc", "shared", "mod"];
    let faults = files().into_iter().filter(|(path, _)| {
        Path::new(path).iter().any(|part| vague.contains(&part.to_string_lossy().trim_end_matches(".rs")))
    });
    report(&faults.map(|(path, _)| path).collect::<Vec<_>>());
}

/// Whether the line names the crate; a module of that name in another crate is none.
fn names(line: &str, name: &str) -> bool {
    let is_path = |(at, _): (usize, &str)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|letter| letter == ':' || letter == '_' || letter.is_alphanumeric())
    };
    line.match_indices(&format!("{name}::")).any(is_path) || line.contains(&format!("use {name};"))
}

/// Crates stay behind their fences, and rooms behind their walls.
#[test]
fn fences_and_walls_hold() {
    let mut faults = Vec::new();
    for (path, text) in files().into_iter().filter(|(path, _)| path.starts_with("src/") && !is_test(path)) {
        for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//")) {
            for (name, homes) in FENCES {
                if names(line, name) && !homes.iter().any(|home| path.starts_with(home)) {
                    faults.push(format!("{path}:{}: {name} is fenced into {homes:?}", number + 1));
                }
            }
            for (room, walled) in WALLS.iter().filter(|(room, _)| path.starts_with(room)) {
                let walled = walled.iter().find(|other| line.contains(&format!("crate::{other}::")));
                if let Some(other) = walled {
                    faults.push(format!("{path}:{}: {room} must not know {other}", number + 1));
                }
            }
        }
    }
    report(&faults);
}

/// Nothing is left for later in the code, and no lint is silenced without a reason that a reader sees.
#[test]
fn nothing_is_left_for_later() {
    let words = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("XX", "X"),
        concat!("unimpl", "emented!"),
        concat!("to", "do!"),
    ];
    let mut faults = Vec::new();
    for (path, text) in files() {
        for (number, line) in text.lines().enumerate() {
            if let Some(word) = words.iter().find(|word| line.contains(**word)) {
                faults.push(format!("{path}:{}: {word}", number + 1));
            }
        }
    }
    report(&faults);
}
