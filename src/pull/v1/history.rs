//! History in columns, so that charts are full before a page is opened.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use utoipa::ToSchema;

use crate::pull::problem::Problem;
use crate::pull::query::Parameters;
use crate::pull::v1::breaker::Breaker;
use crate::pull::v1::component::Component;
use crate::pull::v1::exporter::Exporter;
use crate::pull::v1::find::find;
use crate::pull::v1::list::{PartFailure, failures};
use crate::pull::v1::noun::{Context, Noun, facts_in_scope, seconds};
use crate::pull::v1::pool::Pool;
use crate::pull::v1::worker::Worker;
use crate::state::history::{Columns, Subject};

/// How far back a request reaches where `range` is not given.
const RANGE_DEFAULT: Duration = Duration::from_mins(15);
/// Greatest `range`; what is older than the store remembers is simply not there.
const RANGE_MAX: Duration = Duration::from_hours(7 * 24);

/// What a history may be about.
const ENTITIES: &str = "pool, component, worker, system, breaker or exporter";

/// Samples in columns: every column has as many values as there are times.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct History {
    /// The snapshot that told which entities are in scope.
    pub snapshot_id: u64,
    /// When it was taken, in Unix seconds.
    pub timestamp: f64,
    /// pool, component, worker, system, breaker or exporter.
    pub entity: &'static str,
    /// Moments in Unix seconds, oldest first.
    pub times: Vec<f64>,
    /// One column for each field of each entity.
    pub columns: Vec<HistoryColumn>,
    /// Parts that cannot be read now; the rest is true all the same.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<PartFailure>,
}

/// One field of one entity over time.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct HistoryColumn {
    /// The entity's key.
    #[schema(value_type = String)]
    pub key: Arc<str>,
    /// The field.
    pub field: &'static str,
    /// One value a moment; null where it was not known.
    pub values: Vec<Option<f64>>,
}

impl History {
    /// Names the columns' snapshot and subject.
    pub fn new(context: &Context<'_>, asked: &Asked, columns: Columns) -> Self {
        let column =
            |one: crate::state::history::Column| HistoryColumn { key: one.key, field: one.field, values: one.values };
        Self {
            snapshot_id: context.snapshot.id,
            timestamp: context.snapshot.timestamp(),
            entity: asked.entity,
            times: columns.times_unix_ms.into_iter().map(seconds).collect(),
            columns: columns.columns.into_iter().map(column).collect(),
            errors: failures(context.snapshot),
        }
    }
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// The kind of entity.
    pub subject: Subject,
    /// Its name in the answer.
    pub entity: &'static str,
    /// Keys; empty means all of the kind.
    pub keys: Vec<String>,
    /// Whether nothing can be in the answer, because nothing of the kind is in scope.
    pub is_empty: bool,
    /// From when on, in Unix milliseconds.
    pub since_unix_ms: u64,
}

impl Asked {
    /// Reads `entity`, `key` (a key or a unique name; may be repeated) and `range`.
    ///
    /// # Errors
    /// 400 for an unknown entity or range, 404 and 409 as [`find`].
    pub fn read(context: &Context<'_>, parameters: &Parameters) -> Result<Self, Problem> {
        let since_unix_ms = since_unix_ms(context, parameters)?;
        let wanted = parameters.all("key")?;
        let (subject, entity, keys) = match parameters.get("entity")? {
            Some("pool") => (Subject::Pool, "pool", keys::<Pool<'_>>(context, &wanted)?),
            Some("component") => (Subject::Component, "component", keys::<Component<'_>>(context, &wanted)?),
            Some("worker") => (Subject::Worker, "worker", keys::<Worker<'_>>(context, &wanted)?),
            Some("breaker") => (Subject::Breaker, "breaker", keys::<Breaker<'_>>(context, &wanted)?),
            Some("exporter") => (Subject::Exporter, "exporter", keys::<Exporter<'_>>(context, &wanted)?),
            Some("system") => (Subject::System, "system", Vec::new()),
            None => return Err(Problem::bad_request(format!("`entity` is needed: {ENTITIES}"))),
            Some(other) => return Err(Problem::bad_request(format!("`entity` is {ENTITIES}, not {other:?}"))),
        };
        // An empty list means everything to the store, and nothing here. The system has no key of its own to ask for.
        let has_no_keys = wanted.is_empty() || subject == Subject::System;
        let everything = has_no_keys && context.scope.is_everything();
        let is_empty = keys.is_empty() && !everything;
        Ok(Self { subject, entity, keys: if everything { Vec::new() } else { keys }, is_empty, since_unix_ms })
    }
}

fn keys<'a, N: Noun<'a>>(context: &Context<'a>, wanted: &[&str]) -> Result<Vec<String>, Problem> {
    if wanted.is_empty() {
        return Ok(facts_in_scope::<N>(context).map(|facts| N::key(facts).to_owned()).collect());
    }
    wanted.iter().map(|wanted| find::<N>(context, wanted).map(|facts| N::key(facts).to_owned())).collect()
}

/// Since when the `range` of a request reaches, in Unix milliseconds.
///
/// # Errors
/// 400 for an unknown range.
pub fn since_unix_ms(context: &Context<'_>, parameters: &Parameters) -> Result<u64, Problem> {
    let range = range(parameters.get("range")?)?;
    Ok(context.snapshot.taken_at_unix_ms.saturating_sub(range.as_millis() as u64))
}

/// Reads `90s`, `15m`, `1h` or plain seconds.
fn range(text: Option<&str>) -> Result<Duration, Problem> {
    let Some(text) = text else { return Ok(RANGE_DEFAULT) };
    let known = [("s", 1), ("m", 60), ("h", 60 * 60)];
    let with_unit = known.into_iter().find_map(|(unit, unit_s)| Some((text.strip_suffix(unit)?, unit_s)));
    let (number, unit_s) = with_unit.unwrap_or((text, 1));
    let range = number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit_s)).map(Duration::from_secs);
    range.filter(|range| !range.is_zero() && *range <= RANGE_MAX).ok_or_else(|| {
        Problem::bad_request(format!("`range` is a time up to 168h such as 90s, 15m or 1h, not {text:?}"))
    })
}
