//! Reading a tree: a mapping hands out its keys one by one, each with its path and place, and at the end names those that
//! nobody asked for. A value that is wrong is reported and reads as absent, so that one run shows every problem.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::time::Duration;

use crate::config::error::{Place, Report};
use crate::config::suggest::closest;
use crate::config::tree::{Entry, Kind, Node};
use crate::config::units::{parse_duration, parse_size, print_duration, print_size};

/// A mapping that is being read.
pub(crate) struct Section<'a> {
    path: String,
    place: Place,
    entries: &'a [Entry],
    asked: Vec<&'static str>,
    report: &'a Report,
    shows_unknown_keys: bool,
}

/// A value that is being read.
pub(crate) struct Item<'a> {
    pub(crate) path: String,
    pub(crate) place: Place,
    node: &'a Node,
    report: &'a Report,
}

impl<'a> Section<'a> {
    /// The top of a file; reports and reads as empty when it is no mapping.
    pub(crate) fn root(node: &'a Node, report: &'a Report) -> Self {
        let item = Item { path: String::new(), place: node.place, node, report };
        let is_empty = matches!(node.kind, Kind::Null);
        let section = if is_empty { None } else { item.section() };
        section.unwrap_or_else(|| Self::empty(String::new(), node.place, report))
    }

    fn empty(path: String, place: Place, report: &'a Report) -> Self {
        Self { path, place, entries: &[], asked: Vec::new(), report, shows_unknown_keys: true }
    }

    /// For sections whose unknown keys may be misplaced credentials: they are then not repeated in messages.
    pub(crate) fn hide_unknown_keys(mut self) -> Self {
        self.shows_unknown_keys = false;
        self
    }

    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    pub(crate) fn report(&self) -> &'a Report {
        self.report
    }

    /// The path of a key of this section.
    pub(crate) fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// Whether the key stands in the file, whatever its value.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|entry| entry.key == key)
    }

    /// Whether the key stands in the file without a value.
    pub(crate) fn is_null(&self, key: &str) -> bool {
        self.entries.iter().any(|entry| entry.key == key && matches!(entry.node.kind, Kind::Null))
    }

    /// The value of the key; none when it is absent or null.
    pub(crate) fn get(&mut self, key: &'static str) -> Option<Item<'a>> {
        self.asked.push(key);
        let entry = self.entries.iter().find(|entry| entry.key == key)?;
        let path = self.path_of(key);
        self.report.remember(&path, entry.node.place);
        let is_absent = matches!(entry.node.kind, Kind::Null);
        (!is_absent).then_some(Item { path, place: entry.node.place, node: &entry.node, report: self.report })
    }

    /// The value of a key that must be there.
    pub(crate) fn required(&mut self, key: &'static str) -> Option<Item<'a>> {
        let item = self.get(key);
        if item.is_none() {
            self.report.problem(self.place, format!("{}needs the key `{key}`", self.called()));
        }
        item
    }

    /// Accepts keys that have no effect here.
    pub(crate) fn ignore(&mut self, keys: &[&'static str]) {
        self.asked.extend_from_slice(keys);
    }

    /// The mapping under the key, or an empty one.
    pub(crate) fn section(&mut self, key: &'static str) -> Section<'a> {
        let absent = Section::empty(self.path_of(key), self.place, self.report);
        self.get(key).and_then(|item| item.section()).unwrap_or(absent)
    }

    pub(crate) fn boolean(&mut self, key: &'static str, default: bool) -> bool {
        self.get(key).and_then(|item| item.boolean()).unwrap_or(default)
    }

    pub(crate) fn whole(&mut self, key: &'static str, default: usize, range: RangeInclusive<usize>) -> usize {
        self.get(key).and_then(|item| item.whole(range)).unwrap_or(default)
    }

    pub(crate) fn fraction(&mut self, key: &'static str, default: f64, range: RangeInclusive<f64>) -> f64 {
        self.get(key).and_then(|item| item.number(range)).unwrap_or(default)
    }

    pub(crate) fn duration(
        &mut self,
        key: &'static str,
        default: Duration,
        range: RangeInclusive<Duration>,
    ) -> Duration {
        self.get(key).and_then(|item| item.duration(range)).unwrap_or(default)
    }

    pub(crate) fn size(&mut self, key: &'static str, default: u64, range: RangeInclusive<u64>) -> u64 {
        self.get(key).and_then(|item| item.size(range)).unwrap_or(default)
    }

    pub(crate) fn word<T: Copy>(&mut self, key: &'static str, default: T, words: &[(&str, T)]) -> T {
        self.get(key).and_then(|item| item.word(words)).unwrap_or(default)
    }

    /// A list of texts, none empty.
    pub(crate) fn texts(&mut self, key: &'static str) -> Vec<String> {
        self.get(key).map(|item| item.items()).unwrap_or_default().iter().filter_map(Item::name).collect()
    }

    /// A mapping from names to values.
    pub(crate) fn pairs(&mut self, key: &'static str) -> Vec<(String, Item<'a>)> {
        self.get(key).map(|item| item.pairs()).unwrap_or_default()
    }

    fn called(&self) -> String {
        if self.path.is_empty() { String::new() } else { format!("`{}` ", self.path) }
    }

    /// Names every key that nobody asked for, with the closest one that exists.
    pub(crate) fn finish(self) {
        for entry in self.unasked() {
            self.unknown(entry);
        }
    }

    /// Names only the keys that look like slips of the asked ones: the others belong to the program whose file this is.
    pub(crate) fn finish_foreign(self) {
        let is_slip = |entry: &&Entry| closest(&entry.key, self.asked.iter().copied()).is_some();
        for entry in self.unasked().filter(is_slip) {
            self.unknown(entry);
        }
    }

    fn unasked(&self) -> impl Iterator<Item = &'a Entry> + '_ {
        self.entries.iter().filter(|entry| !self.asked.contains(&entry.key.as_str()))
    }

    fn unknown(&self, entry: &Entry) {
        let suggestion = closest(&entry.key, self.asked.iter().copied());
        let is_shown = suggestion.is_some() || (self.shows_unknown_keys && is_word(&entry.key));
        let name = if is_shown { format!("unknown key `{}`", entry.key) } else { "unknown key".to_owned() };
        let inside = if self.path.is_empty() { String::new() } else { format!(" in `{}`", self.path) };
        let known: BTreeSet<&str> = self.asked.iter().copied().collect();
        let known = known.into_iter().collect::<Vec<_>>().join(", ");
        let hint = suggestion.map_or(format!("; known are {known}"), |key| format!("; did you mean `{key}`?"));
        self.report.problem(entry.place, format!("{name}{inside}{hint}"));
    }
}

/// Whether a key looks like one, and not like a value that stands in the wrong place.
fn is_word(key: &str) -> bool {
    key.len() <= 40 && key.chars().all(|letter| letter.is_ascii_alphanumeric() || "_-.".contains(letter))
}

impl<'a> Item<'a> {
    /// Reports that this value is wrong; the message begins after the key's name.
    pub(crate) fn problem(&self, message: &str) {
        let called = if self.path.is_empty() { "the file".to_owned() } else { format!("`{}`", self.path) };
        self.report.problem(self.place, format!("{called} {message}"));
    }

    pub(crate) fn section(&self) -> Option<Section<'a>> {
        match &self.node.kind {
            Kind::Mapping(entries) => {
                self.report.remember(&self.path, self.place);
                Some(Section { entries, ..Section::empty(self.path.clone(), self.place, self.report) })
            }
            Kind::Broken(message) => self.broken(message),
            _ => {
                self.problem("must be a mapping (`key: value` lines)");
                None
            }
        }
    }

    pub(crate) fn items(&self) -> Vec<Item<'a>> {
        match &self.node.kind {
            Kind::Sequence(nodes) => {
                let item = |(index, node): (usize, &'a Node)| {
                    let path = format!("{}[{index}]", self.path);
                    self.report.remember(&path, node.place);
                    Item { path, place: node.place, node, report: self.report }
                };
                nodes.iter().enumerate().map(item).collect()
            }
            Kind::Broken(message) => self.broken(message).unwrap_or_default(),
            _ => {
                self.problem("must be a list (`- value` lines or `[a, b]`)");
                Vec::new()
            }
        }
    }

    /// The entries of a mapping whose keys are names of the user's.
    pub(crate) fn pairs(&self) -> Vec<(String, Item<'a>)> {
        let Some(section) = self.section() else { return Vec::new() };
        let pair = |entry: &'a Entry| {
            let path = format!("{}.{}", self.path, entry.key);
            self.report.remember(&path, entry.node.place);
            (entry.key.clone(), Item { path, place: entry.node.place, node: &entry.node, report: self.report })
        };
        section.entries.iter().map(pair).collect()
    }

    /// Reports why the variables of this scalar could not be substituted.
    fn broken<T>(&self, message: &str) -> Option<T> {
        self.report.problem(self.place, format!("`{}`: {message}", self.path));
        None
    }

    pub(crate) fn is_mapping(&self) -> bool {
        matches!(self.node.kind, Kind::Mapping(_))
    }

    /// The scalar's text, which may be empty.
    pub(crate) fn text(&self) -> Option<String> {
        match &self.node.kind {
            Kind::Scalar(scalar) => Some(scalar.text.clone()),
            Kind::Broken(message) => self.broken(message),
            Kind::Null => {
                self.problem("must not be empty");
                None
            }
            Kind::Sequence(_) | Kind::Mapping(_) => {
                self.problem("must be a single value");
                None
            }
        }
    }

    /// The scalar's text, which must hold more than blanks.
    pub(crate) fn name(&self) -> Option<String> {
        let text = self.text()?;
        if text.trim().is_empty() {
            self.problem("must not be empty");
            return None;
        }
        Some(text)
    }

    /// ` (not "…")` with what was written, unless it came from a variable: that may be a credential.
    pub(crate) fn written(&self) -> String {
        match &self.node.kind {
            Kind::Scalar(scalar) if !scalar.is_substituted && scalar.text.chars().count() <= 24 => {
                format!(", not `{}`", scalar.text.escape_debug())
            }
            _ => String::new(),
        }
    }

    pub(crate) fn boolean(&self) -> Option<bool> {
        match self.text()?.to_ascii_lowercase().as_str() {
            "true" => Some(true),
            "false" => Some(false),
            _ => {
                self.problem(&format!("must be `true` or `false`{}", self.written()));
                None
            }
        }
    }

    pub(crate) fn whole(&self, range: RangeInclusive<usize>) -> Option<usize> {
        let found = self.text()?.trim().replace('_', "").parse().ok().filter(|number| range.contains(number));
        if found.is_none() {
            let bounds = match (*range.start(), *range.end()) {
                (low, usize::MAX) => format!("of at least {low}"),
                (low, high) => format!("from {low} to {high}"),
            };
            self.problem(&format!("must be a whole number {bounds}{}", self.written()));
        }
        found
    }

    pub(crate) fn number(&self, range: RangeInclusive<f64>) -> Option<f64> {
        let found =
            self.text()?.trim().parse::<f64>().ok().filter(|number| number.is_finite() && range.contains(number));
        if found.is_none() {
            let bounds = match (*range.start(), *range.end()) {
                (f64::MIN, f64::MAX) => String::new(),
                (low, f64::MAX) => format!(" of at least {low}"),
                (low, high) => format!(" from {low} to {high}"),
            };
            self.problem(&format!("must be a number{bounds}{}", self.written()));
        }
        found
    }

    pub(crate) fn duration(&self, range: RangeInclusive<Duration>) -> Option<Duration> {
        let text = self.text()?;
        match parse_duration(&text) {
            Ok(duration) if range.contains(&duration) => Some(duration),
            Ok(_) => {
                let low = print_duration(*range.start());
                let high = print_duration(*range.end());
                let bounds = if *range.end() == Duration::MAX { String::new() } else { format!(" and at most {high}") };
                self.problem(&format!("must be at least {low}{bounds}{}", self.written()));
                None
            }
            Err(hint) if self.written().is_empty() => {
                // The hint repeats the number, which a variable gave.
                let plain = parse_duration("").err().unwrap_or(hint);
                self.problem(&plain);
                None
            }
            Err(hint) => {
                self.problem(&format!("{hint}{}", self.written()));
                None
            }
        }
    }

    pub(crate) fn size(&self, range: RangeInclusive<u64>) -> Option<u64> {
        match parse_size(&self.text()?) {
            Ok(bytes) if range.contains(&bytes) => Some(bytes),
            Ok(_) => {
                let (low, high) = (print_size(*range.start()), print_size(*range.end()));
                self.problem(&format!("must be from {low} to {high}{}", self.written()));
                None
            }
            Err(hint) => {
                self.problem(&format!("{hint}{}", self.written()));
                None
            }
        }
    }

    pub(crate) fn word<T: Copy>(&self, words: &[(&str, T)]) -> Option<T> {
        let text = self.text()?;
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == text) {
            return Some(*value);
        }
        let known = words.iter().map(|(word, _)| format!("`{word}`")).collect::<Vec<_>>().join(", ");
        let hint = closest(&text, words.iter().map(|(word, _)| *word)).filter(|_| !self.written().is_empty());
        let hint = hint.map(|word| format!("; did you mean `{word}`?")).unwrap_or_default();
        self.problem(&format!("must be one of {known}{}{hint}", self.written()));
        None
    }
}
