//! Link templates into other tools.

/// URL templates; `{service}`, `{instance}` and the subject's own placeholder are replaced, percent-encoded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Links {
    /// For a worker: `{worker_id}`.
    pub worker: Option<String>,
    /// For a trace: `{trace_id}`.
    pub trace: Option<String>,
}
