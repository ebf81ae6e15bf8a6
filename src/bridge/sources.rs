//! Asks the registered sources once a second, each as a part that may fail, panic or hang without costing more than itself.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::Notify;

use crate::record::Recorder;
use crate::record::source::Asked;
use crate::state::parts::Part;
use crate::tasks::Tasks;

/// Time between two questions.
const INTERVAL: Duration = Duration::from_secs(1);
/// How long an answer may take: one that hangs should not hold up the next question to the others.
const PATIENCE: Duration = Duration::from_millis(500);

/// The registered sources; cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Sources(Arc<Inner>);

#[derive(Default)]
struct Inner {
    all: Mutex<Vec<Source>>,
    added: Notify,
}

#[derive(Clone)]
struct Source {
    asked: Arc<Asked>,
    part: Part,
}

impl fmt::Debug for Sources {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Sources").finish_non_exhaustive()
    }
}

impl Sources {
    /// Adds a source; one of the same part is replaced.
    pub(super) fn add(&self, asked: Asked, recorder: &Recorder) {
        let part = recorder.store().accounting().parts.part(asked.part.as_str());
        let mut all = self.0.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|source| {
            let stays = source.asked.part != asked.part;
            if !stays {
                source.asked.replaced(recorder);
            }
            stays
        });
        all.push(Source { asked: Arc::new(asked), part });
        drop(all);
        self.0.added.notify_one();
    }

    /// Asks until the group is cancelled.
    pub(super) async fn run(self, recorder: Recorder, tasks: Tasks) {
        let mut due = tokio::time::interval(INTERVAL);
        due.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        loop {
            tokio::select! {
                () = tasks.cancelled() => return,
                _ = due.tick() => {}
                () = self.0.added.notified() => {}
            }
            let all = self.0.all.lock().unwrap_or_else(PoisonError::into_inner).clone();
            tokio::select! {
                () = tasks.cancelled() => return,
                _ = join_all(all.iter().map(|source| source.ask(&recorder))) => {}
            }
        }
    }
}

impl Source {
    async fn ask(&self, recorder: &Recorder) {
        let asked = self.asked.clone();
        let reading = self.part.read_within(PATIENCE, move || asked.read()).await;
        // Only an answer that came in time is written down: one that is always late would come and go.
        let written = reading.is_some_and(|reading| self.part.read(|| self.asked.write(recorder, reading)).is_some());
        if !written {
            self.asked.unanswered(recorder, &self.part.why().unwrap_or_default());
        }
    }
}
