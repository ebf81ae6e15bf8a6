//! All watches, the sets that they share, and the task that each set has while somebody watches.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hashbrown::HashMap;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::limits::{SSE_PING_MS, SSE_SETS_MAX, WATCHERS_MAX, WATCHERS_PER_ADDRESS_MAX};
use crate::pull::grpc::service::Ground;
use crate::pull::grpc::set::{Frame, Set, SetKey};
use crate::pull::sse::clients::{Caps, Clients, NoSeat, Seat};

/// The watchers and their sets.
#[derive(Debug, Default)]
pub(super) struct Watchers {
    clients: Arc<Clients>,
    sets: Mutex<HashMap<SetKey, Arc<Set>>>,
}

/// Why there is no watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoWatch {
    /// A cap on watchers.
    #[error(transparent)]
    NoSeat(#[from] NoSeat),
    /// A cap on distinct sets.
    #[error("this bridge has as many distinct watches of filter, topics and interval as it can ({SSE_SETS_MAX})")]
    TooManySets,
    /// The process stops, or is reloaded.
    #[error("the bridge is stopping")]
    Stopping,
}

/// A watcher's place in a set; it is given back when dropped.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) set: Arc<Set>,
    pub(super) frames: watch::Receiver<Arc<Frame>>,
    _seat: Seat,
}

impl Watchers {
    /// Finds or makes the set, and takes a place in it.
    pub(super) fn join(&self, ground: &Arc<Ground>, key: SetKey, address: IpAddr) -> Result<Place, NoWatch> {
        let caps = Caps { total_max: WATCHERS_MAX, per_address_max: WATCHERS_PER_ADDRESS_MAX };
        let place = self.clients.seat(address, caps, None)?;
        let mut sets = self.sets();
        // Under the lock, and looked at again by the task: nobody joins a set whose task has gone.
        if ground.tasks.token().is_cancelled() {
            return Err(NoWatch::Stopping);
        }
        if let Some(set) = sets.get(&key) {
            return Ok(Place { set: set.clone(), frames: set.frames.subscribe(), _seat: place });
        }
        if sets.len() >= SSE_SETS_MAX {
            // One that everybody has left makes room, though its task has not seen it yet; it ends when it does.
            let idle = sets.values().find(|set| set.is_idle()).map(|set| set.key.clone());
            sets.remove(&idle.ok_or(NoWatch::TooManySets)?);
        }
        let set = Arc::new(Set::new(ground, key.clone()));
        let frames = set.frames.subscribe();
        sets.insert(key, set.clone());
        ground.tasks.spawn(run(ground.clone(), set.clone()));
        Ok(Place { set, frames, _seat: place })
    }

    /// Takes a set out unless somebody has joined it meanwhile; whether it is out.
    fn remove_if_idle(&self, set: &Arc<Set>) -> bool {
        let mut sets = self.sets();
        let is_ours = sets.get(&set.key).is_some_and(|known| Arc::ptr_eq(known, set));
        if is_ours && set.is_idle() {
            sets.remove(&set.key);
        }
        set.is_idle() || !is_ours
    }

    /// How many sets there are now.
    #[cfg(test)]
    pub(super) fn sets_len(&self) -> usize {
        self.sets().len()
    }

    fn sets(&self) -> MutexGuard<'_, HashMap<SetKey, Arc<Set>>> {
        self.sets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ticks for one set while somebody watches.
async fn run(ground: Arc<Ground>, set: Arc<Set>) {
    let stop = ground.tasks.token();
    let start = Instant::now();
    let mut tick = interval_at(start + set.key.interval, set.key.interval);
    tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let ping_every = Duration::from_millis(SSE_PING_MS);
    let mut ping = interval_at(start + ping_every, ping_every);
    ping.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            () = set.frames.closed() => if ground.watchers.remove_if_idle(&set) { return },
            _ = tick.tick() => set.advance(&ground),
            _ = ping.tick() => set.ping(&ground),
        }
    }
    ground.watchers.sets().remove(&set.key);
}
