//! The nouns and their rules. Pure: no input or output, no SDK, no serialisation, no clock of its own.

pub mod signal;
pub mod pool;
pub mod worker;
pub mod component;
pub mod breaker;
pub mod stream;
pub mod trace;
pub mod snapshot;
pub mod scope;
pub mod health;
pub mod merge;
pub mod alert;
