//! Asks the registered sources once a second, each on a thread of its own where it may block, and waits for none of them for
//! long. They are plain threads: a source that never answers must not keep the runtime from ending.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{Notify, oneshot};

use crate::model::snapshot::PartError;
use crate::record::Recorder;
use crate::record::source::Asked;
use crate::tasks::Tasks;

/// Time between two questions.
const INTERVAL: Duration = Duration::from_secs(1);
/// How long an answer may take before the part counts as missing; whenever it comes, it is taken.
const PATIENCE: Duration = Duration::from_millis(500);

/// The registered sources; cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Sources(Arc<Inner>);

#[derive(Default)]
struct Inner {
    all: Mutex<Vec<Slot>>,
    added: Notify,
}

struct Slot {
    asked: Arc<Asked>,
    /// The question that is not answered yet.
    pending: Option<oneshot::Receiver<Result<(), String>>>,
    /// Why there is no answer.
    error: Option<String>,
}

impl fmt::Debug for Sources {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Sources").finish_non_exhaustive()
    }
}

impl Sources {
    /// Adds a source; one of the same part is replaced.
    pub(super) fn add(&self, asked: Asked) {
        let mut all = self.0.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|slot| slot.asked.part != asked.part);
        all.push(Slot { asked: Arc::new(asked), pending: None, error: None });
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
            self.ask(&recorder).await;
        }
    }

    async fn ask(&self, recorder: &Recorder) {
        let mut all = std::mem::take(&mut *self.0.all.lock().unwrap_or_else(PoisonError::into_inner));
        let deadline = tokio::time::Instant::now() + PATIENCE;
        for slot in &mut all {
            slot.begin(recorder);
        }
        for slot in &mut all {
            slot.wait(recorder, deadline).await;
        }
        let errors = all.iter().filter_map(Slot::part_error).collect();
        recorder.store().set_part_errors(errors);
        let mut kept = self.0.all.lock().unwrap_or_else(PoisonError::into_inner);
        // What was registered meanwhile replaces what has its name.
        all.retain(|slot| !kept.iter().any(|newer| newer.asked.part == slot.asked.part));
        all.append(&mut kept);
        *kept = all;
    }
}

impl Slot {
    fn begin(&mut self, recorder: &Recorder) {
        if self.pending.is_some() {
            return;
        }
        let (asked, recorder, runtime) = (self.asked.clone(), recorder.clone(), Handle::current());
        let (answer, pending) = oneshot::channel();
        let ask = move || {
            let _context = runtime.enter();
            let result = catch_unwind(AssertUnwindSafe(|| asked.ask(&recorder)));
            let result = match result {
                Ok(answered) => answered.map_err(|error| error.to_string()),
                Err(panic) => Err(format!("it panicked: {}", text_of(&*panic))),
            };
            let _ = answer.send(result);
        };
        // A thread that cannot be had drops the sender: that is an answer too.
        let _ = std::thread::Builder::new().name("otel-bridge-source".to_owned()).spawn(ask);
        self.pending = Some(pending);
    }

    async fn wait(&mut self, recorder: &Recorder, deadline: tokio::time::Instant) {
        let Some(pending) = &mut self.pending else { return };
        let answered = tokio::time::timeout_at(deadline, pending).await;
        if answered.is_ok() {
            self.pending = None;
        }
        let error = match answered {
            Ok(Ok(result)) => result.err(),
            Ok(Err(_)) => Some("no thread to ask it on".to_owned()),
            Err(_) => Some(format!("no answer within {} ms", PATIENCE.as_millis())),
        };
        if let Some(error) = &error {
            if self.error.as_ref() != Some(error) {
                tracing::warn!(part = self.asked.part, error, "a source cannot be read");
            }
            self.asked.unanswered(recorder, error);
        }
        self.error = error;
    }

    fn part_error(&self) -> Option<PartError> {
        let message = self.error.as_deref()?;
        Some(PartError { part: self.asked.part.as_str().into(), message: message.into() })
    }
}

fn text_of(panic: &(dyn std::any::Any + Send)) -> &str {
    let literal = panic.downcast_ref::<&str>().copied();
    literal.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("without a message")
}
