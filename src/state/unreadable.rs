//! Points that the store could not read, by reason, while a request is read. They are forwarded all the same.

use crate::state::accounting::Accounting;

/// The count of one request.
#[derive(Debug, Default)]
pub(crate) struct Unreadable(Vec<(&'static str, u64)>);

impl Unreadable {
    /// Adds points under a reason.
    pub(crate) fn add(&mut self, reason: &'static str, points: u64) {
        if points == 0 {
            return;
        }
        match self.0.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, count)) => *count += points,
            None => self.0.push((reason, points)),
        }
    }

    /// Enters the count into the books; tells the sum, and the reasons for the sender.
    pub(crate) fn book(self, accounting: &Accounting) -> (u64, Option<String>) {
        if self.0.is_empty() {
            return (0, None);
        }
        let mut words = Vec::new();
        let mut sum = 0;
        for (reason, points) in self.0 {
            accounting.unreadable.add(reason, points);
            sum += points;
            words.push(format!("{reason}: {points}"));
        }
        (sum, Some(words.join(", ")))
    }
}
