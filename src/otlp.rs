//! The OTLP wire format, read in place: views over the bytes of a request, a validating pre-scan, framing (concatenation and
//! splitting by copying bytes) and OTLP/JSON. Nothing here decodes into owned structs, does input or output, or keeps state.
//!
//! The order of work at a door: [`scan::scan`] once over bytes that nobody trusts yet, then [`envelope::resources`] and the
//! views below it, which never fail: on bytes that were not scanned they end early or show defaults, and never panic.

pub mod attributes;
pub mod envelope;
pub mod frame;
pub mod json;
pub mod logs;
pub mod metrics;
pub mod reader;
pub mod scan;
pub mod schema;
pub mod traces;
pub mod writer;

#[cfg(test)]
pub(crate) mod samples;
