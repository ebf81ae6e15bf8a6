//! Thread pools of `rayon`: each thread is a worker of a pool, and the whole is a [`PoolSource`].
//!
//! `rayon` tells nobody what its threads do. So a thread counts as active while it runs a job that went through [`Threads`], and
//! while the system says that it runs or waits for a disk; a thread that helps with a part of another's job and blocks there
//! counts as idle. Requests are the jobs that went through [`Threads`], not the parts that `rayon` makes of them; those of the
//! global pool, which everybody may use, are absent.
//!
//! ```
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use otel_bridge::Bridge;
//! use otel_bridge::record::adapters::rayon::Threads;
//!
//! let bridge = Bridge::builder().service_name("checkout").build()?;
//! let threads = Threads::of("hashing", rayon_core::ThreadPoolBuilder::new().num_threads(2).build()?)?;
//! bridge.pool_source("hashing", threads.clone())?;
//! let sum: u64 = threads.install(|| (1..=4).sum());
//! assert_eq!(sum, 10);
//! # bridge.shutdown().await?;
//! # Ok(())
//! # }
//! ```

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use procfs::process::Process;
use rayon_core::{BroadcastContext, ThreadPool};

use crate::model::worker::WorkerState;
use crate::record::source::{PoolReading, PoolSource, SourceError, WorkerReading};

/// What every thread's worker says that it runs.
const APP: &str = "rayon";

/// A thread pool of one's own; cheap to clone. It lives as long as a clone, and so as long as the bridge that it is given to.
#[derive(Clone, Debug)]
pub struct Threads {
    pool: Arc<ThreadPool>,
    watched: Arc<Watched>,
}

impl Threads {
    /// Looks up the pool's threads; `name` begins the ids of their workers. It waits until each thread has had a moment.
    ///
    /// # Errors
    /// The system does not tell a thread's number.
    pub fn of(name: &str, pool: ThreadPool) -> io::Result<Self> {
        let watched = Watched::new(name, pool.broadcast(thread_number))?;
        Ok(Self { pool: Arc::new(pool), watched: Arc::new(watched) })
    }

    /// Runs a job on the pool and waits for it, as [`ThreadPool::install`] does; it counts as a request.
    pub fn install<R: Send>(&self, job: impl FnOnce() -> R + Send) -> R {
        let waiting = Waiting::begin(&self.watched);
        self.pool.install(move || waiting.run(job))
    }

    /// Runs a job on the pool and does not wait for it, as [`ThreadPool::spawn`] does; it counts as a request.
    pub fn spawn(&self, job: impl FnOnce() + Send + 'static) {
        let waiting = Waiting::begin(&self.watched);
        self.pool.spawn(move || waiting.run(job));
    }

    /// The pool itself; jobs that are given to it so are not counted.
    pub fn pool(&self) -> &ThreadPool {
        &self.pool
    }
}

impl PoolSource for Threads {
    fn read(&self) -> Result<PoolReading, SourceError> {
        let load = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let Watched { waiting, ended, failed, .. } = &*self.watched;
        let reading = self.watched.look(true);
        Ok(reading.pending(load(waiting)).requests(load(ended)).errors(load(failed)))
    }
}

/// The pool that `par_iter` and its like use where no other is entered: its threads are only looked at.
#[derive(Clone, Debug)]
pub struct GlobalThreads(Arc<Watched>);

impl GlobalThreads {
    /// Looks up the global pool's threads, and starts them if nobody did; `name` begins the ids of their workers. To be called
    /// outside of any pool.
    ///
    /// # Errors
    /// The system does not tell a thread's number.
    pub fn new(name: &str) -> io::Result<Self> {
        Ok(Self(Arc::new(Watched::new(name, rayon_core::broadcast(thread_number))?)))
    }
}

impl PoolSource for GlobalThreads {
    fn read(&self) -> Result<PoolReading, SourceError> {
        Ok(self.0.look(false))
    }
}

/// The threads of a pool, by their place in it.
#[derive(Debug)]
struct Watched {
    threads: Vec<Thread>,
    /// Jobs that no thread has taken yet.
    waiting: AtomicU64,
    ended: AtomicU64,
    failed: AtomicU64,
}

#[derive(Debug)]
struct Thread {
    id: String,
    /// The system's number of it.
    number: i32,
    /// Jobs that it is in: while one waits, another may run on top of it.
    running: AtomicU64,
    ended: AtomicU64,
    failed: AtomicU64,
}

impl Watched {
    fn new(name: &str, numbers: Vec<io::Result<i32>>) -> io::Result<Self> {
        let thread = |(place, number): (usize, io::Result<i32>)| {
            Ok(Thread {
                id: format!("{name}-{place}"),
                number: number?,
                running: AtomicU64::new(0),
                ended: AtomicU64::new(0),
                failed: AtomicU64::new(0),
            })
        };
        let threads = numbers.into_iter().enumerate().map(thread).collect::<io::Result<Vec<_>>>()?;
        Ok(Self { threads, waiting: AtomicU64::new(0), ended: AtomicU64::new(0), failed: AtomicU64::new(0) })
    }

    fn look(&self, counts_jobs: bool) -> PoolReading {
        let process = Process::myself().ok();
        let mut workers = Vec::with_capacity(self.threads.len());
        let mut active = 0;
        for thread in &self.threads {
            // A thread that the system does not know has ended.
            let task = process.as_ref().and_then(|process| process.task_from_tid(thread.number).ok());
            let Some(stat) = task.and_then(|task| task.stat().ok()) else { continue };
            let is_active = thread.running.load(Ordering::Relaxed) > 0 || matches!(stat.state, 'R' | 'D');
            active += u64::from(is_active);
            let state = if is_active { WorkerState::Active } else { WorkerState::Idle };
            let mut worker = WorkerReading::new(&*thread.id, APP, state);
            if counts_jobs {
                worker.requests = Some(thread.ended.load(Ordering::Relaxed));
                worker.errors = Some(thread.failed.load(Ordering::Relaxed));
            }
            workers.push(worker);
        }
        let idle = workers.len() as u64 - active;
        PoolReading::new(self.threads.len() as u64, active, idle).workers(workers)
    }
}

/// A job that no thread has taken yet; dropping it is its end.
struct Waiting(Arc<Watched>);

impl Waiting {
    fn begin(watched: &Arc<Watched>) -> Self {
        watched.waiting.fetch_add(1, Ordering::Relaxed);
        Self(watched.clone())
    }

    fn run<R>(self, job: impl FnOnce() -> R) -> R {
        let watched = self.0.clone();
        drop(self);
        let thread = rayon_core::current_thread_index().and_then(|place| watched.threads.get(place));
        let _running = thread.map(|thread| Running::begin(&watched, thread));
        job()
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A job that runs; dropping it is its end, by a panic too.
struct Running<'a> {
    watched: &'a Watched,
    thread: &'a Thread,
}

impl<'a> Running<'a> {
    fn begin(watched: &'a Watched, thread: &'a Thread) -> Self {
        thread.running.fetch_add(1, Ordering::Relaxed);
        Self { watched, thread }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let failed = u64::from(std::thread::panicking());
        for (count, amount) in [
            (&self.thread.ended, 1),
            (&self.watched.ended, 1),
            (&self.thread.failed, failed),
            (&self.watched.failed, failed),
        ] {
            count.fetch_add(amount, Ordering::Relaxed);
        }
        self.thread.running.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The system's number of the calling thread.
fn thread_number(_context: BroadcastContext<'_>) -> io::Result<i32> {
    let link = std::fs::read_link("/proc/thread-self")?;
    let number = link.file_name().map(Path::new).and_then(Path::to_str).and_then(|number| number.parse().ok());
    number.ok_or_else(|| io::Error::other(format!("{} names no thread", link.display())))
}
