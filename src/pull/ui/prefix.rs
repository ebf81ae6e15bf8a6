//! Under which path a browser sees this endpoint: what a proxy says in `X-Forwarded-Prefix`, and what the router is nested under.

use std::convert::Infallible;

use axum::extract::{FromRequestParts, OriginalUri};
use axum::http::request::Parts;

/// Longer ones are no path that anybody chose.
const PREFIX_BYTES_MAX: usize = 256;

/// What stands before every path of this endpoint; empty, or begins with one `/` and does not end with one.
///
/// Whoever sends the header decides about their own answer only: it is used if it is a plain path, so that it can name no other
/// host and hold no markup, and answers that depend on it say so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Prefix(pub(crate) String);

impl<S: Sync> FromRequestParts<S> for Prefix {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        let mut said = parts.headers.get_all("x-forwarded-prefix").iter();
        let said = match (said.next(), said.next()) {
            (Some(said), None) => said.to_str().ok().and_then(plain).unwrap_or_default(),
            _ => "",
        };
        let inner = parts.uri.path();
        let nested = parts.extensions.get::<OriginalUri>().map_or("", |original| nested(original.0.path(), inner));
        Ok(Self(format!("{said}{nested}")))
    }
}

/// What a router was nested under: of `/observe/health` for `/health` it is `/observe`.
fn nested<'a>(original: &'a str, inner: &str) -> &'a str {
    // A nested root is asked for with and without its last slash.
    original.strip_suffix(inner).unwrap_or_else(|| if inner == "/" { original } else { "" }).trim_end_matches('/')
}

fn plain(text: &str) -> Option<&str> {
    let trimmed = text.trim().trim_end_matches('/');
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.~".contains(letter);
    let is_segment =
        |segment: &str| !segment.is_empty() && segment != "." && segment != ".." && segment.chars().all(is_plain);
    let is_path = trimmed.strip_prefix('/').is_some_and(|rest| rest.split('/').all(is_segment));
    (is_path && trimmed.len() <= PREFIX_BYTES_MAX).then_some(trimmed)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// H: only a plain path is believed: no other host, no markup, no way up.
    #[test]
    fn only_plain_paths() {
        for (text, expected) in [
            ("/observe", Some("/observe")),
            (" /a/b-c_d.e~f/ ", Some("/a/b-c_d.e~f")),
            ("", None),
            ("/", None),
            ("observe", None),
            ("//evil.example", None),
            ("/\\evil.example", None),
            ("https://evil.example", None),
            ("/a//b", None),
            ("/a/../b", None),
            ("/a/./b", None),
            ("/\"><script>", None),
            ("/a%2f..", None),
            ("/a, /b", None),
            ("/a?b", None),
            ("/a#b", None),
            ("/ä", None),
        ] {
            assert_eq!(plain(text), expected, "{text:?}");
        }
        assert_eq!(plain(&format!("/{}", "a".repeat(PREFIX_BYTES_MAX))), None);
    }

    /// A nested router knows its place by what was stripped.
    #[test]
    fn what_it_is_nested_under() {
        for (original, inner, expected) in [
            ("/health", "/health", ""),
            ("/", "/", ""),
            ("/observe/ui/pools/a", "/ui/pools/a", "/observe"),
            ("/observe/", "/", "/observe"),
            ("/observe", "/", "/observe"),
            ("/a/b/ui/", "/ui/", "/a/b"),
        ] {
            assert_eq!(nested(original, inner), expected, "{original}");
        }
    }
}
