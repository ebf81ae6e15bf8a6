//! Links into other tools: the configured templates with their placeholders replaced, percent-encoded.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::pull::v1::noun::Owner;

/// What RFC 3986 calls unreserved stays; everything else is encoded, so that a label cannot leave its place in the URL.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Replaces `{service}`, `{instance}` and the subject's own placeholder in one pass: a value that looks like a placeholder is
/// not replaced again.
pub fn fill(template: &str, subject: (&str, &str), owner: &Owner<'_>) -> String {
    let mut filled = String::with_capacity(template.len() + subject.1.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let known = after.split_once('}').and_then(|(name, tail)| {
            let value = match name {
                "service" => owner.service,
                "instance" => owner.instance,
                _ if name == subject.0 => subject.1,
                _ => return None,
            };
            Some((value, tail))
        });
        rest = if let Some((value, tail)) = known {
            filled.extend(utf8_percent_encode(value, ENCODED));
            tail
        } else {
            filled.push('{');
            after
        };
    }
    filled.push_str(rest);
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A hostile id stays inside its place, and is not taken for a placeholder itself.
    #[test]
    fn values_are_encoded_once() {
        let owner = Owner { service: "a b", instance: "{worker_id}", ..Owner::default() };
        let link = fill("https://g/d?s={service}&i={instance}&w={worker_id}#{x}", ("worker_id", "a\"&/ü"), &owner);
        assert_eq!(link, "https://g/d?s=a%20b&i=%7Bworker_id%7D&w=a%22%26%2F%C3%BC#{x}");
    }

    /// Grafana's explore links hold JSON: braces that are no placeholder stay as they are.
    #[test]
    fn other_braces_stay() {
        let owner = Owner::default();
        assert_eq!(fill("x?left={\"q\":\"{trace_id}\"}", ("trace_id", "0a"), &owner), "x?left={\"q\":\"0a\"}");
    }
}
