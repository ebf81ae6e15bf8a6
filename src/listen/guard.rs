//! What stands before a door: CORS, rate limit, credentials. All of it is decided on the headers; the body is not read.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;

use http::request::Parts;
use http::{Request, Response};
use tower::{Layer as _, ServiceExt as _};
use tower_http::cors::CorsLayer;

use crate::clock::Clock;
use crate::config::listener::Listener;
use crate::listen::rate::Rates;
use crate::listen::{Caller, Credentials, Handle, ListenError, Refusal, RequestBody, Verdict, origin};

/// A door with its guard.
#[derive(Debug)]
pub(crate) struct Guard<H> {
    door: Arc<H>,
    cors: Option<CorsLayer>,
    rates: Option<Rates>,
    credentials: Option<Arc<Credentials>>,
    public: Vec<String>,
    trusted_proxies: Vec<IpAddr>,
}

impl<H: Handle> Guard<H> {
    pub(crate) fn new(config: &Listener, door: Arc<H>, clock: &Clock) -> Result<Self, ListenError> {
        let setting = |part: &str, reason| ListenError::Setting { key: format!("{}.{part}", config.key), reason };
        let credentials = match &config.auth {
            Some(auth) => Some(Arc::new(Credentials::new(auth).map_err(|reason| setting("auth", reason))?)),
            None => None,
        };
        Ok(Self {
            door,
            cors: origin::cors(&config.cors).map_err(|reason| setting("cors", reason))?,
            rates: config.rate_limit.map(|limit| Rates::new(limit, clock)),
            credentials,
            public: config.auth.as_ref().map(|auth| auth.public.clone()).unwrap_or_default(),
            trusted_proxies: config.trusted_proxies.clone(),
        })
    }

    pub(crate) fn credentials(&self) -> Option<&Arc<Credentials>> {
        self.credentials.as_ref()
    }

    /// Answers a request: a refusal, or what the door says.
    pub(crate) async fn serve(self: Arc<Self>, request: Request<RequestBody>, peer: IpAddr) -> Response<H::Body> {
        let Some(cors) = self.cors.clone() else { return self.admit(request, peer).await };
        // Outermost, so that a preflight needs no credentials and a refusal can be read by the page.
        let inner = tower::service_fn(move |request| {
            let guard = self.clone();
            async move { Ok::<_, Infallible>(guard.admit(request, peer).await) }
        });
        match cors.layer(inner).oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }

    async fn admit(&self, request: Request<RequestBody>, peer: IpAddr) -> Response<H::Body> {
        let (head, body) = request.into_parts();
        match self.judge(&head, peer).await {
            Ok(caller) => self.door.handle(Request::from_parts(head, body), caller).await,
            Err(refusal) => self.door.refuse(&head, refusal),
        }
    }

    async fn judge(&self, head: &Parts, peer: IpAddr) -> Result<Caller, Refusal> {
        let address = origin::client_address(peer, &head.headers, &self.trusted_proxies);
        let is_probe = self.door.is_probe(head);
        if let Some(rates) = self.rates.as_ref().filter(|_| !is_probe) {
            rates.check(address).map_err(|retry_after_s| Refusal::RateLimited { retry_after_s })?;
        }
        let Some(credentials) = &self.credentials else { return Ok(Caller { address, verified: true }) };
        if self.door.admits(head) {
            return Ok(Caller { address, verified: true });
        }
        if is_probe || self.door.is_public(head) || self.public.iter().any(|path| path == head.uri.path()) {
            return Ok(Caller { address, verified: credentials.is_known(&head.headers) });
        }
        match credentials.check(&head.headers).await {
            Verdict::Right => Ok(Caller { address, verified: true }),
            Verdict::Wrong => Err(Refusal::Unauthenticated { challenge: credentials.challenge() }),
            Verdict::Busy => Err(Refusal::RateLimited { retry_after_s: 1 }),
        }
    }
}
