//! How the writer reads records back into memory.

use crate::limits::FORWARD_BYTES_MAX;
use crate::model::signal::Signal;
use crate::push::queue::disk::mailbox::Removal;
use crate::push::queue::disk::writer::{Operation, Writer};
use crate::push::queue::disk::{body, file};
use crate::push::queue::ledger::{RECORD_OVERHEAD_BYTES, Record};

/// Records that one load reads at most.
const LOAD_RECORDS_MAX: usize = 4096;

impl Writer {
    /// Reads records into memory.
    pub(super) fn load(&mut self, signal: Signal) {
        let Some((after, before)) = self.ledger.load_window(signal) else { return };
        // What was withdrawn meanwhile must not come back.
        self.removals.extend(self.mailbox.take_removals());
        if !self.remove_rest() {
            // Still there, though done with: ids only grow, and a load starts behind everything that was taken.
            tracing::debug!(destination = %self.ledger.account().name, "loading while removals wait");
        }
        let mut records = Vec::new();
        let mut damaged = Vec::new();
        match self.read(signal, (after, before), &mut records, &mut damaged) {
            Ok(last_id) => {
                self.worked(Operation::Load);
                // As it was when the load began: what was decided since then was not read.
                let whole = before == i64::MAX;
                let sizes: Vec<(u64, u64)> =
                    damaged.iter().map(|(_, items, size_bytes)| (*items, *size_bytes)).collect();
                self.removals.extend(damaged.into_iter().map(|(id, _, size_bytes)| Removal {
                    signal,
                    first: id,
                    last: id,
                    size_bytes,
                    done: None,
                }));
                self.ledger.loaded(signal, records, &sizes, (last_id, whole));
            }
            Err(error) => {
                self.failed(Operation::Load, &error);
                if let Some(again) = self.load_again.get_mut(signal.index()) {
                    *again = true;
                }
            }
        }
    }

    fn read(
        &self,
        signal: Signal,
        (after, before): (i64, i64),
        records: &mut Vec<Record>,
        damaged: &mut Vec<(i64, u64, u64)>,
    ) -> rusqlite::Result<Option<i64>> {
        let mut statement = self.connection.prepare_cached(file::load_sql(signal))?;
        let mut rows = statement.query([after, before])?;
        let mut bytes = 0;
        let mut last_id = None;
        while let Some(row) = rows.next()? {
            let id: i64 = row.get(0)?;
            let items = row.get::<_, i64>(1)?.max(0) as u64;
            let stored = row.get_ref(6)?.as_blob().unwrap_or_default();
            let size_bytes = stored.len() as u64 + RECORD_OVERHEAD_BYTES;
            last_id = Some(id);
            let received_ms = row.get::<_, i64>(3)? - self.unix_offset_ms;
            match body::unpack(items, row.get(5)?, row.get(2)?, stored) {
                Some(body) => {
                    bytes += body.len();
                    let attempts = row.get(4)?;
                    records.push(Record { id, items, size_bytes, received_ms, attempts, body });
                }
                None => damaged.push((id, items, size_bytes)),
            }
            if bytes >= FORWARD_BYTES_MAX || records.len() + damaged.len() >= LOAD_RECORDS_MAX {
                break;
            }
        }
        Ok(last_id)
    }
}
