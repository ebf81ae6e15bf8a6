//! The store's front: feed it, tick it, take snapshots.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;

use crate::clock::Clock;
use crate::config::Binding;
use crate::config::alerts::Rule;
use crate::config::mappings::MappingRule;
use crate::config::state::State;
use crate::limits::{ENTITIES_MAX, POINTS_PER_WORKER_MAX};
use crate::model::alert::Alert;
use crate::model::alert::judge::AlertEngine;
use crate::model::health::HealthRules;
use crate::model::signal::Signal;
use crate::model::snapshot::{ConfigRefused, DestinationFacts, Snapshot};
use crate::state::accounting::Accounting;
use crate::state::entities::Budget;
use crate::state::events::{Event, Events};
use crate::state::gather::{Sources, Windows, gather, is_stale};
use crate::state::history::{Columns, History, Subject};
use crate::state::identity::Identity;
use crate::state::ingest::Ingest;
use crate::state::instance::{Instance, Moment, Shared};
use crate::state::judging::Judging;
use crate::state::mapping::Table;
use crate::state::parts::Part;
use crate::state::process::OwnProcess;
use crate::state::registry::Registry;
use crate::state::series::caps::SeriesCaps;
use crate::state::series::{SeriesSource, SeriesTable};
use crate::state::spans::KeptSpans;

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

impl StoreOptions {
    /// The defaults, for a service that shows itself and nothing else.
    pub fn of_service(name: &str, clock: Clock) -> Self {
        let resource = vec![("service.name".to_owned(), name.to_owned())];
        Self {
            state: State::default(),
            mappings: Vec::new(),
            health: HealthRules::default(),
            expect: Vec::new(),
            expect_grace: Duration::ZERO,
            rules: Vec::new(),
            bindings: Vec::new(),
            local: Some(LocalIdentity { resource, is_bridge: false }),
            clock,
            accounting: Arc::default(),
        }
    }

    fn judging(&self) -> Judging {
        Judging {
            health: Arc::new(self.health.clone()),
            expect: self.expect.clone(),
            expect_grace: self.expect_grace,
            rules: self.rules.clone(),
        }
    }
}

/// What became of an ingested request; whatever the store could not read is forwarded all the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ingested {
    /// Points that the store could not read; the answer to the sender carries a warning when there are any.
    pub unreadable: u64,
    /// Why, for the sender.
    pub message: Option<String>,
}

/// Series that one tick looks at in each instance, to find vanished ones.
const SERIES_LOOKS_MAX: usize = 20_000;

/// The one store.
#[derive(Debug)]
pub struct Store {
    options: StoreOptions,
    shared: Arc<Shared>,
    registry: Registry,
    table: Table,
    local: Option<Arc<Instance>>,
    process: OwnProcess,
    process_part: Part,
    judging: ArcSwap<Judging>,
    history: Mutex<History>,
    refused: Mutex<Option<ConfigRefused>>,
    run_id: Arc<str>,
    /// Held while a snapshot is made: whoever asks meanwhile waits for that one.
    picture: Mutex<Picture>,
}

/// The latest snapshot, and what the next one needs from the ones before.
#[derive(Debug)]
struct Picture {
    taken_ms: u64,
    latest: Option<Arc<Snapshot>>,
    windows: Windows,
    alerts: AlertEngine,
}

impl Store {
    /// An empty store.
    pub fn new(options: StoreOptions) -> Arc<Self> {
        let State { series_max, workers_max, .. } = options.state;
        let points_max = workers_max.saturating_mul(POINTS_PER_WORKER_MAX).saturating_add(8 * ENTITIES_MAX);
        let shared = Arc::new(Shared {
            events: Events::default(),
            spans: KeptSpans::default(),
            budget: Budget::new(workers_max, ENTITIES_MAX, points_max),
            caps: SeriesCaps::new(series_max),
        });
        let (table, errors) = Table::new(&options.mappings);
        for error in errors {
            tracing::warn!(%error, "a mapping rule is left out");
        }
        let registry = Registry::new(shared.clone());
        let at = Moment::of(&options.clock);
        let local =
            options.local.as_ref().map(|local| registry.local(Identity::of(&local.resource), local.is_bridge, at));
        let picture = Picture {
            taken_ms: 0,
            latest: None,
            windows: Windows::default(),
            alerts: AlertEngine::new(&options.rules, options.health.clone()),
        };
        let process_part = options.accounting.parts.part("process");
        let store = Arc::new(Self {
            history: Mutex::new(History::new(options.state.history, options.state.history_bytes_max)),
            refused: Mutex::new(None),
            judging: ArcSwap::from_pointee(options.judging()),
            run_id: run_id(&options.clock),
            options,
            shared,
            registry,
            table,
            local,
            process: OwnProcess::default(),
            process_part,
            picture: Mutex::new(picture),
        });
        store.read_process(at);
        store
    }

    /// Feeds the bytes of one checked export request.
    pub fn ingest(&self, signal: Signal, request: &[u8]) -> Ingested {
        let at = Moment::of(&self.options.clock);
        let ingest = Ingest { registry: &self.registry, table: &self.table, at };
        let unreadable = ingest.read(signal, request);
        let (unreadable, message) = unreadable.book(&self.options.accounting);
        Ingested { unreadable, message }
    }

    /// The local process, if it shows itself.
    pub fn local(&self) -> Option<&Arc<Instance>> {
        self.local.as_ref()
    }

    /// The present picture: at most one is made in each snapshot interval, by whoever asks first.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        let mut picture = self.picture();
        let at = Moment::of(&self.options.clock);
        let age_ms = at.now_ms.saturating_sub(picture.taken_ms);
        match &picture.latest {
            Some(latest) if u128::from(age_ms) < self.options.state.snapshot_interval.as_millis() => latest.clone(),
            _ => self.take(&mut picture, at),
        }
    }

    fn picture(&self) -> MutexGuard<'_, Picture> {
        self.picture.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, picture: &mut Picture, at: Moment) -> Arc<Snapshot> {
        let judging = self.judging.load();
        let sources = Sources {
            options: &self.options,
            judging: &judging,
            registry: &self.registry,
            caps: &self.shared.caps,
            spans: &self.shared.spans,
            run_id: &self.run_id,
            at,
        };
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut snapshot = gather(sources, &mut picture.windows, refused);
        snapshot.id = picture.latest.as_ref().map_or(0, |latest| latest.id) + 1;
        let judged = picture.alerts.judge(&snapshot, at.now_ms, at.unix_ms);
        snapshot.alerts = Arc::new(judged.board);
        for (kind, alerts) in [("alert_fired", &judged.fired), ("alert_resolved", &judged.resolved)] {
            for alert in alerts {
                self.shared.events.push(event_of(kind, alert, at));
            }
        }
        let snapshot = Arc::new(snapshot);
        picture.latest = Some(snapshot.clone());
        picture.taken_ms = at.now_ms;
        snapshot
    }

    /// The once-a-second work: history, alerts, staleness.
    pub fn tick(&self) {
        let at = Moment::of(&self.options.clock);
        if let Some(local) = &self.local {
            local.note_activity(at);
        }
        self.sweep(at);
        self.read_process(at);
        let snapshot = self.take(&mut self.picture(), at);
        self.history.lock().unwrap_or_else(PoisonError::into_inner).sample(&snapshot);
    }

    fn read_process(&self, at: Moment) {
        if let Some(local) = &self.local {
            self.process_part.read(|| self.process.read(&local.process, at));
        }
    }

    /// Forgets instances, tells of those that fell silent or came back, and lets go of what the others no longer report.
    fn sweep(&self, at: Moment) {
        let forget_after_ms = u64::try_from(self.options.state.forget_after.as_millis()).unwrap_or(u64::MAX);
        if let Some(moment_ms) = at.now_ms.checked_sub(forget_after_ms) {
            for gone in self.registry.forget_before(moment_ms) {
                gone.tell("instance_forgotten", &gone.identity.service, "not heard of any more", at.unix_ms);
            }
        }
        for instance in self.registry.all() {
            let is_stale = is_stale(&instance, &self.options.state, at);
            let was_stale = instance.heard.is_told_stale.swap(is_stale, Ordering::Relaxed);
            if is_stale && !was_stale {
                instance.tell("instance_stale", &instance.identity.service, "has fallen silent", at.unix_ms);
            }
            instance.sweep();
            let mut feed = instance.feed();
            feed.sweep(&instance);
            feed.series.sweep(instance.heard.last_ms.load(Ordering::Relaxed), SERIES_LOOKS_MAX);
        }
    }

    /// Samples of entities by key (all of that kind when `keys` is empty), from `since_unix_ms` on.
    pub fn history(&self, subject: Subject, keys: &[String], since_unix_ms: u64) -> Columns {
        self.history.lock().unwrap_or_else(PoisonError::into_inner).columns(subject, keys, since_unix_ms)
    }

    /// The events after `id`, oldest first.
    pub fn events_after(&self, id: u64) -> Vec<Event> {
        self.shared.events.after(id)
    }

    /// The ring of events, for rooms that add their own.
    pub fn events(&self) -> &Events {
        &self.shared.events
    }

    /// How every push destination stands now.
    pub fn destinations(&self) -> Vec<DestinationFacts> {
        self.options.accounting.destinations(self.options.clock.elapsed_ms())
    }

    /// The books.
    pub fn accounting(&self) -> &Arc<Accounting> {
        &self.options.accounting
    }

    /// Judges by these rules from now on: the next snapshot does. Alerts whose rule is as it was go on; those of a rule that
    /// changed or went are resolved.
    pub fn judge_by(&self, judging: Judging) {
        let mut picture = self.picture();
        let at = Moment::of(&self.options.clock);
        let resolved = picture.alerts.exchange(&judging.rules, (*judging.health).clone(), at.unix_ms);
        for alert in &resolved {
            self.shared.events.push(event_of("alert_resolved", alert, at));
        }
        self.judging.store(Arc::new(judging));
        self.take(&mut picture, at);
    }

    /// Tells how the configuration stands: none while it is as loaded, else the refusal of a reload.
    pub fn set_config_refused(&self, refused: Option<ConfigRefused>) {
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = refused;
    }
}

impl SeriesSource for Store {
    fn read_table(&self, instance: u32, read: &mut dyn FnMut(&SeriesTable)) {
        if let Some(instance) = self.registry.by_id(instance) {
            read(&instance.feed().series);
        }
    }

    fn caps(&self) -> &SeriesCaps {
        &self.shared.caps
    }
}

/// A word that no other run has: the calendar, mixed with the process's own randomness.
fn run_id(clock: &Clock) -> Arc<str> {
    use std::hash::BuildHasher;
    format!("{:016x}", foldhash::quality::RandomState::default().hash_one(clock.unix_ns())).into()
}

fn event_of(kind: &'static str, alert: &Alert, at: Moment) -> Event {
    Event {
        id: 0,
        at_unix_ms: at.unix_ms,
        kind,
        service: alert.service.clone(),
        instance: alert.instance.clone(),
        environment: alert.environment.clone(),
        subject: alert.subject.clone(),
        message: alert.message.clone(),
    }
}

#[cfg(test)]
mod tests;
