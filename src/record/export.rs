//! From the SDK to OTLP bytes: a reader that is asked, and the encoding of what it and the span processor collected. The
//! bytes go the same way as everything that was received.

use std::sync::{Arc, Weak};
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::reader::MetricReader;
use opentelemetry_sdk::metrics::{
    Instrument, InstrumentKind, ManualReader, Pipeline, SdkMeterProvider, Stream, Temporality,
};
use prost::Message;

use crate::config::temporality::Temporality as Preference;
use crate::record::convention::{self as names, Convention};
use crate::record::{Recorder, instruments};

/// The SDK's resource of the local process, made of the same attributes that the store knows it by.
pub fn resource(attributes: &[(String, String)]) -> Resource {
    let attributes = attributes.iter().map(|(key, value)| KeyValue::new(key.clone(), value.clone()));
    Resource::builder_empty().with_attributes(attributes).build()
}

/// An encoded export request and the items in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    /// Protobuf bytes of the export request.
    pub body: Vec<u8>,
    /// Points or spans.
    pub items: u64,
}

/// The SDK's reader that collects when it is asked, shared between a provider and whoever asks.
#[derive(Clone, Debug)]
pub(crate) struct SharedReader(Arc<ManualReader>);

impl SharedReader {
    /// A reader that counts as `preference` says.
    pub(crate) fn new(preference: Preference) -> Self {
        let temporality = match preference {
            Preference::Cumulative => Temporality::Cumulative,
            Preference::Delta => Temporality::Delta,
            Preference::LowMemory => Temporality::LowMemory,
        };
        Self(Arc::new(ManualReader::builder().with_temporality(temporality).build()))
    }

    /// What the provider's instruments say now; none when there is nothing to say.
    pub(crate) fn take(&self) -> Result<Option<ResourceMetrics>, OTelSdkError> {
        let mut metrics = ResourceMetrics::default();
        self.0.collect(&mut metrics)?;
        let is_empty = metrics.scope_metrics().next().is_none();
        Ok((!is_empty).then_some(metrics))
    }

    /// The same as an export request.
    pub(crate) fn encode(&self) -> Result<Option<Encoded>, OTelSdkError> {
        let Some(metrics) = self.take()? else { return Ok(None) };
        let request = ExportMetricsServiceRequest::from(&metrics);
        let items = points(&request);
        Ok((items > 0).then(|| Encoded { body: request.encode_to_vec(), items }))
    }
}

impl MetricReader for SharedReader {
    fn register_pipeline(&self, pipeline: Weak<Pipeline>) {
        self.0.register_pipeline(pipeline);
    }

    fn collect(&self, metrics: &mut ResourceMetrics) -> OTelSdkResult {
        self.0.collect(metrics)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.0.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.0.shutdown_with_timeout(timeout)
    }

    fn temporality(&self, kind: InstrumentKind) -> Temporality {
        self.0.temporality(kind)
    }
}

/// The local process's metrics: a provider of its own, collected on demand.
#[derive(Debug)]
pub struct OwnMetrics {
    provider: SdkMeterProvider,
    reader: SharedReader,
}

/// For how many entities the instruments have room; the SDK reserves memory for all of them at once, so a process states what
/// it may have and no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Workers.
    pub workers: usize,
    /// Pools, components, circuit breakers and streams, of each kind; and attribute sets of an instrument that is about none.
    pub entities: usize,
}

impl Default for Room {
    fn default() -> Self {
        Self { workers: 1_000, entities: 256 }
    }
}

impl Room {
    /// Attribute sets of an instrument. The sets of one entity are exact: a state each, an outcome each, a type each; so is the
    /// room, since every set costs memory whether it is used or not, and one set too few folds entities into the overflow.
    fn sets(self, instrument: &str) -> usize {
        let is = |what: Convention| instrument == what.name;
        let held = if instrument.starts_with("worker.") { self.workers } else { self.entities };
        let each = instruments::SETS.iter().find(|(what, _)| is(*what)).map_or(1, |(_, sets)| *sets);
        let single =
            [names::TRACE_COUNT, names::SPAN_STARTED, names::SPAN_LIVE, names::HEALTH_SCORE, names::PROCESS_CPU];
        let single = single.into_iter().chain([names::PROCESS_MEMORY, names::PROCESS_UPTIME]);
        if single.into_iter().any(is) { 1 } else { held.saturating_mul(each).clamp(1, SETS_MAX) }
    }
}

/// Most attribute sets of one instrument: beyond it the SDK's reservation alone would take more than a gibibyte.
const SETS_MAX: usize = 10_000_000;

impl OwnMetrics {
    /// Registers the instruments of the conventions over the recorder's instance, with so much room.
    pub fn new(recorder: &Recorder, resource: Resource, temporality: Preference, room: Room) -> Self {
        let reader = SharedReader::new(temporality);
        let provider = SdkMeterProvider::builder().with_resource(resource).with_reader(reader.clone());
        let view = move |instrument: &Instrument| {
            Stream::builder().with_cardinality_limit(room.sets(instrument.name())).build().ok()
        };
        let metrics = Self { provider: provider.with_view(view).build(), reader };
        instruments::register(&metrics.meter(), recorder);
        metrics
    }

    /// The meter that the instruments belong to, for further ones of the same process.
    pub fn meter(&self) -> opentelemetry::metrics::Meter {
        use opentelemetry::metrics::MeterProvider as _;
        let scope = opentelemetry::InstrumentationScope::builder(env!("CARGO_PKG_NAME"));
        self.provider.meter_with_scope(scope.with_version(env!("CARGO_PKG_VERSION")).build())
    }

    /// What the instruments say now; none when there is nothing to say.
    ///
    /// # Errors
    /// As the SDK fails to collect.
    pub fn take(&self) -> Result<Option<ResourceMetrics>, OTelSdkError> {
        self.reader.take()
    }

    /// The same as an export request.
    ///
    /// # Errors
    /// As the SDK fails to collect.
    pub fn collect(&self) -> Result<Option<Encoded>, OTelSdkError> {
        self.reader.encode()
    }
}

fn points(request: &ExportMetricsServiceRequest) -> u64 {
    let scopes = request.resource_metrics.iter().flat_map(|resource| &resource.scope_metrics);
    let points = scopes.flat_map(|scope| &scope.metrics).map(|metric| match &metric.data {
        Some(Data::Gauge(data)) => data.data_points.len(),
        Some(Data::Sum(data)) => data.data_points.len(),
        Some(Data::Histogram(data)) => data.data_points.len(),
        Some(Data::ExponentialHistogram(data)) => data.data_points.len(),
        Some(Data::Summary(data)) => data.data_points.len(),
        None => 0,
    });
    points.map(|points| points as u64).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The preference of the environment is the temporality of what the reader collects.
    #[test]
    fn the_preference_is_kept() {
        let of = |preference, kind| SharedReader::new(preference).temporality(kind);
        assert_eq!(of(Preference::Cumulative, InstrumentKind::Counter), Temporality::Cumulative);
        assert_eq!(of(Preference::Delta, InstrumentKind::ObservableCounter), Temporality::Delta);
        assert_eq!(of(Preference::Delta, InstrumentKind::UpDownCounter), Temporality::Cumulative);
        assert_eq!(of(Preference::LowMemory, InstrumentKind::Counter), Temporality::Delta);
        assert_eq!(of(Preference::LowMemory, InstrumentKind::ObservableCounter), Temporality::Cumulative);
    }
}
