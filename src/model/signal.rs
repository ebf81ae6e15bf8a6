//! The three signals of OTLP.

/// A kind of telemetry, as OTLP names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Signal {
    /// Metric points.
    Metrics,
    /// Spans.
    Traces,
    /// Log records.
    Logs,
}

impl Signal {
    /// All signals, in the order in which they are listed everywhere.
    pub const ALL: [Self; 3] = [Self::Metrics, Self::Traces, Self::Logs];

    /// The name in paths, labels and configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Metrics => "metrics",
            Self::Traces => "traces",
            Self::Logs => "logs",
        }
    }

    /// Position in [`Signal::ALL`], for arrays with one place a signal.
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The item's name in OTLP's partial success messages: `rejected_data_points` and its like.
    pub const fn item(self) -> &'static str {
        match self {
            Self::Metrics => "data points",
            Self::Traces => "spans",
            Self::Logs => "log records",
        }
    }
}
