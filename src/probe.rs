//! The health check of an image without a shell: one GET, and its status.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::Empty;
use hyper_rustls::{ConfigBuilderExt as _, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

/// Why a URL gave no status.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// It is no `http` or `https` URL.
    #[error("`{0}` is no http or https URL")]
    Url(String),
    /// The system's certificate authorities cannot be read.
    #[error("the system's certificates cannot be used: {0}")]
    Certificates(String),
    /// Nobody answered.
    #[error("no answer: {0}")]
    NoAnswer(String),
}

/// The status that `url` answers to a GET within `timeout`. An `https` URL needs a certificate that the system trusts.
///
/// # Errors
/// [`ProbeError`] when there is no answer.
pub async fn status(url: &str, timeout: Duration) -> Result<u16, ProbeError> {
    let address: http::Uri = url.parse().map_err(|_error| ProbeError::Url(url.to_owned()))?;
    if !matches!(address.scheme_str(), Some("http" | "https")) {
        return Err(ProbeError::Url(url.to_owned()));
    }
    if address.scheme_str() == Some("http") {
        return ask(Client::builder(TokioExecutor::new()).build_http(), address, timeout).await;
    }
    let certificates = |error: &dyn std::fmt::Display| ProbeError::Certificates(error.to_string());
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.map_err(|error| certificates(&error))?;
    let tls = config.with_native_roots().map_err(|error| certificates(&error))?.with_no_client_auth();
    let connector = HttpsConnectorBuilder::new().with_tls_config(tls).https_only().enable_http1().build();
    ask(Client::builder(TokioExecutor::new()).build(connector), address, timeout).await
}

async fn ask<C>(client: Client<C, Empty<Bytes>>, address: http::Uri, timeout: Duration) -> Result<u16, ProbeError>
where
    C: hyper_util::client::legacy::connect::Connect + Clone + Send + Sync + 'static,
{
    match tokio::time::timeout(timeout, client.get(address)).await {
        Ok(Ok(answer)) => Ok(answer.status().as_u16()),
        Ok(Err(error)) => Err(ProbeError::NoAnswer(with_causes(&error))),
        Err(_elapsed) => Err(ProbeError::NoAnswer(format!("after {} s", timeout.as_secs()))),
    }
}

/// An error and what lies beneath it: the client's own words name only the step that failed.
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    let mut words: Vec<String> = causes.map(ToString::to_string).collect();
    // Some errors quote their cause.
    words.dedup_by(|cause, error| error.ends_with(cause.as_str()));
    words.join(": ")
}
