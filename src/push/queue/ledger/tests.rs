//! The ledger by itself, with a shelf that only notes what it is asked for.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;

use crate::config::push::{Durability, OnFull, Queue};
use crate::model::signal::Signal;
use crate::push::queue::ledger::{CACHE_BYTES_MAX, Ledger, Record, Shelf, Taken};
use crate::state::accounting::DestinationAccount;

#[derive(Debug, Default)]
struct Asked(AtomicUsize);

impl Shelf for Asked {
    fn load(&self, _signal: Signal) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
    fn discard(&self, _signal: Signal, _id: i64) {}
}

fn ledger(shelf: &Arc<Asked>) -> Ledger {
    let account = DestinationAccount::empty("stack");
    let config = Queue {
        directory: "unused".into(),
        bytes_max: u64::MAX,
        durability: Durability::Commit,
        on_full: OnFull::Refuse,
    };
    Ledger::new(Arc::new(account), &config, Some(shelf.clone()))
}

fn record(id: i64, bytes: usize) -> Record {
    let body = Bytes::from(vec![0; bytes]);
    Record { id, items: 1, size_bytes: bytes as u64, received_ms: 0, attempts: 0, body }
}

fn ids(ledger: &Ledger) -> Vec<i64> {
    match ledger.try_take(Signal::Metrics, usize::MAX) {
        Taken::Records(records) => records.iter().map(|record| record.id).collect(),
        Taken::Nothing => Vec::new(),
    }
}

/// A load that an undecided record bounded found nothing: that is not the end of the file. What is decided meanwhile, between
/// the reading and the booking of the load, is read by the next one.
#[test]
fn an_undecided_record_is_not_the_end_of_the_file() {
    let shelf = Arc::new(Asked::default());
    let ledger = ledger(&shelf);
    let signal = Signal::Metrics;
    // The first fills the memory, so that the second one is in the file alone.
    ledger.stored(signal, record(ledger.next_id(signal), CACHE_BYTES_MAX as usize));
    ledger.stored(signal, record(ledger.next_id(signal), 10));
    ledger.confirm(signal, 1);
    assert_eq!(ids(&ledger), [1]);
    assert_eq!(shelf.0.load(Ordering::Relaxed), 1, "the file is asked for more");
    let (after, before) = ledger.load_window(signal).unwrap();
    assert_eq!((after, before), (1, 2), "the undecided record bounds the load");
    ledger.confirm(signal, 2);
    ledger.loaded(signal, Vec::new(), &[], (None, before == i64::MAX));
    assert!(!ledger.is_empty(signal), "a record waits in the file");
    assert_eq!(ledger.load_window(signal), Some((1, i64::MAX)));
    ledger.loaded(signal, vec![record(2, 10)], &[], (Some(2), true));
    assert_eq!(ids(&ledger), [2]);
    assert!(ledger.is_empty(signal));
}

/// A load that nothing bounded and that found nothing is the end of the file: nobody waits for what is not there.
#[test]
fn a_whole_load_without_records_is_the_end() {
    let shelf = Arc::new(Asked::default());
    let ledger = ledger(&shelf);
    let signal = Signal::Logs;
    ledger.stored(signal, record(ledger.next_id(signal), CACHE_BYTES_MAX as usize + 1));
    ledger.confirm(signal, 1);
    assert_eq!(ledger.load_window(signal), Some((0, i64::MAX)));
    ledger.loaded(signal, Vec::new(), &[], (None, true));
    assert!(ledger.is_empty(signal));
}
