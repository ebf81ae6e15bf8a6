//! Spans of `tracing` as spans of the bridge.

use tracing::{Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;

use crate::bridge::Bridge;

/// What the way out itself tells: a span of it would be sent, and make the next one.
const OWN_WAY_OUT: [&str; 6] = ["h2", "hyper", "hyper_util", "tonic", "opentelemetry", "otel_bridge"];

impl Bridge {
    /// A layer for a `tracing` subscriber: its spans are counted, kept when they are slow or failed, and pushed, as those of
    /// [`Bridge::tracer`] are. Events stay with the subscriber's other layers but for becoming events of their span.
    ///
    /// ```
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use otel_bridge::Bridge;
    /// use tracing_subscriber::layer::SubscriberExt as _;
    ///
    /// let bridge = Bridge::builder().service_name("checkout").build()?;
    /// let subscriber = tracing_subscriber::registry().with(bridge.tracing_layer());
    /// tracing::subscriber::with_default(subscriber, || {
    ///     let _span = tracing::info_span!("charge").entered();
    /// });
    /// assert_eq!(bridge.snapshot().instances[0].traces, 1);
    /// # bridge.shutdown().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn tracing_layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'span> LookupSpan<'span> + Send + Sync,
    {
        tracing_opentelemetry::layer().with_tracer(self.tracer()).with_filter(filter_fn(is_of_the_service))
    }
}

fn is_of_the_service(metadata: &Metadata<'_>) -> bool {
    let crate_name = metadata.target().split("::").next().unwrap_or_default();
    !OWN_WAY_OUT.contains(&crate_name)
}
