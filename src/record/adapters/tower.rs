//! A layer for axum, tonic and any other service of HTTP requests: each request is an item of a component, or activity of a pool.
//!
//! A request begins when the service is called and ends when the head of the response is there, or when the caller gives up: what
//! a body sends after its head, and how long that takes, is not seen. So a failure of gRPC is seen if it is told in the head,
//! which is how tonic answers a call that failed before its first message; a stream that breaks later is not.
//!
//! Failed are responses of 500 and above, codes of gRPC that are the server's fault, errors of the service, and panics. A caller
//! that leaves ends the request without an error.
//!
//! ```
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use axum::{Router, extract::MatchedPath, routing::get};
//! use otel_bridge::Bridge;
//! use otel_bridge::record::adapters::tower::RequestLayer;
//!
//! let bridge = Bridge::builder().service_name("checkout").build()?;
//! let api = bridge.component("task_api").kind("http").register()?;
//! let requests = RequestLayer::of_component(&api)
//!     .spans(bridge.tracer())
//!     .route(|extensions| extensions.get::<MatchedPath>().map(|path| path.as_str().to_owned()));
//! let app: Router = Router::new().route("/hello", get(async || "hello")).layer(requests);
//! # let _ = app;
//! # bridge.shutdown().await?;
//! # Ok(())
//! # }
//! ```
//!
//! For tonic it is the same: `Server::builder().layer(RequestLayer::of_component(&api))`. A pool of requests has a limit rather
//! than workers: `RequestLayer::of_pool(&bridge.pool("http").size(64).register()?)` around tower's `ConcurrencyLimitLayer` shows how
//! many are active, and how many wait for the limit.

mod request;
mod spans;

use std::fmt;
use std::fmt::Display;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Extensions, Request, Response};
use opentelemetry_sdk::trace::SdkTracer;
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::record::{Component, Pool};

use request::{InFlight, Waiting};

/// Finds the route of a request, such as `/tasks/{id}`, in what the server left with it.
type Route = dyn Fn(&Extensions) -> Option<String> + Send + Sync;

/// What requests are told to.
#[derive(Clone, Debug)]
enum Subject {
    Component(Component),
    Pool(Pool),
}

/// What a layer tells, and how.
#[derive(Clone)]
struct Told {
    subject: Subject,
    tracer: Option<SdkTracer>,
    route: Option<Arc<Route>>,
}

/// See the module; cheap to clone.
#[derive(Clone)]
pub struct RequestLayer(Arc<Told>);

impl fmt::Debug for RequestLayer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("RequestLayer").field(&self.0.subject).finish()
    }
}

impl RequestLayer {
    /// Requests are items of the component: counted as processed, with their durations, and their errors by status.
    pub fn of_component(component: &Component) -> Self {
        Self::of(Subject::Component(component.clone()))
    }

    /// Requests are activity of the pool: active ones, those that wait for the service to be ready, totals, errors and durations.
    /// The pool must have no [`crate::Worker`] handles; its size is the most requests at a time, where there is such a limit.
    pub fn of_pool(pool: &Pool) -> Self {
        pool.tells_requests();
        Self::of(Subject::Pool(pool.clone()))
    }

    fn of(subject: Subject) -> Self {
        Self(Arc::new(Told { subject, tracer: None, route: None }))
    }

    /// Makes a span for each request, named and labelled as the semantic conventions say for servers of HTTP and gRPC. It
    /// continues the trace of a `traceparent` header, and is the current span while the service works. Queries, addresses and
    /// headers are no part of it.
    #[must_use]
    pub fn spans(self, tracer: SdkTracer) -> Self {
        Self(Arc::new(Told { tracer: Some(tracer), ..Told::clone(&self.0) }))
    }

    /// Tells spans the route of a request, as low in number as the service's routes are. For axum it is the `MatchedPath` among the
    /// extensions.
    #[must_use]
    pub fn route(self, route: impl Fn(&Extensions) -> Option<String> + Send + Sync + 'static) -> Self {
        Self(Arc::new(Told { route: Some(Arc::new(route)), ..Told::clone(&self.0) }))
    }
}

impl<S> Layer<S> for RequestLayer {
    type Service = RequestService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        RequestService { inner, told: self.0.clone(), waiting: Waiting::default() }
    }
}

/// A service whose requests are told.
#[derive(Clone)]
pub struct RequestService<S> {
    inner: S,
    told: Arc<Told>,
    waiting: Waiting,
}

impl<S: fmt::Debug> fmt::Debug for RequestService<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("RequestService").field("inner", &self.inner).finish_non_exhaustive()
    }
}

impl<S, B, R> Service<Request<B>> for RequestService<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Error: Display,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        let ready = self.inner.poll_ready(context);
        match &ready {
            Poll::Pending => self.waiting.begin(&self.told),
            Poll::Ready(_) => self.waiting.end(),
        }
        ready
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let in_flight = InFlight::begin(&self.told, &request);
        // The service may work, and make spans, before its future is polled.
        let attached = in_flight.attach();
        let inner = self.inner.call(request);
        drop(attached);
        ResponseFuture { inner, in_flight: Some(in_flight) }
    }
}

pin_project! {
    /// A response that is awaited.
    pub struct ResponseFuture<F> {
        #[pin]
        inner: F,
        in_flight: Option<InFlight>,
    }
}

impl<F> fmt::Debug for ResponseFuture<F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}

impl<F, R, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    E: Display,
{
    type Output = Result<Response<R>, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        // Held here meanwhile, so that a panic ends it on its way up.
        let in_flight = this.in_flight.take();
        let attached = in_flight.as_ref().and_then(InFlight::attach);
        let polled = this.inner.poll(context);
        drop(attached);
        match (&polled, in_flight) {
            (Poll::Pending, in_flight) => *this.in_flight = in_flight,
            (Poll::Ready(Ok(response)), Some(in_flight)) => in_flight.answered(response),
            (Poll::Ready(Err(error)), Some(in_flight)) => in_flight.failed(error),
            (Poll::Ready(_), None) => {}
        }
        polled
    }
}
