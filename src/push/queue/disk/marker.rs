//! What is in flight, in a small file of its own that a death of the process leaves behind: three places of two ids and a
//! checksum. It is never synced: it has to survive the process, not the machine.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::model::signal::Signal;
use crate::push::queue::disk::directory::open_private;

const PLACE_BYTES: usize = 24;

/// What was in flight, by signal: first and last id.
pub(crate) type InFlight = [Option<(i64, i64)>; 3];

/// The file.
#[derive(Debug)]
pub(crate) struct Marker(File);

impl Marker {
    /// Opens the file, and tells what was in flight when the process died, by signal: first and last id.
    pub(crate) fn open(path: &Path) -> std::io::Result<(Self, InFlight)> {
        let marker = Self(open_private(path)?);
        let left = Signal::ALL.map(|signal| marker.read(signal));
        marker.0.set_len((PLACE_BYTES * 3) as u64)?;
        for signal in Signal::ALL {
            marker.clear(signal);
        }
        Ok((marker, left))
    }

    /// These records go out now.
    pub(crate) fn set(&self, signal: Signal, first: i64, last: i64) {
        let mut place = [0; PLACE_BYTES];
        let (ids, crc) = place.split_at_mut(16);
        let both = [first.to_le_bytes(), last.to_le_bytes()].concat();
        ids.copy_from_slice(&both);
        crc.copy_from_slice(&u64::from(crc32fast::hash(&both)).to_le_bytes());
        // Failing to note it costs the poison rule one attempt, and nothing else.
        let _ = self.0.write_all_at(&place, offset(signal));
    }

    /// Nothing is in flight.
    pub(crate) fn clear(&self, signal: Signal) {
        let _ = self.0.write_all_at(&[0; PLACE_BYTES], offset(signal));
    }

    fn read(&self, signal: Signal) -> Option<(i64, i64)> {
        let mut place = [0; PLACE_BYTES];
        self.0.read_exact_at(&mut place, offset(signal)).ok()?;
        let (first, rest) = place.split_first_chunk::<8>()?;
        let (last, crc) = rest.split_first_chunk::<8>()?;
        let whole = crc == u64::from(crc32fast::hash(&[*first, *last].concat())).to_le_bytes();
        let (first, last) = (i64::from_le_bytes(*first), i64::from_le_bytes(*last));
        (whole && first > 0 && last >= first).then_some((first, last))
    }
}

fn offset(signal: Signal) -> u64 {
    (signal.index() * PLACE_BYTES) as u64
}
