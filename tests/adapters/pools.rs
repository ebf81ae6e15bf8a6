//! Pools of connections: what they say while connections are held, waited for, given back, and when the pool is closed.

use std::time::Duration;

use opentelemetry_sdk::metrics::SdkMeterProvider;
use otel_bridge::Bridge;
use otel_bridge::model::pool::PoolCounts;
use otel_bridge::record::source::{PoolReading, PoolSource};
use prometheus::proto::LabelPair;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use tokio::task::JoinSet;

use super::connections::{Connector, Echo, echo};
use super::{bridge, pool_of, until, view};

/// Size, active, idle, pending.
fn figures(reading: &PoolReading) -> (Option<u64>, u64, u64, Option<u64>) {
    (reading.size, reading.active, reading.idle, reading.pending)
}

#[tokio::test]
async fn deadpool_tells_who_holds_and_who_waits() {
    let server = Echo::start().await;
    let pool: deadpool::managed::Pool<Connector> =
        deadpool::managed::Pool::builder(Connector(server.address)).max_size(2).build().unwrap();
    assert_eq!(figures(&pool.read().unwrap()), (Some(2), 0, 0, Some(0)));
    let (mut first, second) = (pool.get().await.unwrap(), pool.get().await.unwrap());
    assert_eq!(echo(&mut first, "hello").await.unwrap(), "hello");
    let mut third = JoinSet::new();
    let waiting = pool.clone();
    third.spawn(async move { waiting.get().await.map(|_| ()).unwrap() });
    until("a caller that waits", || pool.read().unwrap().pending == Some(1)).await;
    assert_eq!(figures(&pool.read().unwrap()), (Some(2), 2, 0, Some(1)));
    drop((first, second));
    third.join_next().await.unwrap().unwrap();
    until("nobody holds one", || figures(&pool.read().unwrap()) == (Some(2), 0, 2, Some(0))).await;
    pool.close();
    assert_eq!(pool.read().unwrap_err().to_string(), "the pool is closed");
}

/// A call that times out is an error; one that was given up would be pending for ever in the library's own figure.
#[tokio::test]
async fn bb8_tells_who_holds_and_what_timed_out() {
    let server = Echo::start().await;
    let builder = bb8::Pool::builder().max_size(2).connection_timeout(Duration::from_millis(50));
    let pool = builder.build(Connector(server.address)).await.unwrap();
    {
        let (mut first, _second) = (pool.get().await.unwrap(), pool.get().await.unwrap());
        assert_eq!(echo(&mut first, "hello").await.unwrap(), "hello");
        assert!(matches!(pool.get().await, Err(bb8::RunError::TimedOut)));
        let reading = pool.read().unwrap();
        assert_eq!(figures(&reading), (Some(2), 2, 0, None));
        assert_eq!((reading.requests, reading.errors), (Some(3), Some(1)));
        let given_up = tokio::time::timeout(Duration::from_millis(1), pool.get()).await;
        assert!(given_up.is_err());
    }
    assert_eq!(figures(&pool.read().unwrap()), (Some(2), 0, 2, None));
    assert_eq!(pool.state().statistics.pending_gets(), 1, "the library forgets a caller that left: see the adapter");
}

/// A real database in a file, written to by many at once through few connections.
#[tokio::test]
async fn sqlx_tells_who_holds() {
    let directory = tempfile::tempdir().unwrap();
    let options = SqliteConnectOptions::new().filename(directory.path().join("shop.db")).create_if_missing(true);
    let pool = SqlitePoolOptions::new().max_connections(3).connect_with(options).await.unwrap();
    sqlx::query("CREATE TABLE orders (number INTEGER PRIMARY KEY)").execute(&pool).await.unwrap();
    let mut orders = JoinSet::new();
    for number in 0..20 {
        let pool = pool.clone();
        orders.spawn(async move { sqlx::query("INSERT INTO orders VALUES (?)").bind(number).execute(&pool).await });
    }
    while let Some(order) = orders.join_next().await {
        assert_eq!(order.unwrap().unwrap().rows_affected(), 1);
    }
    let held = pool.acquire().await.unwrap();
    // What was given back is idle a moment later: the library cleans it first.
    until("one is held", || pool.read().unwrap().active == 1).await;
    let reading = pool.read().unwrap();
    assert_eq!((reading.size, reading.pending), (Some(3), None));
    let transaction = pool.begin().await.unwrap();
    until("two are held", || pool.read().unwrap().active == 2).await;
    drop((held, transaction));
    until("all of them are back", || pool.read().unwrap().active == 0).await;
    assert!((1..=3).contains(&pool.read().unwrap().idle));
    pool.close().await;
    assert_eq!(pool.read().unwrap_err().to_string(), "the pool is closed");
}

/// A pool that is asked is in every view with what it knows and without what it does not, and leaves them when it fails.
#[tokio::test]
async fn a_pool_is_shown_and_leaves_when_it_closes() {
    let server = Echo::start().await;
    let pool: deadpool::managed::Pool<Connector> =
        deadpool::managed::Pool::builder(Connector(server.address)).max_size(4).build().unwrap();
    let held = pool.get().await.unwrap();
    let bridge = bridge();
    bridge.pool_source("db", pool.clone()).unwrap();
    until("the pool", || pool_of(&bridge.snapshot(), "db").is_some_and(|facts| facts.size.is_some())).await;
    let facts = pool_of(&bridge.snapshot(), "db").unwrap();
    assert_eq!((facts.size, facts.pending), (Some(4), Some(0)));
    assert_eq!(facts.counts, PoolCounts { active: 1, idle: 0, creating: 0 });
    assert_eq!((facts.requests, facts.errors, facts.workers_created), (None, None, None), "absent, never zero");
    let text = view(&bridge, "/metrics").await;
    assert!(text.contains("\npool_active{pool=\"db\"} 1\n"), "{text}");
    assert!(!text.contains("pool_requests"), "{text}");
    drop(held);
    pool.close();
    until("it leaves", || pool_of(&bridge.snapshot(), "db").is_none()).await;
    let errors = &bridge.snapshot().errors;
    assert!(
        errors.iter().any(|error| &*error.part == "pool db" && &*error.message == "the pool is closed"),
        "{errors:?}"
    );
    bridge.shutdown().await.unwrap();
}

/// What is exported is what the pool said, not the workers that it does not know.
#[tokio::test]
async fn what_a_pool_says_is_exported() {
    let registry = prometheus::Registry::new();
    let reader = opentelemetry_prometheus::exporter().with_registry(registry.clone()).build().unwrap();
    let meters = SdkMeterProvider::builder().with_reader(reader).build();
    let bridge = Bridge::builder().service_name("shop").meter_provider(meters).build().unwrap();
    let say = || Ok(PoolReading::new(8, 3, 2).creating(1).pending(4).requests(70).errors(6));
    bridge.pool_source("db", say).unwrap();
    let exported = || {
        let mut all = Vec::new();
        for family in registry.gather().iter().filter(|family| family.name().starts_with("pool_")) {
            for metric in family.get_metric() {
                let value = metric.get_gauge().get_value() + metric.get_counter().get_value();
                let labels = metric.get_label().iter().filter(|label| label.name() == "pool_worker_state");
                all.push(format!("{}{} {value}", family.name(), labels.map(LabelPair::value).collect::<String>()));
            }
        }
        all.sort();
        all
    };
    let wanted = [
        "pool_errors_total 6",
        "pool_pending_requests 4",
        "pool_requests_total 70",
        "pool_size 8",
        "pool_utilization_ratio 0.375",
        "pool_worker_countactive 3",
        "pool_worker_countcreating 1",
        "pool_worker_countidle 2",
    ];
    until("the pool", || !exported().is_empty()).await;
    assert_eq!(exported(), wanted);
    bridge.shutdown().await.unwrap();
}
