//! The way from the intake into the push layer; neither knows the other.

use std::sync::Arc;

use bytes::Bytes;

use crate::model::signal::Signal;
use crate::push::{Push, SubmitError};
use crate::receive::{Forward, Unavailable};

/// See the module.
#[derive(Debug)]
pub(super) struct Forwarder(pub(super) Arc<Push>);

impl Forward for Forwarder {
    async fn submit(&self, signal: Signal, request: Bytes, items: u64) -> Result<(), Unavailable> {
        self.0.submit(signal, request, items).await.map_err(|error| Unavailable {
            reason: error.reason(),
            message: match error {
                SubmitError::TooLarge => "the request is larger than the queue may become",
                _ => "nothing can be taken into the queue now; keep the data and try again",
            },
            retry_after_s: error.retry_after().map(|pause| pause.as_secs().max(1)),
        })
    }
}
