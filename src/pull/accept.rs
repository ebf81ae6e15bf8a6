//! Content negotiation by `Accept` (RFC 9110, 12.5.1).

use axum::http::{HeaderMap, header};

/// The media type among `offered` that the asker likes best; among equals the one offered first, which is also the answer
/// when nothing is acceptable: a monitor is better served by another format than by a 406.
pub fn choose<'a>(headers: &HeaderMap, offered: &[&'a str]) -> Option<&'a str> {
    let mut best: Option<(f32, &str)> = None;
    for media_type in offered {
        let quality = quality(headers, media_type);
        if best.is_none_or(|(highest, _)| quality > highest) {
            best = Some((quality, media_type));
        }
    }
    best.map(|(_, media_type)| media_type)
}

/// How much the asker likes a media type, 0 to 1; the most specific range that fits decides.
pub fn quality(headers: &HeaderMap, media_type: &str) -> f32 {
    let mut given = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).peekable();
    if given.peek().is_none() {
        return 1.0;
    }
    let ranges = given.flat_map(|value| value.split(','));
    let fitting = ranges.filter_map(|range| fit(range, media_type));
    fitting.max_by_key(|(specificity, _)| *specificity).map_or(0.0, |(_, quality)| quality)
}

fn fit(range: &str, media_type: &str) -> Option<(u8, f32)> {
    let mut parts = range.split(';').map(str::trim);
    let name = parts.next()?;
    let (wanted_kind, wanted_sub) = name.split_once('/')?;
    let (kind, sub) = media_type.split_once('/')?;
    let specificity = match (wanted_kind, wanted_sub) {
        ("*", "*") => 0,
        (wanted, "*") if wanted.eq_ignore_ascii_case(kind) => 1,
        (wanted, wanted_sub) if wanted.eq_ignore_ascii_case(kind) && wanted_sub.eq_ignore_ascii_case(sub) => 2,
        _ => return None,
    };
    let quality = parts.filter_map(|part| part.split_once('=')).find(|(name, _)| name.trim().eq_ignore_ascii_case("q"));
    let quality = quality.and_then(|(_, value)| value.trim().parse::<f32>().ok());
    Some((specificity, quality.filter(|quality| quality.is_finite()).unwrap_or(1.0).clamp(0.0, 1.0)))
}
