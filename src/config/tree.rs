//! YAML as a tree with a place at every node, so that problems found later still say where. Budgets against documents that
//! unfold (anchors) or nest without end are the parser's. A key that stands twice is reported here: what the parser refuses
//! would hide every other problem of the file.

use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;
use serde_saphyr::options::DuplicateKeyPolicy;

use crate::config::environment::Environment;
use crate::config::error::{ConfigErrors, Place, Report};
use crate::config::substitute;

/// Largest file that is read, in bytes; the commented sample has 20 KiB.
pub(crate) const FILE_BYTES_MAX: usize = 1024 * 1024;
const NODES_MAX: usize = 20_000;
const DEPTH_MAX: usize = 24;
const ALIASES_MAX: usize = 500;

/// A value and where it stands.
pub(crate) struct Node {
    pub(crate) place: Place,
    pub(crate) kind: Kind,
}

/// A key, its place, and the value.
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) place: Place,
    pub(crate) node: Node,
}

pub(crate) enum Kind {
    Null,
    Scalar(Scalar),
    Sequence(Vec<Node>),
    Mapping(Vec<Entry>),
    /// A scalar whose variables could not be substituted, and why. It is reported when somebody reads it: parts of a file
    /// that belong to another program may hold that program's variables.
    Broken(String),
}

/// A scalar's text, after substitution.
pub(crate) struct Scalar {
    pub(crate) text: String,
    /// Whether the text came, wholly or in part, from a variable: then no message may show it.
    pub(crate) is_substituted: bool,
}

/// Reads the text and substitutes variables; a failed substitution leaves a broken scalar. Of a key that stands twice the
/// first counts, and the others are reported.
///
/// # Errors
/// The first thing that is no YAML, or a breached budget.
pub(crate) fn parse(text: &str, environment: &dyn Environment, report: &Report) -> Result<Node, ConfigErrors> {
    if text.len() > FILE_BYTES_MAX {
        let message = format!("the file has {} bytes; at most {FILE_BYTES_MAX} are read", text.len());
        return Err(ConfigErrors::single(report.origin(), None, message));
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
        return Ok(Node { place: Place { line: 1, column: 1 }, kind: Kind::Mapping(Vec::new()) });
    }
    let options = serde_saphyr::options! {
        with_snippet: false,
        strict_booleans: true,
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        budget: serde_saphyr::budget! {
            max_nodes: NODES_MAX,
            max_events: NODES_MAX * 2,
            max_depth: DEPTH_MAX,
            max_aliases: ALIASES_MAX,
            max_documents: 1,
            max_total_scalar_bytes: FILE_BYTES_MAX,
            max_recorded_anchor_events: NODES_MAX,
            max_recorded_anchor_bytes: FILE_BYTES_MAX,
        },
    };
    match serde_saphyr::from_str_with_options::<Spanned<Raw>>(text, options) {
        Ok(raw) => Ok(Builder { text, environment, report }.node(raw)),
        Err(error) => {
            let place = error.location().map(place_of);
            Err(ConfigErrors::single(report.origin(), place, message_of(&error) + hint(text, place)))
        }
    }
}

fn place_of(location: serde_saphyr::Location) -> Place {
    Place { line: location.line(), column: location.column() }
}

/// A sentence without the parser's own place, and without any text of the file: it may be a credential in the wrong place.
fn message_of(error: &serde_saphyr::Error) -> String {
    use serde_saphyr::Error;
    match error.without_snippet() {
        Error::RecursiveReferencesRequireWeakTypes { .. } => {
            return "an alias must not stand inside its own anchor".to_owned();
        }
        Error::NullIntoString { .. } => return "a key must be a text".to_owned(),
        _ => {}
    }
    let text = error.without_snippet().to_string();
    // A breach inside an alias is wrapped in another error, so its text is what tells it.
    if ["budget breached", "alias replay", "recursion limit"].iter().any(|part| text.contains(part)) {
        return format!(
            "the file is too large, too deep, or unfolds too far: at most one document of {NODES_MAX} values, \
             {DEPTH_MAX} levels and {ALIASES_MAX} aliases"
        );
    }
    let first = text.lines().next().unwrap_or_default();
    first.split(" at line ").next().unwrap_or(first).to_owned()
}

/// In `{ }` and `[ ]` a brace ends a plain scalar, so a variable there needs quotes.
fn hint(text: &str, place: Option<Place>) -> &'static str {
    let line = place.and_then(|place| text.lines().nth(usize::try_from(place.line).ok()?.checked_sub(1)?));
    let has_variable = line.is_some_and(|line| substitute::has_variables(line) && line.contains(['{', '[']));
    if has_variable { " (inside `{ }` and `[ ]`, a value with `${…}` needs quotes)" } else { "" }
}

/// The tree as the parser hands it out, places still beside it.
enum Raw {
    Null,
    /// Text of a quoted or otherwise untyped scalar.
    Text(String),
    /// A plain scalar that YAML takes for a number or a boolean; the text in the file is what counts, so `007` stays itself.
    Typed(String),
    Sequence(Vec<Spanned<Raw>>),
    Mapping(Vec<(Spanned<String>, Spanned<Raw>)>),
}

struct Builder<'a> {
    text: &'a str,
    environment: &'a dyn Environment,
    report: &'a Report,
}

impl Builder<'_> {
    fn node(&self, raw: Spanned<Raw>) -> Node {
        let place = place_of(raw.referenced);
        let kind = match raw.value {
            Raw::Null => Kind::Null,
            Raw::Typed(canonical) => {
                let text = self.source_text(raw.defined).filter(|text| is_plain(text));
                Kind::Scalar(Scalar { text: text.map_or(canonical, str::to_owned), is_substituted: false })
            }
            Raw::Text(text) => self.scalar(text),
            Raw::Sequence(items) => Kind::Sequence(items.into_iter().map(|item| self.node(item)).collect()),
            Raw::Mapping(entries) => Kind::Mapping(self.entries(entries)),
        };
        Node { place, kind }
    }

    /// The message does not repeat the key: it may be a credential in the wrong place.
    fn entries(&self, raw: Vec<(Spanned<String>, Spanned<Raw>)>) -> Vec<Entry> {
        let mut known = HashSet::new();
        let mut entries = Vec::with_capacity(raw.len());
        for (key, value) in raw {
            let place = place_of(key.referenced);
            // Read all the same, for what stands twice inside it.
            let node = self.node(value);
            if known.insert(key.value.clone()) {
                entries.push(Entry { key: key.value, place, node });
            } else {
                self.report.problem(place, "duplicate key: it stands in this mapping already");
            }
        }
        entries
    }

    fn scalar(&self, text: String) -> Kind {
        if !substitute::has_variables(&text) {
            return Kind::Scalar(Scalar { text, is_substituted: false });
        }
        match substitute::substitute(&text, self.environment) {
            Ok(text) => Kind::Scalar(Scalar { text, is_substituted: true }),
            Err(message) => Kind::Broken(message),
        }
    }

    fn source_text(&self, location: serde_saphyr::Location) -> Option<&str> {
        let span = location.span();
        let start = usize::try_from(span.byte_offset()?).ok()?;
        let length = usize::try_from(span.byte_len()?).ok()?;
        self.text.get(start..start.checked_add(length)?).map(str::trim)
    }
}

/// Guards against a span that covers something else than a plain scalar, such as a tag or quotes.
fn is_plain(source: &str) -> bool {
    !source.is_empty() && source.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-._".contains(&byte))
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a YAML value")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Typed(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Typed(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
        Ok(Raw::Typed(value.to_string()))
    }

    fn visit_i128<E>(self, value: i128) -> Result<Raw, E> {
        Ok(Raw::Typed(value.to_string()))
    }

    fn visit_u128<E>(self, value: u128) -> Result<Raw, E> {
        Ok(Raw::Typed(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Raw, E> {
        Ok(Raw::Typed(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Raw, E> {
        Ok(Raw::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Raw, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Raw::Sequence(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Raw, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = access.next_entry()? {
            entries.push(entry);
        }
        Ok(Raw::Mapping(entries))
    }
}
