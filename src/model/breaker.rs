//! A circuit breaker as it is observed: closed lets calls flow, open rejects them, half-open lets probes through.

pub mod machine;

/// The state of a circuit breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum BreakerState {
    /// Calls flow.
    Closed,
    /// Tripped: calls are rejected.
    Open,
    /// Probing: a few calls flow, to see whether it may close.
    HalfOpen,
    /// Held open by hand; counts as open.
    ForcedOpen,
    /// Switched off, calls flow; counts as closed.
    Disabled,
}

impl BreakerState {
    /// All states, in the order of the wire convention.
    pub const ALL: [Self; 5] = [Self::Closed, Self::Open, Self::HalfOpen, Self::ForcedOpen, Self::Disabled];

    /// The name on the wire and in every view.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
            Self::ForcedOpen => "forced_open",
            Self::Disabled => "disabled",
        }
    }

    /// The state of that name; names are matched without regard to ASCII case.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str().eq_ignore_ascii_case(name))
    }

    /// The three states that the printed family and map know: forced open is open, disabled is closed (contract §9).
    #[must_use]
    pub const fn folded(self) -> Self {
        match self {
            Self::Closed | Self::Disabled => Self::Closed,
            Self::Open | Self::ForcedOpen => Self::Open,
            Self::HalfOpen => Self::HalfOpen,
        }
    }

    /// The number of `circuit_breaker_state`: 0 closed, 1 open, 2 half-open (spec, Prometheus metrics).
    pub const fn number(self) -> u8 {
        match self.folded() {
            Self::Open => 1,
            Self::HalfOpen => 2,
            _ => 0,
        }
    }

    /// Worse states are greater: several breakers of one component show the worst (contract §4.1).
    pub const fn badness(self) -> u8 {
        match self.folded() {
            Self::Open => 2,
            Self::HalfOpen => 1,
            _ => 0,
        }
    }
}
