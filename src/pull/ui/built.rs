//! The dashboard's files as they came into this build.

/// Name below the dashboard's root and contents; empty where this build has no dashboard. `build.rs` makes it.
pub(super) const FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/dashboard.rs"));
