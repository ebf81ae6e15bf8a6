//! Alert rules.

use std::time::Duration;

use crate::config::alerts::{Alerts, Condition, Rule, Subject};
use crate::config::read::address;
use crate::config::section::{Item, Section};
use crate::config::suggest::closest;
use crate::model::alert::Level;

const CLEAR: Duration = Duration::from_secs(5);
const DAY: Duration = Duration::from_hours(24);
const LEVELS: [(&str, Level); 3] = [("info", Level::Info), ("warning", Level::Warning), ("critical", Level::Critical)];
/// Placeholders of the templates.
const PLACEHOLDERS: [&str; 5] = ["name", "value", "threshold", "service", "instance"];

/// `alerts`.
pub(crate) fn alerts(root: &mut Section<'_>) -> Alerts {
    let mut section = root.section("alerts");
    let alertmanager = section.get("alertmanager").and_then(|item| address::url(&item));
    let items = section.get("rules").map(|item| item.items()).unwrap_or_default();
    let rules = items.iter().filter_map(rule).collect();
    section.finish();
    Alerts { alertmanager, rules }
}

fn rule(item: &Item<'_>) -> Option<Rule> {
    let mut section = item.section()?;
    let name = section.required("name").and_then(|item| item.name());
    let on =
        section.required("on").and_then(|item| item.word(&Subject::ALL.map(|subject| (subject.as_str(), subject))));
    let field_item = section.required("field");
    let field = field_item.and_then(|item| known_field(&item, on?));
    let condition = condition(item, &mut section);
    let shown = field.clone().unwrap_or_default();
    let message = section.get("message").and_then(|item| template(&item));
    let rule = Rule {
        name: name.unwrap_or_default(),
        on: on.unwrap_or(Subject::System),
        message: message.unwrap_or_else(|| format!("{{name}}: {shown} is {{value}}")),
        field: field.unwrap_or_default(),
        condition: condition.unwrap_or(Condition::Above(0.0)),
        hold: section.duration("for", Duration::ZERO, Duration::ZERO..=DAY),
        clear: section.duration("clear", CLEAR, Duration::ZERO..=DAY),
        level: section.word("level", Level::Warning, &LEVELS),
        recommendation: section.get("recommendation").and_then(|item| template(&item)),
    };
    section.finish();
    // One that lacks a part is reported; it keeps its place, so that later messages count right.
    Some(rule)
}

fn known_field(item: &Item<'_>, on: Subject) -> Option<String> {
    let text = item.name()?;
    if on.fields().contains(&text.as_str()) {
        return Some(text);
    }
    let hint = closest(&text, on.fields().iter().copied()).map(|field| format!("; did you mean `{field}`?"));
    let fields = || format!("; known are {}", on.fields().join(", "));
    item.problem(&format!("is no field of a {}{}{}", on.as_str(), item.written(), hint.unwrap_or_else(fields)));
    None
}

/// Exactly one of `above`, `below`, `equals`.
fn condition(item: &Item<'_>, section: &mut Section<'_>) -> Option<Condition> {
    let figures = f64::MIN..=f64::MAX;
    let written: Vec<&str> = ["above", "below", "equals"].into_iter().filter(|key| section.has(key)).collect();
    let above = section.get("above").and_then(|item| item.number(figures.clone())).map(Condition::Above);
    let below = section.get("below").and_then(|item| item.number(figures)).map(Condition::Below);
    let equals = section.get("equals").and_then(|item| item.name()).map(Condition::Equals);
    if written.len() != 1 {
        item.problem("needs exactly one of `above`, `below`, `equals`");
        return None;
    }
    above.or(below).or(equals)
}

/// A text whose `{words}` are all placeholders.
fn template(item: &Item<'_>) -> Option<String> {
    let text = item.name()?;
    let mut words = text.split('{').skip(1).filter_map(|part| part.split_once('}')).map(|(word, _)| word);
    if let Some(word) = words.find(|word| !PLACEHOLDERS.contains(word)) {
        let hint = closest(word, PLACEHOLDERS).map(|known| format!("; did you mean `{{{known}}}`?"));
        let known = PLACEHOLDERS.join("}, {");
        item.problem(&format!("has a placeholder that is none of {{{known}}}{}", hint.unwrap_or_default()));
        return None;
    }
    Some(text)
}
