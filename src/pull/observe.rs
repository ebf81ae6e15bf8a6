//! What an endpoint tells of its own requests: their durations, and a span for each. Probes are left out.

use std::sync::Arc;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use opentelemetry::KeyValue;
use opentelemetry::global::{BoxedTracer, ObjectSafeSpan as _};
use opentelemetry::metrics::{Histogram, Meter};
use opentelemetry::trace::{SpanKind, Status, Tracer as _};

use crate::clock::Clock;
use crate::pull::probes;

/// Bounds in seconds, as the semantic conventions advise for HTTP.
const BOUNDS_S: [f64; 14] = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

/// Instruments of the pull endpoints; cheap to clone.
#[derive(Clone, Debug)]
pub struct Observer {
    duration: Histogram<f64>,
    tracer: Arc<BoxedTracer>,
    clock: Clock,
}

impl Observer {
    /// Makes the instruments.
    pub fn new(meter: &Meter, tracer: BoxedTracer, clock: Clock) -> Self {
        let duration = meter.f64_histogram("http.server.request.duration").with_unit("s");
        let duration =
            duration.with_description("Duration of requests to the pull endpoints").with_boundaries(BOUNDS_S.to_vec());
        Self { duration: duration.build(), tracer: Arc::new(tracer), clock }
    }

    /// Watches every route of the router.
    pub fn watch(&self, router: Router) -> Router {
        router.route_layer(from_fn_with_state(self.clone(), observe))
    }
}

async fn observe(State(observer): State<Observer>, route: MatchedPath, request: Request, next: Next) -> Response {
    if probes::is_probe(request.uri().path()) {
        return next.run(request).await;
    }
    let begun = observer.clock.elapsed();
    // Methods that are refused anyway share one value, or anybody could make as many series as there are methods.
    let is_served = matches!(*request.method(), Method::GET | Method::HEAD | Method::POST);
    let method = KeyValue::new(
        "http.request.method",
        if is_served { request.method().to_string() } else { "_OTHER".to_owned() },
    );
    let route = KeyValue::new("http.route", route.as_str().to_owned());
    let name = format!("{} {}", request.method(), route.value.as_str());
    let span = observer.tracer.span_builder(name).with_kind(SpanKind::Server);
    let mut span = observer.tracer.build(span.with_attributes([method.clone(), route.clone()]));
    let response = next.run(request).await;
    let status = KeyValue::new("http.response.status_code", i64::from(response.status().as_u16()));
    let took = observer.clock.elapsed().saturating_sub(begun);
    observer.duration.record(took.as_secs_f64(), &[method, route, status.clone()]);
    span.set_attribute(status);
    if response.status().is_server_error() {
        span.set_status(Status::error(""));
    }
    span.end();
    response
}
