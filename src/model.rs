//! The nouns and their rules. Pure: no input or output, no SDK, no serialisation, no clock of its own.

pub mod alert;
pub mod breaker;
pub mod component;
#[cfg(test)]
pub(crate) mod fixture;
pub mod health;
pub mod merge;
pub mod naming;
pub mod pool;
pub mod reasons;
pub mod scope;
pub mod signal;
pub mod snapshot;
pub mod stream;
pub mod trace;
pub mod worker;
