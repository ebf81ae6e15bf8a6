//! Alerts on their way to an Alertmanager (its API, version 2): each change at once, each active alert again once a minute, as
//! Alertmanager expects of whoever has alerts. What it did not take is sent again until it does.

mod told;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue, USER_AGENT};
use http::{Method, Request, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::HttpConnector;

use crate::causes::with_causes;
use crate::clock::Clock;
use crate::config::push::{Destination, Protocol, Retry};
use crate::model::snapshot::Snapshot;
use crate::push::PushError;
use crate::push::alertmanager::told::Posted;
use crate::push::client::{is_secure, pool};
use crate::push::hooks::Jitter;
use crate::push::sender::backoff::Backoff;
use crate::state::Store;
use crate::state::parts::Part;
use crate::tasks::Tasks;

/// Time between two looks at the alerts.
const LOOK: Duration = Duration::from_secs(1);
/// Time after which an active alert is told again.
const AGAIN_MS: u64 = 60_000;
/// How long an alert lasts there when nobody tells it again: a bridge that died takes its alerts with it.
const LASTS_MS: u64 = 4 * AGAIN_MS;
/// Time for one request.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Most alerts in one request.
const ALERTS_MAX: usize = 256;
/// Most bytes that are read of an answer.
const ANSWER_BYTES_MAX: usize = 4096;
/// Name of the part in `errors`.
const PART: &str = "alertmanager";

/// See the module.
#[derive(Debug)]
pub struct Alertmanager {
    pool: Pool<HttpsConnector<HttpConnector>, Full<Bytes>>,
    uri: Uri,
    /// Where a person may look at the alert.
    generator: Option<String>,
    clock: Clock,
    connections: Tasks,
    backoff: Backoff,
    part: Part,
    /// What it was told of each alert, by id.
    told: BTreeMap<Arc<str>, Posted>,
}

impl Alertmanager {
    /// A client for the Alertmanager at that base URL; `generator` is where a person may look at the
    /// alerts. Nothing is sent yet.
    ///
    /// # Errors
    /// [`PushError::Endpoint`]: the URL cannot be used, or the system has no authorities for TLS.
    pub fn try_new(url: &str, generator: Option<String>, store: &Store, clock: Clock) -> Result<Self, PushError> {
        let invalid = |reason: String| PushError::Endpoint { destination: PART.to_owned(), reason };
        let uri = format!("{}/api/v2/alerts", url.trim_end_matches('/')).parse::<Uri>();
        let uri = uri.map_err(|error| invalid(format!("the URL cannot be used: {error}")))?;
        let connections = Tasks::new();
        let destination = Destination { protocol: Protocol::HttpJson, ..Destination::new(PART, url) };
        let pool = pool(&destination, is_secure(&uri), &connections).map_err(invalid)?;
        Ok(Self {
            pool,
            uri,
            generator,
            clock,
            connections,
            backoff: Backoff::new(&Retry::default(), Jitter::random()),
            part: store.accounting().parts.part(PART),
            told: BTreeMap::new(),
        })
    }

    /// Sends until the group is cancelled.
    pub async fn run(mut self, store: Arc<Store>, tasks: Tasks) {
        let mut looks = tokio::time::interval(LOOK);
        looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        loop {
            tokio::select! {
                () = tasks.cancelled() => break,
                _ = looks.tick() => {}
            }
            let snapshot = store.snapshot();
            let pause = tokio::select! {
                () = tasks.cancelled() => break,
                pause = self.look(&snapshot) => pause,
            };
            tokio::select! {
                () = tasks.cancelled() => break,
                () = tokio::time::sleep(pause) => {}
            }
        }
        self.connections.cancel();
    }

    /// Tells what is due; the pause before the next look is longer after a failure.
    async fn look(&mut self, snapshot: &Snapshot) -> Duration {
        let (now_ms, unix_ms) = (self.clock.elapsed_ms(), self.clock.unix_ms());
        told::follow(&mut self.told, snapshot, unix_ms);
        let due = self.told.iter().filter(|(_, one)| one.is_due(now_ms, AGAIN_MS));
        let due: Vec<Arc<str>> = due.map(|(id, _)| id.clone()).collect();
        for ids in due.chunks(ALERTS_MAX) {
            let alerts = ids.iter().filter_map(|id| self.told.get(id));
            let alerts: Vec<_> = alerts.map(|one| one.json(self.generator.as_deref(), unix_ms + LASTS_MS)).collect();
            if let Err(reason) = self.post(&alerts).await {
                self.part.failed(reason);
                return self.backoff.next_pause();
            }
            for id in ids {
                let is_over = self.told.get_mut(id).is_some_and(|one| one.was_told(now_ms));
                if is_over {
                    self.told.remove(id);
                }
            }
        }
        self.part.worked();
        self.backoff.reset();
        Duration::ZERO
    }

    async fn post(&self, alerts: &[serde_json::Value]) -> Result<(), String> {
        let body = serde_json::to_vec(alerts).map_err(|error| error.to_string())?;
        let mut request = Request::new(Full::new(Bytes::from(body)));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.uri.clone();
        let agent = HeaderValue::from_static(concat!("otel-bridge/", env!("CARGO_PKG_VERSION")));
        request.headers_mut().insert(USER_AGENT, agent);
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let answered = async {
            let answer = self.pool.request(request).await.map_err(|error| with_causes(&error))?;
            let (head, body) = answer.into_parts();
            let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await;
            let text = body.map(|body| String::from_utf8_lossy(&body.to_bytes()).into_owned()).unwrap_or_default();
            if head.status.is_success() { Ok(()) } else { Err(format!("it answered {}: {}", head.status, text.trim())) }
        };
        tokio::time::timeout(TIMEOUT, answered).await.unwrap_or_else(|_| Err("no answer".to_owned()))
    }
}

#[cfg(test)]
mod tests;
