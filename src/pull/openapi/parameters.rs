//! The query parameters as the document describes them; `pull::query` reads them.

use utoipa::IntoParams;

/// The scope that every route takes.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ScopeParameters {
    /// Exact `service.name`.
    pub service: Option<String>,
    /// Exact instance id.
    pub instance: Option<String>,
    /// Exact `deployment.environment.name`.
    pub environment: Option<String>,
}

/// What every list with pages takes.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageParameters {
    /// Any field of the rows; `-` before it for descending.
    pub sort: Option<String>,
    /// Rows of a page.
    #[param(minimum = 1, maximum = 10_000, default = 1_000)]
    pub limit: Option<usize>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// What every list can be filtered by.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FilterParameters {
    /// Exact name.
    pub name: Option<String>,
    /// Text anywhere in what names the row, in any case.
    pub q: Option<String>,
}

/// What workers can be filtered by.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WorkerParameters {
    /// States, separated by commas.
    pub state: Option<String>,
    /// Exact `worker.app`.
    pub app: Option<String>,
    /// Exact `pool.name`.
    pub pool: Option<String>,
    /// Text anywhere in id, app, pool or service, in any case.
    pub q: Option<String>,
}

/// Which alerts.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AlertParameters {
    /// active (default), resolved or all.
    pub state: Option<String>,
    /// critical, warning or info, separated by commas.
    pub level: Option<String>,
    /// Words of `category`, separated by commas.
    pub category: Option<String>,
    /// Exact `subject`.
    pub subject: Option<String>,
}

/// Which samples.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct HistoryParameters {
    /// pool, component, worker, system, breaker or exporter. The system is kept as a whole: with a filter it has no columns.
    pub entity: String,
    /// Key, or name where it is unique; may be repeated; all in scope where it is not given.
    pub key: Option<Vec<String>>,
    /// How far back: 90s, 15m (default), 1h.
    pub range: Option<String>,
}

/// Which transitions.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TransitionParameters {
    /// How far back: 90s, 15m (default), 1h.
    pub range: Option<String>,
    /// Rows of the answer.
    #[param(minimum = 1, maximum = 10_000, default = 1_000)]
    pub limit: Option<usize>,
}

/// Which events.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct EventParameters {
    /// The number of the last event that is known already.
    pub after: Option<u64>,
    /// Types, separated by commas.
    pub r#type: Option<String>,
    /// The newest ones, so many at most.
    #[param(minimum = 1, maximum = 10_000, default = 1_000)]
    pub limit: Option<usize>,
}

/// What the plugin's stream carries.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PoolStreamParameters {
    /// One pool by its name; the sum of all in scope where it is not given.
    pub pool: Option<String>,
    /// Whether every message also holds the workers.
    pub stats: Option<bool>,
}

/// What the version 1 stream carries.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TopicParameters {
    /// pools, workers, components, breakers, streams, alerts, traces, exporters, events, separated by commas; all where it
    /// is not given.
    pub topics: Option<String>,
}

/// Which pool.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PoolParameters {
    /// One pool by its name; the sum of all in scope where it is not given.
    pub pool: Option<String>,
}

/// How a probe answers.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ProbeParameters {
    /// Whether every check gets a line.
    pub verbose: Option<bool>,
    /// A check that is left out; may be repeated.
    pub exclude: Option<Vec<String>>,
}
