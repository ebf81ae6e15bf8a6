//! A bounded pool of threads that does real work, counts primes, and pushes to a running bridge.
//!
//! ```text
//! cargo run --release                           # in one terminal
//! cargo run --release --example worker_pool     # in another
//! curl -N http://127.0.0.1:9000/metrics/api/metrics/sse
//! ```
//!
//! Arguments: how many jobs (2000), and the OTLP/gRPC endpoint (`http://127.0.0.1:4317`).

#![expect(clippy::print_stdout, reason = "a program for a person at a terminal")]

use std::error::Error;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use otel_bridge::config::push::Destination;
use otel_bridge::{Bridge, Pool, Worker};

/// Threads, and the most workers of the pool.
const THREADS: usize = 4;
/// Jobs that may wait for a thread.
const WAITING_MAX: usize = 32;

/// A job whose range is empty cannot be done.
#[derive(Debug, thiserror::Error)]
#[error("there is nothing below {0} to look at")]
struct EmptyRange(u64);

/// Where the threads take their jobs from.
struct Jobs {
    waiting: AtomicU64,
    taken: Mutex<Receiver<u64>>,
}

impl Jobs {
    fn take(&self, pool: &Pool) -> Option<u64> {
        let job = self.taken.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()?;
        pool.pending(self.waiting.fetch_sub(1, Ordering::Relaxed).saturating_sub(1));
        Some(job)
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let count: u64 = arguments.next().map_or(Ok(2000), |text| text.parse())?;
    let endpoint = arguments.next().unwrap_or_else(|| "http://127.0.0.1:4317".to_owned());
    let bridge = Bridge::builder().service_name("primes").push_to(Destination::new("bridge", endpoint)).build()?;
    let pool = bridge.pool("primes").size(THREADS as u64).register()?;

    let (give, taken) = sync_channel(WAITING_MAX);
    let jobs = Arc::new(Jobs { waiting: AtomicU64::new(0), taken: Mutex::new(taken) });
    let mut threads = Vec::new();
    for number in 0..THREADS {
        let worker = pool.worker(&format!("primes-{number}")).app("primes").register()?;
        let (jobs, pool) = (jobs.clone(), pool.clone());
        threads.push(std::thread::spawn(move || work(worker, &jobs, &pool)));
    }
    println!("{count} jobs on {THREADS} threads");
    let done = tokio::task::spawn_blocking(move || {
        for job in 0..count {
            pool.pending(jobs.waiting.fetch_add(1, Ordering::Relaxed) + 1);
            // Every fiftieth job is one that cannot be done.
            let limit = if job % 50 == 49 { 0 } else { 20_000 + job % 1000 };
            if give.send(limit).is_err() {
                break;
            }
        }
        drop(give);
        threads.into_iter().map(|thread| thread.join().unwrap_or_default()).sum::<u64>()
    });
    println!("{} primes", done.await?);
    // The last export tells the final figures.
    Ok(bridge.shutdown().await?)
}

/// Does jobs until there are no more; tells how many primes it found.
fn work(mut worker: Worker, jobs: &Jobs, pool: &Pool) -> u64 {
    let mut found = 0;
    while let Some(limit) = jobs.take(pool) {
        let request = worker.begin();
        match primes_below(limit) {
            Ok(primes) => found += primes,
            Err(error) => request.fail(&error),
        }
    }
    found
}

fn primes_below(limit: u64) -> Result<u64, EmptyRange> {
    if limit < 2 {
        return Err(EmptyRange(limit));
    }
    let is_prime = |number: &u64| (2..=number.isqrt()).all(|factor| !number.is_multiple_of(factor));
    Ok((2..limit).filter(is_prime).count() as u64)
}
