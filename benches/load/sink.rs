//! An OTLP/HTTP destination that counts points.

use std::convert::Infallible;
use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use prost::Message;

use super::requests::points_of;

/// The destination.
pub struct Sink {
    pub port: u16,
    points: Arc<AtomicU64>,
}

impl Sink {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let points = Arc::new(AtomicU64::new(0));
        let counted = points.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let counted = counted.clone();
                tokio::spawn(async move {
                    let service = hyper::service::service_fn(|request| answer(request, counted.clone()));
                    let _ = hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
        Self { port, points }
    }

    pub fn points(&self) -> u64 {
        self.points.load(Ordering::Relaxed)
    }

    /// Waits until so many points of the load have arrived.
    pub async fn wait_for(&self, points: u64) {
        let started = Instant::now();
        while self.points() < points {
            assert!(started.elapsed() < Duration::from_mins(1), "{} of {points} points arrived", self.points());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

async fn answer(request: Request<Incoming>, counted: Arc<AtomicU64>) -> Result<Response<Full<Bytes>>, Infallible> {
    let is_gzip = request.headers().get("content-encoding").is_some_and(|encoding| encoding == "gzip");
    let is_metrics = request.uri().path().ends_with("/metrics");
    let body = request.into_body().collect().await.unwrap().to_bytes();
    if is_metrics {
        let mut inflated = Vec::new();
        let plain = if is_gzip {
            flate2::read::GzDecoder::new(&body[..]).read_to_end(&mut inflated).unwrap();
            &inflated[..]
        } else {
            &body[..]
        };
        let decoded = ExportMetricsServiceRequest::decode(plain).unwrap();
        counted.fetch_add(points_of(&decoded), Ordering::Relaxed);
    }
    let answer = Response::builder().header("content-type", "application/x-protobuf");
    Ok(answer.body(Full::new(Bytes::new())).unwrap())
}
