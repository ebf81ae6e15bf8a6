//! Which form a scraper gets (conformance N1 to N5).

use axum::http::header::{ACCEPT, ACCEPT_ENCODING};
use axum::http::{HeaderMap, HeaderName};

use crate::pull::prometheus::Format;

/// Bytes of an Accept header that are looked at; Prometheus sends about 300. What is longer gets the default.
const HEADER_BYTES_MAX: usize = 1_024;
/// Entries of an Accept header that are looked at.
const ENTRIES_MAX: usize = 32;

/// A form that can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Text format 0.0.4, the default.
    Text004,
    /// Text format 1.0.0: the same text, and the answer names the escaping.
    Text100,
    /// OpenMetrics 0.0.1, as old scrapers ask for it.
    OpenMetrics001,
    /// OpenMetrics 1.0.0.
    OpenMetrics100,
}

impl Form {
    /// How the page is written.
    pub(super) const fn format(self) -> Format {
        match self {
            Self::Text004 | Self::Text100 => Format::Text,
            Self::OpenMetrics001 | Self::OpenMetrics100 => Format::OpenMetrics,
        }
    }

    /// N2: type, version, and from 1.0.0 on the escaping. Names are always translated to underscores, whichever of the
    /// schemes of N3 was asked for.
    pub(super) const fn content_type(self) -> &'static str {
        match self {
            Self::Text004 => "text/plain; version=0.0.4; charset=utf-8",
            Self::Text100 => "text/plain; version=1.0.0; charset=utf-8; escaping=underscores",
            Self::OpenMetrics001 => "application/openmetrics-text; version=0.0.1; charset=utf-8",
            Self::OpenMetrics100 => "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores",
        }
    }
}

/// The form with the highest q, among equals the first; text 0.0.4 where none is acceptable.
pub(super) fn form(headers: &HeaderMap, is_openmetrics_offered: bool) -> Form {
    let mut best = (0, Form::Text004);
    for entry in entries(headers, &ACCEPT) {
        let form = match entry.name.as_str() {
            "text/plain" => match entry.version {
                None | Some("0.0.4") => Form::Text004,
                Some("1.0.0") => Form::Text100,
                Some(_) => continue,
            },
            "application/openmetrics-text" if is_openmetrics_offered => match entry.version {
                None | Some("1.0.0") => Form::OpenMetrics100,
                Some("0.0.1") => Form::OpenMetrics001,
                Some(_) => continue,
            },
            "*/*" | "text/*" => Form::Text004,
            _ => continue,
        };
        if entry.quality > best.0 {
            best = (entry.quality, form);
        }
    }
    best.1
}

/// Whether gzip is acceptable: named with a q above 0, or meant by `*`.
pub(crate) fn takes_gzip(headers: &HeaderMap) -> bool {
    let mut by_wildcard = false;
    for entry in entries(headers, &ACCEPT_ENCODING) {
        match entry.name.as_str() {
            "gzip" | "x-gzip" => return entry.quality > 0,
            "*" => by_wildcard = entry.quality > 0,
            _ => {}
        }
    }
    by_wildcard
}

struct Entry<'a> {
    name: String,
    version: Option<&'a str>,
    /// In thousandths.
    quality: u32,
}

/// The readable entries of a list header.
fn entries<'a>(headers: &'a HeaderMap, name: &'a HeaderName) -> impl Iterator<Item = Entry<'a>> {
    let values = headers.get_all(name).iter().take(4).filter(|value| value.len() <= HEADER_BYTES_MAX);
    let parts = values.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    parts.take(ENTRIES_MAX).filter_map(entry)
}

fn entry(text: &str) -> Option<Entry<'_>> {
    let mut parameters = text.split(';').map(str::trim);
    let name = parameters.next()?.to_ascii_lowercase();
    let mut entry = Entry { name, version: None, quality: 1_000 };
    for parameter in parameters {
        let (key, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let value = value.trim().trim_matches('"');
        match key.trim().to_ascii_lowercase().as_str() {
            "version" => entry.version = Some(value),
            "q" => {
                let quality: f64 = value.parse().ok().filter(|quality| (0.0..=1.0).contains(quality))?;
                entry.quality = (quality * 1_000.0).round() as u32;
            }
            _ => {}
        }
    }
    Some(entry)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: HeaderName, value: &str) -> HeaderMap {
        [(name, value.parse().unwrap())].into_iter().collect()
    }

    /// N1, N5: the highest q wins; what is not offered, not readable or too long does not count.
    #[test]
    fn picks_a_form() {
        let prometheus_3 = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,\
            application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,\
            text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
        let long = format!("application/openmetrics-text,{}", "x".repeat(8 * 1024));
        let rows = [
            (prometheus_3, true, Form::OpenMetrics100),
            (prometheus_3, false, Form::Text100),
            ("text/html,application/xhtml+xml,*/*;q=0.8", true, Form::Text004),
            ("text/html", true, Form::Text004),
            ("", true, Form::Text004),
            ("application/openmetrics-text; version=0.0.1", true, Form::OpenMetrics001),
            ("application/openmetrics-text;q=0, text/plain;q=0.1", true, Form::Text004),
            ("application/openmetrics-text;q=nonsense, text/plain", true, Form::Text004),
            ("Application/OpenMetrics-Text", true, Form::OpenMetrics100),
            ("application/openmetrics-text;version=2.0.0", true, Form::Text004),
            (long.as_str(), true, Form::Text004),
        ];
        for (accept, is_offered, expected) in rows {
            assert_eq!(form(&headers(ACCEPT, accept), is_offered), expected, "{accept}");
        }
        assert_eq!(form(&HeaderMap::new(), true), Form::Text004);
    }

    /// gzip only where it is asked for.
    #[test]
    fn picks_gzip() {
        let rows = [
            ("gzip", true),
            ("deflate, gzip;q=0.5", true),
            ("gzip;q=0", false),
            ("gzip;q=0, *", false),
            ("*", true),
            ("identity", false),
        ];
        for (accept, expected) in rows {
            assert_eq!(takes_gzip(&headers(ACCEPT_ENCODING, accept)), expected, "{accept}");
        }
    }
}
