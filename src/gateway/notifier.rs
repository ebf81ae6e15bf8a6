//! Who tells an Alertmanager of the alerts: one at work at most, exchanged by a reload.

use std::sync::Arc;

use tokio::sync::Mutex;

use crate::clock::Clock;
use crate::push::PushError;
use crate::push::alertmanager::Alertmanager;
use crate::state::Store;
use crate::tasks::Tasks;

/// See the module.
#[derive(Debug)]
pub(super) struct Notifier {
    store: Arc<Store>,
    clock: Clock,
    /// Where a person may look at the alerts.
    generator: Option<String>,
    running: Mutex<Option<Running>>,
}

#[derive(Debug)]
struct Running {
    url: String,
    tasks: Tasks,
}

impl Notifier {
    /// Starts telling, if there is an Alertmanager to tell. To be called in a runtime.
    pub(super) fn start(
        url: Option<&str>,
        generator: Option<String>,
        store: &Arc<Store>,
        clock: &Clock,
    ) -> Result<Self, PushError> {
        let notifier = Self { store: store.clone(), clock: clock.clone(), generator, running: Mutex::default() };
        let running = url.map(|url| notifier.tell(url)).transpose()?;
        Ok(Self { running: Mutex::new(running), ..notifier })
    }

    fn tell(&self, url: &str) -> Result<Running, PushError> {
        let alertmanager = Alertmanager::try_new(url, self.generator.clone(), &self.store, self.clock.clone())?;
        let tasks = Tasks::new();
        tasks.spawn(alertmanager.run(self.store.clone(), tasks.clone()));
        Ok(Running { url: url.to_owned(), tasks })
    }

    /// Tells another one from now on, or none; the same one goes on.
    pub(super) async fn exchange(&self, url: Option<&str>) -> Result<(), PushError> {
        let mut running = self.running.lock().await;
        if running.as_ref().map(|one| one.url.as_str()) == url {
            return Ok(());
        }
        let fresh = url.map(|url| self.tell(url)).transpose()?;
        if let Some(before) = std::mem::replace(&mut *running, fresh) {
            before.stop().await;
        }
        Ok(())
    }

    /// Ends the telling.
    pub(super) async fn stop(&self) {
        if let Some(running) = self.running.lock().await.take() {
            running.stop().await;
        }
    }
}

impl Running {
    async fn stop(&self) {
        self.tasks.cancel();
        self.tasks.join().await;
    }
}
