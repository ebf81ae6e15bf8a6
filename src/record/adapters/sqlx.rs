//! Pools of `sqlx`, of any database: each is a [`PoolSource`]. The driver, the runtime and TLS are the features of `sqlx` that the
//! service chooses.
//!
//! Active are the connections that somebody holds, and those that are being made. How many callers wait is absent: `sqlx` does not
//! tell. A pool that was closed cannot be read any more.
//!
//! ```
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use otel_bridge::Bridge;
//! use sqlx::sqlite::SqlitePoolOptions;
//!
//! let bridge = Bridge::builder().service_name("checkout").build()?;
//! let pool = SqlitePoolOptions::new().max_connections(16).connect_lazy("sqlite::memory:")?;
//! bridge.pool_source("db", pool.clone())?;
//! # bridge.shutdown().await?;
//! # Ok(())
//! # }
//! ```

use sqlx::{Database, Pool};

use crate::record::source::{PoolReading, PoolSource, SourceError};

impl<D: Database> PoolSource for Pool<D> {
    fn read(&self) -> Result<PoolReading, SourceError> {
        if self.is_closed() {
            return Err("the pool is closed".into());
        }
        // Two looks, between which a connection may come and go.
        let open = u64::from(self.size());
        let idle = (self.num_idle() as u64).min(open);
        Ok(PoolReading::new(self.options().get_max_connections().into(), open - idle, idle))
    }
}
