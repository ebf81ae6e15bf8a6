//! The least: a pool with a worker, one request, and every view on a port.
#![expect(clippy::print_stdout, reason = "a program for a person at a terminal")]

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let bridge = otel_bridge::Bridge::builder().service_name("minimal").push_from_env().build()?;
    let pool = bridge.pool("requests").size(4).register()?;
    let mut worker = pool.worker("worker-1").app("minimal").register()?;
    drop(worker.begin());
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9100".to_owned());
    println!("http://{}/", bridge.serve(address.parse()?)?);
    tokio::signal::ctrl_c().await?;
    Ok(bridge.shutdown().await?)
}
