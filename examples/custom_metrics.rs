//! Instruments of one's own, made with the OpenTelemetry API: they are in `/metrics`, in `custom` of `/metrics/json`, and in what
//! is pushed.
//!
//! ```text
//! cargo run --example custom_metrics
//! curl -s http://127.0.0.1:9100/metrics | grep bakery
//! curl -s http://127.0.0.1:9100/metrics/json | jq .custom
//! ```
//!
//! Argument: the address to listen on.

#![expect(clippy::print_stdout, reason = "a program for a person at a terminal")]

use opentelemetry::KeyValue;
use otel_bridge::Bridge;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9100".to_owned());
    let bridge = Bridge::builder().service_name("bakery").push_from_env().build()?;
    let meter = bridge.meter("bakery");

    let loaves =
        meter.u64_counter("bakery.loaves").with_unit("{loaf}").with_description("Loaves that were baked").build();
    let baking = meter
        .f64_histogram("bakery.bake.duration")
        .with_unit("s")
        .with_description("Time in the oven")
        .with_boundaries(vec![600.0, 1200.0, 2400.0, 4800.0])
        .build();
    // Read when somebody looks.
    meter
        .f64_observable_gauge("bakery.oven.temperature")
        .with_unit("Cel")
        .with_description("Temperature of the oven")
        .with_callback(|oven| oven.observe(230.5, &[KeyValue::new("oven", "stone")]))
        .build();

    for (kind, count, seconds) in [("rye", 12, 3000.0), ("wheat", 30, 1500.0)] {
        let labels = [KeyValue::new("kind", kind)];
        loaves.add(count, &labels);
        baking.record(seconds, &labels);
    }

    println!("http://{}/", bridge.serve(address.parse()?)?);
    tokio::signal::ctrl_c().await?;
    Ok(bridge.shutdown().await?)
}
