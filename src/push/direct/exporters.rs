//! One destination's three exporters.

use opentelemetry::InstrumentationScope;
use opentelemetry_otlp::{
    LogExporter, MetricExporter, Protocol as OtlpProtocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _,
    WithTonicConfig as _,
};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::logs::{LogBatch, LogExporter as _, SdkLogRecord};
use opentelemetry_sdk::metrics::exporter::PushMetricExporter as _;
use opentelemetry_sdk::trace::SpanExporter as _;

use crate::config::push::{Compression, Destination, Protocol};
use crate::model::signal::Signal;
use crate::push::PushError;
use crate::push::client::uri;
use crate::push::direct::transport::{GrpcTransport, HttpTransport};
use crate::tasks::Tasks;

/// One for each signal that the destination takes.
#[derive(Debug)]
pub(super) struct Exporters {
    pub(super) metrics: Option<Metrics>,
    pub(super) spans: Option<Spans>,
    pub(super) logs: Option<Logs>,
}

#[derive(Debug)]
pub(super) struct Metrics(MetricExporter);
#[derive(Debug)]
pub(super) struct Spans(SpanExporter);
#[derive(Debug)]
pub(super) struct Logs(LogExporter);

impl Metrics {
    pub(super) async fn export(&self, metrics: &opentelemetry_sdk::metrics::data::ResourceMetrics) -> OTelSdkResult {
        self.0.export(metrics).await
    }
}

impl Spans {
    pub(super) async fn export(&self, spans: Vec<opentelemetry_sdk::trace::SpanData>) -> OTelSdkResult {
        self.0.export(spans).await
    }
}

impl Logs {
    pub(super) async fn export(&self, records: &[(&SdkLogRecord, &InstrumentationScope)]) -> OTelSdkResult {
        self.0.export(LogBatch::new(records)).await
    }
}

/// Sets what the builders of all three signals have in common, and builds.
macro_rules! build {
    ($exporter:ident, $destination:expr, $signal:expr, $transport:expr) => {{
        let (destination, invalid) = ($destination, |reason: String| invalid($destination, reason));
        let built = match $transport {
            Transport::Grpc(transport) => {
                let builder = $exporter::builder().with_tonic().with_timeout(destination.timeout);
                let builder =
                    builder.with_channel(transport.channel.clone()).with_interceptor(transport.metadata.clone());
                match compression(destination.compression) {
                    Some(compression) => builder.with_compression(compression).build(),
                    None => builder.build(),
                }
            }
            Transport::Http(transport) => {
                let endpoint = uri(destination, $signal).map_err(&invalid)?.to_string();
                let protocol = match destination.protocol {
                    Protocol::HttpJson => OtlpProtocol::HttpJson,
                    Protocol::Grpc | Protocol::HttpProtobuf => OtlpProtocol::HttpBinary,
                };
                let builder = $exporter::builder().with_http().with_timeout(destination.timeout);
                let builder =
                    builder.with_endpoint(endpoint).with_protocol(protocol).with_http_client(transport.clone());
                match compression(destination.compression) {
                    Some(compression) => builder.with_compression(compression).build(),
                    None => builder.build(),
                }
            }
        };
        built.map_err(|error| invalid(error.to_string()))?
    }};
}

#[expect(clippy::large_enum_variant, reason = "there is one, on the stack, while a destination is built")]
enum Transport {
    Grpc(GrpcTransport),
    Http(HttpTransport),
}

impl Exporters {
    pub(super) fn build(destination: &Destination, resource: &Resource, tasks: &Tasks) -> Result<Self, PushError> {
        let transport = match destination.protocol {
            Protocol::Grpc => Transport::Grpc(GrpcTransport::new(destination, tasks)?),
            Protocol::HttpProtobuf | Protocol::HttpJson => Transport::Http(HttpTransport::new(destination, tasks)?),
        };
        let mut exporters = Self { metrics: None, spans: None, logs: None };
        for signal in &destination.signals {
            match signal {
                Signal::Metrics => {
                    exporters.metrics = Some(Metrics(build!(MetricExporter, destination, *signal, &transport)));
                }
                Signal::Traces => {
                    let mut exporter = build!(SpanExporter, destination, *signal, &transport);
                    exporter.set_resource(resource);
                    exporters.spans = Some(Spans(exporter));
                }
                Signal::Logs => {
                    let mut exporter = build!(LogExporter, destination, *signal, &transport);
                    exporter.set_resource(resource);
                    exporters.logs = Some(Logs(exporter));
                }
            }
        }
        Ok(exporters)
    }
}

pub(super) fn invalid(destination: &Destination, reason: String) -> PushError {
    PushError::Endpoint { destination: destination.name.clone(), reason }
}

const fn compression(configured: Compression) -> Option<opentelemetry_otlp::Compression> {
    match configured {
        Compression::None => None,
        Compression::Gzip => Some(opentelemetry_otlp::Compression::Gzip),
        Compression::Zstd => Some(opentelemetry_otlp::Compression::Zstd),
    }
}
