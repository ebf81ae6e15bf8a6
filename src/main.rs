//! Arguments, configuration, bridge, run, exit code: the one place where the process ends.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::Parser as _;
use otel_bridge::clock::Clock;
use otel_bridge::config::args::{self, Arguments, Command, Top};
use otel_bridge::config::environment::ProcessEnvironment;
use otel_bridge::config::{Config, ConfigErrors, print, schema};
use otel_bridge::gateway::{self, Gateway, StartError};
use otel_bridge::top::{self, TopError};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Exit codes (contract §2); clap ends with 2 by itself for wrong arguments.
mod exit {
    pub(crate) const FAILED: u8 = 1;
    pub(crate) const CONFIGURATION: u8 = 2;
    pub(crate) const QUEUE: u8 = 3;
    pub(crate) const BIND: u8 = 4;
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command() {
        Command::Serve(serve) => run(serve.config),
        Command::Check { file } => check(&file),
        Command::Schema => say(&format!("{:#}", schema::schema())),
        Command::Probe { url } => probe(&url),
        Command::Top(top) => look(top),
        Command::Completions { shell } => put(&args::completions(shell)),
        Command::Man { command } => manual(command.as_deref()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Problems of a file begin with its name and place, one a line, as editors expect.
            let name = if error.is::<ConfigErrors>() { "" } else { "otel-bridge: " };
            let _ = writeln!(std::io::stderr(), "{name}{error:#}");
            ExitCode::from(code_of(&error))
        }
    }
}

fn code_of(error: &anyhow::Error) -> u8 {
    if error.is::<ConfigErrors>() {
        return exit::CONFIGURATION;
    }
    if let Some(error) = error.downcast_ref::<TopError>() {
        return if error.is_argument() { exit::CONFIGURATION } else { exit::FAILED };
    }
    match error.downcast_ref::<StartError>() {
        Some(StartError::Push(refused)) if refused.is_queue_refusal() => exit::QUEUE,
        Some(StartError::Listen(listener)) if listener.is_bind() => exit::BIND,
        Some(StartError::Listen(_) | StartError::Push(_)) => exit::CONFIGURATION,
        Some(StartError::Record(_)) | None => exit::FAILED,
    }
}

fn load(file: Option<&Path>) -> Result<Config, ConfigErrors> {
    match file {
        Some(file) => Config::load(file, &ProcessEnvironment),
        None => Config::embedded_defaults(&ProcessEnvironment),
    }
}

/// Writes to standard output; a reader that went away is no failure.
fn say(text: &str) -> anyhow::Result<()> {
    put(format!("{text}\n").as_bytes())
}

fn put(text: &[u8]) -> anyhow::Result<()> {
    match std::io::stdout().write_all(text) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error).context("cannot write the answer"),
        _ => Ok(()),
    }
}

fn check(file: &Path) -> anyhow::Result<()> {
    let config = Config::load_examined(file, &ProcessEnvironment, &gateway::examine)?;
    say(print::resolved_yaml(&config).trim_end())
}

fn probe(url: &str) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let status = runtime.block_on(otel_bridge::probe::status(url, Duration::from_secs(5)))?;
    anyhow::ensure!(status == 200, "{url} answered {status}");
    Ok(())
}

fn manual(command: Option<&str>) -> anyhow::Result<()> {
    let page = args::manual(command)?;
    put(&page.with_context(|| format!("there is no command `{}`", command.unwrap_or_default()))?)
}

fn look(options: Top) -> anyhow::Result<()> {
    let Top { endpoint, headers, ca, service, instance, environment } = options;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let options = top::Options { endpoint, headers, ca, service, instance, environment };
    let shown = runtime.block_on(top::run(options));
    // A name that does not resolve has had its time.
    runtime.shutdown_timeout(Duration::from_millis(100));
    Ok(shown?)
}

fn run(file: Option<PathBuf>) -> anyhow::Result<()> {
    log_to_stderr();
    let config = load(file.as_deref())?;
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start the runtime")?;
    runtime.block_on(serve(config, file))?;
    // What still blocks a thread (a slow disk, a name that does not resolve) has had its time.
    runtime.shutdown_timeout(Duration::from_millis(500));
    Ok(())
}

/// Logs go to standard error; `OTEL_BRIDGE_LOG` names levels, such as `debug` or `warn,otel_bridge::push=debug`.
fn log_to_stderr() {
    let wanted = std::env::var("OTEL_BRIDGE_LOG").unwrap_or_default();
    // An empty piece would be a rule for everything, and turn it off.
    let pieces: Vec<&str> = wanted.split(',').map(str::trim).filter(|piece| !piece.is_empty()).collect();
    let parsed = if pieces.is_empty() { Ok(Targets::new()) } else { pieces.join(",").parse() };
    let is_wrong = parsed.is_err() || pieces.iter().any(|piece| piece.starts_with('=') || piece.ends_with('='));
    let mut levels = if is_wrong { Targets::new() } else { parsed.unwrap_or_default() };
    // What names only some targets leaves the others as they are: a slip must not silence everything.
    if levels.default_level().is_none() {
        levels = levels.with_default(LevelFilter::INFO);
    }
    // The HTTP/2 library warns of each connection that floods it: a line for every attempt, and not one a minute.
    let default = levels.default_level().unwrap_or(LevelFilter::INFO);
    if default <= LevelFilter::INFO && !pieces.iter().any(|piece| piece.starts_with("h2")) {
        levels = levels.with_target("h2", default.min(LevelFilter::ERROR));
    }
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(false);
    tracing_subscriber::registry().with(lines).with(levels).init();
    if is_wrong {
        tracing::warn!(
            "OTEL_BRIDGE_LOG is not understood and was ignored; it takes levels such as `debug` or `warn,otel_bridge::push=debug`"
        );
    }
}

async fn serve(config: Config, file: Option<PathBuf>) -> anyhow::Result<()> {
    let (mut stop, mut hangup) = (StopSignals::listen()?, signal(SignalKind::hangup())?);
    let gateway = Arc::new(Gateway::start(config, Clock::system())?);
    for door in gateway.doors().await {
        say(&format!("{:<20} {}://{}", door.name, door.scheme, door.address))?;
    }
    loop {
        tokio::select! {
            () = stop.come() => break,
            _ = hangup.recv() => reload(&gateway, file.as_deref()).await,
        }
    }
    tracing::info!("stopping");
    tokio::select! {
        () = gateway.stop() => {}
        () = stop.come() => {
            tracing::warn!("second signal: stopping at once");
            gateway.stop_now().await;
        }
    }
    Ok(())
}

async fn reload(gateway: &Gateway, file: Option<&Path>) {
    let loaded = load(file);
    match loaded {
        Ok(config) => match gateway.reload(config).await {
            Ok(()) => tracing::info!("the configuration was reloaded"),
            Err(error) => tracing::error!(%error, "the reload was refused"),
        },
        Err(errors) => gateway.refuse_reload(&errors.to_string()),
    }
}

/// The signals that end the process.
struct StopSignals {
    interrupt: Signal,
    terminate: Signal,
}

impl StopSignals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// SIGINT or SIGTERM.
    async fn come(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
