//! What a subscriber of `/api/v1/stream` wants to hear about.

use crate::pull::problem::Problem;

/// One topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Topic {
    /// Pools.
    Pools,
    /// Workers.
    Workers,
    /// Components.
    Components,
    /// Circuit breakers.
    Breakers,
    /// Streams.
    Streams,
    /// Alerts, and the recommendations beside them.
    Alerts,
    /// Traces.
    Traces,
    /// Exporters.
    Exporters,
    /// Events.
    Events,
}

impl Topic {
    /// All topics, in the order of the contract.
    pub const ALL: [Self; 9] = [
        Self::Pools,
        Self::Workers,
        Self::Components,
        Self::Breakers,
        Self::Streams,
        Self::Alerts,
        Self::Traces,
        Self::Exporters,
        Self::Events,
    ];

    /// Its name in `?topics=`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pools => "pools",
            Self::Workers => "workers",
            Self::Components => "components",
            Self::Breakers => "breakers",
            Self::Streams => "streams",
            Self::Alerts => "alerts",
            Self::Traces => "traces",
            Self::Exporters => "exporters",
            Self::Events => "events",
        }
    }

    const fn bit(self) -> u16 {
        1 << self as u16
    }
}

/// A name that is no topic.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`topics` are {choices}, not {0:?}", choices = Topic::ALL.map(Topic::as_str).join(", "))]
pub struct UnknownTopic(String);

/// A set of topics; equal sets are equal in whatever order they were named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Topics(u16);

impl Topics {
    /// Every topic.
    pub const ALL: Self = Self((1 << Topic::ALL.len()) - 1);

    /// Reads a comma-separated list; nothing means everything.
    ///
    /// # Errors
    /// 400 for a name that is no topic; the choices are named.
    pub fn parse(list: Option<&str>) -> Result<Self, Problem> {
        let names = list.into_iter().flat_map(|list| list.split(','));
        Self::named(names).map_err(|error| Problem::bad_request(error.to_string()))
    }

    /// The topics of these names; none means everything.
    ///
    /// # Errors
    /// A name that is no topic.
    pub fn named<'n>(names: impl Iterator<Item = &'n str>) -> Result<Self, UnknownTopic> {
        let mut bits = 0;
        for name in names.map(str::trim).filter(|name| !name.is_empty()) {
            let known = Topic::ALL.into_iter().find(|topic| topic.as_str() == name);
            bits |= known.ok_or_else(|| UnknownTopic(name.to_owned()))?.bit();
        }
        Ok(if bits == 0 { Self::ALL } else { Self(bits) })
    }

    /// Whether the topic is wanted.
    pub const fn holds(self, topic: Topic) -> bool {
        self.0 & topic.bit() != 0
    }
}
