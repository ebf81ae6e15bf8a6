//! A small HTTP client: whole answers, the first event of a stream, and unary gRPC with its trailers.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::{self, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;

use super::PATIENCE;

type Inner = legacy::Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// A client; it trusts no certificate unless told to.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    http: Inner,
    http2: Inner,
}

/// A whole answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) trailers: HeaderMap,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.to_vec()).unwrap()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The gRPC code, from the trailers or the head.
    pub(crate) fn grpc_code(&self) -> u32 {
        let code = self.trailers.get("grpc-status").or(self.headers.get("grpc-status"));
        code.unwrap_or_else(|| panic!("no gRPC status: {self:?}")).to_str().unwrap().parse().unwrap()
    }
}

fn trusting(
    roots: rustls::RootCertStore,
) -> rustls::ConfigBuilder<rustls::ClientConfig, rustls::client::WantsClientCert> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    builder.unwrap().with_root_certificates(roots)
}

impl Client {
    pub(crate) fn new() -> Self {
        Self::with_tls(&trusting(rustls::RootCertStore::empty()).with_no_client_auth())
    }

    /// A client that trusts an authority and may show a certificate of its own.
    pub(crate) fn with_authority(
        authority: &rustls_pki_types::CertificateDer<'static>,
        own: Option<(rustls_pki_types::CertificateDer<'static>, rustls_pki_types::PrivateKeyDer<'static>)>,
    ) -> Self {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(authority.clone()).unwrap();
        let builder = trusting(roots);
        Self::with_tls(&match own {
            Some((certificate, key)) => builder.with_client_auth_cert(vec![certificate], key).unwrap(),
            None => builder.with_no_client_auth(),
        })
    }

    fn with_tls(tls: &rustls::ClientConfig) -> Self {
        let connector = || HttpsConnectorBuilder::new().with_tls_config(tls.clone()).https_or_http();
        let builder = || legacy::Client::builder(TokioExecutor::new());
        let http = builder().build(connector().enable_http1().build());
        let http2 = builder().http2_only(true).build(connector().enable_http2().build());
        Self { http, http2 }
    }

    pub(crate) async fn get(&self, url: &str) -> Answer {
        self.get_with(url, &[]).await
    }

    pub(crate) async fn get_with(&self, url: &str, headers: &[(&str, &str)]) -> Answer {
        self.request("GET", url, headers, Vec::new()).await.unwrap_or_else(|error| panic!("{url}: {error}"))
    }

    pub(crate) async fn post(&self, url: &str, kind: &str, body: Vec<u8>) -> Answer {
        let answer = self.request("POST", url, &[("content-type", kind)], body).await;
        answer.unwrap_or_else(|error| panic!("{url}: {error}"))
    }

    /// One exchange; an error where there is no answer at all.
    pub(crate) async fn request(
        &self,
        method: &str,
        url: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Result<Answer, String> {
        exchange(&self.http, method, url, headers, body).await
    }

    /// A unary call: `path` is `/package.Service/Method`.
    pub(crate) async fn call(&self, url: &str, path: &str, message: &[u8], headers: &[(&str, &str)]) -> Answer {
        let framed = [&[0][..], &(message.len() as u32).to_be_bytes(), message].concat();
        let headers = [&[("content-type", "application/grpc"), ("te", "trailers")], headers].concat();
        let answer = exchange(&self.http2, "POST", &format!("{url}{path}"), &headers, framed).await;
        answer.unwrap_or_else(|error| panic!("{url}{path}: {error}"))
    }

    /// All that a stream says until the other side ends it; `then` runs once it has said something.
    pub(crate) async fn stream_to_its_end(
        &self,
        url: &str,
        headers: &[(&str, &str)],
        then: impl AsyncFnOnce(),
    ) -> String {
        let mut request = Request::get(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let read = async {
            let response = self.http.request(request.body(Full::default()).unwrap()).await.unwrap();
            assert_eq!(response.status(), 200);
            let mut body = response.into_body();
            let first = body.frame().await.expect("it says something").unwrap().into_data().unwrap();
            then().await;
            let rest = body.collect().await.unwrap().to_bytes();
            String::from_utf8([first, rest].concat()).unwrap()
        };
        tokio::time::timeout(PATIENCE, read).await.expect("the stream ends in time")
    }

    /// The data of the first event of a stream that has any.
    pub(crate) async fn first_event(&self, url: &str) -> String {
        let request = Request::get(url).body(Full::default()).unwrap();
        let read = async {
            let mut body = self.http.request(request).await.unwrap().into_body();
            let mut text = String::new();
            loop {
                let frame = body.frame().await.expect("an event comes").unwrap();
                text += std::str::from_utf8(frame.data_ref().unwrap()).unwrap();
                for event in text.split_inclusive("\n\n").filter(|event| event.ends_with("\n\n")) {
                    let data: Vec<_> = event.lines().filter_map(|line| line.strip_prefix("data: ")).collect();
                    if !data.is_empty() {
                        return data.join("\n");
                    }
                }
            }
        };
        tokio::time::timeout(PATIENCE, read).await.expect("the first event comes in time")
    }
}

async fn exchange(
    client: &Inner,
    method: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: Vec<u8>,
) -> Result<Answer, String> {
    let mut request = Request::builder().method(method).uri(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Full::from(body)).map_err(|error| error.to_string())?;
    let read = async {
        let response = client.request(request).await.map_err(|error| format!("{error:?}"))?;
        let (head, body): (_, Incoming) = response.into_parts();
        let body = body.collect().await.map_err(|error| format!("{error:?}"))?;
        let trailers = body.trailers().cloned().unwrap_or_default();
        Ok(Answer { status: head.status.as_u16(), headers: head.headers, body: body.to_bytes(), trailers })
    };
    tokio::time::timeout(PATIENCE, read).await.map_err(|_elapsed| "no answer in time".to_owned())?
}
