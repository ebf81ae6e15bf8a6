//! Adapters for what a service has already: each is a Cargo feature that takes one crate, and none is on by default.
//!
//! | feature | adapter | shows |
//! |---|---|---|
//! | `tower` | `tower::RequestLayer` | requests of axum, tonic and any other tower service as a component or a pool, and as spans |
//! | `deadpool` | `deadpool::managed::Pool` is a [`PoolSource`] | size, active, idle, pending |
//! | `bb8` | `bb8::Pool` is a [`PoolSource`] | size, active, idle, requests, those that timed out |
//! | `sqlx` | `sqlx::Pool` is a [`PoolSource`] | size, active, idle |
//! | `rayon` | `rayon::Threads` is a [`PoolSource`] | each thread as a worker, and jobs that went through it |
//! | `failsafe` | `failsafe::watched` | transitions and calls of a breaker of `failsafe` |
//! | `tower-resilience` | `tower_resilience::WatchedBy` | transitions and calls of a breaker of `tower-resilience-circuitbreaker` |
//!
//! What a library does not tell is absent from every view, never zero. The tokio runtime needs no feature:
//! [`crate::Bridge::watch_runtime`].
//!
//! [`PoolSource`]: crate::record::source::PoolSource

#[cfg(feature = "bb8")]
pub mod bb8;
#[cfg(feature = "deadpool")]
pub mod deadpool;
#[cfg(feature = "failsafe")]
pub mod failsafe;
#[cfg(feature = "rayon")]
pub mod rayon;
#[cfg(feature = "sqlx")]
pub mod sqlx;
#[cfg(feature = "tower")]
pub mod tower;
#[cfg(feature = "tower-resilience")]
pub mod tower_resilience;
