//! Text of others as it may stand on a terminal: nothing in a name moves the cursor, changes a colour or hides what follows.

use std::fmt::Write as _;

/// Characters of a name that are shown; what is longer than any terminal is wide need not be looked at.
const CHARACTERS_MAX: usize = 2_000;

/// The text with control characters, marks of direction and invisible characters written out, as `\u{1b}`.
pub(super) fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(CHARACTERS_MAX));
    for character in text.chars().take(CHARACTERS_MAX) {
        match character {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ if character.is_control() || is_invisible(character) => {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{{{:x}}}", u32::from(character));
            }
            _ => out.push(character),
        }
    }
    if text.chars().nth(CHARACTERS_MAX).is_some() {
        out.push('…');
    }
    out
}

/// Marks of direction, joiners, fillers and the like: they show nothing and change how others look.
const fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Escape sequences, line breaks and marks of direction become letters; other scripts stay.
    #[test]
    fn hostile_names_are_text() {
        assert_eq!(printable("\u{1b}[2J\r\nred\u{7}\t"), "\\u{1b}[2J\\r\\nred\\u{7}\\t");
        assert_eq!(printable("a\u{202e}b\u{9b}31m\u{200d}"), "a\\u{202e}b\\u{9b}31m\\u{200d}");
        assert_eq!(printable("größe 計 <b>"), "größe 計 <b>");
        assert_eq!(printable(&"x".repeat(3_000)).chars().count(), CHARACTERS_MAX + 1);
    }

    proptest! {
        /// Whatever comes, nothing that a terminal would act on goes out.
        #[test]
        fn nothing_acts_on_the_terminal(text in any::<String>()) {
            prop_assert!(!printable(&text).chars().any(|one| one.is_control() || is_invisible(one)));
        }
    }
}
