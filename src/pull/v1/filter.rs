//! Filters of the lists: exact words of a row's own fields, and text anywhere in what names it.

use crate::pull::problem::Problem;
use crate::pull::query::Parameters;
use crate::pull::v1::sort::{Row, SortValue};

/// The fields of a row that `q` looks into, where it has them.
const NAMES: [&str; 7] = ["name", "service", "component", "from", "to", "subject", "endpoint"];

/// Keeps the rows that pass `name`, `q` and the filters of these fields. Several words of one field stand by commas; a word that no
/// row has keeps none.
///
/// # Errors
/// 400 as [`Parameters::get`].
pub fn retain<R: Row>(rows: &mut Vec<R>, parameters: &Parameters, fields: &[&str]) -> Result<(), Problem> {
    for field in fields.iter().chain(&["name"]) {
        let Some(wanted) = parameters.get(field)? else { continue };
        // A name may hold a comma itself.
        let is_wanted = |text: &str| text == wanted || wanted.split(',').any(|word| word.trim() == text);
        rows.retain(|row| matches!(row.sort_value(field), SortValue::Text(text) if is_wanted(&text)));
    }
    if let Some(part) = parameters.get("q")?.map(str::to_lowercase) {
        let holds = |row: &R, name: &&str| matches!(row.sort_value(name), SortValue::Text(text) if text.to_lowercase().contains(&part));
        rows.retain(|row| NAMES.iter().any(|name| holds(row, name)));
    }
    Ok(())
}
