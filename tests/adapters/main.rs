//! Adapters against the real crates doing real work: `cargo test --all-features --test adapters`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

mod breakers;
mod connections;
mod pools;
mod requests;
mod runtime;
mod spans;
mod threads;

use std::collections::BTreeMap;
use std::time::Duration;

use http_body_util::BodyExt as _;
use otel_bridge::model::snapshot::{PoolFacts, Snapshot};
use otel_bridge::{Bridge, Config};
use tower::ServiceExt as _;

/// Longest wait for anything that must come.
const PATIENCE: Duration = Duration::from_secs(20);

/// Looks again and again until it is so; what never comes fails the test by its name.
async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let looking = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, looking).await.unwrap_or_else(|_elapsed| panic!("never came: {what}"));
}

/// A bridge whose picture is as old as the question.
fn bridge() -> Bridge {
    let mut config = Config::library_defaults(&BTreeMap::new()).unwrap();
    config.state.snapshot_interval = Duration::ZERO;
    Bridge::builder().config(config).service_name("shop").build().unwrap()
}

fn pool_of(snapshot: &Snapshot, name: &str) -> Option<PoolFacts> {
    snapshot.pools.iter().find(|pool| &*pool.name == name).cloned()
}

/// A view, as text.
async fn view(bridge: &Bridge, path: &str) -> String {
    let request = http::Request::get(path).body(axum::body::Body::empty()).unwrap();
    let answer = bridge.router().oneshot(request).await.unwrap();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(body.to_vec()).unwrap()
}
