//! The store's front: feed it, tick it, take snapshots.

use std::sync::Arc;
use std::time::Duration;

use crate::clock::Clock;
use crate::config::Binding;
use crate::config::alerts::Rule;
use crate::config::mappings::MappingRule;
use crate::config::state::State;
use crate::model::health::HealthRules;
use crate::model::signal::Signal;
use crate::model::snapshot::Snapshot;
use crate::state::accounting::Accounting;
use crate::state::events::{Event, Events};
use crate::state::history::{Columns, Subject};
use crate::state::instance::Instance;

/// Who the local process is.
#[derive(Clone, Debug)]
pub struct LocalIdentity {
    /// Resource attributes, `service.name` and `service.instance.id` among them.
    pub resource: Vec<(String, String)>,
    /// Whether it is the bridge itself rather than a service that embeds it.
    pub is_bridge: bool,
}

/// What a store is made of.
#[derive(Clone, Debug)]
pub struct StoreOptions {
    /// Limits and intervals.
    pub state: State,
    /// Rules beside the built-in mapping table.
    pub mappings: Vec<MappingRule>,
    /// Health thresholds and weights.
    pub health: HealthRules,
    /// Expected components.
    pub expect: Vec<String>,
    /// How long after start an expected component may be missing.
    pub expect_grace: Duration,
    /// Alert rules beside the built-in ones.
    pub rules: Vec<Rule>,
    /// Streams that the configuration declares.
    pub bindings: Vec<Binding>,
    /// The local process, if it shows itself.
    pub local: Option<LocalIdentity>,
    /// The time.
    pub clock: Clock,
    /// The books.
    pub accounting: Arc<Accounting>,
}

/// What became of an ingested request; whatever the store could not read is forwarded all the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ingested {
    /// Points that the store could not read; the answer to the sender carries a warning when there are any.
    pub unreadable: u64,
    /// Why, for the sender.
    pub message: Option<String>,
}

/// The one store.
#[derive(Debug)]
pub struct Store {
    options: StoreOptions,
    local: Option<Arc<Instance>>,
    events: Events,
}

impl Store {
    /// An empty store.
    pub fn new(options: StoreOptions) -> Arc<Self> {
        let local = options.local.as_ref().map(|_| Arc::new(Instance::default()));
        Arc::new(Self { options, local, events: Events::default() })
    }

    /// Feeds the bytes of one checked export request.
    pub fn ingest(&self, _signal: Signal, _request: &[u8]) -> Ingested {
        Ingested::default()
    }

    /// The local process, if it shows itself.
    pub fn local(&self) -> Option<&Arc<Instance>> {
        self.local.as_ref()
    }

    /// The present picture: at most one is made in each snapshot interval, by whoever asks first.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        Arc::new(Snapshot { taken_at_unix_ms: self.options.clock.unix_ms(), ..Snapshot::default() })
    }

    /// The once-a-second work: history, alerts, staleness.
    pub fn tick(&self) {}

    /// Samples of entities by key (all of that kind when `keys` is empty), from `since_unix_ms` on.
    pub fn history(&self, _subject: Subject, _keys: &[String], _since_unix_ms: u64) -> Columns {
        Columns::default()
    }

    /// The events after `id`, oldest first.
    pub fn events_after(&self, id: u64) -> Vec<Event> {
        self.events.after(id)
    }

    /// The ring of events, for rooms that add their own.
    pub fn events(&self) -> &Events {
        &self.events
    }

    /// The books.
    pub fn accounting(&self) -> &Arc<Accounting> {
        &self.options.accounting
    }

    /// The health rules that views apply to their scope.
    pub fn health_rules(&self) -> &HealthRules {
        &self.options.health
    }
}
