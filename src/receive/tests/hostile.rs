//! Conformance H, hostile input.
