//! Whole-process load: starts the bridge as its own process, drives it over loopback, and reads what it cost from `/proc`.
//!
//! ```text
//! cargo bench --bench load            # everything, about two minutes
//! cargo bench --bench load -- quick   # the same with a tenth of the requests
//! ```
//!
//! Everything is bounded in count and time. Figures are ratios within one run: the cost of the full path (receive, state,
//! committed queue, forward) beside a bare prost decode of the same bytes, with the same allocator.

#![expect(
    clippy::print_stdout,
    clippy::panic,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a command that prints its report and stops at the first fault"
)]
#![expect(
    clippy::disallowed_methods,
    reason = "a client outside the program measures with the machine's own clock and tasks"
)]
#![expect(clippy::indexing_slicing, reason = "fixed positions of /proc and of sorted samples")]
#![expect(unreachable_pub, reason = "a command has no public interface")]

mod load {
    pub mod child;
    pub mod client;
    pub mod requests;
    pub mod sink;
}

use std::time::Duration;

use load::child::{Child, Options};
use load::{client, requests, sink};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let quick = std::env::args().any(|argument| argument == "quick");
    let scale = if quick { 10 } else { 1 };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        idle().await;
        ingest("1,000-point requests", 1_000, 4_000 / scale, 8).await;
        ingest("10-point requests", 10, 100_000 / scale, 16).await;
        // Never scaled: fixed costs would drown what a series costs.
        scrape(100_000).await;
        clients(100, 50).await;
    });
}

/// Start to ready, and resident memory at rest.
async fn idle() {
    let mut ready_ms = Vec::new();
    let mut resident_mib = 0.0;
    for _ in 0..5 {
        let child = Child::start(&Options::default()).await;
        ready_ms.push(child.ready_after.as_secs_f64() * 1000.0);
        tokio::time::sleep(Duration::from_secs(1)).await;
        resident_mib = child.resident_mib();
        child.stop().await;
    }
    ready_ms.sort_by(f64::total_cmp);
    println!(
        "idle: resident {resident_mib:.1} MiB (goal ≤ 14); start to ready {:.1} ms median of 5 (goal ≤ 30)",
        ready_ms[2]
    );
}

/// The full path against a bare decode.
async fn ingest(title: &str, points: usize, count: usize, connections: usize) {
    let sink = sink::Sink::start().await;
    let child = Child::start(&Options { sink: Some(sink.port), ..Options::default() }).await;
    let bodies = requests::metrics(points, 64);
    client::post_all(child.http, &bodies, count / 10, connections).await;
    sink.wait_for((count / 10 * points) as u64).await;
    let (cpu_before, sent_before) = (child.cpu_seconds(), sink.points());
    let took = client::post_all(child.http, &bodies, count, connections).await;
    let total = (count * points) as u64;
    sink.wait_for(sent_before + total).await;
    let cpu = child.cpu_seconds() - cpu_before;
    let decode = requests::decode_seconds(&bodies, count);
    let millions = total as f64 / 1e6;
    println!(
        "{title}: {:.2} cpu-s per million points, {:.0} µs a request, {:.2} × a bare prost decode ({:.2} cpu-s per million); \
         {:.0} points/s over {connections} connections; resident {:.1} MiB",
        cpu / millions,
        cpu / count as f64 * 1e6,
        cpu / decode,
        decode / millions,
        total as f64 / took.as_secs_f64(),
        child.resident_mib(),
    );
    child.stop().await;
}

/// `/metrics` with many series, in CPU of the process, beside copying the same text.
async fn scrape(series: usize) {
    let child = Child::start(&Options { series_max: series * 2, ..Options::default() }).await;
    for body in requests::series(series, 1_000) {
        client::post_all(child.http, std::slice::from_ref(&body), 1, 1).await;
    }
    let mut cpu = Vec::new();
    let mut text = Vec::new();
    for _ in 0..5 {
        // Past the snapshot interval, so that each scrape renders.
        tokio::time::sleep(Duration::from_millis(300)).await;
        let before = child.cpu_ticks_fine();
        text = client::get(child.pull, "/metrics").await;
        cpu.push(child.cpu_ticks_fine() - before);
    }
    cpu.sort_by(f64::total_cmp);
    let copy = requests::copy_seconds(&text);
    println!(
        "scrape of {series} series: {:.1} ms of CPU, {:.1} MB of text, {:.1} × memcpy of it ({:.2} ms); resident {:.1} MiB",
        cpu[2] * 1e3,
        text.len() as f64 / 1e6,
        cpu[2] / copy,
        copy * 1e3,
        child.resident_mib(),
    );
    child.stop().await;
}

/// Many clients at once, as the specification's figures have it.
async fn clients(clients: usize, each: usize) {
    let child = Child::start(&Options::default()).await;
    let bodies = requests::metrics(1_000, 4);
    client::post_all(child.http, &bodies, 20, 2).await;
    for (path, goal_ms) in [("/health", 100.0), ("/metrics/json", 500.0)] {
        let mut times_ms = client::get_all(child.pull, path, clients, each).await;
        times_ms.sort_by(f64::total_cmp);
        let p99 = times_ms[times_ms.len() * 99 / 100];
        println!(
            "{path}: {clients} clients × {each}, p50 {:.1} ms, p99 {p99:.1} ms (goal < {goal_ms} ms)",
            times_ms[times_ms.len() / 2]
        );
    }
    child.stop().await;
}
