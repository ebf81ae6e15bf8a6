//! A strict reader of text format 0.0.4 and OpenMetrics 1.0, written from their specifications and not from our writer, so
//! that tests can let our pages be read by somebody else.

use std::collections::{BTreeMap, BTreeSet};

use crate::pull::prometheus::Format;

/// A sample as it was read.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Sample {
    pub(super) name: String,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) value: f64,
}

#[derive(Default)]
struct Family {
    name: String,
    kind: String,
    help: Option<String>,
    has_samples: bool,
}

/// Reads a page.
pub(super) fn read(page: &str, format: Format) -> Result<Vec<Sample>, String> {
    let mut rest = page;
    if format == Format::OpenMetrics {
        rest = rest.strip_suffix("# EOF\n").ok_or("no # EOF at the end")?;
    }
    if !rest.is_empty() && !rest.ends_with('\n') {
        return Err("the last line has no line feed".to_owned());
    }
    let (mut samples, mut seen, mut families) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
    let mut family = Family::default();
    for line in rest.split_terminator('\n') {
        let bad = |why: &str| Err(format!("{why}: {line:?}"));
        if let Some(comment) = line.strip_prefix("# ") {
            let mut words = comment.splitn(3, ' ');
            let (what, name, text) = (words.next(), words.next(), words.next().unwrap_or_default());
            let Some(name) = name else { return bad("a comment without a name") };
            if family.name != name {
                if !families.insert(name.to_owned()) {
                    return bad("a family in two places");
                }
                family = Family { name: name.to_owned(), ..Family::default() };
            }
            if family.has_samples {
                return bad("metadata after a sample");
            }
            match what {
                Some("TYPE") if family.kind.is_empty() => family.kind = text.to_owned(),
                Some("HELP") if family.help.is_none() => family.help = Some(help(text, format)?),
                Some("UNIT") if format == Format::OpenMetrics && name.ends_with(&format!("_{text}")) => {}
                _ => return bad("unknown or repeated metadata"),
            }
            continue;
        }
        let sample = sample(line)?;
        if !belongs(&sample, &family, format) {
            return bad(&format!("a sample that does not belong to {} {}", family.kind, family.name));
        }
        if !seen.insert((sample.name.clone(), sample.labels.clone())) {
            return bad("a series twice");
        }
        family.has_samples = true;
        samples.push(sample);
    }
    buckets(&samples)?;
    Ok(samples)
}

fn belongs(sample: &Sample, family: &Family, format: Format) -> bool {
    let Some(ending) = sample.name.strip_prefix(&family.name) else { return false };
    let is_strict = format == Format::OpenMetrics;
    match family.kind.as_str() {
        "counter" if is_strict => ending == "_total" && sample.value >= 0.0,
        "info" => is_strict && ending == "_info" && sample.value.to_bits() == 1f64.to_bits(),
        "gauge" | "counter" => ending.is_empty(),
        "histogram" => match ending {
            "_bucket" => sample.labels.contains_key("le"),
            "_sum" | "_count" => !sample.labels.contains_key("le"),
            _ => false,
        },
        "summary" => match ending {
            "" => sample.labels.contains_key("quantile"),
            "_sum" | "_count" => true,
            _ => false,
        },
        _ => false,
    }
}

/// X13: bounds grow, counts grow, `+Inf` is there and equals the count.
fn buckets(samples: &[Sample]) -> Result<(), String> {
    let mut last: BTreeMap<(String, BTreeMap<String, String>), (f64, f64)> = BTreeMap::new();
    for sample in samples.iter().filter(|sample| sample.name.ends_with("_bucket")) {
        let mut labels = sample.labels.clone();
        let Some(bound) = labels.remove("le") else { continue };
        let bound: f64 = bound.parse().map_err(|_| format!("no bound: {bound}"))?;
        let key = (sample.name.trim_end_matches("_bucket").to_owned(), labels);
        if let Some((before, count)) = last.insert(key, (bound, sample.value))
            && !(bound > before && sample.value >= count)
        {
            return Err(format!("buckets out of order: {sample:?}"));
        }
    }
    for ((name, labels), (bound, cumulated)) in last {
        let count = samples.iter().find(|sample| sample.name == format!("{name}_count") && sample.labels == labels);
        if bound.is_finite() || count.is_none_or(|count| count.value.to_bits() != cumulated.to_bits()) {
            return Err(format!("+Inf of {name} is not its count"));
        }
    }
    Ok(())
}

fn help(text: &str, format: Format) -> Result<String, String> {
    unescape(text, if format == Format::OpenMetrics { "\\n\"" } else { "\\n" })
}

fn unescape(text: &str, allowed: &str) -> Result<String, String> {
    let mut out = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            out.push(character);
            continue;
        }
        match characters.next() {
            Some(escaped) if allowed.contains(escaped) => out.push(if escaped == 'n' { '\n' } else { escaped }),
            other => return Err(format!("bad escape {other:?} in {text:?}")),
        }
    }
    Ok(out)
}

fn is_name(name: &str, with_colon: bool) -> bool {
    let is_fine = |one: char| one.is_ascii_alphanumeric() || one == '_' || (with_colon && one == ':');
    !name.is_empty() && name.chars().all(is_fine) && !name.starts_with(|first: char| first.is_ascii_digit())
}

fn sample(line: &str) -> Result<Sample, String> {
    let bad = |why: &str| format!("{why}: {line:?}");
    let end = line.find(['{', ' ']).ok_or_else(|| bad("no value"))?;
    let (name, mut rest) = line.split_at(end);
    if !is_name(name, true) {
        return Err(bad("bad name"));
    }
    let mut labels = BTreeMap::new();
    if let Some(inner) = rest.strip_prefix('{') {
        rest = inner;
        loop {
            let (key, after) = rest.split_once("=\"").ok_or_else(|| bad("bad label"))?;
            let mut end = None;
            let mut is_escaped = false;
            for (place, byte) in after.bytes().enumerate() {
                match byte {
                    _ if is_escaped => is_escaped = false,
                    b'\\' => is_escaped = true,
                    b'"' => {
                        end = Some(place);
                        break;
                    }
                    _ => {}
                }
            }
            let end = end.ok_or_else(|| bad("unclosed value"))?;
            if !is_name(key, false) || key.starts_with("__") {
                return Err(bad("bad label name"));
            }
            if labels.insert(key.to_owned(), unescape(&after[..end], "\\\"n")?).is_some() {
                return Err(bad("a label twice"));
            }
            rest = &after[end + 1..];
            match (rest.strip_prefix(','), rest.strip_prefix('}')) {
                (Some(next), _) => rest = next,
                (_, Some(next)) => {
                    rest = next;
                    break;
                }
                _ => return Err(bad("neither comma nor brace")),
            }
        }
    }
    let value = rest.strip_prefix(' ').ok_or_else(|| bad("no space before the value"))?;
    let value = match value {
        "NaN" => f64::NAN,
        "+Inf" => f64::INFINITY,
        "-Inf" => f64::NEG_INFINITY,
        plain if plain.starts_with(|one: char| one.is_ascii_digit() || one == '-') => {
            plain.parse().map_err(|_| bad("bad value"))?
        }
        _ => return Err(bad("bad value")),
    };
    Ok(Sample { name: name.to_owned(), labels, value })
}
