//! The one integration binary: whole bridges, in this process or as children, and what stands around them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

mod access;
mod agreement;
mod commands;
mod documents;
mod examples;
mod embedding;
mod environment;
mod forwarding;
mod grpc;
mod harness;
mod hostile;
mod library;
mod limits;
mod own_telemetry;
mod proto;
mod recorded;
mod secrets;
mod session;
mod signals;
mod survival;
mod terminal;
mod tidy;
