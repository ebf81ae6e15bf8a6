//! Handle of a stream.

use std::sync::Arc;

use crate::model::stream::StreamId;
use crate::record::RecordError;
use crate::record::local::Local;
use crate::record::name::{check_label, check_name};
use crate::state::cells::StreamCell;

/// What a stream is registered with.
#[derive(Clone, Debug)]
#[must_use = "nothing is registered before `register`"]
pub struct StreamBuilder {
    local: Arc<Local>,
    id: StreamId,
}

impl StreamBuilder {
    pub(super) fn new(local: Arc<Local>, name: &str) -> Self {
        Self { local, id: StreamId { name: name.to_owned(), ..StreamId::default() } }
    }

    /// The component that sends.
    pub fn from(mut self, component: &str) -> Self {
        component.clone_into(&mut self.id.from);
        self
    }

    /// The component that receives.
    pub fn to(mut self, component: &str) -> Self {
        component.clone_into(&mut self.id.to);
        self
    }

    /// Registers it. The same name between the same components used twice gives a handle to the same stream.
    ///
    /// # Errors
    ///
    /// [`RecordError`]: a name or component that is no label, or a store that is full.
    pub fn register(self) -> Result<Stream, RecordError> {
        check_name("a stream", &self.id.name)?;
        check_label("a stream's sender", &self.id.from)?;
        check_label("a stream's receiver", &self.id.to)?;
        let cell = self.local.instance.claim_stream(&self.id).ok_or(RecordError::Full { what: "stream" })?;
        // From absent to 0: its own process knows that nothing happened yet.
        cell.active.raise(0);
        cell.messages.begin();
        cell.backpressure_events.begin();
        Ok(Stream { cell })
    }
}

/// A stream; cheap to clone, and every clone counts for the same one. It stays when its handles are dropped.
///
/// ```
/// # use otel_bridge::{clock::Clock, record::*, state::{Store, StoreOptions}};
/// # let store = Store::new(StoreOptions::of_service("shop", Clock::system()));
/// # let recorder = Recorder::new(&store, Clock::system()).unwrap();
/// let orders = recorder.stream("orders").from("cart").to("billing").register()?;
/// orders.messages(2);
/// orders.queue_depth(40);
/// orders.backpressure();
/// assert_eq!(store.snapshot().streams[0].messages, Some(2));
/// # Ok::<(), RecordError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Stream {
    cell: Arc<StreamCell>,
}

impl Stream {
    /// One more of it is active, such as a connection or a subscription, until the guard is dropped.
    ///
    /// ```
    /// # use otel_bridge::{clock::Clock, record::Recorder, state::{Store, StoreOptions}};
    /// # let store = Store::new(StoreOptions::of_service("shop", Clock::system()));
    /// # let recorder = Recorder::new(&store, Clock::system()).unwrap();
    /// let orders = recorder.stream("orders").from("cart").to("billing").register()?;
    /// let subscription = orders.active();
    /// assert_eq!(store.snapshot().streams[0].active, Some(1));
    /// drop(subscription);
    /// # Ok::<(), otel_bridge::record::RecordError>(())
    /// ```
    #[must_use = "it is active until the guard is dropped"]
    pub fn active(&self) -> ActiveStream {
        self.cell.active.raise(1);
        ActiveStream { cell: self.cell.clone() }
    }

    /// Counts messages that went through.
    #[inline]
    pub fn messages(&self, messages: u64) {
        self.cell.messages.add(messages);
    }

    /// Sets how many messages wait for the receiver.
    pub fn queue_depth(&self, messages: u64) {
        self.cell.queue_depth.set(messages.min(i64::MAX as u64));
    }

    /// The receiver could not follow, and the sender was held back.
    #[inline]
    pub fn backpressure(&self) {
        self.cell.backpressure_events.add(1);
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.cell.name
    }
}

/// A stream that is active until this is dropped.
#[derive(Debug)]
#[must_use = "it is active until the guard is dropped"]
pub struct ActiveStream {
    cell: Arc<StreamCell>,
}

impl Drop for ActiveStream {
    fn drop(&mut self) {
        self.cell.active.lower(1);
    }
}
