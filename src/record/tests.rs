//! The handles, their instruments and their words.
