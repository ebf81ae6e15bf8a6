//! What an embedded bridge is told before it starts.

use std::path::PathBuf;
use std::sync::Arc;

use opentelemetry::metrics::MeterProvider as _;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use tokio::runtime::Handle;

use crate::bridge::core::{Core, Fallback};
use crate::bridge::sources::Sources;
use crate::bridge::{Bridge, Inner};
use crate::clock::Clock;
use crate::config::push::Destination;
use crate::config::{Config, ConfigErrors, ProcessEnvironment};
#[cfg(feature = "push")]
use crate::push::PushError;
use crate::readiness::Standing;
use crate::record::export::Room;
use crate::record::{Recorder, Telemetry, TelemetryOptions, instruments};
use crate::tasks::Tasks;

/// Workers that an embedded bridge has room for. The SDK reserves some 400 bytes for each when metrics are pushed.
const WORKERS_MAX: usize = 10_000;

/// Why a bridge was not built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// It was not built in a tokio runtime, which it needs for its once-a-second work.
    #[error("a bridge is built in a tokio runtime: call `build` in an async function, or enter the runtime first")]
    NoRuntime,
    /// A service name or a resource attribute's key is empty.
    #[error("{what} must not be empty")]
    Empty {
        /// What is empty.
        what: &'static str,
    },
    /// Two destinations have one name, which their queue files and books are told apart by.
    #[error("two destinations are named `{name}`: give each a name of its own")]
    SameName {
        /// The name.
        name: String,
    },
    /// The environment's configuration.
    #[error(transparent)]
    Config(#[from] ConfigErrors),
    /// A destination or its queue.
    #[cfg(feature = "push")]
    #[error(transparent)]
    Push(#[from] PushError),
    /// Destinations are given, and the crate was built without the feature `push`.
    #[error("nothing can be pushed: the crate was built without the feature `push`")]
    NoPush,
}

/// See [`Bridge::builder`].
#[derive(Clone, Debug, Default)]
#[must_use = "nothing runs before `build`"]
pub struct Builder {
    config: Option<Config>,
    resource: Vec<(String, String)>,
    workers_max: Option<usize>,
    from_env: bool,
    destinations: Vec<Destination>,
    durable: Option<PathBuf>,
    clock: Option<Clock>,
    meters: Option<SdkMeterProvider>,
    registry: Option<prometheus::Registry>,
    #[cfg(feature = "pull")]
    endpoint: Option<crate::config::pull::PullEndpoint>,
}

impl Builder {
    /// `service.name`. Without it `OTEL_SERVICE_NAME` counts, else `unknown_service:` and the program's name.
    pub fn service_name(self, name: impl Into<String>) -> Self {
        self.resource_attribute("service.name", name)
    }

    /// `service.version`.
    pub fn service_version(self, version: impl Into<String>) -> Self {
        self.resource_attribute("service.version", version)
    }

    /// `deployment.environment.name`, which every route can be filtered by.
    pub fn environment(self, name: impl Into<String>) -> Self {
        self.resource_attribute("deployment.environment.name", name)
    }

    /// An attribute of the process's resource; it wins over `OTEL_RESOURCE_ATTRIBUTES`. Of a key that is given twice the last
    /// value counts. `service.instance.id` is the host's name and the process's number unless it is given.
    pub fn resource_attribute(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        let key = key.into();
        self.resource.retain(|(known, _)| *known != key);
        self.resource.push((key, value.into()));
        self
    }

    /// Pushes to where `OTEL_EXPORTER_OTLP_ENDPOINT` and its like say, and as they say: protocol, headers, compression, timeout,
    /// TLS, a signal alone. Without such variables nothing is pushed.
    pub const fn push_from_env(mut self) -> Self {
        self.from_env = true;
        self
    }

    /// Pushes to this destination, besides others.
    pub fn push_to(mut self, destination: Destination) -> Self {
        self.destinations.push(destination);
        self
    }

    /// Lets what is pushed wait in queue files in this folder, committed to the disk, until the destination has it: nothing is
    /// lost by an outage or a crash. Needs the feature `queue`. Without it the exporter of `opentelemetry-otlp` sends directly, and
    /// what a destination does not take within its few retries is lost.
    pub fn durable_queue(mut self, directory: impl Into<PathBuf>) -> Self {
        self.durable = Some(directory.into());
        self
    }

    /// Alert rules, health, links, limits, the first pull endpoint and push destinations from a configuration, as
    /// [`Config::parse`] reads it. OTLP doors are not opened. The other calls of the builder win over it.
    pub fn config(mut self, config: Config) -> Self {
        self.config = Some(config);
        self
    }

    /// Workers that there is room for (default 10,000); beyond it registering one fails.
    pub const fn workers_max(mut self, workers: usize) -> Self {
        self.workers_max = Some(workers);
        self
    }

    /// How the views are served: base path, credentials, TLS, the form of the Prometheus page.
    #[cfg(feature = "pull")]
    pub fn endpoint(mut self, endpoint: crate::config::pull::PullEndpoint) -> Self {
        self.endpoint = Some(endpoint);
        self
    }

    /// Lets the instruments be those of a provider that the service has already: what it exports, it exports; the bridge pushes
    /// no metrics then, and [`Bridge::meter`] is the provider's. Give [`Builder::prometheus_registry`] too, for `/metrics` to
    /// show them. For spans, add [`Bridge::span_processor`] to the service's own tracer provider.
    pub fn meter_provider(mut self, provider: SdkMeterProvider) -> Self {
        self.meters = Some(provider);
        self
    }

    /// A registry whose families `/metrics` shows in its last part, such as one that a service already has.
    pub fn prometheus_registry(mut self, registry: prometheus::Registry) -> Self {
        self.registry = Some(registry);
        self
    }

    /// A clock other than the machine's, for tests.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Builds it and starts its once-a-second work. To be called in a tokio runtime.
    ///
    /// # Errors
    /// [`BuildError`]: no runtime, an empty name, a destination or a queue that cannot be used.
    pub fn build(self) -> Result<Bridge, BuildError> {
        let runtime = Handle::try_current().map_err(|_| BuildError::NoRuntime)?;
        let config = self.resolved()?;
        let fallback = Fallback { service: unknown_service(), version: None, is_bridge: false };
        let core = Core::new(&config, self.clock.clone().unwrap_or_else(Clock::system), &fallback);
        // The store always has a local instance: `resolved` sees to it.
        let recorder = core.recorder.clone().ok_or(BuildError::Empty { what: "the local instance" })?;
        let telemetry = Telemetry::new(&recorder, &core.resource, self.options(&config));
        let recorder = self.recorder(&telemetry);
        let (telemetry, background, sources) = (Arc::new(telemetry), Tasks::new(), Sources::default());
        #[cfg(feature = "push")]
        let exporter = exporter(&config, &core, &telemetry, self.durable.is_some())?;
        #[cfg(feature = "push")]
        if let Some(exporter) = &exporter {
            background.spawn(exporter.clone().run(background.clone()));
        }
        background.spawn(tick(core.store.clone(), background.clone()));
        background.spawn(sources.clone().run(recorder.clone(), background.clone()));
        core.readiness.set("start", Standing::Ok);
        Ok(Bridge(Arc::new(Inner {
            #[cfg(feature = "pull")]
            serving: serving(&config, &self, &core, &telemetry),
            core,
            runtime,
            recorder,
            telemetry,
            meters: self.meters,
            sources,
            background,
            ending: Tasks::new(),
            stopped: false.into(),
            #[cfg(feature = "push")]
            exporter,
        })))
    }

    fn options(&self, config: &Config) -> TelemetryOptions {
        if config.push.is_empty() || self.meters.is_some() {
            return TelemetryOptions::pull_only();
        }
        let room = Room { workers: config.state.workers_max, ..Room::default() };
        TelemetryOptions::pushing(config.metric_temporality, room)
    }

    /// The recorder, with its instruments in the provider that was handed in, if one was.
    fn recorder(&self, telemetry: &Telemetry) -> Recorder {
        let recorder = telemetry.recorder().clone();
        let Some(provider) = &self.meters else { return recorder };
        let meter = provider.meter(env!("CARGO_PKG_NAME"));
        instruments::register(&meter, &recorder);
        recorder.with_meter(&meter)
    }

    /// The configuration with everything that was told to the builder.
    fn resolved(&self) -> Result<Config, BuildError> {
        if self.resource.iter().any(|(key, value)| key.is_empty() || (key == "service.name" && value.is_empty())) {
            return Err(BuildError::Empty { what: "a resource attribute's key, or the service's name," });
        }
        let environment = Config::library_defaults(&ProcessEnvironment)?;
        let is_given = self.config.is_some();
        let mut config = self.config.clone().unwrap_or_else(|| environment.clone());
        for warning in &config.warnings {
            tracing::warn!("{warning}");
        }
        // `OTEL_SDK_DISABLED`: nothing leaves the process; it still records and shows.
        let is_disabled = !environment.self_observation;
        config.self_observation = true;
        if !is_given {
            config.push.clear();
            config.state.workers_max = WORKERS_MAX;
        }
        if self.from_env && !config.push.iter().any(|known| environment.push.iter().any(|one| one.name == known.name)) {
            config.push.extend(environment.push);
        }
        config.push.extend(self.destinations.iter().cloned());
        let is_again =
            |(place, one): &(usize, &Destination)| config.push.iter().take(*place).any(|other| other.name == one.name);
        if let Some((_, again)) = config.push.iter().enumerate().find(is_again) {
            return Err(BuildError::SameName { name: again.name.clone() });
        }
        if is_disabled {
            config.push.clear();
        }
        if let Some(directory) = &self.durable {
            config.push.iter_mut().for_each(|one| one.queue.directory.clone_from(directory));
        }
        if !config.push.is_empty() && cfg!(not(feature = "push")) {
            return Err(BuildError::NoPush);
        }
        if let Some(workers) = self.workers_max {
            config.state.workers_max = workers;
        }
        for (key, value) in &self.resource {
            config.resource.retain(|(known, _)| known != key);
            config.resource.push((key.clone(), value.clone()));
        }
        Ok(config)
    }
}

/// What the specification calls a service without a name.
fn unknown_service() -> String {
    let program = std::env::current_exe().ok();
    let name = program.as_deref().and_then(std::path::Path::file_name).map(|name| name.to_string_lossy().into_owned());
    name.map_or_else(|| "unknown_service".to_owned(), |name| format!("unknown_service:{name}"))
}

async fn tick(store: Arc<crate::state::Store>, tasks: Tasks) {
    let mut seconds = tokio::time::interval(std::time::Duration::from_secs(1));
    seconds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    loop {
        tokio::select! {
            () = tasks.cancelled() => return,
            _ = seconds.tick() => store.tick(),
        }
    }
}

#[cfg(feature = "push")]
fn exporter(
    config: &Config,
    core: &Core,
    telemetry: &Arc<Telemetry>,
    is_durable: bool,
) -> Result<Option<Arc<crate::bridge::exporter::Exporter>>, PushError> {
    use crate::bridge::exporter::{Exporter, Outlet};
    use crate::push::{Push, direct::Direct, hooks::Hooks};
    if config.push.is_empty() {
        return Ok(None);
    }
    let (accounting, clock) = (core.accounting.clone(), core.clock.clone());
    let outlet = if is_durable {
        Outlet::Queue(Arc::new(Push::start(&config.push, accounting, clock, Hooks::default())?))
    } else {
        let resource = crate::record::export::resource(&core.resource);
        Outlet::Direct(Direct::start(&config.push, &resource, &accounting, &clock)?)
    };
    let interval = config.metric_export_interval;
    let exporter = Exporter::new(telemetry.clone(), outlet, core.accounting.clone(), interval);
    Ok(Some(Arc::new(exporter)))
}

#[cfg(feature = "pull")]
fn serving(
    config: &Config,
    builder: &Builder,
    core: &Core,
    telemetry: &Arc<Telemetry>,
) -> crate::bridge::serving::Serving {
    use crate::bridge::serving::Serving;
    use crate::bridge::views::Behind;
    use crate::config::print::resolved_json;
    use crate::pull::prometheus::Meters;
    let (telemetry, registry) = (telemetry.clone(), builder.registry.clone());
    let part = telemetry.exposed_part().clone();
    let gather = move || {
        let handed_in = registry.iter().flat_map(prometheus::Registry::gather);
        telemetry.gather().into_iter().chain(handed_in).collect::<Vec<_>>()
    };
    let meters = Meters { source: Arc::new(gather), part };
    let behind = Behind {
        core: core.clone(),
        about: Arc::new(arc_swap::ArcSwap::from_pointee(resolved_json(config))),
        observer: None,
        own_meters: Some(meters.clone()),
        custom_meters: Some(meters),
    };
    let endpoint = builder.endpoint.clone().or_else(|| config.pull.first().cloned()).unwrap_or_default();
    Serving::new(behind, endpoint, config.links.clone())
}
