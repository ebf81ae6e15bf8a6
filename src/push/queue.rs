//! Where undelivered requests wait, one queue for each destination: in a file that survives the process, or in memory.

pub(crate) mod decision;
#[cfg(feature = "queue")]
pub(crate) mod disk;
pub(crate) mod ledger;

use std::sync::Arc;

use bytes::Bytes;

use crate::clock::Clock;
use crate::config::push::{Destination, Durability};
use crate::model::signal::Signal;
use crate::push::PushError;
use crate::push::queue::decision::Ballot;
use crate::push::queue::ledger::{Ledger, Record};
use crate::state::accounting::DestinationAccount;

/// A request on its way into queues; what a queue file needs of it is worked out once for all files.
#[derive(Debug)]
pub(crate) struct Parcel {
    /// Its signal.
    pub(crate) signal: Signal,
    /// Its points, spans or log records.
    pub(crate) items: u64,
    /// The request as it came.
    pub(crate) body: Bytes,
    #[cfg(feature = "queue")]
    pub(crate) packed: std::sync::OnceLock<disk::body::Packed>,
}

impl Parcel {
    /// A parcel with nothing worked out.
    pub(crate) fn new(signal: Signal, items: u64, body: Bytes) -> Self {
        Self {
            signal,
            items,
            body,
            #[cfg(feature = "queue")]
            packed: std::sync::OnceLock::new(),
        }
    }
}

/// The queue of one destination.
#[derive(Debug)]
pub(crate) struct Queue {
    ledger: Arc<Ledger>,
    clock: Clock,
    #[cfg(feature = "queue")]
    disk: Option<disk::Disk>,
}

/// What opening the destination's queue would refuse; a queue that is in use is left alone.
pub(crate) fn examine(destination: &Destination) -> Result<(), PushError> {
    if destination.queue.durability == Durability::Memory {
        return Ok(());
    }
    #[cfg(feature = "queue")]
    return disk::directory::examine(&destination.queue.directory, &destination.name);
    #[cfg(not(feature = "queue"))]
    Err(PushError::NoQueueFile { destination: destination.name.clone() })
}

impl Queue {
    /// Opens the destination's queue; a file's records are recovered.
    pub(crate) fn open(
        destination: &Destination,
        account: Arc<DestinationAccount>,
        clock: &Clock,
    ) -> Result<Self, PushError> {
        if destination.queue.durability == Durability::Memory {
            return Ok(Self {
                ledger: Arc::new(Ledger::new(account, &destination.queue, None)),
                clock: clock.clone(),
                #[cfg(feature = "queue")]
                disk: None,
            });
        }
        #[cfg(feature = "queue")]
        {
            let (disk, ledger) = disk::Disk::open(destination, account, clock)?;
            Ok(Self { ledger, clock: clock.clone(), disk: Some(disk) })
        }
        #[cfg(not(feature = "queue"))]
        Err(PushError::NoQueueFile { destination: destination.name.clone() })
    }

    /// The records and the books.
    pub(crate) fn ledger(&self) -> &Arc<Ledger> {
        &self.ledger
    }

    /// Takes a request in, or not: the ballot says.
    pub(crate) fn insert(&self, parcel: &Arc<Parcel>, ballot: Ballot) {
        let received_ms = self.clock.elapsed_ms() as i64;
        #[cfg(feature = "queue")]
        if let Some(disk) = &self.disk {
            disk.insert(&self.ledger, parcel, received_ms, ballot);
            return;
        }
        self.ledger.insert_in_memory(parcel.signal, parcel.items, received_ms, parcel.body.clone(), ballot);
    }

    /// Says that these records go out now, so that a death of the process is remembered against them.
    pub(crate) fn departing(&self, signal: Signal, (first, last): (i64, i64)) {
        #[cfg(feature = "queue")]
        if let Some(disk) = &self.disk {
            disk.departing(signal, (first, last));
        }
        #[cfg(not(feature = "queue"))]
        let _ = (signal, first, last);
    }

    /// Says that the attempt has ended and the process still lives.
    pub(crate) fn arrived(&self, signal: Signal) {
        #[cfg(feature = "queue")]
        if let Some(disk) = &self.disk {
            disk.arrived(signal);
        }
        #[cfg(not(feature = "queue"))]
        let _ = signal;
    }

    /// Says that an attempt with these ended and the process lives: deaths before that no longer count against them.
    pub(crate) fn forgive(&self, signal: Signal, (first, last): (i64, i64)) {
        #[cfg(feature = "queue")]
        if let Some(disk) = &self.disk {
            disk.forgive(signal, (first, last));
        }
        #[cfg(not(feature = "queue"))]
        let _ = (signal, first, last);
    }

    /// Takes records that are done with out of the queue; returns once that is stored or known to have to wait.
    pub(crate) async fn settle(&self, signal: Signal, records: Vec<Record>) {
        let size_bytes = records.iter().map(|record| record.size_bytes).sum();
        #[cfg(feature = "queue")]
        if let Some(disk) = &self.disk {
            disk.settle(signal, &records).await;
        }
        drop(records);
        self.ledger.release(size_bytes);
        self.ledger.forget_bytes(signal, size_bytes);
    }

    /// Takes over what a closed queue held in memory alone.
    pub(crate) fn adopt(&self, old: &Self) {
        #[cfg(feature = "queue")]
        if old.disk.is_some() || self.disk.is_some() {
            return;
        }
        for signal in Signal::ALL {
            while let ledger::Taken::Records(records) = old.ledger.try_take(signal, usize::MAX) {
                self.ledger.adopt(signal, records);
            }
        }
    }

    /// Stores what was taken in and closes the file; safe twice.
    pub(crate) async fn close(&self) {
        #[cfg(feature = "queue")]
        if let Some(disk) = &self.disk {
            disk.close().await;
        }
    }
}
