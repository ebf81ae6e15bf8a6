//! All of the process's SDK side: the instruments over the store, ordinary meters, spans and log events, and what they say, as
//! the SDK's own data or as export requests.

use std::borrow::Cow;

use opentelemetry::InstrumentationScope;
use opentelemetry::metrics::Meter;
use opentelemetry_sdk::logs::{SdkLogRecord, SdkLoggerProvider};
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider, SpanData};
use prometheus::proto::MetricFamily;

use crate::config::temporality::Temporality;
use crate::record::Recorder;
use crate::record::export::{Encoded, OwnMetrics, Room, resource};
use crate::record::logs::OwnLogs;
use crate::record::meters::OwnMeters;
use crate::record::spans::{OwnSpans, SpanCounter};
use crate::state::parts::Part;

/// What a process's telemetry is made of.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct TelemetryOptions {
    /// How what is pushed counts.
    pub temporality: Temporality,
    /// Room for the instruments over the store; none where nothing is pushed: they then exist in no provider and cost nothing,
    /// since the pull layer reads the store itself.
    pub instruments: Option<Room>,
}

impl TelemetryOptions {
    /// For a process that pushes nothing.
    pub fn pull_only() -> Self {
        Self::default()
    }

    /// For a process that pushes, with room for so many entities.
    pub fn pushing(temporality: Temporality, room: Room) -> Self {
        Self { temporality, instruments: Some(room) }
    }
}

/// See the module.
#[derive(Debug)]
pub struct Telemetry {
    recorder: Recorder,
    metrics: Option<OwnMetrics>,
    meters: OwnMeters,
    spans: OwnSpans,
    logs: OwnLogs,
    parts: OwnParts,
}

/// Meters run callbacks, which may fail or panic: that costs what they measure, and no more.
#[derive(Debug)]
struct OwnParts {
    /// The meters on `/metrics`.
    exposed: Part,
    /// The same on their way out.
    meters: Part,
    /// The instruments over the store.
    metrics: Part,
}

impl Telemetry {
    /// The providers of a process with these resource attributes.
    ///
    /// ```
    /// use otel_bridge::clock::Clock;
    /// use otel_bridge::record::{Recorder, Telemetry, TelemetryOptions};
    /// use otel_bridge::state::{Store, StoreOptions};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let clock = Clock::system();
    /// let store = Store::new(StoreOptions::of_service("shop", clock.clone()));
    /// let recorder = Recorder::new(&store, clock).ok_or("the store has no local instance")?;
    /// let attributes = [("service.name".to_owned(), "shop".to_owned())];
    /// let telemetry = Telemetry::new(&recorder, &attributes, TelemetryOptions::pull_only());
    ///
    /// // Instruments of one's own.
    /// let orders = telemetry.meter("shop").u64_counter("orders").build();
    /// orders.add(2, &[]);
    /// assert!(telemetry.gather().iter().any(|family| family.name() == "orders_total"));
    ///
    /// // Handles whose durations and errors go the same ways.
    /// let pool = telemetry.recorder().pool("requests").size(8).register()?;
    /// drop(pool.worker("worker-1").register()?.begin());
    /// assert!(telemetry.gather().iter().any(|family| family.name() == "pool_request_duration_seconds"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn new(recorder: &Recorder, attributes: &[(String, String)], options: TelemetryOptions) -> Self {
        let TelemetryOptions { temporality, instruments } = options;
        let resource = resource(attributes);
        let metrics = instruments.map(|room| OwnMetrics::new(recorder, resource.clone(), temporality, room));
        let meters = OwnMeters::new(resource.clone(), temporality);
        let logs = OwnLogs::new(resource.clone());
        let spans = OwnSpans::new(recorder, resource);
        let recorder = recorder.with_meter(&meters.own_meter()).with_logs(&logs);
        let all = &recorder.store().accounting().parts;
        let parts = OwnParts {
            exposed: all.part("meters"),
            meters: all.part("push meters"),
            metrics: all.part("push metrics"),
        };
        Self { recorder, metrics, meters, spans, logs, parts }
    }

    /// The recorder whose handles record durations and tell log events here.
    pub fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    /// A meter of that name for instruments of one's own: they are both exposed and pushed.
    pub fn meter(&self, name: impl Into<Cow<'static, str>>) -> Meter {
        self.meters.meter(InstrumentationScope::builder(name).build())
    }

    /// The provider of those meters, for libraries that want one.
    pub fn meter_provider(&self) -> SdkMeterProvider {
        self.meters.provider()
    }

    /// The meter of this crate itself, for instruments that are both exposed and pushed.
    pub fn own_meter(&self) -> Meter {
        self.meters.own_meter()
    }

    /// The meter of the instruments over the store, for further observable ones that are only pushed; none where nothing is.
    pub fn pushed_meter(&self) -> Option<Meter> {
        self.metrics.as_ref().map(OwnMetrics::meter)
    }

    /// This crate's tracer.
    pub fn tracer(&self) -> SdkTracer {
        self.spans.tracer()
    }

    /// A provider whose spans are counted, kept when they were slow or failed, and taken with the next export.
    pub fn tracer_provider(&self) -> SdkTracerProvider {
        self.spans.provider()
    }

    /// A processor for a service's own provider: it counts spans, and keeps slow and failed ones for the views. Exporting them
    /// stays that provider's business.
    ///
    /// ```
    /// # use otel_bridge::{clock::Clock, record::*, state::{Store, StoreOptions}};
    /// # let store = Store::new(StoreOptions::of_service("shop", Clock::system()));
    /// # let recorder = Recorder::new(&store, Clock::system()).unwrap();
    /// # let telemetry = Telemetry::new(&recorder, &[], TelemetryOptions::pull_only());
    /// use opentelemetry::trace::{Tracer as _, TracerProvider as _};
    /// use opentelemetry_sdk::trace::SdkTracerProvider;
    ///
    /// let provider = SdkTracerProvider::builder().with_span_processor(telemetry.span_processor()).build();
    /// drop(provider.tracer("shop").start("checkout"));
    /// assert_eq!(store.snapshot().instances[0].traces, 1);
    /// assert!(telemetry.take_spans().is_empty());
    /// # Ok::<(), RecordError>(())
    /// ```
    pub fn span_processor(&self) -> SpanCounter {
        self.spans.counter()
    }

    /// A provider whose log records are taken with the next export.
    pub fn logger_provider(&self) -> SdkLoggerProvider {
        self.logs.provider()
    }

    /// What all instruments say now.
    pub fn take_metrics(&self) -> Vec<ResourceMetrics> {
        let over_the_store = self.metrics.as_ref().and_then(|metrics| self.parts.metrics.read(|| metrics.take()));
        let own = self.parts.meters.read(|| self.meters.take());
        [over_the_store, own].into_iter().flatten().flatten().collect()
    }

    /// The spans that ended since they were taken last.
    ///
    /// ```
    /// # use otel_bridge::{clock::Clock, record::*, state::{Store, StoreOptions}};
    /// # let store = Store::new(StoreOptions::of_service("shop", Clock::system()));
    /// # let recorder = Recorder::new(&store, Clock::system()).unwrap();
    /// # let telemetry = Telemetry::new(&recorder, &[], TelemetryOptions::pull_only());
    /// use opentelemetry::trace::Tracer as _;
    ///
    /// drop(telemetry.tracer().start("checkout"));
    /// assert_eq!(telemetry.take_spans()[0].name, "checkout");
    /// # Ok::<(), RecordError>(())
    /// ```
    pub fn take_spans(&self) -> Vec<SpanData> {
        self.spans.take()
    }

    /// The log records since they were taken last.
    ///
    /// ```
    /// # use otel_bridge::{clock::Clock, record::*, state::{Store, StoreOptions}};
    /// # let store = Store::new(StoreOptions::of_service("shop", Clock::system()));
    /// # let recorder = Recorder::new(&store, Clock::system()).unwrap();
    /// # let telemetry = Telemetry::new(&recorder, &[], TelemetryOptions::pull_only());
    /// let tasks = telemetry.recorder().component("task_api").register()?;
    /// tasks.failed(&std::fmt::Error);
    /// let (record, _) = telemetry.take_logs().remove(0);
    /// assert_eq!(record.event_name(), Some("component.error"));
    /// # Ok::<(), RecordError>(())
    /// ```
    pub fn take_logs(&self) -> Vec<(SdkLogRecord, InstrumentationScope)> {
        self.logs.take()
    }

    /// Completes when so many spans wait that they should be taken before their time.
    pub async fn enough_spans(&self) {
        self.spans.enough().await;
    }

    /// What all instruments say now, as export requests.
    pub fn encode_metrics(&self) -> Vec<Encoded> {
        let over_the_store = self.metrics.as_ref().and_then(|metrics| self.parts.metrics.read(|| metrics.collect()));
        let own = self.parts.meters.read(|| self.meters.collect());
        [over_the_store, own].into_iter().flatten().flatten().collect()
    }

    /// The spans that ended since they were taken last, as an export request; none when there are none.
    pub fn encode_spans(&self) -> Option<Encoded> {
        self.spans.collect()
    }

    /// The log records since they were taken last, as an export request; none when there are none.
    pub fn encode_logs(&self) -> Option<Encoded> {
        self.logs.collect()
    }

    /// What the meters say now, as Prometheus families.
    pub fn gather(&self) -> Vec<MetricFamily> {
        self.meters.gather()
    }

    /// How what [`Telemetry::gather`] says stands: it runs the callbacks of observable instruments.
    pub fn exposed_part(&self) -> &Part {
        &self.parts.exposed
    }

    /// Ended spans and log records that found no room while they waited for an export.
    pub fn dropped(&self) -> (u64, u64) {
        (self.spans.dropped(), self.logs.dropped())
    }
}
