//! What the tests stand on: a bridge, a client, a destination, and requests to send.

pub(crate) mod bridge;
pub(crate) mod child;
pub(crate) mod client;
pub(crate) mod otlp;
pub(crate) mod sink;
pub(crate) mod tls;

use std::time::Duration;

pub(crate) use bridge::BridgeUnderTest;
pub(crate) use child::Child;
pub(crate) use client::{Answer, Client};
pub(crate) use otlp::Service;
pub(crate) use sink::{Reply, Sink};

/// Longest wait for anything that must come.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Asks again and again until there is an answer; what never comes fails the test by its name.
pub(crate) async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, mut ask: impl FnMut() -> F) -> T {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        if let Some(found) = ask().await {
            return found;
        }
        assert!(tokio::time::Instant::now() < deadline, "never came: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
