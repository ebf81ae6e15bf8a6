//! Many workers come and go, and leave nothing behind.

use std::sync::atomic::Ordering;

use super::Bench;
use crate::record::export::Room;

const MANY: usize = 10_000;

/// Ten thousand workers register, are exported exactly, and vanish from the store, the export and every page.
#[test]
fn ten_thousand_workers_vanish() {
    let bench = Bench::with(Room { workers: MANY, entities: 4 }, |_| {});
    let pool = bench.recorder().pool("requests").size(MANY as u64).register().unwrap();
    let empty = bench.pushed().len();
    for _ in 0..2 {
        let register = |number| pool.worker(&format!("worker-{number}")).app("shop").register().unwrap();
        let mut workers: Vec<_> = (0..MANY).map(register).collect();
        for worker in &mut workers {
            drop(worker.begin());
        }
        assert_eq!(bench.store.snapshot().workers.len(), MANY);
        let pushed = bench.pushed();
        // Seven states, requests, errors and uptime of each, beside the pool's request duration.
        assert_eq!(pushed.keys().filter(|name| name.starts_with("worker.")).count(), MANY * 10);
        assert!(!pushed.keys().any(|name| name.contains("otel.metric.overflow")));
    }
    let snapshot = bench.store.snapshot();
    assert!(snapshot.workers.is_empty());
    assert_eq!(bench.recorder().local().instance.shared.budget.workers.load(Ordering::Relaxed), 0);
    assert_eq!(snapshot.pools[0].requests, Some(2 * MANY as u64));
    assert_eq!(bench.pushed().len(), empty + 2, "only the pool's own duration is new");
}
