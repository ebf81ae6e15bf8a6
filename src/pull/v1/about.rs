//! Who answers: version, run, configuration, limits.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use utoipa::ToSchema;

use crate::limits;
use crate::model::snapshot::Snapshot;
use crate::pull::PullState;
use crate::pull::v1::list::{PartFailure, failures};
use crate::pull::v1::noun::seconds;

/// The answering process.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct About<'a> {
    /// The program.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
    /// Its licence, as SPDX writes it.
    pub license: &'static str,
    /// The snapshot that the figures are from.
    pub snapshot_id: u64,
    /// When it was taken, in Unix seconds.
    pub timestamp: f64,
    /// How long the process has run, in seconds.
    pub uptime_seconds: f64,
    /// Identifies this run; another value means a restart.
    pub run_id: &'a str,
    /// The pull endpoint that answers.
    pub endpoint: &'a str,
    /// Where the pool routes stand.
    pub base: &'a str,
    /// The resolved configuration, secrets redacted.
    pub config: &'a serde_json::Value,
    /// The refused reload, while the last one was.
    pub config_refused: Option<ConfigRefused<'a>>,
    /// Names whose type conflicted with an earlier one; the later metric is left out of the exposition.
    pub conflicts: Vec<Conflict<'a>>,
    /// Points that the store could not read, by reason.
    pub unreadable_points: BTreeMap<&'a str, u64>,
    /// Generic series held now.
    pub series: usize,
    /// Series folded into an overflow series so far.
    pub series_overflowed: u64,
    /// SSE clients now.
    pub sse_clients: u64,
    /// Fixed limits by name; what may be changed stands in `config`.
    pub limits: BTreeMap<&'static str, u64>,
    /// Parts that could not be read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<PartFailure>,
}

/// A reload that was refused.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ConfigRefused<'a> {
    /// The first error, without secrets.
    pub error: &'a str,
    /// When, in Unix seconds.
    pub at: f64,
}

/// A name with two types.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Conflict<'a> {
    /// The metric's name.
    pub name: &'a str,
    /// The type that is shown.
    pub kept_type: &'a str,
    /// The type that was dropped.
    pub dropped_type: &'a str,
}

impl<'a> From<&'a (Arc<str>, &'static str, &'static str)> for Conflict<'a> {
    fn from((name, kept_type, dropped_type): &'a (Arc<str>, &'static str, &'static str)) -> Self {
        Self { name, kept_type, dropped_type }
    }
}

impl<'a> About<'a> {
    /// What the process says of itself.
    pub fn new(state: &'a PullState, snapshot: &'a Snapshot, config: &'a serde_json::Value) -> Self {
        let bridge = &snapshot.bridge;
        let refused = |one: &'a crate::model::snapshot::ConfigRefused| ConfigRefused {
            error: &one.error,
            at: seconds(one.at_unix_ms),
        };
        Self {
            name: env!("CARGO_PKG_NAME"),
            version: env!("CARGO_PKG_VERSION"),
            license: env!("CARGO_PKG_LICENSE"),
            snapshot_id: snapshot.id,
            timestamp: snapshot.timestamp(),
            uptime_seconds: snapshot.uptime.as_secs_f64(),
            run_id: &snapshot.run_id,
            endpoint: &state.endpoint.name,
            base: &state.endpoint.base,
            config,
            config_refused: bridge.config_refused.as_ref().map(refused),
            conflicts: bridge.conflicts.iter().map(Conflict::from).collect(),
            unreadable_points: bridge.unreadable.iter().copied().collect(),
            series: bridge.series,
            series_overflowed: bridge.series_overflowed,
            sse_clients: bridge.sse_clients,
            limits: fixed_limits(),
            errors: failures(snapshot),
        }
    }
}

fn fixed_limits() -> BTreeMap<&'static str, u64> {
    let limits = [
        ("label_bytes_max", limits::LABEL_BYTES_MAX as u64),
        ("labels_max", limits::LABELS_MAX as u64),
        ("depth_max", u64::from(limits::DEPTH_MAX)),
        ("resolved_alerts_max", limits::RESOLVED_ALERTS_MAX as u64),
        ("events_max", limits::EVENTS_MAX as u64),
        ("spans_kept_max", limits::SPANS_KEPT_MAX as u64),
        ("transitions_max", limits::TRANSITIONS_MAX as u64),
        ("header_bytes_max", limits::HEADER_BYTES_MAX as u64),
        ("response_bytes_max", limits::RESPONSE_BYTES_MAX as u64),
        ("forward_bytes_max", limits::FORWARD_BYTES_MAX as u64),
        ("page_rows_max", limits::PAGE_ROWS_MAX as u64),
        ("sse_sets_max", limits::SSE_SETS_MAX as u64),
    ];
    limits.into_iter().collect()
}
