//! Figures as a person reads them in a narrow column.

/// A count with a unit of its size: 1234 is `1.2k`.
pub(super) fn count(value: u64) -> String {
    scaled(value as f64, 1_000.0, ["", "k", "M", "G", "T", "P", "E"])
}

/// Bytes in powers of 1,024.
pub(super) fn bytes(value: u64) -> String {
    scaled(value as f64, 1_024.0, ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"])
}

fn scaled(mut value: f64, step: f64, units: [&str; 7]) -> String {
    let mut unit = 0;
    // 999.95 would be printed as 1000.0.
    while value >= step - 0.05 * f64::from(u8::from(unit > 0)) && unit + 1 < units.len() {
        value /= step;
        unit += 1;
    }
    let name = units.get(unit).copied().unwrap_or_default();
    if unit == 0 { format!("{value:.0}{name}") } else { format!("{value:.1}{name}") }
}

/// What may not be known; a dash then.
pub(super) fn known<T>(value: Option<T>, print: impl FnOnce(T) -> String) -> String {
    value.map_or_else(|| "-".to_owned(), print)
}

/// A rate; small ones keep a digit.
pub(super) fn rate(value: f64) -> String {
    if !value.is_finite() {
        "-".to_owned()
    } else if value < 100.0 {
        format!("{value:.1}")
    } else {
        count(value as u64)
    }
}

/// A share as per cent.
pub(super) fn percent(share: f64) -> String {
    if share.is_finite() { format!("{:.1}%", share * 100.0) } else { "-".to_owned() }
}

/// A time that has passed, in its two largest units.
pub(super) fn duration(seconds: f64) -> String {
    if !seconds.is_finite() {
        return "-".to_owned();
    }
    let whole = seconds.max(0.0) as u64;
    let (days, hours, minutes) = (whole / 86_400, whole / 3_600 % 24, whole / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{whole}s"),
        (0, 0, _) => format!("{minutes}m{:02}s", whole % 60),
        (0, _, _) => format!("{hours}h{minutes:02}m"),
        _ => format!("{days}d{hours:02}h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The largest unit that leaves one digit before the point; what cannot be is a dash.
    #[test]
    fn figures_are_short() {
        let counts = [0, 999, 1_000, 1_234, 999_949, 999_960, 1_500_000_000, u64::MAX].map(count);
        assert_eq!(counts, ["0", "999", "1.0k", "1.2k", "999.9k", "1.0M", "1.5G", "18.4E"]);
        assert_eq!([0, 1_023, 1_024, 64 << 20, u64::MAX].map(bytes), ["0B", "1023B", "1.0KiB", "64.0MiB", "16.0EiB"]);
        assert_eq!([0.0, 0.25, 99.0, 12_345.0, f64::NAN].map(rate), ["0.0", "0.2", "99.0", "12.3k", "-"]);
        assert_eq!([0.0, 0.333, f64::INFINITY].map(percent), ["0.0%", "33.3%", "-"]);
        let durations = [-1.0, 59.9, 61.0, 3_660.0, 90_000.0, f64::NAN].map(duration);
        assert_eq!(durations, ["0s", "59s", "1m01s", "1h01m", "1d01h", "-"]);
        assert_eq!((known(None, count), known(Some(7), count)), ("-".to_owned(), "7".to_owned()));
    }
}
