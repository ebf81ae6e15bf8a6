//! What may be a name, and what is refused.

use crate::limits::LABEL_BYTES_MAX;
use crate::state::recorded::Refusal;

/// What a registration is refused for. Nothing was registered then, and what was registered before is as it was.
///
/// ```
/// # use otel_bridge::{clock::Clock, record::*, state::{Store, StoreOptions}};
/// # let store = Store::new(StoreOptions::of_service("shop", Clock::system()));
/// # let recorder = Recorder::new(&store, Clock::system()).unwrap();
/// assert!(matches!(recorder.component("").register(), Err(RecordError::Name { .. })));
/// assert_eq!(recorder.pool("requests").size(0).register().unwrap_err(), RecordError::Size);
/// # Ok::<(), RecordError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// A name that is empty, longer than a label may be, or has a control character in it.
    #[error("{what} needs a name of 1 to {} bytes without control characters", LABEL_BYTES_MAX)]
    Name {
        /// What was to be named.
        what: &'static str,
    },
    /// A label that is longer than one may be, or has a control character in it.
    #[error("{what} is text of at most {} bytes without control characters", LABEL_BYTES_MAX)]
    Label {
        /// What the label says.
        what: &'static str,
    },
    /// A pool of no workers, or of more than fit a signed 64-bit number.
    #[error("a pool's size is at least 1 and at most {}", i64::MAX)]
    Size,
    /// A worker of that id is alive: its handle must be dropped first.
    #[error("a worker named `{id}` is alive in this process; drop its handle first, or choose another id")]
    Taken {
        /// The id.
        id: String,
    },
    /// The store holds as many as it may.
    #[error("no room for another {what}: the store holds as many as its limits allow")]
    Full {
        /// What was to be registered.
        what: &'static str,
    },
}

impl RecordError {
    /// The refusal of a worker's id.
    pub(super) fn of_worker(refusal: Refusal, id: &str) -> Self {
        match refusal {
            Refusal::Full => Self::Full { what: "worker" },
            Refusal::Taken => Self::Taken { id: id.to_owned() },
        }
    }
}

/// Whether that may be a name.
pub(super) fn check_name(what: &'static str, name: &str) -> Result<(), RecordError> {
    if name.is_empty() || !fits(name) { Err(RecordError::Name { what }) } else { Ok(()) }
}

/// Whether that may be a label; empty ones say nothing and are left out.
pub(super) fn check_label(what: &'static str, label: &str) -> Result<(), RecordError> {
    if fits(label) { Ok(()) } else { Err(RecordError::Label { what }) }
}

fn fits(text: &str) -> bool {
    text.len() <= LABEL_BYTES_MAX && !text.chars().any(char::is_control)
}

/// Whether that may be a pool's size.
pub(super) const fn check_size(size: u64) -> Result<(), RecordError> {
    if size == 0 || size > i64::MAX as u64 { Err(RecordError::Size) } else { Ok(()) }
}
