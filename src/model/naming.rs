//! How OpenTelemetry names become Prometheus names, and how text is escaped in an exposition (OTel specification,
//! compatibility/prometheus; Prometheus exposition formats; conformance X2 to X4, X8, T2).
//!
//! Everything writes into a `String` of the caller, so that a buffer can be used again and again.

/// What decides about the suffixes of a metric's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Suffixes {
    /// A monotonic sum: the name ends in `_total`.
    Counter,
    /// An OTLP gauge: unit `1` adds `_ratio`.
    Gauge,
    /// Everything else, non-monotonic sums included: the unit only, and unit `1` adds nothing.
    Unit,
}

/// Appends the Prometheus name of a metric; `false` (and nothing appended) when the name is empty.
///
/// The unit comes before `_total`, neither appears twice, characters outside of `[a-zA-Z0-9_:]` become `_`, runs of `_`
/// collapse, and a leading digit gets a `_` before it.
pub fn metric_name(name: &str, unit: &str, suffixes: Suffixes, out: &mut String) -> bool {
    if name.is_empty() {
        return false;
    }
    let start = out.len();
    push_clean(name, true, start, out);
    if suffixes == Suffixes::Counter {
        strip_total(start, out);
    }
    let base_end = out.len();
    push_unit(unit, suffixes, start, out);
    drop_repeated_unit(start, base_end, out);
    if suffixes == Suffixes::Counter {
        push_clean("_total", true, start, out);
    }
    true
}

/// The family's name without `_total`, as OpenMetrics names the family of a counter.
pub fn without_total(name: &str) -> &str {
    name.strip_suffix("_total").unwrap_or(name)
}

/// Appends the Prometheus name of a label. Names that the exposition itself uses (`le`, `quantile`, `job`, `instance`,
/// `otel_scope_*`) get the prefix `exported_`, as Prometheus does it for targets; leading `__`
/// vanishes because runs of `_` collapse, so that `__name__` becomes `_name_`. An empty name becomes `_`.
pub fn label_name(key: &str, out: &mut String) {
    let start = out.len();
    push_clean(key, false, start, out);
    if out.len() == start {
        out.push('_');
    }
    let is_reserved = out
        .get(start..)
        .is_some_and(|name| matches!(name, "le" | "quantile" | "job" | "instance") || name.starts_with("otel_scope_"));
    if is_reserved {
        out.insert_str(start, "exported_");
    }
}

/// Appends the part of a label's name that follows a fixed prefix, such as `otel_scope_`; nothing is reserved there.
pub fn label_name_after(prefix: &str, key: &str, out: &mut String) {
    let start = out.len();
    out.push_str(prefix);
    push_clean(key, false, start, out);
}

/// Appends a label's value with `\`, `"` and line feeds escaped.
pub fn escape_label_value(value: &str, out: &mut String) {
    escape(value, |byte| matches!(byte, b'\\' | b'"' | b'\n'), out);
}

/// Appends the text of a HELP line of text format 0.0.4: `\` and line feeds escaped.
pub fn escape_help(text: &str, out: &mut String) {
    escape(text, |byte| matches!(byte, b'\\' | b'\n'), out);
}

/// Appends the text of a HELP line of OpenMetrics, where quotation marks are escaped too.
pub fn escape_help_openmetrics(text: &str, out: &mut String) {
    escape_label_value(text, out);
}

/// The longest prefix of `text` that has at most `bytes_max` bytes and ends between two characters.
pub fn truncate(text: &str, bytes_max: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes_max)).unwrap_or(text)
}

fn escape(text: &str, is_special: impl Fn(u8) -> bool, out: &mut String) {
    let mut plain_from = 0;
    for (place, byte) in text.bytes().enumerate() {
        // All special bytes are ASCII, so both cuts lie between characters.
        if is_special(byte) {
            out.push_str(text.get(plain_from..place).unwrap_or_default());
            out.push('\\');
            out.push(if byte == b'\n' { 'n' } else { char::from(byte) });
            plain_from = place + 1;
        }
    }
    out.push_str(text.get(plain_from..).unwrap_or_default());
}

/// Appends `text` with everything outside of the charset as `_`, runs of `_` collapsed, also with what already stands
/// between `start` and the end of `out`.
fn push_clean(text: &str, with_colon: bool, start: usize, out: &mut String) {
    for character in text.chars() {
        let is_kept = character.is_ascii_alphanumeric() || (with_colon && character == ':');
        if !is_kept {
            if !out.get(start..).is_some_and(|written| written.ends_with('_')) {
                out.push('_');
            }
            continue;
        }
        if out.len() == start && character.is_ascii_digit() {
            out.push('_');
        }
        out.push(character);
    }
}

/// Takes `_total` off; of a name that is nothing else the `_` stays.
fn strip_total(start: usize, out: &mut String) {
    if let Some(base) = out.get(start..).and_then(|written| written.strip_suffix("_total")) {
        out.truncate(start + base.len().max(1));
    }
}

/// Takes the unit that was appended after `base_end` off again when the name already ended with it.
fn drop_repeated_unit(start: usize, base_end: usize, out: &mut String) {
    let (Some(base), Some(appended)) = (out.get(start..base_end), out.get(base_end..)) else { return };
    let unit = appended.strip_prefix('_').unwrap_or(appended);
    let is_repeated = base.strip_suffix(unit).is_some_and(|before| before.is_empty() || before.ends_with('_'));
    if is_repeated {
        out.truncate(base_end);
    }
}

/// Appends `_` and the words of a UCUM unit, or nothing where it has none.
fn push_unit(unit: &str, suffixes: Suffixes, start: usize, out: &mut String) {
    let unit = unit.trim();
    if unit == "1" {
        if suffixes == Suffixes::Gauge {
            push_clean("_ratio", true, start, out);
        }
        return;
    }
    let (main, per) = unit.split_once('/').unwrap_or((unit, ""));
    let main = without_annotation(main);
    if !main.is_empty() && main != "1" {
        push_clean("_", true, start, out);
        push_clean(many(main), true, start, out);
    }
    let per = without_annotation(per);
    if !per.is_empty() {
        push_clean("_per_", true, start, out);
        push_clean(one(per), true, start, out);
    }
}

/// A unit's part without its annotation: UCUM's `{…}` is a comment. Where a unit stands before it, the unit stays.
fn without_annotation(part: &str) -> &str {
    part.split_once('{').map_or(part, |(before, _)| before).trim()
}

/// The words of a unit that is counted.
fn many(unit: &str) -> &str {
    match unit {
        "d" => "days",
        "h" => "hours",
        "min" => "minutes",
        "s" => "seconds",
        "ms" => "milliseconds",
        "us" => "microseconds",
        "ns" => "nanoseconds",
        "By" => "bytes",
        "KiBy" => "kibibytes",
        "MiBy" => "mebibytes",
        "GiBy" => "gibibytes",
        "TiBy" => "tebibytes",
        "KBy" | "kBy" => "kilobytes",
        "MBy" => "megabytes",
        "GBy" => "gigabytes",
        "TBy" => "terabytes",
        "bit" => "bits",
        "m" => "meters",
        "V" => "volts",
        "A" => "amperes",
        "J" => "joules",
        "W" => "watts",
        "g" => "grams",
        "Cel" => "celsius",
        "Hz" => "hertz",
        "%" => "percent",
        other => other,
    }
}

/// The words of a unit after `per`.
fn one(unit: &str) -> &str {
    match unit {
        "s" => "second",
        "min" => "minute",
        "h" => "hour",
        "d" => "day",
        "w" | "wk" => "week",
        "mo" => "month",
        "y" | "a" => "year",
        "m" => "meter",
        other => many(other),
    }
}

#[cfg(test)]
mod tests;
