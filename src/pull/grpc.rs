//! The same views over gRPC (contract §4.6): `otel_bridge.v1.Bridge`, and reflection. It stands on the OTLP/gRPC port, behind
//! that listener's credentials. Reading alone: what is written comes as OTLP.

mod encoded;
mod messages;
mod reflection;
mod service;
mod set;
mod watch;
mod watchers;

pub use encoded::Encoded;
pub use reflection::{Lazily, reflection_v1, reflection_v1alpha};
pub use service::BridgeService;

#[cfg(test)]
mod tests;
