//! Tokio runtimes as pools of an embedded bridge.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::MissedTickBehavior;

use crate::bridge::Bridge;
use crate::record::RecordError;
use crate::record::runtime::RuntimePool;
use crate::tasks::Tasks;

/// Time between two looks.
const INTERVAL: Duration = Duration::from_secs(1);
/// What every thread's worker says that it runs.
const APP: &str = "tokio";

impl Bridge {
    /// Shows the tokio runtime that the bridge runs in as a pool of that name: its threads as workers, active or idle, and the
    /// tasks in its global queue as pending. The meter `tokio` tells how long each thread was busy and how many tasks there are,
    /// and the rest of tokio's figures only where tokio is compiled with `--cfg tokio_unstable`. It looks once a second.
    ///
    /// ```
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use otel_bridge::Bridge;
    ///
    /// let bridge = Bridge::builder().service_name("checkout").build()?;
    /// bridge.watch_runtime("tokio")?;
    /// # bridge.shutdown().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`RecordError`] for a name that is no name, or one that is watched already.
    pub fn watch_runtime(&self, name: &str) -> Result<(), RecordError> {
        self.watch_runtime_of(name, self.0.runtime.clone())
    }

    /// The same for another runtime.
    ///
    /// # Errors
    /// [`RecordError`] for a name that is no name, or one that is watched already.
    pub fn watch_runtime_of(&self, name: &str, runtime: Handle) -> Result<(), RecordError> {
        let runtime = Arc::new(RuntimePool::register(&self.0.recorder, name, APP, runtime)?);
        runtime.measure(&self.meter("tokio"));
        let _entered = self.0.runtime.enter();
        self.0.background.spawn(watch(runtime, self.0.background.clone()));
        Ok(())
    }
}

async fn watch(runtime: Arc<RuntimePool>, tasks: Tasks) {
    let mut due = tokio::time::interval(INTERVAL);
    due.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        tokio::select! {
            () = tasks.cancelled() => return,
            _ = due.tick() => {}
        }
        tokio::select! {
            () = tasks.cancelled() => return,
            () = runtime.look() => {}
        }
    }
}
