//! otel-bridge records worker pools, components, circuit breakers and traces once, as OpenTelemetry instruments, and serves
//! them every way: OTLP push to collectors, and a pull layer with JSON, Prometheus, SSE and health.
//!
//! ```text
//! receive ─▶ state ◀─ record      doors in: OTLP from any language, calls from Rust
//!              │        │
//!              ▼        ▼
//!            pull ◀─   push ◀─ receive      doors out: views of one Snapshot; OTLP bytes as they came
//! ```

pub mod clock;
pub mod config;
pub mod limits;
pub mod listen;
pub mod model;
pub mod otlp;
pub mod pull;
pub mod push;
pub mod receive;
pub mod record;
pub mod state;
pub mod tasks;
