//! The two printed surfaces: the metrics endpoint and the pool plugin (contract §4.1, §4.2).

mod custom;
pub mod endpoint;
pub mod health;
pub mod plugin;
