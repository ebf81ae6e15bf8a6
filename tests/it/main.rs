//! The one integration binary: whole bridges, in this process or as children, and what stands around them.

mod access;
mod agreement;
mod commands;
mod documents;
mod forwarding;
mod harness;
mod hostile;
mod limits;
mod own_telemetry;
mod secrets;
mod signals;
mod survival;
mod tidy;
