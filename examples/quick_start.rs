//! The quick start of `docs/quick-start/rust.md`, which prints these lines: a service that embeds the crate.

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use otel_bridge::Bridge;
use tokio::task::JoinSet;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // Name, address and interval come from the OTEL_ variables.
    let bridge = Bridge::builder().push_from_env().build()?;
    let pool = bridge.pool("orders").size(4).register()?;
    let checkout = bridge.component("checkout").register()?;
    let next = Arc::new(AtomicU32::new(1));

    let mut workers = JoinSet::new();
    for number in 0..4 {
        let mut worker = pool.worker(&format!("orders-{number}")).app("shop").register()?;
        let (checkout, next) = (checkout.clone(), next.clone());
        workers.spawn(async move {
            loop {
                let order = next.fetch_add(1, Ordering::Relaxed);
                if order > 100 {
                    return worker;
                }
                let request = worker.begin(); // active until this is dropped
                let item = checkout.timed();
                tokio::time::sleep(Duration::from_millis(100)).await; // the work
                if order % 20 == 0 {
                    item.fail(&io::Error::other("out of stock"));
                } else {
                    drop(item);
                }
                drop(request);
            }
        });
    }
    let _idle = workers.join_all().await; // a worker leaves every view with its handle
    tokio::signal::ctrl_c().await?;
    bridge.shutdown().await?;
    Ok(())
}
