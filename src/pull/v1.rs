//! The version 1 API: typed, for programs (contract §4.3). Every moment is in Unix seconds, every unit
//! stands last in its member's name, and what is not known is null.

pub mod about;
pub mod alert;
pub mod breaker;
pub mod component;
pub mod event;
pub mod exporter;
pub mod filter;
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

use crate::pull::route::Route;

/// The routes under `/api/v1/` but for the stream, which is SSE.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/snapshot", "Everything at one moment", singles::snapshot),
        Route::get("/api/v1/services", "Services and their instances", handlers::services),
        Route::get("/api/v1/pools", "Pools", handlers::pools),
        Route::get("/api/v1/workers", "Workers", handlers::workers),
        Route::get("/api/v1/workers/{id}", "One worker", singles::worker),
        Route::get("/api/v1/components", "Components", handlers::components),
        Route::get("/api/v1/breakers", "Circuit breakers", handlers::breakers),
        Route::get("/api/v1/breakers/{name}/transitions", "Transitions of one breaker", singles::transitions),
        Route::get("/api/v1/transitions", "Transitions of all breakers", singles::all_transitions),
        Route::get("/api/v1/streams", "Streams", handlers::streams),
        Route::get("/api/v1/alerts", "Alerts", handlers::alerts),
        Route::get("/api/v1/recommendations", "Recommendations", handlers::recommendations),
        Route::get("/api/v1/traces", "Traces and the spans that are kept", singles::traces),
        Route::get("/api/v1/exporters", "Push destinations", handlers::exporters),
        Route::get("/api/v1/history", "Samples of the last minutes", singles::history),
        Route::get("/api/v1/events", "What happened", singles::events),
        Route::get("/api/v1/about", "Version, run, configuration", singles::about),
    ]
}

#[cfg(test)]
pub(crate) mod tests;
