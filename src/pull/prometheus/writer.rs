//! Lines of an exposition: families, samples, numbers (Prometheus text format 0.0.4, OpenMetrics 1.0).

use crate::model::naming;
use crate::pull::prometheus::Format;

/// TYPE of a family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Counter,
    Gauge,
    Histogram,
    Summary,
    /// `target_info`: a gauge where there is no such type.
    Info,
}

impl Type {
    const fn as_str(self, format: Format) -> &'static str {
        match (self, format) {
            (Self::Counter, _) => "counter",
            (Self::Gauge, _) | (Self::Info, Format::Text) => "gauge",
            (Self::Histogram, _) => "histogram",
            (Self::Summary, _) => "summary",
            (Self::Info, Format::OpenMetrics) => "info",
        }
    }
}

/// Units that the UNIT line of OpenMetrics names, where the family's name ends with one.
const UNITS: [&str; 8] = ["seconds", "bytes", "ratio", "meters", "celsius", "volts", "amperes", "joules"];

/// The family's name in its TYPE line (O: a counter's without `_total`, an info's without `_info`).
pub(super) fn family_name(name: &str, kind: Type, format: Format) -> &str {
    match (kind, format) {
        (Type::Counter, Format::OpenMetrics) => naming::without_total(name),
        (Type::Info, Format::OpenMetrics) => name.strip_suffix("_info").unwrap_or(name),
        _ => name,
    }
}

/// Writes the lines before a family's samples. In OpenMetrics TYPE, UNIT, HELP stand in this order; in the text format HELP
/// comes first, as everybody prints it.
pub(super) fn header(out: &mut String, name: &str, kind: Type, help: &str, format: Format) {
    let family = family_name(name, kind, format);
    let line = |out: &mut String, what: &str| {
        out.push_str("# ");
        out.push_str(what);
        out.push(' ');
        out.push_str(family);
        out.push(' ');
    };
    let type_line = |out: &mut String| {
        line(out, "TYPE");
        out.push_str(kind.as_str(format));
        out.push('\n');
    };
    match format {
        Format::Text => {
            if !help.is_empty() {
                line(out, "HELP");
                naming::escape_help(help, out);
                out.push('\n');
            }
            type_line(out);
        }
        Format::OpenMetrics => {
            type_line(out);
            let ends_with = |unit: &&&str| family.strip_suffix(**unit).is_some_and(|before| before.ends_with('_'));
            if let Some(unit) = UNITS.iter().find(ends_with) {
                line(out, "UNIT");
                out.push_str(unit);
                out.push('\n');
            }
            if !help.is_empty() {
                line(out, "HELP");
                naming::escape_help_openmetrics(help, out);
                out.push('\n');
            }
        }
    }
}

/// Writes `name{…} ` from pieces of label text, of which some may be empty.
#[inline]
pub(super) fn name_and_labels(out: &mut String, name: &str, labels: &[&str]) {
    out.push_str(name);
    let mut opened = false;
    for text in labels {
        if text.is_empty() {
            continue;
        }
        out.push(if opened { ',' } else { '{' });
        opened = true;
        out.push_str(text);
    }
    out.push_str(if opened { "} " } else { " " });
}

/// Writes one `key="value"`, after a comma where `out` already has labels since `start`.
pub(super) fn label(out: &mut String, start: usize, key: &str, value: &str) {
    if out.len() > start {
        out.push(',');
    }
    out.push_str(key);
    out.push_str("=\"");
    naming::escape_label_value(value, out);
    out.push('"');
}

/// Writes a whole number.
#[inline]
pub(super) fn count(out: &mut String, value: u64) {
    out.push_str(itoa::Buffer::new().format(value));
}

/// Writes a whole number that may be negative.
#[inline]
pub(super) fn integer(out: &mut String, value: i64) {
    out.push_str(itoa::Buffer::new().format(value));
}

/// Writes a number: whole ones without a point, the others with the fewest digits that read back the same, and `NaN`,
/// `+Inf`, `-Inf` (conformance T6).
#[inline]
pub(super) fn number(out: &mut String, value: f64) {
    // Up to here whole numbers have no exponent in either form.
    const WHOLE_MAX: f64 = 1e15;
    if value.abs() < WHOLE_MAX {
        let whole = value as i64;
        // Bits instead of values, so that -0 does not become 0.
        if (whole as f64).to_bits() == value.to_bits() {
            return integer(out, whole);
        }
        out.push_str(zmij::Buffer::new().format_finite(value));
    } else if value.is_finite() {
        out.push_str(zmij::Buffer::new().format_finite(value));
    } else {
        out.push_str(not_finite(value));
    }
}

fn not_finite(value: f64) -> &'static str {
    if value.is_nan() {
        "NaN"
    } else if value > 0.0 {
        "+Inf"
    } else {
        "-Inf"
    }
}

/// Writes a bound or quantile; in OpenMetrics in the canonical form, so that the same bound is the same label everywhere:
/// `1.0`, `0.0001`, `1e-05`, `1e+06`.
pub(super) fn bound(out: &mut String, value: f64, format: Format) {
    if format == Format::Text || !value.is_finite() {
        return number(out, value);
    }
    let scientific = format!("{value:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if value == 0.0 || (-4..6).contains(&exponent) {
        let plain = value.to_string();
        out.push_str(&plain);
        if !plain.contains('.') {
            out.push_str(".0");
        }
        return;
    }
    out.push_str(digits);
    out.push_str(if exponent < 0 { "e-" } else { "e+" });
    if exponent.unsigned_abs() < 10 {
        out.push('0');
    }
    count(out, u64::from(exponent.unsigned_abs()));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// T6 and O: numbers and canonical bounds.
    #[test]
    fn writes_numbers() {
        let rows = [
            (0.0, "0", "0.0"),
            (1.0, "1", "1.0"),
            (0.95, "0.95", "0.95"),
            (-3.0, "-3", "-3.0"),
            (100_000.0, "100000", "100000.0"),
            (1e6, "1000000", "1e+06"),
            (0.0001, "0.0001", "0.0001"),
            (1e-5, "0.00001", "1e-05"),
            (2.5e-12, "2.5e-12", "2.5e-12"),
            (f64::INFINITY, "+Inf", "+Inf"),
            (f64::NEG_INFINITY, "-Inf", "-Inf"),
            (f64::NAN, "NaN", "NaN"),
        ];
        for (value, text, canonical) in rows {
            let (mut plain, mut exact) = (String::new(), String::new());
            number(&mut plain, value);
            bound(&mut exact, value, Format::OpenMetrics);
            assert_eq!((plain.as_str(), exact.as_str()), (text, canonical));
        }
    }

    proptest::proptest! {
        /// Whatever is written reads back as the same number, -0 too.
        #[test]
        fn numbers_read_back(value in proptest::num::f64::ANY) {
            let (mut plain, mut exact) = (String::new(), String::new());
            number(&mut plain, value);
            bound(&mut exact, value, Format::OpenMetrics);
            for text in [plain, exact] {
                let back: f64 = text.parse().unwrap();
                proptest::prop_assert!(back.to_bits() == value.to_bits() || (back.is_nan() && value.is_nan()), "{}", text);
            }
        }
    }
}
