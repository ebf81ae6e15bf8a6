//! `grpc.reflection`, v1 and v1alpha, of every service on the port. Few processes are ever asked, so that it is made when the
//! first question comes.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use http::{Request, Response};
use tonic::Status;
use tonic::body::Body;
use tonic::server::NamedService;
use tonic_reflection::server::Builder;
use tower::Service;

use crate::proto::DESCRIPTORS;

/// A service that is made when it is first called.
#[derive(Debug)]
pub struct Lazily<S> {
    made: Arc<OnceLock<Option<S>>>,
    make: fn() -> Option<S>,
}

impl<S> Clone for Lazily<S> {
    fn clone(&self) -> Self {
        Self { made: self.made.clone(), make: self.make }
    }
}

impl<S: NamedService> NamedService for Lazily<S> {
    const NAME: &'static str = S::NAME;
}

impl<S> Service<Request<Body>> for Lazily<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // Services of tonic are always ready.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        if let Some(service) = self.made.get_or_init(self.make) {
            return Box::pin(service.clone().call(request));
        }
        let refusal = Status::internal("the descriptors of this program cannot be read").into_http();
        Box::pin(async { Ok(refusal) })
    }
}

fn lazily<S>(make: fn() -> Option<S>) -> Lazily<S> {
    Lazily { made: Arc::default(), make }
}

fn described() -> Builder<'static> {
    Builder::configure()
        .register_encoded_file_descriptor_set(DESCRIPTORS)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET)
}

/// What a reflection service is to the router that it is added to.
pub trait Reflection:
    Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future: Send + 'static>
    + NamedService
    + Clone
    + Send
    + Sync
    + 'static
{
}

impl<S> Reflection for S where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future: Send + 'static>
        + NamedService
        + Clone
        + Send
        + Sync
        + 'static
{
}

/// `grpc.reflection.v1`.
pub fn reflection_v1() -> Lazily<impl Reflection> {
    lazily(|| described().build_v1().ok())
}

/// `grpc.reflection.v1alpha`, which older clients ask.
pub fn reflection_v1alpha() -> Lazily<impl Reflection> {
    lazily(|| described().build_v1alpha().ok())
}
