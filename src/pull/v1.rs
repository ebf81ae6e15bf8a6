//! The version 1 API: typed, for programs and for the dashboard (contract §4.3). Every moment is in Unix seconds, every unit
//! stands last in its member's name, and what is not known is null.

pub mod about;
pub mod alert;
pub mod breaker;
pub mod component;
pub mod event;
pub mod exporter;
pub mod find;
pub mod handlers;
pub mod history;
pub mod links;
pub mod list;
pub mod noun;
pub mod page;
pub mod pool;
pub mod service;
pub mod singles;
pub mod sort;
pub mod stream;
pub mod system;
pub mod topics;
pub mod trace;
pub mod whole;
pub mod worker;

use axum::Router;
use axum::routing::get;

use crate::pull::PullState;

/// The routes under `/api/v1/` but for the stream, which is SSE.
pub fn router() -> Router<PullState> {
    Router::new()
        .route("/api/v1/snapshot", get(singles::snapshot))
        .route("/api/v1/services", get(handlers::services))
        .route("/api/v1/pools", get(handlers::pools))
        .route("/api/v1/workers", get(handlers::workers))
        .route("/api/v1/workers/{id}", get(singles::worker))
        .route("/api/v1/components", get(handlers::components))
        .route("/api/v1/breakers", get(handlers::breakers))
        .route("/api/v1/breakers/{name}/transitions", get(singles::transitions))
        .route("/api/v1/streams", get(handlers::streams))
        .route("/api/v1/alerts", get(handlers::alerts))
        .route("/api/v1/recommendations", get(handlers::recommendations))
        .route("/api/v1/traces", get(singles::traces))
        .route("/api/v1/exporters", get(handlers::exporters))
        .route("/api/v1/history", get(singles::history))
        .route("/api/v1/events", get(singles::events))
        .route("/api/v1/about", get(singles::about))
}

#[cfg(test)]
pub(crate) mod tests;
