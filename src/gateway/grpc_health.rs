//! `grpc.health.v1` on the OTLP/gRPC port: the empty name is readiness, each `service.name` is serving unless it is unhealthy
//! (contract §4.4).

use std::collections::BTreeSet;
use std::sync::Arc;

use tonic_health::ServingStatus;
use tonic_health::pb::health_server::HealthServer;
use tonic_health::server::{HealthReporter, HealthService};

use crate::model::health::{HealthStatus, System};
use crate::model::scope::Scope;
use crate::state::Store;

/// Tells the health service how things stand.
#[derive(Clone, Debug)]
pub(super) struct Health {
    reporter: HealthReporter,
    told: BTreeSet<Arc<str>>,
}

/// The service for the gRPC port, and the hand that feeds it.
pub(super) fn service() -> (Health, HealthServer<HealthService>) {
    let reporter = HealthReporter::new();
    let service = HealthServer::new(HealthService::from_health_reporter(reporter.clone()));
    (Health { reporter, told: BTreeSet::new() }, service)
}

const fn serving(holds: bool) -> ServingStatus {
    if holds { ServingStatus::Serving } else { ServingStatus::NotServing }
}

impl Health {
    /// Tells readiness, and the standing of every service that is known; a forgotten one is unknown again.
    pub(super) async fn update(&mut self, store: &Store, is_ready: bool) {
        self.reporter.set_service_status("", serving(is_ready)).await;
        let snapshot = store.snapshot();
        let services: BTreeSet<Arc<str>> = snapshot.instances.iter().map(|instance| instance.service.clone()).collect();
        for service in &services {
            let scope = Scope { service: Some(service.to_string()), ..Scope::default() };
            let system = System::of(&snapshot, &scope, &snapshot.health_rules);
            self.reporter.set_service_status(service, serving(system.status != HealthStatus::Unhealthy)).await;
        }
        for forgotten in self.told.difference(&services) {
            self.reporter.clear_service_status(forgotten).await;
        }
        self.told = services;
    }

    /// The process is stopping.
    pub(super) async fn stopped(&mut self) {
        self.reporter.set_service_status("", ServingStatus::NotServing).await;
    }
}
