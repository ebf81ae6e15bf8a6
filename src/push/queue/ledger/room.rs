//! Room in a queue: kept before a record is stored, given back once it is gone.

use crate::push::SubmitError;
use crate::push::queue::ledger::Ledger;

impl Ledger {
    /// Keeps room for a record, if there is any.
    pub(crate) fn reserve(&self, size_bytes: u64) -> bool {
        let mut book = self.book();
        let fits = book.live_bytes.saturating_add(size_bytes) <= self.bytes_max;
        if fits {
            book.live_bytes += size_bytes;
        }
        fits
    }

    /// Whether an empty queue would have room for it.
    pub(crate) fn may_ever_fit(&self, size_bytes: u64) -> bool {
        size_bytes <= self.bytes_max
    }

    /// How a record is refused for which there is no room: for now, or for good.
    pub(crate) fn refusal(&self, size_bytes: u64) -> SubmitError {
        if self.may_ever_fit(size_bytes) { SubmitError::full() } else { SubmitError::TooLarge }
    }

    /// Gives back room that was reserved or used.
    pub(crate) fn release(&self, size_bytes: u64) {
        let mut book = self.book();
        book.live_bytes = book.live_bytes.saturating_sub(size_bytes);
    }
}
