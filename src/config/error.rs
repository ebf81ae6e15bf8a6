//! What is wrong with a configuration: every problem at once, each with its place, none with a secret.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;

/// Every problem of one configuration, in the order of the file. `Display` prints one a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
#[non_exhaustive]
pub struct ConfigErrors {
    /// At least one.
    pub problems: Vec<Problem>,
}

/// One problem. Prints as `file:line:column: message`; without a place, as `file: message`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// The file, or a word for a text that is none.
    pub origin: String,
    /// Where in it, if that is known.
    pub place: Option<Place>,
    /// What is wrong, and with which key. Never holds a credential.
    pub message: String,
}

/// A place in a text; both figures count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Line.
    pub line: u64,
    /// Column, in characters.
    pub column: u64,
}

/// A problem that only those find who use a value: a file that cannot be read, a folder that cannot be written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The key that it is with, such as `pull[0].tls.key`; where it does not stand in the file, the section above it counts.
    pub path: String,
    /// What is wrong, and with which key or destination. Never holds a credential.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Some(Place { line, column }) => {
                write!(formatter, "{}:{line}:{column}: {}", self.origin, self.message)
            }
            None => write!(formatter, "{}: {}", self.origin, self.message),
        }
    }
}

impl ConfigErrors {
    /// The errors of a text that cannot even be read.
    pub(crate) fn single(origin: &str, place: Option<Place>, message: String) -> Self {
        Self { problems: vec![Problem { origin: origin.to_owned(), place, message }] }
    }
}

/// Collects problems while a configuration is read, so that one run shows them all.
#[derive(Debug, Default)]
pub(crate) struct Report {
    origin: String,
    problems: RefCell<Vec<Problem>>,
    /// Where each key that was read stands, by its path, for the checks that look at several sections together.
    places: RefCell<BTreeMap<String, Place>>,
    warnings: RefCell<Vec<String>>,
}

impl Report {
    pub(crate) fn new(origin: &str) -> Self {
        Self { origin: origin.to_owned(), ..Self::default() }
    }

    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    pub(crate) fn problem(&self, place: Place, message: impl Into<String>) {
        let problem = Problem { origin: self.origin.clone(), place: Some(place), message: message.into() };
        self.problems.borrow_mut().push(problem);
    }

    /// A problem with the key of this path, or with the nearest section above it that stands in the file. A list of one may
    /// have been written without the list.
    pub(crate) fn problem_at_path(&self, path: &str, message: impl Into<String>) {
        let places = self.places.borrow();
        let mut above = std::iter::successors(Some(path), |path| path.rfind(['.', '[']).map(|end| &path[..end]));
        let place =
            above.find_map(|path| places.get(path).or_else(|| places.get(&path.replacen("[0]", "", 1))).copied());
        let problem = Problem { origin: self.origin.clone(), place, message: message.into() };
        self.problems.borrow_mut().push(problem);
    }

    pub(crate) fn remember(&self, path: &str, place: Place) {
        self.places.borrow_mut().insert(path.to_owned(), place);
    }

    /// The paths that were asked for or stand in the file, for the test that holds the schema to them.
    #[cfg(test)]
    pub(crate) fn paths(&self) -> Vec<String> {
        self.places.borrow().keys().cloned().collect()
    }

    pub(crate) fn warn(&self, message: impl Into<String>) {
        let (message, mut warnings) = (message.into(), self.warnings.borrow_mut());
        if !warnings.contains(&message) {
            warnings.push(message);
        }
    }

    pub(crate) fn take_warnings(&self) -> Vec<String> {
        self.warnings.take()
    }

    /// # Errors
    /// Everything that was reported, in the order of the file.
    pub(crate) fn finish(self) -> Result<(), ConfigErrors> {
        let mut problems = self.problems.into_inner();
        if problems.is_empty() {
            return Ok(());
        }
        problems.sort_by_key(|problem| problem.place);
        Err(ConfigErrors { problems })
    }
}
