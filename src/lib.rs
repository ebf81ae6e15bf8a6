//! otel-bridge takes OpenTelemetry in, shows it every way, and forwards it. This crate is the rooms that the program
//! `otel-bridge` is made of.
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
//! [`gateway`] wires the rooms; [`model`] holds the nouns and their rules, [`otlp`] the wire format read in place, [`listen`] what
//! every socket has. `ARCHITECTURE.md` says what each must not know.
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
