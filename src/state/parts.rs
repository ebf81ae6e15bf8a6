//! Parts of the picture that others provide, and that can fail to be read: files of the system, queues, meters, sources. A part
//! that fails, panics or does not answer in time costs itself alone: it is named in the `errors` of every answer until it can be
//! read again, and the rest is served.

use std::any::Any;
use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use crate::limits::LABEL_BYTES_MAX;
use crate::model::naming;
use crate::model::snapshot::PartError;

/// One part, and how it stands; clones are the same part. With its last clone its failure is forgotten.
#[derive(Clone, Debug)]
pub struct Part(Arc<Standing>);

#[derive(Debug)]
struct Standing {
    name: Arc<str>,
    failure: Mutex<Option<Arc<str>>>,
    /// Held while it is read on a thread of its own, so that one that hangs takes one thread and no more.
    turn: Arc<tokio::sync::Mutex<()>>,
}

impl Part {
    /// A part of that name, such as `process` or `queue stack`, that can be read as far as is known. It is told of once
    /// [`Parts::watch`] knows it.
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self(Arc::new(Standing { name: name.into(), failure: Mutex::default(), turn: Arc::default() }))
    }

    /// It could not be read, and why: without secrets, since anybody who may read may read this. Logged when it is new.
    pub fn failed(&self, why: impl Display) {
        let why = why.to_string();
        let why: Arc<str> = naming::truncate(&why, LABEL_BYTES_MAX).into();
        let before = self.failure().replace(why.clone());
        if before.is_none() {
            tracing::warn!(part = %self.0.name, error = %why, "a part of the picture cannot be read");
        }
    }

    /// It could be read. Logged when it could not before.
    pub fn worked(&self) {
        if self.failure().take().is_some() {
            tracing::info!(part = %self.0.name, "a part of the picture can be read again");
        }
    }

    /// Reads it here and now; none when that fails or panics.
    pub fn read<T, E: Display>(&self, read: impl FnOnce() -> Result<T, E>) -> Option<T> {
        self.note(outcome(read))
    }

    fn note<T>(&self, found: Result<T, String>) -> Option<T> {
        match found {
            Ok(found) => {
                self.worked();
                Some(found)
            }
            Err(why) => {
                self.failed(why);
                None
            }
        }
    }

    /// Reads it on a thread of its own; none when that fails, panics, or takes longer than `patience`. What hangs is left to
    /// itself, and whoever asks meanwhile waits for it no longer than that. It is no thread of the runtime's, which could not end
    /// before what hangs on it.
    pub async fn read_within<T, E>(
        &self,
        patience: Duration,
        read: impl FnOnce() -> Result<T, E> + Send + 'static,
    ) -> Option<T>
    where
        T: Send + 'static,
        E: Display,
    {
        let reading = async {
            let turn = self.0.turn.clone().lock_owned().await;
            let (answer, answered) = tokio::sync::oneshot::channel();
            let runtime = tokio::runtime::Handle::current();
            let work = move || {
                let _context = runtime.enter();
                let found = outcome(read);
                drop(turn);
                let _ = answer.send(found);
            };
            match std::thread::Builder::new().name("otel-bridge-part".to_owned()).spawn(work) {
                Ok(_) => answered.await.unwrap_or_else(|_| Err("its thread ended".to_owned())),
                Err(error) => Err(error.to_string()),
            }
        };
        // What comes too late is told of by nobody: the part may be another's by then.
        match tokio::time::timeout(patience, reading).await {
            Ok(found) => self.note(found),
            Err(_elapsed) => {
                self.failed(format_args!("no answer within {patience:?}"));
                None
            }
        }
    }

    /// Why it cannot be read; none when it can.
    pub fn why(&self) -> Option<Arc<str>> {
        self.failure().clone()
    }

    fn failure(&self) -> std::sync::MutexGuard<'_, Option<Arc<str>>> {
        self.0.failure.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What reading gives: the answer, or why there is none.
fn outcome<T, E: Display>(read: impl FnOnce() -> Result<T, E>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(found) => found.map_err(|error| error.to_string()),
        Err(panic) => Err(format!("panicked: {}", message(&*panic))),
    }
}

/// What a panic said.
fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("without a message")
}

/// All parts that are told of.
#[derive(Debug, Default)]
pub struct Parts(Mutex<Vec<Weak<Standing>>>);

impl Parts {
    /// A part of that name, told of as long as it lives.
    pub fn part(&self, name: impl Into<Arc<str>>) -> Part {
        let part = Part::new(name);
        self.watch(&part);
        part
    }

    /// Tells of a part from now on, as long as it lives.
    pub fn watch(&self, part: &Part) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|known| known.strong_count() > 0);
        all.push(Arc::downgrade(&part.0));
    }

    /// The parts that cannot be read now, by name, each name once.
    pub fn errors(&self) -> Vec<PartError> {
        let all: Vec<Part> = {
            let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            all.iter().filter_map(Weak::upgrade).map(Part).collect()
        };
        let failed = |part: &Part| Some(PartError { part: part.0.name.clone(), message: part.failure().clone()? });
        let mut errors: Vec<PartError> = all.iter().filter_map(failed).collect();
        errors.sort_by(|left, right| left.part.cmp(&right.part));
        errors.dedup_by(|next, kept| next.part == kept.part);
        errors
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    fn told(parts: &Parts) -> Vec<String> {
        parts.errors().iter().map(|one| format!("{}: {}", one.part, one.message)).collect()
    }

    /// A failure and a panic cost the part alone, are told until it can be read again, and leave with it.
    #[test]
    fn failures_are_told_until_they_pass() {
        let parts = Parts::default();
        let (one, other, silent) = (parts.part("b"), parts.part("a"), Part::new("c"));
        assert_eq!(one.read(|| Ok::<_, Infallible>(1)), Some(1));
        assert_eq!(told(&parts), Vec::<String>::new());
        assert_eq!(one.read(|| Err::<u8, _>("no such file")), None);
        assert_eq!(other.read(|| -> Result<u8, Infallible> { panic!("at {}", "once") }), None);
        silent.failed("nobody watches it");
        assert_eq!(told(&parts), ["a: panicked: at once", "b: no such file"]);
        assert_eq!(other.read(|| Ok::<_, Infallible>(2)), Some(2));
        let again = parts.part("b");
        again.failed("the same name");
        assert_eq!(told(&parts), ["b: no such file"]);
        drop((one, again));
        assert_eq!(told(&parts), Vec::<String>::new());
    }

    /// One that hangs is given up in time, by those who ask later too, and takes one thread; afterwards it is read again.
    #[tokio::test]
    async fn what_hangs_is_given_up() {
        let parts = Parts::default();
        let part = parts.part("slow");
        let (release, released) = std::sync::mpsc::channel::<()>();
        let patience = Duration::from_millis(50);
        let first = part.read_within(patience, move || released.recv().map(|()| 1)).await;
        assert_eq!((first, told(&parts)), (None, vec!["slow: no answer within 50ms".to_owned()]));
        let begun = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let second = begun.clone();
        let read = move || {
            second.store(true, std::sync::atomic::Ordering::Relaxed);
            Ok::<_, Infallible>(2)
        };
        assert_eq!(part.read_within(patience, read).await, None);
        assert!(!begun.load(std::sync::atomic::Ordering::Relaxed), "one at a time");
        release.send(()).unwrap();
        assert_eq!(part.read_within(Duration::from_secs(30), || Ok::<_, Infallible>(3)).await, Some(3));
        assert_eq!(told(&parts), Vec::<String>::new());
    }
}
