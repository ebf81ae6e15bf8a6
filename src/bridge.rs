//! The library's front: a process that records its pools, components and breakers, shows them, and pushes them.
//!
//! ```no_run
//! # async fn serve() -> Result<(), Box<dyn std::error::Error>> {
//! use otel_bridge::Bridge;
//!
//! let bridge = Bridge::builder().service_name("checkout").push_from_env().build()?;
//! let pool = bridge.pool("requests").size(8).register()?;
//! let mut worker = pool.worker("worker-1").app("checkout").register()?;
//! {
//!     let _request = worker.begin(); // active until the guard is dropped
//! }
//! bridge.shutdown().await?;
//! # Ok(())
//! # }
//! ```

mod builder;
pub(crate) mod core;
#[cfg(feature = "push")]
pub(crate) mod exporter;
#[cfg(feature = "tracing-layer")]
mod layer;
mod runtime;
mod sources;
#[cfg(feature = "pull")]
pub(crate) mod views;
#[cfg(feature = "pull")]
mod serving;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
#[cfg(feature = "push")]
use std::time::Duration;

use opentelemetry::metrics::{Meter, MeterProvider as _};
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::bridge::core::Core;
use crate::bridge::sources::Sources;
use crate::model::snapshot::Snapshot;
use crate::readiness::{Readiness, Standing};
use crate::record::source::{Asked, ComponentSource, PoolSource};
use crate::record::spans::SpanCounter;
use crate::record::{BreakerBuilder, ComponentBuilder, PoolBuilder, RecordError, Recorder, StreamBuilder, Telemetry};
use crate::tasks::Tasks;

pub use builder::{BuildError, Builder};
#[cfg(feature = "pull")]
pub use serving::ServeError;

/// How long a shutdown may go on sending.
#[cfg(feature = "push")]
const FLUSH: Duration = Duration::from_secs(5);

/// What did not get out before the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{items} points, spans and log records of the last export were not taken")]
#[non_exhaustive]
pub struct ShutdownError {
    /// Points, spans and log records that no destination, or no queue, has taken; at least so many, where an export did not end
    /// in time.
    pub items: u64,
}

/// A process that shows itself; cheap to clone. It works until [`Bridge::shutdown`], or until its last clone is dropped. Handles
/// that were made from it outlive it without harm: they count, and nobody looks.
#[derive(Clone, Debug)]
pub struct Bridge(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    core: Core,
    /// The runtime that its work is done in.
    runtime: Handle,
    recorder: Recorder,
    telemetry: Arc<Telemetry>,
    /// The provider that was handed in.
    meters: Option<SdkMeterProvider>,
    sources: Sources,
    background: Tasks,
    /// The shutdown.
    ending: Tasks,
    stopped: AtomicBool,
    #[cfg(feature = "push")]
    exporter: Option<Arc<exporter::Exporter>>,
    #[cfg(feature = "pull")]
    serving: serving::Serving,
}

impl Bridge {
    /// How to make one.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// A pool of workers that tells what it does. A pool of the same name is the same pool.
    pub fn pool(&self, name: &str) -> PoolBuilder {
        self.0.recorder.pool(name)
    }

    /// A component that tells what it does. A component of the same name is the same component.
    pub fn component(&self, name: &str) -> ComponentBuilder {
        self.0.recorder.component(name)
    }

    /// A circuit breaker that tells what it does. A breaker of the same name is the same breaker.
    pub fn circuit_breaker(&self, name: &str) -> BreakerBuilder {
        self.0.recorder.circuit_breaker(name)
    }

    /// A stream between components that tells what it does. A stream of the same name and ends is the same stream.
    pub fn stream(&self, name: &str) -> StreamBuilder {
        self.0.recorder.stream(name)
    }

    /// A pool that is asked once a second. A source of the same name is replaced.
    ///
    /// # Errors
    /// [`RecordError`] for a name that is no name.
    pub fn pool_source(&self, name: &str, source: impl PoolSource) -> Result<(), RecordError> {
        self.0.sources.add(Asked::pool(name, source)?, &self.0.recorder);
        Ok(())
    }

    /// A component of a kind such as `http` that is asked once a second. A source of the same name is replaced.
    ///
    /// # Errors
    /// [`RecordError`] for a name that is no name.
    pub fn component_source(&self, name: &str, kind: &str, source: impl ComponentSource) -> Result<(), RecordError> {
        self.0.sources.add(Asked::component(name, kind, source)?, &self.0.recorder);
        Ok(())
    }

    /// What the handles are made with, for adapters of pools and breakers.
    pub fn recorder(&self) -> &Recorder {
        &self.0.recorder
    }

    /// A meter whose instruments are pushed, and shown on `/metrics` and as `custom` of `/metrics/json`.
    pub fn meter(&self, name: &'static str) -> Meter {
        match &self.0.meters {
            Some(provider) => provider.meter(name),
            None => self.0.telemetry.meter(name),
        }
    }

    /// The process's tracer: its traces and live spans are counted, the last slow and failed ones are kept, and all of them are
    /// pushed.
    pub fn tracer(&self) -> SdkTracer {
        self.0.telemetry.tracer()
    }

    /// The provider of [`Bridge::tracer`], to be made the global one or handed to libraries.
    pub fn tracer_provider(&self) -> SdkTracerProvider {
        self.0.telemetry.tracer_provider()
    }

    /// A processor for a tracer provider that the service has already: it counts spans and keeps the last slow and failed ones.
    /// Exporting them stays that provider's business.
    pub fn span_processor(&self) -> SpanCounter {
        self.0.telemetry.span_processor()
    }

    /// The present picture that every view renders.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.0.core.store.snapshot()
    }

    /// What `/readyz` tells: a service may add checks of its own.
    pub fn readiness(&self) -> &Readiness {
        &self.0.core.readiness
    }

    /// Turns readiness off, exports once more and closes everything, within some six seconds. It may be called from anywhere, and
    /// goes on if the caller stops waiting; the runtime that the bridge was built in must be running. It may be called twice; the
    /// second call succeeds at once.
    ///
    /// # Errors
    /// [`ShutdownError`]: the last export did not get out. With a durable queue, what is in it waits for the next start and is
    /// no error.
    ///
    /// ```
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let bridge = otel_bridge::Bridge::builder().service_name("checkout").build()?;
    /// bridge.shutdown().await?;
    /// assert!(bridge.shutdown().await.is_ok());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn shutdown(&self) -> Result<(), ShutdownError> {
        if self.0.stopped.swap(true, Ordering::AcqRel) {
            return Ok(());
        }
        let (tell, told) = oneshot::channel();
        let ending = self.clone();
        // Its clocks run in the bridge's own runtime.
        self.0.ending.spawn_in(&self.0.runtime, async move {
            let _ = tell.send(ending.0.end().await);
        });
        match told.await {
            Ok(0) => Ok(()),
            Ok(items) => Err(ShutdownError { items }),
            // The runtime has ended, and with it whatever would have sent.
            Err(_) if self.0.pushes() => Err(ShutdownError { items: 1 }),
            Err(_) => Ok(()),
        }
    }
}

impl Inner {
    /// Ends everything in order; tells how many items did not get out.
    async fn end(&self) -> u64 {
        self.core.readiness.set("start", Standing::Failed("stopping".to_owned()));
        self.background.cancel();
        let lost = self.flush().await;
        #[cfg(feature = "pull")]
        self.serving.close().await;
        lost
    }

    #[cfg(feature = "push")]
    const fn pushes(&self) -> bool {
        self.exporter.is_some()
    }

    #[cfg(not(feature = "push"))]
    #[expect(clippy::unused_self, reason = "it depends on the bridge where there is something to push with")]
    const fn pushes(&self) -> bool {
        false
    }

    #[cfg(feature = "push")]
    async fn flush(&self) -> u64 {
        let Some(exporter) = &self.exporter else {
            self.background.join().await;
            return 0;
        };
        let deadline = tokio::time::Instant::now() + FLUSH;
        let is_idle = tokio::time::timeout_at(deadline, self.background.join()).await.is_ok();
        exporter.abandon.cancel();
        self.background.join().await;
        let flushed = tokio::time::timeout_at(deadline, exporter.flush()).await;
        exporter.stop(deadline.saturating_duration_since(tokio::time::Instant::now())).await;
        // Whatever did not end in time did not get out, however much it was.
        flushed.unwrap_or(1).max(u64::from(!is_idle))
    }

    #[cfg(not(feature = "push"))]
    async fn flush(&self) -> u64 {
        self.background.join().await;
        0
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.background.cancel();
        #[cfg(feature = "push")]
        if let Some(exporter) = &self.exporter {
            exporter.abandon.cancel();
        }
        #[cfg(feature = "pull")]
        self.serving.cancel();
    }
}
