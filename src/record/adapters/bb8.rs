//! Pools of `bb8`: each is a [`PoolSource`].
//!
//! Requests are the calls of `get` that ended, errors those that timed out. How many wait is absent: the library's own figure
//! counts a call that was given up, such as that of a client that left, as waiting for ever.
//!
//! ```
//! # #[derive(Debug)] struct Manager;
//! # impl bb8::ManageConnection for Manager {
//! #     type Connection = u64;
//! #     type Error = std::convert::Infallible;
//! #     async fn connect(&self) -> Result<u64, Self::Error> { Ok(7) }
//! #     async fn is_valid(&self, _: &mut u64) -> Result<(), Self::Error> { Ok(()) }
//! #     fn has_broken(&self, _: &mut u64) -> bool { false }
//! # }
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use otel_bridge::Bridge;
//!
//! let bridge = Bridge::builder().service_name("checkout").build()?;
//! let pool = bb8::Pool::builder().max_size(16).build(Manager).await?;
//! bridge.pool_source("db", pool.clone())?;
//! # bridge.shutdown().await?;
//! # Ok(())
//! # }
//! ```

use bb8::{ManageConnection, Pool};

use crate::record::source::{PoolReading, PoolSource, SourceError};

impl<M: ManageConnection> PoolSource for Pool<M> {
    fn read(&self) -> Result<PoolReading, SourceError> {
        let state = self.state();
        let active = state.connections.saturating_sub(state.idle_connections);
        let size = self.config().max_size;
        let reading = PoolReading::new(size.into(), active.into(), state.idle_connections.into());
        let counted = state.statistics;
        let ended = counted.get_direct + counted.get_waited + counted.get_timed_out;
        Ok(reading.requests(ended).errors(counted.get_timed_out))
    }
}
