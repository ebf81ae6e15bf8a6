//! otel-bridge records worker pools, components, circuit breakers and traces once, as OpenTelemetry instruments, and serves
//! them every way: OTLP push to collectors, and a pull layer with JSON, Prometheus, SSE and health.
//!
//! ```text
//! receive ─▶ state ◀─ record      doors in: OTLP from any language, calls from Rust
//!              │        │
//!              ▼        ▼
//!            pull ◀─   push ◀─ receive      doors out: views of one Snapshot; OTLP bytes as they came
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
pub mod listen;
#[cfg(feature = "receive")]
pub mod receive;
#[cfg(feature = "push")]
pub mod push;
#[cfg(feature = "pull")]
pub mod pull;
#[cfg(all(feature = "pull", feature = "push", feature = "receive"))]
pub mod bridge;
#[cfg(feature = "push")]
pub mod probe;
