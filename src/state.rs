//! The one store: instances, their entities and generic series, and the snapshots that every view renders.

pub mod accounting;
pub mod cells;
pub mod events;
pub mod history;
pub mod instance;
pub mod series;
pub mod store;
pub mod tally;

pub use store::{Ingested, LocalIdentity, Store, StoreOptions};
