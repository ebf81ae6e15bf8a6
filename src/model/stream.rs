//! A stream: messages that flow from one component to another.

/// What identifies a stream inside its instance; parts that were not told are empty.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct StreamId {
    /// `stream.name`.
    pub name: String,
    /// `stream.from`, the sending component.
    pub from: String,
    /// `stream.to`, the receiving component.
    pub to: String,
}
