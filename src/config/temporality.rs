//! Temporality of the process's own metrics.

/// The values of `OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE`. What was received is forwarded as it came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Temporality {
    /// Every instrument since its start (default).
    #[default]
    Cumulative,
    /// Counters and histograms since the last export, up-down counters since their start.
    Delta,
    /// As delta for synchronous counters and histograms, else cumulative.
    LowMemory,
}

impl Temporality {
    /// The variable's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cumulative => "cumulative",
            Self::Delta => "delta",
            Self::LowMemory => "lowmemory",
        }
    }
}
