//! The schema says what the readers do.

use std::collections::BTreeSet;

use serde_json::Value;

use super::*;
use crate::config::error::Report;
use crate::config::read;
use crate::config::schema::schema;
use crate::config::section::Section;
use crate::config::tree;

/// The schema behind a reference, and each alternative of it.
fn alternatives<'a>(root: &'a Value, schema: &'a Value) -> Vec<&'a Value> {
    let mut found = vec![schema];
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.strip_prefix("#/$defs/")) {
        found.extend(alternatives(root, &root["$defs"][name]));
    }
    for alternative in schema["anyOf"].as_array().into_iter().flatten() {
        found.extend(alternatives(root, alternative));
    }
    found
}

/// Every key under the schema, by path; items of lists share the path `[]`.
fn walk(root: &Value, schema: &Value, path: &str, found: &mut BTreeSet<String>, defaults: &mut Vec<(String, Value)>) {
    // A list of one may leave the dash out; its keys are those of the items.
    let is_list = alternatives(root, schema).iter().any(|one| !one["items"].is_null());
    for schema in alternatives(root, schema) {
        for (key, property) in schema["properties"].as_object().filter(|_| !is_list).into_iter().flatten() {
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            found.insert(path.clone());
            if let Some(default) = property.get("default") {
                defaults.push((path.clone(), default.clone()));
            }
            walk(root, property, &path, found, defaults);
        }
        if !schema["items"].is_null() {
            walk(root, &schema["items"], &format!("{path}[]"), found, defaults);
        }
    }
}

/// The common parts of listeners count once, and so do items.
fn normal(path: &str) -> String {
    let without_index = |part: &str| part.trim_start_matches(|one: char| one.is_ascii_digit()).to_owned();
    let path = path.split('[').map(without_index).collect::<Vec<_>>().join("[");
    let common = [".auth.", ".tls.", ".rate_limit.", ".cors."];
    let start = common.iter().filter(|_| !path.starts_with("push")).find_map(|part| path.find(part));
    start.map_or(path.clone(), |start| format!("listener{}", &path[start..]))
}

/// The keys of the schema are the keys that the readers take: the sample names every one, and unknown keys are refused.
#[test]
fn keys_are_those_of_the_readers() {
    let report = Report::new("sample");
    let tree = tree::parse(&sample::full(), &sample::variables(), &report).unwrap();
    let mut section = Section::root(&tree, &report);
    read::file(&mut section);
    section.finish();
    let own_names = [".headers.", ".basic.", ".weights.", ".where."];
    let is_key =
        |path: &String| !path.is_empty() && !path.ends_with("[]") && !own_names.iter().any(|part| path.contains(part));
    let read: BTreeSet<String> = report.paths().iter().map(|path| normal(path)).filter(is_key).collect();
    report.finish().unwrap();
    let root = schema();
    let (mut found, mut defaults) = (BTreeSet::new(), Vec::new());
    walk(&root, &root["$defs"]["native"], "", &mut found, &mut defaults);
    let found: BTreeSet<String> = found.iter().map(|path| normal(path)).collect();
    // A label each, of which the sample shows one.
    let is_label = |path: &&String| !path.starts_with("mappings[].labels.");
    let difference: Vec<&String> = read.symmetric_difference(&found).filter(is_label).collect();
    assert!(difference.is_empty(), "{difference:#?}");
}

/// Every key that the schema knows, of all three forms, stands in `docs/configuration.md`.
#[test]
fn keys_stand_in_the_documentation() {
    let text = include_str!("../../../docs/configuration.md");
    let root = schema();
    let (mut found, mut defaults) = (BTreeSet::new(), Vec::new());
    walk(&root, &root["$defs"]["native"], "", &mut found, &mut defaults);
    assert!(found.len() > 100);
    let is_missing = |path: &&String| !text.contains(&format!("`{}`", normal(path).trim_start_matches("listener.")));
    let missing: Vec<&String> = found.iter().filter(is_missing).collect();
    assert!(missing.is_empty(), "not in docs/configuration.md: {missing:#?}");
    for form in ["blueprint", "manifest", "component", "binding"] {
        let keys = root["$defs"][form]["properties"].as_object().unwrap().keys();
        // The other keys of a pull endpoint are those of `pull[]`.
        let stands = |key: &&String| text.contains(&format!("{key}:")) || text.contains(&format!("{key}`"));
        let missing: Vec<&String> = keys.filter(|key| !stands(key)).collect();
        assert!(missing.is_empty(), "{form}, not in docs/configuration.md: {missing:#?}");
    }
}

/// A file in which every default of the schema is written out is the embedded defaults.
#[test]
fn defaults_are_the_defaults() {
    let root = schema();
    let (mut found, mut defaults) = (BTreeSet::new(), Vec::new());
    walk(&root, &root["$defs"]["native"], "", &mut found, &mut defaults);
    assert!(defaults.len() > 40);
    let mut lines: Vec<String> = defaults.iter().map(|(path, default)| format!("{path}: {default}")).collect();
    lines.sort();
    lines.dedup();
    insta::assert_snapshot!(lines.join("\n"));
    let required =
        "push[].name: \"a\"\npush[].endpoint: \"http://b:1\"\nalerts.rules[].name: \"r\"\nalerts.rules[].on: \"pool\"
alerts.rules[].field: \"size\"\nalerts.rules[].above: 1\nmappings[].metric: \"m\"\nmappings[].entity: \"pool\"
mappings[].key: \"k\"\nmappings[].field: \"size\"";
    let text = |lines: &[String]| {
        let mut file = Value::Object(serde_json::Map::new());
        for line in lines.iter().map(String::as_str).chain(required.lines()) {
            let (path, value) = line.split_once(": ").unwrap();
            let value: Value = serde_json::from_str(value).unwrap();
            // A limit that is written out is not the absence of one; that is the default of the doors.
            let is_part = path.contains(".rate_limit.") || path.contains(".auth.") || path.contains(".cors.");
            if !is_part && !["alerts.rules", "mappings"].contains(&path) {
                put(&mut file, path, value);
            }
        }
        format!("{:#?}", load(&file.to_string()))
    };
    assert_eq!(text(&lines), text(&["pull[].name: \"system_metrics\"".to_owned()]));
}

fn put(file: &mut Value, path: &str, value: Value) {
    let mut place = file;
    for key in path.split('.') {
        place = match key.strip_suffix("[]") {
            Some(list) => {
                let list = &mut place[list];
                if list.is_null() {
                    *list = Value::Array(vec![Value::Object(serde_json::Map::new())]);
                }
                &mut list[0]
            }
            None => &mut place[key],
        };
    }
    // A section that is written out already holds more than its own default.
    if place.is_null() {
        *place = value;
    }
}
