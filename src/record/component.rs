//! Handle of a component.

use std::error::Error;
use std::sync::{Arc, PoisonError};

use crate::clock::Clock;
use crate::model::component::ComponentState;
use crate::state::cells::ComponentCell;

/// A component; cheap to clone, and every clone counts for the same one.
#[derive(Clone, Debug)]
pub struct Component {
    cell: Arc<ComponentCell>,
    clock: Clock,
}

impl Component {
    pub(super) fn new(cell: Arc<ComponentCell>, clock: Clock) -> Self {
        let component = Self { cell, clock };
        component.set_state(ComponentState::Running);
        component
    }

    /// Counts processed items.
    #[inline]
    pub fn processed(&self, items: u64) {
        self.cell.items_processed.add(items);
    }

    /// Notes that it did something just now.
    pub fn touch(&self) {
        self.cell.last_activity.set(self.clock.unix_ms() as f64 / 1000.0);
    }

    /// Counts an error and keeps its text.
    pub fn failed(&self, error: &dyn Error) {
        self.failures(1);
        self.tell(&error.to_string());
    }

    /// Counts errors whose text is not known.
    pub fn failures(&self, errors: u64) {
        self.cell.errors.add(errors);
    }

    /// Keeps the text of the last error.
    pub fn tell(&self, error: &str) {
        *self.cell.last_error.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.into());
    }

    /// Says how it is.
    pub fn set_state(&self, state: ComponentState) {
        self.cell.state.set(state as u8, self.clock.elapsed_ms());
    }

    /// The values themselves, for a room that counts into them.
    pub fn cell(&self) -> &Arc<ComponentCell> {
        &self.cell
    }
}
