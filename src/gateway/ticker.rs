//! The one bounded tick a second that runs whether anybody watches or not: history, alerts and staleness in the store, the
//! bridge's own figures, and the probes' checks.

use std::time::Duration;

use std::sync::Arc;

use crate::gateway::grpc_health::Health;
use crate::gateway::own::OwnFigures;
use crate::model::snapshot::DestinationFacts;
use crate::readiness::{Readiness, Standing};
use crate::state::Store;
use crate::tasks::Tasks;

/// Share of a queue that is worth a warning.
const QUEUE_WARNING: f64 = 0.7;

/// Name of a destination's check.
pub(super) fn queue_check(destination: &str) -> String {
    format!("queue-{destination}")
}

/// What is ticked.
#[derive(Debug)]
pub(super) struct Ticker {
    pub(super) store: Arc<Store>,
    pub(super) own: Option<OwnFigures>,
    pub(super) readiness: Readiness,
    pub(super) health: Health,
}

impl Ticker {
    /// Ticks until the group is cancelled.
    pub(super) async fn run(mut self, tasks: Tasks) {
        let mut seconds = tokio::time::interval(Duration::from_secs(1));
        seconds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        loop {
            tokio::select! {
                () = tasks.cancelled() => return self.health.stopped().await,
                _ = seconds.tick() => self.tick().await,
            }
        }
    }

    async fn tick(&mut self) {
        let destinations = self.store.destinations();
        if let Some(own) = &mut self.own {
            own.sample_runtime().await;
            own.sample(&destinations);
        }
        self.store.tick();
        for destination in &destinations {
            self.readiness.set(&queue_check(&destination.name), standing(destination));
        }
        self.health.update(&self.store, self.readiness.is_ready()).await;
    }
}

/// A destination that is down is a warning while its queue has room.
fn standing(destination: &DestinationFacts) -> Standing {
    let queued: u64 = destination.signals.iter().flatten().map(|signal| signal.queue_bytes).sum();
    let share = queued as f64 / destination.queue_bytes_max.max(1) as f64;
    let error = destination.last_error.as_ref().map_or("", |(error, _)| error);
    match destination.state {
        "ok" if share <= QUEUE_WARNING => Standing::Ok,
        "ok" => Standing::Warning(format!("the queue is {:.0} % full", share * 100.0)),
        state => Standing::Warning(format!("{state}: {error}")),
    }
}
