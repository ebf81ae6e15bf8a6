//! The accept loop: it outlives every connection, every bad handshake and a process that has run out of descriptors.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::clock::Clock;
use crate::listen::guard::Guard;
use crate::listen::tls::Certificates;
use crate::listen::{BoundListener, Credentials, Handle, ListenError, Timings, connection};
use crate::log_limit::LogLimit;
use crate::tasks::Tasks;

/// What a listener has seen.
#[derive(Debug, Default)]
pub struct Stats {
    /// Connections taken.
    pub accepted: AtomicU64,
    /// Connections closed at once because `connections_max` were open.
    pub refused: AtomicU64,
    /// TLS handshakes that failed or took too long.
    pub handshakes_failed: AtomicU64,
    /// Accepts that failed, as when no descriptor was left.
    pub accept_errors: AtomicU64,
}

/// A listener at work.
#[derive(Clone, Debug)]
pub struct Served {
    /// Where it listens.
    pub address: SocketAddr,
    /// What it has seen.
    pub stats: Arc<Stats>,
    /// Its credentials, for a door that has its own way to take them; none when everybody may call.
    pub credentials: Option<Arc<Credentials>>,
}

/// Accepts connections and serves each with `door` until the group is cancelled; then nothing new is accepted, and what runs
/// may end within [`Timings::drain`]. Joining the group waits for that.
///
/// # Errors
/// [`ListenError`] when certificate files, a password hash or an origin cannot be used.
pub fn serve<H: Handle>(
    bound: BoundListener,
    door: Arc<H>,
    timings: Timings,
    clock: &Clock,
    tasks: &Tasks,
) -> Result<Served, ListenError> {
    let BoundListener { listener, address, config } = bound;
    let certificates = match &config.tls {
        Some(files) => Some(Certificates::load(files, &config.key)?),
        None => None,
    };
    if let Some(certificates) = &certificates {
        tasks.spawn(certificates.clone().watch(timings.reload, tasks.clone()));
    }
    let guard = Arc::new(Guard::new(&config, door, clock)?);
    let stats = Arc::new(Stats::default());
    let served = Served { address, stats: stats.clone(), credentials: guard.credentials().cloned() };
    let free = Arc::new(Semaphore::new(config.connections_max.clamp(1, Semaphore::MAX_PERMITS)));
    let (group, log) = (tasks.clone(), LogLimit::new(clock.clone()));
    tasks.spawn(async move {
        loop {
            let accepted = tokio::select! {
                biased;
                () = group.cancelled() => return,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => match free.clone().try_acquire_owned() {
                    Ok(permit) => {
                        stats.accepted.fetch_add(1, Ordering::Relaxed);
                        let (guard, certificates) = (guard.clone(), certificates.clone());
                        let (stats, tasks) = (stats.clone(), group.clone());
                        let work = Work { peer, guard, certificates, stats, timings, tasks, _permit: permit };
                        group.spawn(work.run(stream));
                    }
                    // Closing tells the client at once; waiting would leave it in doubt.
                    Err(_) => {
                        stats.refused.fetch_add(1, Ordering::Relaxed);
                    }
                },
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    stats.accept_errors.fetch_add(1, Ordering::Relaxed);
                    if let Some(times) = log.admit("accept") {
                        tracing::warn!(%error, %address, times, "accepting a connection failed; the listener goes on");
                    }
                    tokio::time::sleep(timings.accept_pause).await;
                }
            }
        }
    });
    Ok(served)
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

/// A connection that was taken.
struct Work<H> {
    peer: SocketAddr,
    guard: Arc<Guard<H>>,
    certificates: Option<Arc<Certificates>>,
    stats: Arc<Stats>,
    timings: Timings,
    tasks: Tasks,
    _permit: OwnedSemaphorePermit,
}

impl<H: Handle> Work<H> {
    async fn run(self, stream: TcpStream) {
        // Answers are small and whole; waiting to fill a packet only delays them.
        if stream.set_nodelay(true).is_err() {
            return;
        }
        let Some(certificates) = &self.certificates else {
            return connection::run(stream, self.peer, self.guard.clone(), self.timings, self.tasks.clone()).await;
        };
        let handshake = tokio::time::timeout(self.timings.handshake, certificates.acceptor().accept(stream));
        let shaken = tokio::select! {
            shaken = handshake => shaken,
            () = self.tasks.cancelled() => return,
        };
        if let Ok(Ok(stream)) = shaken {
            connection::run(stream, self.peer, self.guard.clone(), self.timings, self.tasks.clone()).await;
        } else {
            self.stats.handshakes_failed.fetch_add(1, Ordering::Relaxed);
        }
    }
}
