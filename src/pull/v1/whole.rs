//! Everything of one snapshot in one answer.

use serde::Serialize;
use utoipa::ToSchema;

use crate::model::health::System as SystemFacts;
use crate::pull::v1::alert::{Alert, Recommendation};
use crate::pull::v1::breaker::Breaker;
use crate::pull::v1::component::Component;
use crate::pull::v1::exporter::Exporter;
use crate::pull::v1::list::{PartFailure, failures};
use crate::pull::v1::noun::{Context, views};
use crate::pull::v1::pool::Pool;
use crate::pull::v1::service::Service;
use crate::pull::v1::stream::Stream;
use crate::pull::v1::system::System;
use crate::pull::v1::topics::{Topic, Topics};
use crate::pull::v1::trace::Traces;
use crate::pull::v1::worker::Worker;

/// Everything in scope at one moment. A stream that does not carry a topic leaves its member out.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Whole<'a> {
    /// The snapshot; equal ids of one run mean the same numbers in every view.
    pub snapshot_id: u64,
    /// When it was taken, in Unix seconds.
    pub timestamp: f64,
    /// Identifies this run of the answering process; another value means a restart.
    pub run_id: &'a str,
    /// The number of the latest event, for `events?after=`.
    pub latest_event: u64,
    /// Health and figures.
    pub system: System<'a>,
    /// Instances.
    pub services: Vec<Service<'a>>,
    /// Pools.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pools: Option<Vec<Pool<'a>>>,
    /// Workers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workers: Option<Vec<Worker<'a>>>,
    /// Components, the expected and missing ones last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub components: Option<Vec<Component<'a>>>,
    /// Circuit breakers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub breakers: Option<Vec<Breaker<'a>>>,
    /// Streams.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub streams: Option<Vec<Stream<'a>>>,
    /// Active alerts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alerts: Option<Vec<Alert<'a>>>,
    /// What to do about them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recommendations: Option<Vec<Recommendation<'a>>>,
    /// Traces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub traces: Option<Traces<'a>>,
    /// Push destinations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exporters: Option<Vec<Exporter<'a>>>,
    /// Parts that could not be read; the rest is true all the same.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<PartFailure>,
}

impl<'a> Whole<'a> {
    /// What is in scope, of the topics that are wanted.
    pub fn new(context: &Context<'a>, system: &'a SystemFacts, topics: Topics, latest_event: u64) -> Self {
        let wants = |topic| topics.holds(topic);
        Self {
            snapshot_id: context.snapshot.id,
            timestamp: context.snapshot.timestamp(),
            run_id: &context.snapshot.run_id,
            latest_event,
            system: System::from(system),
            services: views(context),
            pools: wants(Topic::Pools).then(|| views(context)),
            workers: wants(Topic::Workers).then(|| views(context)),
            components: wants(Topic::Components).then(|| components(context)),
            breakers: wants(Topic::Breakers).then(|| views(context)),
            streams: wants(Topic::Streams).then(|| views(context)),
            alerts: wants(Topic::Alerts).then(|| views(context)),
            recommendations: wants(Topic::Alerts).then(|| Recommendation::all(context)),
            traces: wants(Topic::Traces).then(|| Traces::new(context, system)),
            exporters: wants(Topic::Exporters).then(|| views(context)),
            errors: failures(context.snapshot),
        }
    }
}

/// The components in scope, and those that are expected and missing.
pub fn components<'a>(context: &Context<'a>) -> Vec<Component<'a>> {
    let mut all: Vec<Component<'a>> = views(context);
    all.extend(Component::missing(context));
    all
}
