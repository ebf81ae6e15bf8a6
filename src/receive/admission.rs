//! The budget of bytes that are being worked on. A request holds what it has really sent or inflated, not what it promises:
//! ten thousand slow senders of large requests hold next to nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::receive::errors::Reason;

/// The budget; shared by both doors.
#[derive(Debug)]
pub struct InFlight {
    bytes: AtomicUsize,
    bytes_max: usize,
}

impl InFlight {
    /// A budget of `bytes_max` bytes.
    pub fn new(bytes_max: usize) -> Arc<Self> {
        Arc::new(Self { bytes: AtomicUsize::new(0), bytes_max })
    }

    /// Bytes that are held now.
    pub fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    /// A reservation that holds nothing yet.
    pub(crate) fn reserve(self: &Arc<Self>) -> Reservation {
        Reservation { budget: self.clone(), held: 0 }
    }
}

/// What one request holds; given back when dropped.
#[derive(Debug)]
pub(crate) struct Reservation {
    budget: Arc<InFlight>,
    held: usize,
}

impl Reservation {
    /// Holds `more` bytes more.
    ///
    /// # Errors
    /// [`Reason::Busy`] when the budget has no room; what was held stays held.
    pub(crate) fn grow(&mut self, more: usize) -> Result<(), Reason> {
        let before = self.budget.bytes.fetch_add(more, Ordering::Relaxed);
        if before.saturating_add(more) > self.budget.bytes_max {
            self.budget.bytes.fetch_sub(more, Ordering::Relaxed);
            return Err(Reason::Busy);
        }
        self.held += more;
        Ok(())
    }

    /// Gives back what is held above `bytes`.
    pub(crate) fn shrink_to(&mut self, bytes: usize) {
        let over = self.held.saturating_sub(bytes);
        self.budget.bytes.fetch_sub(over, Ordering::Relaxed);
        self.held -= over;
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.budget.bytes.fetch_sub(self.held, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever is refused, shrunk or dropped, the budget returns to zero and is never passed.
    #[test]
    fn what_is_held_is_given_back() {
        let budget = InFlight::new(100);
        let (mut one, mut two) = (budget.reserve(), budget.reserve());
        assert_eq!(one.grow(60), Ok(()));
        assert_eq!(two.grow(41), Err(Reason::Busy));
        assert_eq!(two.grow(40), Ok(()));
        one.shrink_to(10);
        assert_eq!(budget.bytes(), 50);
        drop((one, two));
        assert_eq!(budget.bytes(), 0);
    }
}
