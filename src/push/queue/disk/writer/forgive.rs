//! How a record that was in flight when the process died is cleared of having been the cause.

use rusqlite::params;

use crate::model::signal::Signal;
use crate::push::queue::disk::file;
use crate::push::queue::disk::writer::Writer;

impl Writer {
    /// An attempt with these ended, and the process lives: deaths before that no longer count.
    pub(super) fn forgive(&mut self, signal: Signal, (first, last): (i64, i64)) {
        // Nothing depends on this having reached the disk.
        let forgiven = self
            .set_full_sync(false)
            .and_then(|()| self.connection.execute(file::forgive_sql(signal), params![first, last]));
        if let Err(error) = forgiven {
            tracing::debug!(destination = %self.ledger.account().name, %error, "deaths still count");
        }
    }

    /// The queue is closed in order, so nothing in it has killed the process.
    pub(super) fn forgive_all(&mut self) {
        for (signal, is_suspected) in Signal::ALL.into_iter().zip(self.suspects) {
            if is_suspected {
                self.forgive(signal, (0, i64::MAX));
            }
        }
    }
}
