//! Durations and sizes as people write them.

use std::time::Duration;

const DURATION_UNITS: [(&str, u64); 5] = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];
const SIZE_UNITS: [(&str, u64); 10] = [
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
    ("kB", 1_000),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("B", 1),
];
/// Longest duration that is taken: a year. Longer ones are slips, and would overflow timers.
const DURATION_MS_MAX: u64 = 366 * 86_400_000;

/// `10s`, `500ms`, `1.5h`, `5m30s`; a bare number is refused, as nobody can tell its unit.
///
/// # Errors
/// What to write instead.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    if !text.is_empty() && text.parse::<f64>().is_ok_and(f64::is_finite) {
        return Err(format!("is a duration and needs a unit: write `{text}s` (or `{text}ms`, `{text}m`, `{text}h`)"));
    }
    let wrong = || "is a duration, such as `500ms`, `10s`, `5m` or `1h`".to_owned();
    let mut rest = text;
    let mut total_ms = 0.0;
    while !rest.is_empty() {
        let (number, after) = split_number(rest).ok_or_else(wrong)?;
        let word_end = after.find(|letter: char| !letter.is_ascii_alphabetic()).unwrap_or(after.len());
        let (word, remaining) = after.split_at(word_end);
        let factor = DURATION_UNITS.iter().find(|(unit, _)| *unit == word).ok_or_else(wrong)?.1;
        total_ms += number * factor as f64;
        rest = remaining.trim_start();
    }
    if text.is_empty() {
        return Err(wrong());
    }
    if total_ms > DURATION_MS_MAX as f64 {
        return Err("is a duration of at most 366d".to_owned());
    }
    Ok(Duration::from_nanos((total_ms * 1_000_000.0).round() as u64))
}

/// `64MiB`, `1GiB`, `10MB`, or a plain number of bytes.
///
/// # Errors
/// What to write instead.
pub(crate) fn parse_size(text: &str) -> Result<u64, String> {
    let wrong = || "is a size, such as `64MiB`, `1GiB`, `10MB` or a plain number of bytes".to_owned();
    let text = text.trim();
    let (number, unit) = split_number(text).ok_or_else(wrong)?;
    let unit = unit.trim_start();
    let factor = match unit {
        "" => 1,
        unit => SIZE_UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(wrong)?.1,
    };
    let bytes = number * factor as f64;
    if bytes.fract() != 0.0 || bytes > (1_u64 << 50) as f64 {
        return Err(wrong());
    }
    Ok(bytes as u64)
}

/// The shortest exact spelling, for the resolved print.
pub(crate) fn print_duration(duration: Duration) -> String {
    let milliseconds = duration.as_millis() as u64;
    let exact =
        DURATION_UNITS.iter().rev().find(|(_, factor)| milliseconds > 0 && milliseconds.is_multiple_of(*factor));
    match exact {
        Some((unit, factor)) if duration.subsec_nanos().is_multiple_of(1_000_000) => {
            format!("{}{unit}", milliseconds / factor)
        }
        _ if duration.is_zero() => "0s".to_owned(),
        _ => format!("{}ms", duration.as_secs_f64() * 1_000.0),
    }
}

/// The shortest exact spelling, for the resolved print.
pub(crate) fn print_size(bytes: u64) -> String {
    let binary = [("TiB", 1_u64 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    match binary.iter().find(|(_, factor)| bytes > 0 && bytes.is_multiple_of(*factor)) {
        Some((unit, factor)) => format!("{}{unit}", bytes / factor),
        None => bytes.to_string(),
    }
}

fn split_number(text: &str) -> Option<(f64, &str)> {
    let end = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    Some((number.parse().ok()?, rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Each spelling gives its length; a bare number says what to write.
    #[test]
    fn durations() {
        let good = [("10s", 10_000), ("500ms", 500), ("5m", 300_000), ("1h", 3_600_000), ("1m30s", 90_000)];
        for (text, milliseconds) in good {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
        assert_eq!(parse_duration("1.5s"), Ok(Duration::from_millis(1500)));
        assert_eq!(parse_duration("0"), Ok(Duration::ZERO));
        assert!(parse_duration("10").unwrap_err().contains("write `10s`"));
        for text in ["", "s", "10 parsecs", "-5s", "1..2s", "9999999h", "NaN", "inf"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }

    /// Each spelling gives its bytes; half bytes and unknown units are refused.
    #[test]
    fn sizes() {
        let good = [("64MiB", 64 << 20), ("1GiB", 1 << 30), ("10MB", 10_000_000), ("1024", 1024), ("1.5 KiB", 1536)];
        for (text, bytes) in good {
            assert_eq!(parse_size(text), Ok(bytes), "{text}");
        }
        for text in ["", "MiB", "64mib", "-1", "0.5B", "1e30", "99999999TiB"] {
            assert!(parse_size(text).is_err(), "{text}");
        }
    }

    proptest! {
        /// What is printed reads back as the same value, and no text panics.
        #[test]
        fn prints_read_back(milliseconds in 0..DURATION_MS_MAX, bytes in 0..(1_u64 << 50), text in ".{0,12}") {
            let duration = Duration::from_millis(milliseconds);
            prop_assert_eq!(parse_duration(&print_duration(duration)), Ok(duration));
            prop_assert_eq!(parse_size(&print_size(bytes)), Ok(bytes));
            let _ = (parse_duration(&text), parse_size(&text));
        }
    }
}
