//! A component: a named part of a service that processes items.

/// Begins the name of a push destination's component and breaker; the destination's name follows.
pub const DESTINATION_PREFIX: &str = "push-";

/// How a component says it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ComponentState {
    /// Works as it should.
    Running,
    /// Works, but badly.
    Degraded,
    /// Does not work.
    Failed,
    /// Was stopped on purpose.
    Stopped,
    /// Is on its way up.
    Starting,
}

impl ComponentState {
    /// All states, in the order of the wire convention.
    pub const ALL: [Self; 5] = [Self::Running, Self::Degraded, Self::Failed, Self::Stopped, Self::Starting];

    /// The name on the wire and in every view.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Degraded => "degraded",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
            Self::Starting => "starting",
        }
    }

    /// The state of that name; names are matched without regard to ASCII case.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str().eq_ignore_ascii_case(name))
    }

    /// Healthy means running or starting (contract §7, §9).
    pub const fn is_healthy(self) -> bool {
        matches!(self, Self::Running | Self::Starting)
    }

    /// What the state adds to the health score: 1, 0.5 or 0 (contract §7).
    pub const fn weight(self) -> f64 {
        match self {
            Self::Running | Self::Starting => 1.0,
            Self::Degraded => 0.5,
            Self::Failed | Self::Stopped => 0.0,
        }
    }

    /// Worse states are greater: merging instances of one service keeps the worst (contract §4.1).
    pub const fn badness(self) -> u8 {
        match self {
            Self::Running => 0,
            Self::Starting => 1,
            Self::Degraded => 2,
            Self::Stopped => 3,
            Self::Failed => 4,
        }
    }
}
