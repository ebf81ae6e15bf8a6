//! What the bridge has told: the last snapshot, with the deltas since.

use std::collections::{BTreeMap, VecDeque};

use crate::proto::v1;
use crate::proto::v1::watch_response::Message;

/// Events that are remembered.
const EVENTS_MAX: usize = 200;

/// Something of the bridge's, and when it was told: ages count on from there.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Told<T> {
    pub(super) item: T,
    /// Unix seconds on the bridge's clock.
    pub(super) at: f64,
}

/// Things by key.
pub(super) type Known<T> = BTreeMap<String, Told<T>>;

/// See the module.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Picture {
    pub(super) snapshot_id: u64,
    /// When it was taken, in Unix seconds on the bridge's clock.
    pub(super) timestamp: f64,
    pub(super) system: v1::System,
    pub(super) services: Known<v1::Service>,
    pub(super) pools: Known<v1::Pool>,
    pub(super) workers: Known<v1::Worker>,
    pub(super) components: Known<v1::Component>,
    pub(super) breakers: Known<v1::Breaker>,
    pub(super) alerts: Known<v1::Alert>,
    pub(super) recommendations: Vec<v1::Recommendation>,
    pub(super) exporters: Known<v1::Exporter>,
    /// Newest first.
    pub(super) events: VecDeque<v1::Event>,
    pub(super) errors: Vec<v1::PartFailure>,
}

/// What has a key.
trait Keyed {
    fn key(&self) -> &str;
}

/// What has changed of one kind.
trait Changes {
    type Item: Keyed;
    fn parts(self) -> (Vec<Self::Item>, Vec<String>);
}

macro_rules! keyed {
    ($($item:ident in $changes:ident),* $(,)?) => {$(
        impl Keyed for v1::$item {
            fn key(&self) -> &str {
                &self.key
            }
        }

        impl Changes for v1::$changes {
            type Item = v1::$item;
            fn parts(self) -> (Vec<v1::$item>, Vec<String>) {
                (self.changed, self.removed)
            }
        }
    )*};
}

keyed! {
    Service in ServiceChanges,
    Pool in PoolChanges,
    Worker in WorkerChanges,
    Component in ComponentChanges,
    Breaker in BreakerChanges,
    Alert in AlertChanges,
    Exporter in ExporterChanges,
}

fn all<T: Keyed>(items: Vec<T>, at: f64) -> Known<T> {
    items.into_iter().map(|item| (item.key().to_owned(), Told { item, at })).collect()
}

fn change<C: Changes>(known: &mut Known<C::Item>, changes: Option<C>, at: f64) {
    let Some((fresh, removed)) = changes.map(Changes::parts) else { return };
    // A key may leave and come back in one step: what is there now counts.
    for key in removed {
        known.remove(&key);
    }
    known.extend(all(fresh, at));
}

impl Picture {
    /// Takes in one message.
    pub(super) fn hear(&mut self, message: Message) {
        match message {
            Message::Snapshot(snapshot) => {
                let events = std::mem::take(&mut self.events);
                *self = Self { events, ..Self::from(snapshot) };
            }
            Message::Delta(delta) => self.change(delta),
            Message::Event(event) => {
                self.events.push_front(event);
                self.events.truncate(EVENTS_MAX);
            }
            Message::Ping(ping) => self.timestamp = self.timestamp.max(ping.timestamp),
        }
    }

    fn change(&mut self, delta: v1::Delta) {
        let at = delta.timestamp;
        self.snapshot_id = delta.snapshot_id;
        self.timestamp = at;
        self.system = delta.system.unwrap_or_default();
        change(&mut self.services, delta.services, at);
        change(&mut self.pools, delta.pools, at);
        change(&mut self.workers, delta.workers, at);
        change(&mut self.components, delta.components, at);
        change(&mut self.breakers, delta.breakers, at);
        change(&mut self.alerts, delta.alerts, at);
        change(&mut self.exporters, delta.exporters, at);
        if let Some(recommendations) = delta.recommendations {
            self.recommendations = recommendations.items;
        }
    }
}

impl From<v1::Snapshot> for Picture {
    fn from(snapshot: v1::Snapshot) -> Self {
        let at = snapshot.timestamp;
        Self {
            snapshot_id: snapshot.snapshot_id,
            timestamp: at,
            system: snapshot.system.unwrap_or_default(),
            services: all(snapshot.services, at),
            pools: all(snapshot.pools, at),
            workers: all(snapshot.workers, at),
            components: all(snapshot.components, at),
            breakers: all(snapshot.breakers, at),
            alerts: all(snapshot.alerts, at),
            recommendations: snapshot.recommendations,
            exporters: all(snapshot.exporters, at),
            events: VecDeque::new(),
            errors: snapshot.errors,
        }
    }
}
