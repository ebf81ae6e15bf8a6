//! The messages of `proto/otel_bridge/v1/bridge.proto` and what describes them. The code in this room is generated;
//! `tests/it/proto.rs` makes it anew and compares.

/// Messages, client and server of `otel_bridge.v1`.
#[allow(
    missing_docs,
    unreachable_pub,
    unused_qualifications,
    clippy::pedantic,
    clippy::allow_attributes_without_reason,
    reason = "generated code"
)]
pub mod v1 {
    include!("proto/otel_bridge.v1.rs");
    #[cfg(feature = "pull")]
    include!("proto/otel_bridge.v1.Bridge.rs");
}

/// Describes the services of this program's own and of OTLP, for reflection: an encoded `google.protobuf.FileDescriptorSet`.
pub static DESCRIPTORS: &[u8] = include_bytes!("proto/descriptors.bin");
