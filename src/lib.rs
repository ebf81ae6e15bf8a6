//! A service records its worker pools, components and circuit breakers once, through handles whose calls cost less than an atomic
//! addition. They are shown every way (JSON, Prometheus, server-sent events, health) by a router that it merges into its own,
//! and pushed as OTLP.
//!
//! ```text
//!   handles, sources ─┐                  ┌─▶ router: JSON, Prometheus, server-sent events, health    (pull)
//!   OTel meters ──────┼─▶ Bridge ────────┤
//!   spans, `tracing` ─┘   one store      └─▶ OTLP to a collector, or to an otel-bridge of its own    (push)
//! ```
//!
#![cfg_attr(feature = "pull", doc = "```")]
#![cfg_attr(not(feature = "pull"), doc = "```ignore")]
//! use axum::{Router, routing::get};
//! use otel_bridge::Bridge;
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let bridge = Bridge::builder().service_name("checkout").push_from_env().build()?;
//! let pool = bridge.pool("requests").size(8).register()?;
//! let mut worker = pool.worker("worker-1").app("checkout").register()?;
//! {
//!     let _request = worker.begin(); // active until the guard is dropped
//! }
//! let app: Router = Router::new().route("/", get(async || "hello")).merge(bridge.router());
//! # let _ = app;
//! assert_eq!(bridge.snapshot().pools[0].requests, Some(1));
//! bridge.shutdown().await?;
//! # Ok(())
//! # }
//! ```
//!
//! Start with [`Bridge`]; [`record`] has the handles, [`record::source`] the pools that are asked instead of telling, and
//! [`config::push::Destination`] where to push to.
//!
//! # Features
//!
//! | feature | default | gives |
//! |---|---|---|
//! | none | | handles, sources, meters, spans, [`Bridge::snapshot`] |
//! | `pull` | yes | `Bridge::router`, `Bridge::serve` |
//! | `push` | yes | `Builder::push_from_env` and `Builder::push_to` have an effect |
//! | `queue` | yes | `Builder::durable_queue`: `push` through queue files (`SQLite`) |
//! | `tracing-layer` | no | `Bridge::tracing_layer` for services that use `tracing` |
//! | `receive` | yes | the OTLP doors, for the program |
//! | `cli` | yes | the program `otel-bridge` |
//!
//! A service takes `default-features = false, features = ["pull", "push"]`. The crate needs Rust 1.95; a newer minimum makes a new
//! minor version.
//!
//! # The program
//!
//! The crate is also the rooms that the program `otel-bridge` is made of: it takes the OTLP of services in any language, shows it
//! by the same views, and forwards it. [`gateway`](https://docs.rs/otel-bridge/latest/otel_bridge/gateway/) wires them;
//! `ARCHITECTURE.md` says what each must not know. [`bridge`], [`record`], [`model`] and [`config`] keep their shape within a minor
//! version; the other rooms may change with any.
//!
//! ```text
//!   OTLP in ─▶ receive ──▶ push ─▶ OTLP out      the bytes as they came, committed before the answer
//!                 │          ▲
//!                 ▼          │ own metrics and spans
//!               state ◀── record                 what the process itself does
//!                 │
//!                 ▼ one Snapshot
//!                pull ─▶ JSON, Prometheus, server-sent events, health
//! ```
//!
//! A bridge in a process of one's own, on ports that the system chooses:
//!
#![cfg_attr(feature = "cli", doc = "```")]
#![cfg_attr(not(feature = "cli"), doc = "```ignore")]
//! use otel_bridge::gateway::Gateway;
//! use otel_bridge::clock::Clock;
//! use otel_bridge::config::{Config, ProcessEnvironment};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let file = "
//!     receive:
//!       otlp:
//!         grpc: { address: 127.0.0.1:0 }
//!         http: { address: 127.0.0.1:0 }
//!     pull: { address: 127.0.0.1:0 }
//!     push: []
//! ";
//! let config = Config::parse(file, "example", &ProcessEnvironment)?;
//! let bridge = Gateway::start(config, Clock::system())?;
//! for door in bridge.doors().await {
//!     println!("{} listens on {}", door.name, door.address);
//! }
//! // The bridge shows itself, so there is something to see at once.
//! assert!(bridge.store().snapshot().instances.iter().any(|instance| instance.is_bridge));
//! bridge.stop().await;
//! # Ok(())
//! # }
//! ```

pub mod limits;
pub mod clock;
pub mod tasks;
#[cfg(feature = "push")]
mod causes;
pub mod readiness;
pub mod config;
pub mod model;
pub mod otlp;
pub mod state;
pub mod record;
#[cfg(feature = "_listen")]
mod log_limit;
#[cfg(feature = "_listen")]
pub mod listen;
#[cfg(feature = "receive")]
pub mod receive;
#[cfg(feature = "push")]
pub mod push;
#[cfg(feature = "pull")]
pub mod pull;
pub mod bridge;
#[cfg(feature = "receive")]
pub mod proto;
#[cfg(all(feature = "pull", feature = "push", feature = "receive"))]
pub mod gateway;
#[cfg(feature = "push")]
pub mod probe;
#[cfg(feature = "cli")]
pub mod top;

pub use bridge::Bridge;
pub use config::Config;
pub use record::{CircuitBreaker, Component, Pool, Request, Worker};

/// The examples of the README are compiled.
#[cfg(all(doctest, feature = "pull", feature = "push"))]
#[doc = include_str!("../README.md")]
struct Readme;
