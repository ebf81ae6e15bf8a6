//! The way to the bridge: it connects, watches, and comes back after every end.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tonic::metadata::{AsciiMetadataKey, AsciiMetadataValue, MetadataMap};
use tonic::service::Interceptor;
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint};
use tonic::{Request, Status};

use crate::causes::with_causes;
use crate::proto::v1::WatchRequest;
use crate::proto::v1::bridge_client::BridgeClient;
use crate::proto::v1::watch_response::Message;
use crate::top::{Options, TopError};

/// Longest wait for a connection.
const CONNECT: Duration = Duration::from_secs(5);
/// Longest silence of a watch, whose server pings every 5 s.
const SILENCE: Duration = Duration::from_secs(16);
/// Pause before the first new try; it doubles up to the longest.
const PAUSE_FIRST: Duration = Duration::from_millis(500);
/// Longest pause between two tries.
const PAUSE_MAX: Duration = Duration::from_secs(8);
/// Bytes of one message: a snapshot of the most workers that a bridge holds by default is a tenth of it.
const MESSAGE_BYTES_MAX: usize = 256 * 1024 * 1024;
/// What the screen shows.
const TOPICS: [&str; 7] = ["pools", "workers", "components", "breakers", "alerts", "exporters", "events"];

/// What the screen hears.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum News {
    /// A connection is tried.
    Connecting,
    /// The bridge says this.
    Told(Box<Message>),
    /// There is no connection, or no longer.
    Lost {
        /// Why.
        reason: String,
        /// When it is tried again.
        retry_in: Duration,
    },
}

/// See the module.
#[derive(Clone, Debug)]
pub(super) struct Link {
    endpoint: Endpoint,
    headers: Headers,
    request: WatchRequest,
}

#[derive(Clone, Debug)]
struct Headers(MetadataMap);

impl Interceptor for Headers {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        // What makes the request a gRPC call is there already.
        let mut headers = std::mem::take(request.metadata_mut()).into_headers();
        headers.extend(self.0.clone().into_headers());
        *request.metadata_mut() = MetadataMap::from_headers(headers);
        Ok(request)
    }
}

impl Link {
    pub(super) fn new(options: &Options) -> Result<Self, TopError> {
        let request = WatchRequest {
            service: options.service.clone().unwrap_or_default(),
            instance: options.instance.clone().unwrap_or_default(),
            environment: options.environment.clone().unwrap_or_default(),
            topics: TOPICS.map(str::to_owned).to_vec(),
            interval_ms: 0,
        };
        Ok(Self { endpoint: endpoint(options)?, headers: headers(&options.headers)?, request })
    }

    /// Tells news until nobody listens any more.
    pub(super) async fn run(self, news: mpsc::Sender<News>, stop: CancellationToken) {
        let work = async {
            let mut pause = PAUSE_FIRST;
            loop {
                if news.send(News::Connecting).await.is_err() {
                    return;
                }
                let mut has_heard = false;
                let reason = self.watch(&news, &mut has_heard).await;
                if has_heard {
                    pause = PAUSE_FIRST;
                }
                if news.send(News::Lost { reason, retry_in: pause }).await.is_err() {
                    return;
                }
                sleep(pause).await;
                pause = (pause * 2).min(PAUSE_MAX);
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = work => {}
        }
    }

    /// One connection, and why it ended.
    async fn watch(&self, news: &mpsc::Sender<News>, has_heard: &mut bool) -> String {
        let channel = match timeout(CONNECT, self.endpoint.connect()).await {
            Ok(Ok(channel)) => channel,
            Ok(Err(error)) => return with_causes(&error),
            Err(_elapsed) => return format!("no connection within {} s", CONNECT.as_secs()),
        };
        let client = BridgeClient::with_interceptor(channel, self.headers.clone());
        let mut client = client.max_decoding_message_size(MESSAGE_BYTES_MAX);
        let silent = || format!("the bridge was silent for {} s", SILENCE.as_secs());
        let mut messages = match timeout(SILENCE, client.watch(self.request.clone())).await {
            Ok(Ok(response)) => response.into_inner(),
            Ok(Err(status)) => return said(&status),
            Err(_elapsed) => return silent(),
        };
        loop {
            match timeout(SILENCE, messages.message()).await {
                Ok(Ok(Some(response))) => {
                    *has_heard = true;
                    // A kind of message that is newer than this program says nothing to it.
                    let Some(message) = response.message else { continue };
                    if news.send(News::Told(Box::new(message))).await.is_err() {
                        return "nobody looks any more".to_owned();
                    }
                }
                Ok(Ok(None)) => return "the bridge ended the watch".to_owned(),
                Ok(Err(status)) => return said(&status),
                Err(_elapsed) => return silent(),
            }
        }
    }
}

/// A refusal in words; what to do stands beside the usual ones.
fn said(status: &Status) -> String {
    let advice = match status.code() {
        tonic::Code::Unauthenticated => " (give credentials: --header authorization='Bearer …')",
        tonic::Code::Unimplemented => " (is this the OTLP/gRPC port of an otel-bridge?)",
        _ => "",
    };
    format!("{:?}: {}{advice}", status.code(), status.message())
}

fn endpoint(options: &Options) -> Result<Endpoint, TopError> {
    let wrong = || TopError::Endpoint(options.endpoint.clone());
    let has_scheme = options.endpoint.contains("://");
    let address = if has_scheme { options.endpoint.clone() } else { format!("http://{}", options.endpoint) };
    let address: http::Uri = address.parse().map_err(|_error| wrong())?;
    let is_tls = match (address.scheme_str(), address.host()) {
        (Some("http"), Some(_)) => false,
        (Some("https"), Some(_)) => true,
        _ => return Err(wrong()),
    };
    let endpoint = Endpoint::from(address).connect_timeout(CONNECT);
    if !is_tls {
        return Ok(endpoint);
    }
    let tls = match &options.ca {
        None => ClientTlsConfig::new().with_native_roots(),
        Some(path) => {
            let unusable = |reason: String| TopError::Authorities { path: path.clone(), reason };
            let pem = std::fs::read(path).map_err(|error| unusable(error.to_string()))?;
            ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem))
        }
    };
    endpoint.tls_config(tls).map_err(|error| match &options.ca {
        Some(path) => TopError::Authorities { path: path.clone(), reason: with_causes(&error) },
        None => wrong(),
    })
}

fn headers(wanted: &[(String, String)]) -> Result<Headers, TopError> {
    let mut headers = MetadataMap::new();
    for (name, value) in wanted {
        let wrong = || TopError::Header(name.clone());
        let key: AsciiMetadataKey = name.to_ascii_lowercase().parse().map_err(|_error| wrong())?;
        let value: AsciiMetadataValue = value.parse().map_err(|_error| wrong())?;
        headers.append(key, value);
    }
    Ok(Headers(headers))
}
