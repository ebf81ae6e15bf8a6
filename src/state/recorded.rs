//! What the handles of the Rust API need of their instance beside its entities.

use crate::model::pool::PoolCounts;
use crate::state::cells::PoolCell;
use crate::state::instance::Instance;

impl Instance {
    /// Workers of a recorded pool by state.
    pub fn pool_counts(&self, pool: &PoolCell) -> PoolCounts {
        let mut counts = PoolCounts::default();
        for worker in self.workers().iter().filter(|worker| worker.pool.text() == pool.name) {
            counts.add(worker.state());
        }
        counts
    }
}
