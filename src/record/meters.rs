//! Ordinary meters of the process: instruments that it makes itself. One provider with two readers, so that what is recorded is
//! both exposed (translated by `opentelemetry-prometheus`) and pushed.

use opentelemetry::InstrumentationScope;
use opentelemetry::metrics::{Meter, MeterProvider as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkError;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use prometheus::Registry;
use prometheus::proto::MetricFamily;

use crate::config::temporality::Temporality;
use crate::record::export::{Encoded, SharedReader};

/// See the module.
#[derive(Debug)]
pub struct OwnMeters {
    provider: SdkMeterProvider,
    reader: SharedReader,
    registry: Registry,
}

impl OwnMeters {
    /// A provider of that resource; the temporality is that of what is pushed.
    pub fn new(resource: Resource, temporality: Temporality) -> Self {
        let registry = Registry::new();
        let reader = SharedReader::new(temporality);
        let mut provider = SdkMeterProvider::builder().with_resource(resource).with_reader(reader.clone());
        let exposition = opentelemetry_prometheus::exporter().with_registry(registry.clone()).without_target_info();
        match exposition.build() {
            Ok(exposition) => provider = provider.with_reader(exposition),
            Err(error) => tracing::warn!(%error, "own meters will not be exposed"),
        }
        Self { provider: provider.build(), reader, registry }
    }

    /// A meter of that scope.
    pub fn meter(&self, scope: InstrumentationScope) -> Meter {
        self.provider.meter_with_scope(scope)
    }

    /// The meter of this crate itself.
    pub fn own_meter(&self) -> Meter {
        let scope = InstrumentationScope::builder(env!("CARGO_PKG_NAME")).with_version(env!("CARGO_PKG_VERSION"));
        self.meter(scope.build())
    }

    /// The provider.
    pub fn provider(&self) -> SdkMeterProvider {
        self.provider.clone()
    }

    /// What the meters say, in the data model of the Prometheus client.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// What the meters say now, as Prometheus families.
    pub fn gather(&self) -> Vec<MetricFamily> {
        self.registry.gather()
    }

    /// What the meters say now; none when there is nothing to say.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::parts::Parts;

    /// A callback that panics costs what the meters say, each time, and is told.
    #[test]
    fn a_callback_that_panics() {
        let meters = OwnMeters::new(Resource::builder_empty().build(), Temporality::Cumulative);
        let meter = meters.meter(InstrumentationScope::builder("test").build());
        meter.u64_observable_gauge("broken").with_callback(|_| panic!("a callback failed")).build();
        let parts = Parts::default();
        let part = parts.part("push meters");
        for _ in 0..2 {
            assert_eq!(part.read(|| meters.collect()), None);
            assert_eq!(parts.errors().len(), 1);
        }
    }
}
