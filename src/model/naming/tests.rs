//! The translation, row by row (conformance X2 to X4, X8, T2).

use proptest::prelude::*;

use super::*;

fn name(name: &str, unit: &str, suffixes: Suffixes) -> String {
    let mut out = String::from("before ");
    assert!(metric_name(name, unit, suffixes, &mut out));
    out.strip_prefix("before ").unwrap().to_owned()
}

/// X2 to X4: every row of the specification's tables, and the traps.
#[test]
fn translates_metric_names() {
    use Suffixes::{Counter, Gauge, Unit};
    let rows = [
        ("http.server.duration", "s", Unit, "http_server_duration_seconds"),
        ("http.server.duration", "ms", Unit, "http_server_duration_milliseconds"),
        ("memory", "By", Gauge, "memory_bytes"),
        ("memory", "MiBy", Gauge, "memory_mebibytes"),
        ("load", "%", Gauge, "load_percent"),
        ("speed", "m/s", Gauge, "speed_meters_per_second"),
        ("rate", "By/s", Gauge, "rate_bytes_per_second"),
        ("rate", "1/s", Gauge, "rate_per_second"),
        ("rate", "{request}/s", Gauge, "rate_per_second"),
        ("requests", "{request}", Counter, "requests_total"),
        ("utilization", "1", Gauge, "utilization_ratio"),
        ("status", "1", Unit, "status"),
        ("jobs", "1", Counter, "jobs_total"),
        ("jobs_total", "", Counter, "jobs_total"),
        ("jobs.total", "", Counter, "jobs_total"),
        ("cpu.time", "s", Counter, "cpu_time_seconds_total"),
        ("cpu_seconds_total", "s", Counter, "cpu_seconds_total"),
        ("cpu_seconds", "s", Counter, "cpu_seconds_total"),
        ("seconds", "s", Unit, "seconds"),
        ("milliseconds", "s", Unit, "milliseconds_seconds"),
        ("total", "", Counter, "total_total"),
        ("0abc", "", Unit, "_0abc"),
        ("é.b", "", Unit, "_b"),
        ("__name__", "", Unit, "_name_"),
        ("a..b--c", "", Unit, "a_b_c"),
        ("a:b", "", Unit, "a:b"),
        ("a_", "s", Counter, "a_seconds_total"),
        ("temperature", "Cel", Gauge, "temperature_celsius"),
        ("odd", "foo bar", Gauge, "odd_foo_bar"),
        ("x", "{a}/{b}", Gauge, "x"),
    ];
    for (metric, unit, suffixes, expected) in rows {
        assert_eq!(name(metric, unit, suffixes), expected, "{metric} in {unit}");
    }
}

/// Hostile input: an empty name has no translation, and nothing is written for it.
#[test]
fn refuses_an_empty_name() {
    let mut out = String::new();
    assert!(!metric_name("", "s", Suffixes::Counter, &mut out));
    assert!(out.is_empty());
}

/// X8: what the exposition itself uses is renamed.
#[test]
fn renames_reserved_labels() {
    let rows = [
        ("le", "exported_le"),
        ("quantile", "exported_quantile"),
        ("job", "exported_job"),
        ("instance", "exported_instance"),
        ("otel.scope.name", "exported_otel_scope_name"),
        ("__name__", "_name_"),
        ("__x", "_x"),
        ("", "_"),
        ("0abc", "_0abc"),
        ("a:b", "a_b"),
        ("é", "_"),
        ("http.route", "http_route"),
    ];
    for (key, expected) in rows {
        let mut out = String::from("x,");
        label_name(key, &mut out);
        assert_eq!(out, format!("x,{expected}"));
    }
}

/// T2: escapes of HELP and of label values.
#[test]
fn escapes() {
    let mut out = String::new();
    escape_label_value("a\"} 1\nevil\\ 1", &mut out);
    assert_eq!(out, "a\\\"} 1\\nevil\\\\ 1");
    out.clear();
    escape_help("say \"a\\b\"\n", &mut out);
    assert_eq!(out, "say \"a\\\\b\"\\n");
}

/// A cut never falls into a character.
#[test]
fn truncates_between_characters() {
    assert_eq!(truncate("aé", 2), "a");
    assert_eq!(truncate("aé", 3), "aé");
}

proptest! {
    /// X2: whatever comes in, a valid name comes out, and translating it again changes nothing.
    #[test]
    fn any_name_becomes_valid(metric in ".+", unit in ".*") {
        let out = name(&metric, &unit, Suffixes::Counter);
        prop_assert!(!out.starts_with(|first: char| first.is_ascii_digit()));
        prop_assert!(out.chars().all(|one| one.is_ascii_alphanumeric() || one == '_' || one == ':'));
        prop_assert!(!out.contains("__"));
        prop_assert!(out.ends_with("_total"));
        prop_assert_eq!(name(&out, "", Suffixes::Counter), out);
    }

    /// T2: escaping leaves no line feed, and unescaping gives the value back.
    #[test]
    fn escaping_is_reversible(value in any::<String>()) {
        let mut out = String::new();
        escape_label_value(&value, &mut out);
        prop_assert!(!out.contains('\n'));
        let mut back = String::new();
        let mut characters = out.chars();
        while let Some(character) = characters.next() {
            back.push(match character {
                '\\' => match characters.next() { Some('n') => '\n', Some(other) => other, None => '?' },
                other => other,
            });
        }
        prop_assert_eq!(back, value);
    }
}
