//! The one store: instances, their entities and generic series, and the snapshots that every view renders.

pub mod accounting;
mod cadence;
pub mod cells;
mod entities;
pub mod events;
mod feed;
mod foretold;
mod gather;
pub mod history;
mod identity;
mod ingest;
pub mod instance;
pub mod judging;
mod mapping;
pub mod parts;
mod process;
mod registry;
pub mod series;
pub mod recorded;
pub mod spans;
pub mod store;
pub mod tally;
mod unreadable;
mod window;

pub use store::{Ingested, LocalIdentity, Store, StoreOptions};
