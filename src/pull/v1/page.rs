//! Lists that come in pages: sort, limit and an opaque cursor that stays good while rows come and go, because it names the
//! place after which to go on (sort value and key) and not a count of rows.

use std::cmp::Ordering;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::limits::{PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX};
use crate::pull::problem::Problem;
use crate::pull::query::Parameters;
use crate::pull::v1::sort::{Direction, Row, SortValue};

/// Which part of a list is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    sort: String,
    limit: usize,
    after: Option<(SortValue, String)>,
}

/// What a cursor holds; numbers as their bits, since a decimal may come back as a neighbour.
#[derive(Debug, Serialize, Deserialize)]
struct Cursor {
    sort: String,
    number: Option<u64>,
    text: Option<String>,
    key: String,
}

impl Page {
    /// Reads `sort`, `limit` and `cursor`.
    ///
    /// # Errors
    /// 400 for a field that rows do not have (the choices are named), a limit out of bounds, a cursor that is none of ours
    /// or was given for another sort.
    pub fn read<R: Row>(parameters: &Parameters, sort_default: &str) -> Result<Self, Problem> {
        let sort = parameters.get("sort")?.unwrap_or(sort_default).to_owned();
        let field = sort.strip_prefix('-').unwrap_or(&sort);
        if !R::FIELDS.contains(&field) {
            let choices = R::FIELDS.join(", ");
            return Err(Problem::bad_request(format!(
                "`sort` is one of {choices} (with `-` descending), not {field:?}"
            )));
        }
        let limit = limit(parameters)?;
        // Not by `get`: a cursor may be longer than a label, since it holds two of them.
        let cursors = parameters.all("cursor")?;
        let after = match cursors.as_slice() {
            [] | [""] => None,
            [cursor] => Some(decode(cursor, &sort)?),
            _ => return Err(Problem::bad_request("`cursor` is given more than once")),
        };
        Ok(Self { sort, limit, after })
    }

    /// The rows of this page, and the cursor of the next one if there is any.
    pub fn cut<R: Row>(&self, rows: Vec<R>) -> (Vec<R>, Option<String>) {
        let (field, direction) = match self.sort.strip_prefix('-') {
            Some(field) => (field, Direction::Descending),
            None => (self.sort.as_str(), Direction::Ascending),
        };
        let order = |(value, key): (&SortValue, &str), (other, other_key): (&SortValue, &str)| {
            value.compare(other, direction).then_with(|| key.cmp(other_key))
        };
        let mut rows: Vec<(SortValue, R)> = rows.into_iter().map(|row| (row.sort_value(field), row)).collect();
        rows.sort_by(|(value, row), (other, other_row)| order((value, row.key()), (other, other_row.key())));
        let start = self.after.as_ref().map_or(0, |(value, key)| {
            rows.partition_point(|(own, row)| order((own, row.key()), (value, key)) != Ordering::Greater)
        });
        let more = rows.len().saturating_sub(start) > self.limit;
        let page: Vec<(SortValue, R)> = rows.into_iter().skip(start).take(self.limit).collect();
        let next = page.last().filter(|_| more).map(|(value, row)| encode(&self.sort, value, row.key()));
        (page.into_iter().map(|(_, row)| row).collect(), next)
    }
}

/// Reads `limit`.
///
/// # Errors
/// 400 when it is out of bounds.
pub fn limit(parameters: &Parameters) -> Result<usize, Problem> {
    let limit = parameters.parse("limit")?.unwrap_or(PAGE_ROWS_DEFAULT);
    if (1..=PAGE_ROWS_MAX).contains(&limit) {
        return Ok(limit);
    }
    Err(Problem::bad_request(format!("`limit` is 1 to {PAGE_ROWS_MAX}, not {limit}")))
}

fn encode(sort: &str, value: &SortValue, key: &str) -> String {
    let (number, text) = match value {
        SortValue::Number(number) => (Some(number.to_bits()), None),
        SortValue::Text(text) => (None, Some(text.clone())),
        SortValue::Unknown => (None, None),
    };
    let cursor = Cursor { sort: sort.to_owned(), number, text, key: key.to_owned() };
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(&cursor).unwrap_or_default())
}

fn decode(cursor: &str, sort: &str) -> Result<(SortValue, String), Problem> {
    let refuse = || Problem::bad_request("`cursor` is not one that this list has given; start again without it");
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| refuse())?;
    let cursor: Cursor = serde_json::from_slice(&bytes).map_err(|_| refuse())?;
    if cursor.sort != sort {
        return Err(Problem::bad_request(format!(
            "`cursor` was given for sort={}; start again without it",
            cursor.sort
        )));
    }
    let value = match (cursor.number, cursor.text) {
        (Some(bits), None) => f64::from_bits(bits).into(),
        (None, Some(text)) => SortValue::Text(text),
        (None, None) => SortValue::Unknown,
        (Some(_), Some(_)) => return Err(refuse()),
    };
    Ok((value, cursor.key))
}

#[cfg(test)]
mod tests;
