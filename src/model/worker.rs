//! A worker: one thread, process or task of a pool, which handles requests one after another.

/// Where a worker is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum WorkerState {
    /// Being spawned.
    Creating,
    /// Spawned, has not handled a request yet; counts as idle.
    Ready,
    /// Handling a request.
    Active,
    /// Alive, between requests.
    Idle,
    /// Gone for good.
    Terminated,
    /// Alive for a single request; counts as active.
    Ephemeral,
    /// Not reachable now; counts in no state of the pool.
    Offline,
}

impl WorkerState {
    /// All states, in the order of the wire convention.
    pub const ALL: [Self; 7] =
        [Self::Creating, Self::Ready, Self::Active, Self::Idle, Self::Terminated, Self::Ephemeral, Self::Offline];

    /// The name on the wire and in every view.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Creating => "creating",
            Self::Ready => "ready",
            Self::Active => "active",
            Self::Idle => "idle",
            Self::Terminated => "terminated",
            Self::Ephemeral => "ephemeral",
            Self::Offline => "offline",
        }
    }

    /// The state of that name; names are matched without regard to ASCII case.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str().eq_ignore_ascii_case(name))
    }
}
