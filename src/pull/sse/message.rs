//! Messages as server-sent events write them. Ours, because axum's `Event` panics on a line break in data, event or id.

use std::fmt::Write;

/// Appends one message: `event` (none is the default, `message`), `id`, and the data, one line of it each (conformance S2).
/// Event and id are words of ours; a line break or NUL that found its way into one is left out (S3).
pub fn push_message(out: &mut String, event: Option<&str>, id: Option<&str>, data: &str) {
    if let Some(event) = event {
        push_field(out, "event", event);
    }
    if let Some(id) = id {
        push_field(out, "id", id);
    }
    // The order matters: a CR LF is one line break, not two.
    for line in data.split("\r\n").flat_map(|part| part.split(['\r', '\n'])) {
        out.push_str("data: ");
        out.push_str(line);
        out.push('\n');
    }
    out.push('\n');
}

/// The first line of every stream: how long a client waits before it comes back (S4).
pub fn retry(milliseconds: u64) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write!(out, "retry: {milliseconds}\n\n");
    out
}

fn push_field(out: &mut String, name: &str, value: &str) {
    out.push_str(name);
    out.push_str(": ");
    out.extend(value.chars().filter(|character| !matches!(character, '\r' | '\n' | '\0')));
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    /// S2, S3: whatever the data holds, it stays data; ids and names cannot open a line of their own.
    #[test]
    fn line_breaks_cannot_leave_their_field() {
        let mut out = String::new();
        push_message(&mut out, Some("a\nevent: evil"), Some("1\r\n\0data: x"), "one\r\ntwo\rthree\nfour");
        let expected = "event: aevent: evil\nid: 1data: x\ndata: one\ndata: two\ndata: three\ndata: four\n\n";
        assert_eq!(out, expected);
    }

    /// An empty text is one empty data line: without one, the browser would swallow the message.
    #[test]
    fn empty_data_is_a_message() {
        let mut out = String::new();
        push_message(&mut out, None, None, "");
        assert_eq!(out, "data: \n\n");
    }
}
