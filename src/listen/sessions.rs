//! Sessions: a token or a password is exchanged for a random number that a browser keeps in a cookie, where no script can read
//! it. It serves GET and HEAD of the page's own origin, and nothing else.

use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use http::request::Parts;
use http::{HeaderMap, Method, Uri, header};
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::config::Secret;
use crate::config::listener::{Auth, Listener, RateLimit};
use crate::limits::{SESSION_LIFE_MS, SESSIONS_MAX, SIGN_IN_BURST, SIGN_IN_PER_SECOND};
use crate::listen::credentials::{Digest, digest};
use crate::listen::rate::Rates;
use crate::listen::{Credentials, ListenError, Verdict};

/// Who signed in to one endpoint.
pub struct Sessions {
    credentials: Credentials,
    attempts: Rates,
    clock: Clock,
    key: Digest,
    /// By the keyed digest of what the cookie holds: the time of a look-up tells nothing, and memory holds nothing worth stealing.
    open: Mutex<HashMap<Digest, Open>>,
    cookie: String,
    is_secure: bool,
}

#[derive(Debug)]
struct Open {
    began_ms: u64,
    end: CancellationToken,
}

/// What somebody signs in with.
#[derive(Debug)]
pub enum Session {
    /// A bearer token.
    Token(Secret),
    /// A user's name and password.
    Password(String, Secret),
}

/// Why somebody is not signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// It is no credential of this endpoint.
    Wrong,
    /// Too many attempts: the next may come after these seconds, at least 1.
    Busy(u64),
    /// The system gives no random numbers.
    NoChance,
}

impl fmt::Debug for Sessions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Sessions").finish_non_exhaustive()
    }
}

impl Sessions {
    /// The table of a listener's endpoint; none where nobody is asked for credentials.
    ///
    /// # Errors
    /// [`ListenError::Setting`] when the credentials of the configuration cannot be used.
    pub fn new(listener: &Listener, clock: &Clock) -> Result<Option<Self>, ListenError> {
        let Some(auth) = &listener.auth else { return Ok(None) };
        Self::of(auth, listener, clock)
            .map(Some)
            .map_err(|reason| ListenError::Setting { key: format!("{}.auth", listener.key), reason })
    }

    fn of(auth: &Auth, listener: &Listener, clock: &Clock) -> Result<Self, String> {
        let limit = RateLimit { per_second: SIGN_IN_PER_SECOND, burst: SIGN_IN_BURST };
        Ok(Self {
            credentials: Credentials::new(auth)?,
            attempts: Rates::new(limit, clock),
            clock: clock.clone(),
            key: random().ok_or("the system gives no random numbers")?,
            open: Mutex::default(),
            // Browsers keep cookies by host and not by port: two endpoints of a machine must not overwrite each other's.
            cookie: format!("otel_bridge_session_{}", listener.address.port()),
            is_secure: listener.tls.is_some(),
        })
    }

    /// Signs somebody in. Every attempt counts against the address, a right one too.
    ///
    /// # Errors
    /// [`Denied`].
    pub async fn begin(&self, session: Session, address: IpAddr) -> Result<Secret, Denied> {
        self.attempts.check(address).map_err(Denied::Busy)?;
        let verdict = match session {
            Session::Token(token) if self.credentials.is_token(token.reveal()) => Verdict::Right,
            Session::Token(_) => Verdict::Wrong,
            Session::Password(user, password) => self.credentials.check_password(&user, password).await,
        };
        match verdict {
            Verdict::Right => self.insert().ok_or(Denied::NoChance),
            Verdict::Wrong => Err(Denied::Wrong),
            Verdict::Busy => Err(Denied::Busy(1)),
        }
    }

    fn insert(&self) -> Option<Secret> {
        let id = random()?.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
        let now = self.clock.elapsed_ms();
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|_, session| session.is_alive(now));
        if open.len() >= SESSIONS_MAX {
            let oldest = open.iter().min_by_key(|(_, session)| session.began_ms).map(|(digest, _)| *digest);
            if let Some(session) = oldest.and_then(|oldest| open.remove(&oldest)) {
                session.end.cancel();
            }
        }
        open.insert(self.digest(&id), Open { began_ms: now, end: CancellationToken::new() });
        Some(Secret::new(id))
    }

    /// Whether a request has a session: GET and HEAD alone, and only if a page of this origin asks, or a person directly.
    pub fn admits(&self, head: &Parts) -> bool {
        matches!(head.method, Method::GET | Method::HEAD)
            && is_of_this_origin(&head.headers, &head.uri)
            && self.end_of(&head.headers).is_some()
    }

    /// What is cancelled when the session of these headers ends; none if they have none.
    pub fn end_of(&self, headers: &HeaderMap) -> Option<CancellationToken> {
        let now = self.clock.elapsed_ms();
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        self.given(headers)
            .find_map(|id| open.get(&self.digest(id)).filter(|session| session.is_alive(now)))
            .map(|session| session.end.clone())
    }

    /// Ends the session of these headers, and what it still reads.
    pub fn end(&self, headers: &HeaderMap) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        for id in self.given(headers) {
            if let Some(session) = open.remove(&self.digest(id)) {
                session.end.cancel();
            }
        }
    }

    /// `Set-Cookie` of a session below a path that ends with `/`; without one the browser forgets. `over_tls` if a proxy says so.
    pub fn set_cookie(&self, id: Option<&Secret>, path: &str, over_tls: bool) -> String {
        let (value, age_s) = id.map_or(("", 0), |id| (id.reveal(), SESSION_LIFE_MS / 1_000));
        let secure = if self.is_secure || over_tls { "; Secure" } else { "" };
        format!("{}={value}; Path={path}; Max-Age={age_s}; HttpOnly; SameSite=Strict{secure}", self.cookie)
    }

    fn given<'a>(&'a self, headers: &'a HeaderMap) -> impl Iterator<Item = &'a str> {
        let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.filter(|(name, _)| *name == self.cookie).map(|(_, value)| value)
    }

    fn digest(&self, id: &str) -> Digest {
        digest(&self.key, &[id.as_bytes()])
    }
}

impl Open {
    fn is_alive(&self, now_ms: u64) -> bool {
        now_ms.saturating_sub(self.began_ms) < SESSION_LIFE_MS
    }
}

/// `SameSite=Strict` keeps cookies from other sites, but not from other origins of the same site, such as another port of this
/// machine. What the browser says of the asker decides: its word where it has one, else the origin.
fn is_of_this_origin(headers: &HeaderMap, uri: &Uri) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        return site == "same-origin" || site == "none";
    }
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let host = host.or_else(|| uri.authority().map(http::uri::Authority::as_str));
    let origin = origin.to_str().ok().and_then(|origin| origin.split_once("://"));
    origin.zip(host).is_some_and(|((_, origin), host)| origin == host)
}

fn random() -> Option<Digest> {
    let mut bytes = Digest::default();
    rustls::crypto::ring::default_provider().secure_random.fill(&mut bytes).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests;
