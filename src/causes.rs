//! An error and what lies beneath it, in one line: a client's own words name only the step that failed.

use std::error::Error;

/// The error's text and those of its causes, the outermost first.
pub(crate) fn with_causes(error: &dyn Error) -> String {
    let causes = std::iter::successors(Some(error), |error| (*error).source());
    let mut words: Vec<String> = causes.map(ToString::to_string).collect();
    // Some errors quote their cause.
    words.dedup_by(|cause, error| error.ends_with(cause.as_str()));
    words.join(": ")
}
