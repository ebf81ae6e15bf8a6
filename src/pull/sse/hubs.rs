//! All sets of one endpoint, and the task that each has while somebody listens.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hashbrown::HashMap;
use tokio::time::{MissedTickBehavior, interval_at, sleep};

use crate::limits::{SSE_LINGER_MS, SSE_PING_MS, SSE_SETS_MAX};
use crate::pull::PullState;
use crate::pull::sse::clients::{Caps, Clients, NoSeat, Seat};
use crate::pull::sse::set::{Set, SetKey};

/// The streams of one endpoint.
#[derive(Debug, Default)]
pub struct Hubs {
    clients: Arc<Clients>,
    sets: Mutex<Sets>,
}

#[derive(Debug, Default)]
struct Sets {
    generation: u64,
    by_key: HashMap<SetKey, Arc<Set>>,
}

/// Why there is no stream; every one of them is 503 with `Retry-After`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoStream {
    /// A cap on clients.
    #[error(transparent)]
    NoSeat(#[from] NoSeat),
    /// A cap on distinct sets.
    #[error("This endpoint streams as many distinct sets of filter and topics as it can ({SSE_SETS_MAX})")]
    TooManySets,
    /// The process stops.
    #[error("This endpoint is stopping")]
    Stopping,
}

/// A subscriber's place in a set; it is given back when dropped, however the connection ended.
#[derive(Debug)]
pub struct Membership {
    /// The set.
    pub set: Arc<Set>,
    _seat: Seat,
}

impl Drop for Membership {
    fn drop(&mut self) {
        self.set.leave();
    }
}

impl Hubs {
    /// Finds or makes the set, and takes a place in it.
    ///
    /// # Errors
    /// When a cap is reached, or the process stops.
    pub fn join(&self, state: &PullState, key: SetKey, address: IpAddr) -> Result<Membership, NoStream> {
        if state.tasks.token().is_cancelled() {
            return Err(NoStream::Stopping);
        }
        let endpoint = &state.endpoint;
        let caps = Caps { total_max: endpoint.sse_clients_max, per_address_max: endpoint.sse_clients_per_address_max };
        let place = self.clients.seat(address, caps, Some(state.store.accounting()))?;
        let (set, was_idle) = self.enter(state, key)?;
        if was_idle {
            // It has slept: what it remembers last is old.
            set.advance(state);
        }
        Ok(Membership { set, _seat: place })
    }

    fn enter(&self, state: &PullState, key: SetKey) -> Result<(Arc<Set>, bool), NoStream> {
        let mut sets = self.sets();
        if let Some(set) = sets.by_key.get(&key).cloned() {
            let was_idle = set.is_idle();
            set.enter();
            return Ok((set, was_idle));
        }
        if sets.by_key.len() >= SSE_SETS_MAX {
            // A set that only waits for its clients to come back makes room; its task sees that it is gone and ends.
            let idle = sets.by_key.values().find(|set| set.is_idle()).map(|set| set.key().clone());
            sets.by_key.remove(&idle.ok_or(NoStream::TooManySets)?);
        }
        sets.generation += 1;
        let set = Set::new(state, key.clone(), sets.generation);
        set.enter();
        sets.by_key.insert(key, set.clone());
        state.tasks.spawn(run(state.clone(), set.clone()));
        Ok((set, false))
    }

    /// Takes a set out unless somebody has entered it meanwhile; whether it is out.
    fn remove_if_idle(&self, set: &Arc<Set>) -> bool {
        let mut sets = self.sets();
        let is_ours = sets.by_key.get(set.key()).is_some_and(|known| Arc::ptr_eq(known, set));
        if is_ours && !set.is_idle() {
            return false;
        }
        if is_ours {
            sets.by_key.remove(set.key());
        }
        true
    }

    /// How many sets there are now.
    pub fn len(&self) -> usize {
        self.sets().by_key.len()
    }

    /// Whether there is no set now.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn sets(&self) -> MutexGuard<'_, Sets> {
        self.sets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ticks for one set while somebody listens, waits a while for somebody to come back, and ends.
async fn run(state: PullState, set: Arc<Set>) {
    let stop = state.tasks.token();
    let start = tokio::time::Instant::now();
    let every = set.key().kind.tick(state.endpoint.sse_interval).max(Duration::from_millis(1));
    let mut tick = interval_at(start + every, every);
    tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let ping_every = Duration::from_millis(SSE_PING_MS);
    let mut ping = interval_at(start + ping_every, ping_every);
    ping.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        if set.is_idle() {
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                () = set.joined() => {}
                () = sleep(Duration::from_millis(SSE_LINGER_MS)) => {
                    if state.hubs().remove_if_idle(&set) {
                        return;
                    }
                }
            }
            continue;
        }
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            _ = tick.tick() => if !set.is_idle() { set.advance(&state) },
            _ = ping.tick() => if !set.is_idle() { set.ping(&state) },
        }
    }
    state.hubs().sets().by_key.remove(set.key());
}
