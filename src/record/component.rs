//! Handle of a component.

use std::borrow::Cow;
use std::error::Error;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use crate::limits::LABEL_BYTES_MAX;
use crate::model::component::ComponentState;
use crate::model::naming;
use crate::record::durations::DurationOf;
use crate::record::local::Local;
use crate::record::name::{check_label, check_name};
use crate::record::{RecordError, error_type};
use crate::state::cells::ComponentCell;
use crate::state::recorded::error_words;

/// What a component is registered with.
#[derive(Clone, Debug)]
#[must_use = "nothing is registered before `register`"]
pub struct ComponentBuilder {
    local: Arc<Local>,
    name: String,
    kind: String,
}

impl ComponentBuilder {
    pub(super) fn new(local: Arc<Local>, name: &str) -> Self {
        Self { local, name: name.to_owned(), kind: String::new() }
    }

    /// Its type, such as `http`.
    pub fn kind(mut self, kind: &str) -> Self {
        kind.clone_into(&mut self.kind);
        self
    }

    /// Registers it. A name used twice gives a handle to the same component; its type is the one that was said first.
    ///
    /// # Errors
    ///
    /// [`RecordError`]: a name or type that is no label, or a store that is full.
    pub fn register(self) -> Result<Component, RecordError> {
        check_name("a component", &self.name)?;
        check_label("a component's type", &self.kind)?;
        let Self { local, name, kind } = self;
        let cell = local.instance.claim_component(&name, &kind).ok_or(RecordError::Full { what: "component" })?;
        let duration = local.durations.as_ref().map(|durations| durations.of_component(&cell.name));
        let component = Component { local, cell, duration };
        // A second handle does not set right what the first said.
        if component.cell.state.get().is_none() {
            component.set_state(ComponentState::Running);
        }
        Ok(component)
    }
}

/// A component; cheap to clone, and every clone counts for the same one. It stays when its handles are dropped:
/// [`Component::set_state`] says that it stopped.
///
/// ```
/// # use otel_bridge::{clock::Clock, record::*, state::{Store, StoreOptions}};
/// # let store = Store::new(StoreOptions::of_service("shop", Clock::system()));
/// # let recorder = Recorder::new(&store, Clock::system()).unwrap();
/// use otel_bridge::model::component::ComponentState;
///
/// let tasks = recorder.component("task_api").kind("http").register()?;
/// tasks.processed(3);
/// tasks.touch();
/// tasks.failed_as("timeout", &std::io::Error::other("no answer in 5 s"));
/// tasks.set_state(ComponentState::Degraded);
/// let snapshot = store.snapshot();
/// assert_eq!(snapshot.components[0].last_error.as_deref(), Some("timeout: no answer in 5 s"));
/// # Ok::<(), RecordError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Component {
    local: Arc<Local>,
    cell: Arc<ComponentCell>,
    duration: Option<DurationOf>,
}

impl Component {
    /// Counts processed items.
    #[inline]
    pub fn processed(&self, items: u64) {
        self.cell.items_processed.add(items);
    }

    /// Begins an item whose duration is recorded: dropping the guard counts the item as processed.
    ///
    /// ```
    /// # use otel_bridge::{clock::Clock, record::Recorder, state::{Store, StoreOptions}};
    /// # let store = Store::new(StoreOptions::of_service("shop", Clock::system()));
    /// # let recorder = Recorder::new(&store, Clock::system()).unwrap();
    /// # let tasks = recorder.component("task_api").register()?;
    /// let item = tasks.timed();
    /// match "42".parse::<u16>() {
    ///     Ok(_) => drop(item),
    ///     Err(error) => item.fail(&error),
    /// }
    /// # Ok::<(), otel_bridge::record::RecordError>(())
    /// ```
    #[inline]
    #[must_use = "the item is processed when the guard is dropped"]
    pub fn timed(&self) -> Timed<'_> {
        let began = self.duration.as_ref().map(|_| self.local.clock.elapsed());
        Timed { component: self, began }
    }

    /// Notes that it did something just now. Counted items are noted by themselves, once a second.
    pub fn touch(&self) {
        self.cell.last_activity.set(self.local.unix_s());
    }

    /// Counts an error by its type, and keeps its text. A trait object hides its type: it counts as `_OTHER`.
    ///
    /// ```
    /// # use otel_bridge::{clock::Clock, record::Recorder, state::{Store, StoreOptions}};
    /// # let store = Store::new(StoreOptions::of_service("shop", Clock::system()));
    /// # let recorder = Recorder::new(&store, Clock::system()).unwrap();
    /// # let tasks = recorder.component("task_api").register()?;
    /// if let Err(error) = "forty-two".parse::<u16>() {
    ///     tasks.failed(&error);
    /// }
    /// assert_eq!(store.snapshot().components[0].errors, 1);
    /// # Ok::<(), otel_bridge::record::RecordError>(())
    /// ```
    pub fn failed<E: Error + ?Sized>(&self, error: &E) {
        self.fail_as(error_type::of::<E>(), &error.to_string());
    }

    /// The same with a type of the caller's choice, such as `timeout`: a kind of failure, not a message.
    pub fn failed_as<E: Error + ?Sized>(&self, kind: &'static str, error: &E) {
        self.fail_as(error_type::named(kind), &error.to_string());
    }

    pub(super) fn fail_as(&self, kind: Cow<'static, str>, message: &str) {
        let at = self.local.now();
        self.local.instance.component_failed(&self.cell, &error_words(&kind, message), at);
        if let Some(logs) = &self.local.logs {
            logs.component_error(&self.cell.name, &kind, message, at);
        }
        self.cell.count_error(kind);
    }

    /// An item begins whose end is told by [`Component::item_ended`]; tells when, on the clock's monotonic side.
    #[cfg(feature = "tower")]
    pub(super) fn item_began(&self) -> Duration {
        self.local.clock.elapsed()
    }

    /// Such an item ends.
    #[cfg(feature = "tower")]
    pub(super) fn item_ended(&self, began: Duration) {
        drop(Timed { component: self, began: Some(began) });
    }

    /// Counts errors of which nothing else is known.
    pub fn failures(&self, errors: u64) {
        self.cell.errors.add(errors);
    }

    /// Keeps the text of the last error, and counts nothing.
    pub fn tell(&self, error: &str) {
        *self.cell.last_error.lock().unwrap_or_else(PoisonError::into_inner) =
            Some(naming::truncate(error, LABEL_BYTES_MAX).into());
    }

    /// Says how it is.
    pub fn set_state(&self, state: ComponentState) {
        self.cell.state.set(state as u8, self.local.clock.elapsed_ms());
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.cell.name
    }

    /// The values themselves, for a room that counts into them.
    pub fn cell(&self) -> &Arc<ComponentCell> {
        &self.cell
    }
}

/// An item that a component processes; dropping it counts the item, and its duration where durations are taken.
#[derive(Debug)]
pub struct Timed<'a> {
    component: &'a Component,
    /// When it began, on the clock's monotonic side; none where no duration is taken.
    began: Option<Duration>,
}

impl Timed<'_> {
    /// Ends the item as failed: it counts as processed and as an error.
    pub fn fail<E: Error + ?Sized>(self, error: &E) {
        self.component.failed(error);
    }
}

impl Drop for Timed<'_> {
    #[inline]
    fn drop(&mut self) {
        let Component { local, duration, .. } = self.component;
        self.component.processed(1);
        if let (Some(duration), Some(began)) = (duration, self.began) {
            duration.record(began, local.clock.elapsed());
        }
    }
}
