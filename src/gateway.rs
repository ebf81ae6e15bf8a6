//! The only wiring: builds the rooms, hands each what it needs, owns their tasks, and stops them in order.
//!
//! ```text
//! doors ─▶ intake ─▶ push     (committed before the answer)
//!              └───▶ store ─▶ pull endpoints
//! ticker ─▶ store, own figures, readiness          exporter ─▶ push
//! ```

mod books;
mod endpoints;
mod examine;
mod forward;
mod grpc_health;
mod notifier;
mod own;
mod ticker;

#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use arc_swap::ArcSwap;
use opentelemetry::global::BoxedTracer;
use tokio::runtime::Handle;
use tonic_health::pb::health_server::HealthServer;
use tonic_health::server::HealthService;

use crate::bridge::core::{Core, Fallback, judging};
use crate::bridge::exporter::{Exporter, Outlet};
use crate::bridge::views::Behind;
use crate::clock::Clock;
use crate::config::Config;
use crate::config::print::resolved_json;
use crate::listen::{ListenError, Timings};
use crate::model::snapshot::ConfigRefused;
use crate::pull::grpc::{BridgeService, reflection_v1, reflection_v1alpha};
use crate::pull::observe::Observer;
use crate::pull::prometheus::Meters;
use crate::push::hooks::Hooks;
use crate::push::{Push, PushError};
use crate::readiness::{Readiness, Standing};
use crate::receive::{DoorOptions, Doors, Intake, Services};
use crate::record::export::Room;
use crate::record::{RecordError, Recorder, Telemetry, TelemetryOptions};
use crate::state::Store;
use crate::state::events::Event;
use crate::tasks::Tasks;

pub use examine::examine;

use endpoints::{Bound, Endpoints};
use forward::Forwarder;
use notifier::Notifier;
use own::OwnFigures;

/// How long the doors' requests may take when the bridge stops; the whole stop takes at most 10 s (contract §2).
const DOORS_DRAIN: Duration = Duration::from_secs(4);
/// How long a stop may go on sending.
const FLUSH: Duration = Duration::from_secs(4);
/// How long the pull endpoints' requests may take when the bridge stops.
const PULL_DRAIN: Duration = Duration::from_secs(1);

/// Why the bridge did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// An address, certificate or other setting of a listener.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// A push destination or its queue.
    #[error(transparent)]
    Push(#[from] PushError),
    /// The bridge could not register itself.
    #[error(transparent)]
    Record(#[from] RecordError),
}

/// Where one door of a running bridge is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Door {
    /// What it is: `OTLP/gRPC`, `OTLP/HTTP`, or a pull endpoint's name.
    pub name: String,
    /// Where it listens.
    pub address: SocketAddr,
    /// `http` or `https`.
    pub scheme: &'static str,
}

/// A running bridge.
#[derive(Debug)]
pub struct Gateway {
    clock: Clock,
    store: Arc<Store>,
    push: Arc<Push>,
    readiness: Readiness,
    endpoints: Endpoints,
    watch: BridgeService,
    exporter: Option<Arc<Exporter>>,
    notifier: Notifier,
    config: ArcSwap<Config>,
    otlp_doors: Vec<Door>,
    doors: Tasks,
    intake: Tasks,
    background: Tasks,
}

impl Gateway {
    /// Builds and opens everything. To be called in a runtime; when it fails, nothing is left running.
    ///
    /// # Errors
    /// [`StartError`]: an address that cannot be bound, a queue that is locked or refused, a file of TLS that cannot be used.
    pub fn start(config: Config, clock: Clock) -> Result<Self, StartError> {
        let core = Core::new(&config, clock, &itself());
        let Core { clock, accounting, store, readiness, .. } = core.clone();
        let telemetry = core.recorder.as_ref().map(|recorder| Arc::new(telemetry(recorder, &core, &config)));
        let recorder = telemetry.as_ref().map(|telemetry| telemetry.recorder().clone());
        // Ports are taken before any queue is opened: a second bridge fails on the first of both, and touches nothing.
        let doors = Doors::bind(&config.receive)?;
        let bound = Bound::bind(&config)?;
        let hooks = Hooks { observer: own::breaker_observers(recorder.clone()), ..Hooks::default() };
        let push = Arc::new(Push::start(&config.push, accounting.clone(), clock.clone(), hooks)?);
        let tasks = (Tasks::new(), Tasks::new(), Tasks::new());
        let (door_tasks, intake_tasks, background) = tasks;
        let unless_it_stands = [&door_tasks, &intake_tasks, &background].map(|tasks| tasks.token().drop_guard());

        let forwarder = Arc::new(Forwarder(push.clone()));
        let intake = Intake::new(&config.receive, forwarder, store.clone(), clock.clone(), intake_tasks.clone());
        let own = recorder.as_ref().map(|recorder| OwnFigures::register(recorder, &config.receive)).transpose()?;
        let (health, health_service) = grpc_health::service();
        let watch = BridgeService::new(store.clone(), clock.clone(), config.links.clone());
        let options = DoorOptions {
            services: services(health_service, &watch),
            grpc_component: own.as_ref().and_then(OwnFigures::grpc_cell),
            http_component: own.as_ref().and_then(OwnFigures::http_cell),
            timings: Timings { drain: DOORS_DRAIN, ..Timings::default() },
        };
        let otlp_doors = otlp_doors(&doors, &config);
        doors.serve(&intake, options, &door_tasks)?;
        let behind = Behind {
            about: Arc::new(ArcSwap::from_pointee(resolved_json(&config))),
            own_meters: telemetry.as_ref().map(exposed),
            custom_meters: None,
            observer: telemetry.as_ref().map(|telemetry| {
                let tracer = BoxedTracer::new(Box::new(telemetry.tracer()));
                Observer::new(&telemetry.own_meter(), tracer, clock.clone())
            }),
            core,
        };
        let endpoints = bound.open(&config, behind)?;
        let generator = endpoints.first_url().map(|url| format!("{url}/alerts"));
        let notifier = Notifier::start(config.alerts.alertmanager.as_deref(), generator, &store, &clock)?;
        let ticker = ticker::Ticker { store: store.clone(), own, readiness: readiness.clone(), health };
        background.spawn(ticker.run(background.clone()));
        let exporter = telemetry.map(|telemetry| {
            let interval = config.metric_export_interval;
            Arc::new(Exporter::new(telemetry, Outlet::Queue(push.clone()), accounting, interval))
        });
        if let Some(exporter) = &exporter {
            background.spawn(exporter.clone().run(background.clone()));
        }
        let bridge = Self {
            clock,
            store,
            push,
            readiness,
            endpoints,
            watch,
            exporter,
            notifier,
            config: ArcSwap::from_pointee(config),
            otlp_doors,
            doors: door_tasks,
            intake: intake_tasks,
            background,
        };
        for guard in unless_it_stands {
            guard.disarm();
        }
        bridge.readiness.set("start", Standing::Ok);
        Ok(bridge)
    }

    /// Every door and where it is, the OTLP ones first.
    pub async fn doors(&self) -> Vec<Door> {
        let mut all = self.otlp_doors.clone();
        all.extend(self.endpoints.doors().await);
        all
    }

    /// The store that every view renders.
    pub fn store(&self) -> &Arc<Store> {
        &self.store
    }

    /// Whether the process may get traffic.
    pub fn readiness(&self) -> &Readiness {
        &self.readiness
    }

    /// Takes on a configuration that was loaded anew: push destinations, pull endpoints, health and alert rules change at
    /// once. What needs a restart (the OTLP doors, the store's limits and mappings, a blueprint's bindings) is named in the log
    /// and stays as it was.
    ///
    /// # Errors
    /// [`StartError`]: a part could not be changed, and all of it is as it was before.
    pub async fn reload(&self, config: Config) -> Result<(), StartError> {
        let before = self.config.load_full();
        let (was, is) = (restart_parts(&before), restart_parts(&config));
        for ((section, _), _) in was.iter().zip(&is).filter(|(was, is)| was != is) {
            tracing::warn!("`{section}` changed in the file: that takes effect with the next start");
        }
        let result = self.apply(&before, &config).await;
        if result.is_err()
            && let Err(error) = self.apply(&config, &before).await
        {
            tracing::error!(%error, "a part of the old configuration could not be taken back");
        }
        match &result {
            Ok(()) => {
                self.store.set_config_refused(None);
                self.tell("config_reloaded", "the configuration was reloaded");
                let config = in_effect(&before, config);
                self.endpoints.tell(&config);
                self.config.store(Arc::new(config));
            }
            Err(error) => self.refuse_reload(&error.to_string()),
        }
        result
    }

    async fn apply(&self, before: &Config, config: &Config) -> Result<(), StartError> {
        self.endpoints.reload(config).await?;
        self.notifier.exchange(config.alerts.alertmanager.as_deref()).await?;
        self.watch.relink(&config.links);
        self.store.judge_by(judging(config));
        self.push.reload(&config.push).await?;
        for destination in &before.push {
            if !config.push.iter().any(|kept| kept.name == destination.name) {
                self.readiness.remove(&ticker::queue_check(&destination.name));
            }
        }
        Ok(())
    }

    /// Counts and shows that a file was refused; the old configuration goes on.
    pub fn refuse_reload(&self, error: &str) {
        tracing::error!(%error, "the configuration file was refused; the old one stays");
        let refused = ConfigRefused { error: error.into(), at_unix_ms: self.clock.unix_ms() };
        self.store.set_config_refused(Some(refused));
        self.store.accounting().config_refusals.fetch_add(1, Ordering::Relaxed);
        self.tell("config_refused", error);
    }

    fn tell(&self, kind: &'static str, message: &str) {
        let subject = self.config.load().file.as_ref().map_or_else(String::new, |file| file.display().to_string());
        self.store.events().push(Event {
            id: 0,
            at_unix_ms: self.clock.unix_ms(),
            kind,
            service: None,
            instance: None,
            environment: None,
            subject: subject.into(),
            message: message.into(),
        });
    }

    /// Stops in order: readiness off, doors closed, what was taken is committed and sent, endpoints closed. It takes at most
    /// 10 s, and may be called twice.
    pub async fn stop(&self) {
        self.readiness.set("start", Standing::Failed("stopping".to_owned()));
        self.watch.close().await;
        self.doors.cancel();
        self.doors.join().await;
        self.intake.cancel();
        self.intake.join().await;
        self.background.cancel();
        self.background.join().await;
        if let Some(exporter) = &self.exporter {
            exporter.flush().await;
        }
        self.notifier.stop().await;
        self.push.stop(FLUSH).await;
        for destination in self.store.destinations() {
            let queued: u64 = destination.signals.iter().flatten().map(|signal| signal.queue_items).sum();
            tracing::info!(destination = %destination.name, queue.items = queued, "destination closed; what is queued waits for the next start");
        }
        self.endpoints.close().await;
    }

    /// Commits what was taken and gives up on the rest at once: a second signal came.
    pub async fn stop_now(&self) {
        self.readiness.set("start", Standing::Failed("stopping".to_owned()));
        self.doors.cancel();
        self.intake.cancel();
        self.background.cancel();
        self.push.stop(Duration::ZERO).await;
    }
}

/// What stands on the gRPC port beside OTLP.
fn services(health: HealthServer<HealthService>, watch: &BridgeService) -> Services {
    let services = Services::default().with(health).with(watch.server());
    services.with(reflection_v1()).with(reflection_v1alpha())
}

/// Who the bridge is where the environment does not say.
fn itself() -> Fallback {
    Fallback { service: env!("CARGO_PKG_NAME").to_owned(), version: Some(env!("CARGO_PKG_VERSION")), is_bridge: true }
}

/// The SDK side of the bridge: the instruments over the store, and those over the books.
fn telemetry(recorder: &Recorder, core: &Core, config: &Config) -> Telemetry {
    let room = Room { workers: Handle::current().metrics().num_workers(), ..Room::default() };
    let options = TelemetryOptions::pushing(config.metric_temporality, room);
    let telemetry = Telemetry::new(recorder, &core.resource, options);
    if let Some(meter) = telemetry.pushed_meter() {
        books::register(&meter, &core.store);
    }
    telemetry
}

/// What the process's own meters say, for `/metrics`.
fn exposed(telemetry: &Arc<Telemetry>) -> Meters {
    let part = telemetry.exposed_part().clone();
    let telemetry = telemetry.clone();
    Meters { source: Arc::new(move || telemetry.gather()), part }
}

/// What holds after a reload: the sections that need a restart stay as they were.
fn in_effect(before: &Config, loaded: Config) -> Config {
    let before = before.clone();
    Config {
        receive: before.receive,
        state: before.state,
        mappings: before.mappings,
        bindings: before.bindings,
        self_observation: before.self_observation,
        ..loaded
    }
}

/// The sections that a reload leaves alone, with text that tells whether they changed; the text is compared, never shown.
fn restart_parts(config: &Config) -> [(&'static str, String); 5] {
    let Config { receive, state, mappings, bindings, self_observation, .. } = config;
    [
        ("receive", format!("{receive:?}")),
        ("state", format!("{state:?}")),
        ("mappings", format!("{mappings:?}")),
        ("bindings", format!("{bindings:?}")),
        ("self_observation", format!("{self_observation}")),
    ]
}

fn otlp_doors(doors: &Doors, config: &Config) -> Vec<Door> {
    let scheme = |listener: &Option<crate::config::listener::Listener>| {
        if listener.as_ref().is_some_and(|listener| listener.tls.is_some()) { "https" } else { "http" }
    };
    let door = |name: &str, address: Option<SocketAddr>, scheme| {
        Some(Door { name: name.to_owned(), address: address?, scheme })
    };
    let grpc = door("OTLP/gRPC", doors.grpc_addr(), scheme(&config.receive.grpc));
    let http = door("OTLP/HTTP", doors.http_addr(), scheme(&config.receive.http));
    grpc.into_iter().chain(http).collect()
}
