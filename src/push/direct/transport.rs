//! Connections for the exporters: the room's own pool and TLS under the traits that `opentelemetry-otlp` asks for.

use async_trait::async_trait;
use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, TE};
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::HttpConnector;
use opentelemetry_http::{HttpClient, HttpError};
use tonic::metadata::MetadataMap;
use tonic::service::Interceptor;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request as GrpcRequest, Status};

use crate::config::push::Destination;
use crate::limits::HEADER_BYTES_MAX;
use crate::model::signal::Signal;
use crate::push::PushError;
use crate::push::client::{CONNECT_TIMEOUT, Owned, headers, is_secure, pool, tls, uri};
use crate::push::direct::exporters::invalid;
use crate::tasks::Tasks;

/// Most bytes of an answer; an OTLP answer is a few.
const ANSWER_BYTES_MAX: usize = 64 << 10;

/// A gRPC channel, and the metadata of every call.
#[derive(Clone, Debug)]
pub(super) struct GrpcTransport {
    pub(super) channel: Channel,
    pub(super) metadata: Metadata,
}

/// Sets exactly the configured metadata.
#[derive(Clone, Debug)]
pub(super) struct Metadata(MetadataMap);

impl Interceptor for Metadata {
    fn call(&mut self, mut request: GrpcRequest<()>) -> Result<GrpcRequest<()>, Status> {
        *request.metadata_mut() = self.0.clone();
        Ok(request)
    }
}

impl GrpcTransport {
    pub(super) fn new(destination: &Destination, tasks: &Tasks) -> Result<Self, PushError> {
        let origin = uri(destination, Signal::Metrics).map_err(|reason| invalid(destination, reason))?;
        let secure = origin.scheme_str() == Some("https");
        let connector = tls::connector(destination, secure, CONNECT_TIMEOUT);
        let connector = connector.map_err(|reason| invalid(destination, reason))?;
        let mut metadata = headers(destination).map_err(|reason| invalid(destination, reason))?;
        for own in [CONTENT_TYPE, TE] {
            metadata.remove(own);
        }
        metadata.remove("grpc-encoding");
        let endpoint = Endpoint::from(origin).executor(Owned(tasks.clone())).connect_timeout(CONNECT_TIMEOUT);
        let endpoint = endpoint.http2_max_header_list_size(HEADER_BYTES_MAX as u32);
        let channel = endpoint.connect_with_connector_lazy(connector);
        Ok(Self { channel, metadata: Metadata(MetadataMap::from_headers(metadata)) })
    }
}

/// A pool of HTTP connections, and the headers of every request.
#[derive(Clone, Debug)]
pub(super) struct HttpTransport {
    pool: Pool<HttpsConnector<HttpConnector>, Full<Bytes>>,
    headers: HeaderMap,
}

impl HttpTransport {
    pub(super) fn new(destination: &Destination, tasks: &Tasks) -> Result<Self, PushError> {
        let secure = uri(destination, Signal::Metrics).is_ok_and(|uri| is_secure(&uri));
        let pool = pool(destination, secure, tasks).map_err(|reason| invalid(destination, reason))?;
        let headers = headers(destination).map_err(|reason| invalid(destination, reason))?;
        Ok(Self { pool, headers })
    }
}

#[async_trait]
impl HttpClient for HttpTransport {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (mut head, body) = request.into_parts();
        let told = std::mem::replace(&mut head.headers, self.headers.clone());
        head.headers.remove(CONTENT_ENCODING);
        for own in [CONTENT_TYPE, CONTENT_ENCODING] {
            if let Some(value) = told.get(&own) {
                head.headers.insert(own, value.clone());
            }
        }
        let answer = self.pool.request(Request::from_parts(head, Full::new(body))).await?;
        let (head, body) = answer.into_parts();
        let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await?.to_bytes();
        Ok(Response::from_parts(head, body))
    }
}
