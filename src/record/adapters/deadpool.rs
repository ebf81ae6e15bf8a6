//! Pools of `deadpool`: each is a [`PoolSource`]. `deadpool-postgres`, `deadpool-redis` and their like hold such a pool.
//!
//! Active are the objects that somebody holds, pending the calls of `get` that wait, also for an object that is being made. A
//! pool that was closed cannot be read any more.
//!
//! ```
//! # #[derive(Debug)] struct Manager;
//! # impl deadpool::managed::Manager for Manager {
//! #     type Type = u64;
//! #     type Error = std::convert::Infallible;
//! #     async fn create(&self) -> Result<u64, Self::Error> { Ok(7) }
//! #     async fn recycle(&self, _: &mut u64, _: &deadpool::managed::Metrics) -> deadpool::managed::RecycleResult<Self::Error> { Ok(()) }
//! # }
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use deadpool::managed::Pool;
//! use otel_bridge::Bridge;
//!
//! let bridge = Bridge::builder().service_name("checkout").build()?;
//! let pool: Pool<Manager> = Pool::builder(Manager).max_size(16).build()?;
//! bridge.pool_source("db", pool.clone())?;
//! # bridge.shutdown().await?;
//! # Ok(())
//! # }
//! ```

use deadpool::managed::{Manager, Object, Pool};

use crate::record::source::{PoolReading, PoolSource, SourceError};

impl<M, W> PoolSource for Pool<M, W>
where
    M: Manager + 'static,
    W: From<Object<M>> + 'static,
{
    fn read(&self) -> Result<PoolReading, SourceError> {
        if self.is_closed() {
            return Err("the pool is closed".into());
        }
        let status = self.status();
        let active = status.size.saturating_sub(status.available);
        let reading = PoolReading::new(status.max_size as u64, active as u64, status.available as u64);
        Ok(reading.pending(status.waiting as u64))
    }
}
