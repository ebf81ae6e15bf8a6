//! Who may call: bearer tokens, and users with bcrypt hashes. Every comparison takes the same time whether it is right or
//! wrong, and a password that was right is remembered as a keyed digest, so that not every scrape costs a bcrypt.

use std::collections::VecDeque;
use std::fmt;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use http::HeaderMap;
use rustls::SupportedCipherSuite;
use rustls::crypto::ring::cipher_suite::TLS13_AES_128_GCM_SHA256;
use subtle::{Choice, ConstantTimeEq as _};
use tokio::sync::Semaphore;

use crate::config::Secret;
use crate::config::listener::Auth;
use crate::listen::origin::authorization;

/// Passwords that are remembered as right.
const REMEMBERED_MAX: usize = 64;
/// bcrypt runs at once: enough for people, too few to take the machine.
const CHECKS_MAX: usize = 2;
/// Callers that may wait for one.
const WAITING_MAX: usize = 64;
/// Salt and hash of nobody's password, checked for a user that does not exist.
const DECOY: &str = "N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy";

pub(super) type Digest = [u8; 32];

/// What became of a request's credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// They are right.
    Right,
    /// They are wrong, missing, or several.
    Wrong,
    /// Too many passwords wait to be checked.
    Busy,
}

/// The credentials of one listener.
pub struct Credentials {
    key: Digest,
    tokens: Vec<Digest>,
    users: Vec<(Digest, Secret)>,
    decoy: String,
    remembered: Mutex<VecDeque<Digest>>,
    checks: Semaphore,
    waiting: Semaphore,
    challenge: &'static str,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Credentials").finish_non_exhaustive()
    }
}

/// What can be said without work.
enum Known {
    Right,
    Wrong,
    Password { user: String, password: Secret, digest: Digest },
}

impl Credentials {
    /// Credentials of the configuration.
    ///
    /// # Errors
    /// The reason, without the value, when a hash is no bcrypt hash or the system gives no random numbers.
    pub fn new(config: &Auth) -> Result<Self, String> {
        let mut key = Digest::default();
        let provider = rustls::crypto::ring::default_provider();
        provider.secure_random.fill(&mut key).map_err(|_| "the system gives no random numbers".to_owned())?;
        let mut cost = bcrypt::DEFAULT_COST;
        for (user, hash) in &config.basic {
            let parts = bcrypt::HashParts::from_str(hash.reveal());
            cost = parts.map_err(|_| format!("the password of user {user} is not a bcrypt hash"))?.get_cost();
        }
        let digest = |text: &str| digest(&key, &[text.as_bytes()]);
        Ok(Self {
            key,
            tokens: config.bearer_tokens.iter().map(|token| digest(token.reveal())).collect(),
            users: config.basic.iter().map(|(user, hash)| (digest(user), hash.clone())).collect(),
            decoy: format!("$2b${cost:02}${DECOY}"),
            remembered: Mutex::default(),
            checks: Semaphore::new(CHECKS_MAX),
            waiting: Semaphore::new(WAITING_MAX),
            challenge: if config.bearer_tokens.is_empty() { "Basic realm=\"otel-bridge\"" } else { "Bearer" },
        })
    }

    /// The value of `WWW-Authenticate`.
    pub fn challenge(&self) -> &'static str {
        self.challenge
    }

    /// Judges the `Authorization` header; two of them are wrong whatever they say.
    pub async fn check(&self, headers: &HeaderMap) -> Verdict {
        match self.known(headers) {
            Known::Right => Verdict::Right,
            Known::Wrong => Verdict::Wrong,
            Known::Password { user, password, digest } => self.bcrypt(user, password, digest).await,
        }
    }

    /// Whether the `Authorization` header is known to be right without a bcrypt, for callers that no rate limit holds.
    pub fn is_known(&self, headers: &HeaderMap) -> bool {
        matches!(self.known(headers), Known::Right)
    }

    /// Whether this is one of the bearer tokens.
    pub fn is_token(&self, token: &str) -> bool {
        contains(&self.tokens, &digest(&self.key, &[token.as_bytes()]))
    }

    /// Judges a user's password.
    pub async fn check_password(&self, user: &str, password: Secret) -> Verdict {
        match self.password(user.to_owned(), password) {
            Known::Right => Verdict::Right,
            Known::Wrong => Verdict::Wrong,
            Known::Password { user, password, digest } => self.bcrypt(user, password, digest).await,
        }
    }

    fn known(&self, headers: &HeaderMap) -> Known {
        let Ok(Some(value)) = authorization(headers) else { return Known::Wrong };
        let Some((scheme, rest)) = value.to_str().ok().and_then(|text| text.split_once(' ')) else {
            return Known::Wrong;
        };
        if scheme.eq_ignore_ascii_case("bearer") {
            return if self.is_token(rest.trim()) { Known::Right } else { Known::Wrong };
        }
        if !scheme.eq_ignore_ascii_case("basic") || self.users.is_empty() {
            return Known::Wrong;
        }
        let decoded = STANDARD.decode(rest.trim()).or_else(|_| STANDARD_NO_PAD.decode(rest.trim()));
        let text = decoded.ok().and_then(|bytes| String::from_utf8(bytes).ok());
        match text.as_deref().and_then(|text| text.split_once(':')) {
            Some((user, password)) => self.password(user.to_owned(), Secret::new(password)),
            None => Known::Wrong,
        }
    }

    fn password(&self, user: String, password: Secret) -> Known {
        if self.users.is_empty() {
            return Known::Wrong;
        }
        let digest = digest(&self.key, &[user.as_bytes(), &[0], password.reveal().as_bytes()]);
        let remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        if contains(remembered.iter(), &digest) {
            return Known::Right;
        }
        Known::Password { user, password, digest }
    }

    async fn bcrypt(&self, user: String, password: Secret, digest: Digest) -> Verdict {
        let Ok(_place) = self.waiting.try_acquire() else { return Verdict::Busy };
        let Ok(_turn) = self.checks.acquire().await else { return Verdict::Busy };
        let name = self::digest(&self.key, &[user.as_bytes()]);
        let mut hash = Secret::new(self.decoy.as_str());
        let mut exists = Choice::from(0);
        for (known, theirs) in &self.users {
            let same = known.ct_eq(&name);
            exists |= same;
            if bool::from(same) {
                hash = theirs.clone();
            }
        }
        let check = move || bcrypt::verify(password.reveal(), hash.reveal()).unwrap_or(false);
        let right = tokio::task::spawn_blocking(check).await.unwrap_or(false);
        if !right || !bool::from(exists) {
            return Verdict::Wrong;
        }
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        if remembered.len() >= REMEMBERED_MAX {
            remembered.pop_front();
        }
        remembered.push_back(digest);
        Verdict::Right
    }
}

/// Looks at every one, so that the time tells neither which nor whether.
fn contains<'a>(all: impl IntoIterator<Item = &'a Digest>, digest: &Digest) -> bool {
    all.into_iter().fold(Choice::from(0), |found, one| found | one.ct_eq(digest)).into()
}

/// SHA-256 under the process's key: equal lengths to compare, and nothing worth stealing in memory.
pub(super) fn digest(key: &Digest, parts: &[&[u8]]) -> Digest {
    let sha256 = match TLS13_AES_128_GCM_SHA256 {
        SupportedCipherSuite::Tls13(suite) => suite.common.hash_provider,
        SupportedCipherSuite::Tls12(suite) => suite.common.hash_provider,
    };
    let mut context = sha256.start();
    context.update(key);
    for part in parts {
        context.update(part);
    }
    let mut digest = Digest::default();
    digest.iter_mut().zip(context.finish().as_ref()).for_each(|(to, from)| *to = *from);
    digest
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::header::AUTHORIZATION;

    fn credentials() -> Credentials {
        let hash = bcrypt::hash("secret", 4).unwrap();
        Credentials::new(&Auth {
            bearer_tokens: vec![Secret::new("token-one"), Secret::new("token-two")],
            basic: vec![("ana".to_owned(), Secret::new(hash))],
            public: Vec::new(),
        })
        .unwrap()
    }

    fn headers(values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, value.parse().unwrap());
        }
        headers
    }

    fn basic(text: &str) -> String {
        format!("Basic {}", STANDARD.encode(text))
    }

    /// H: right ones pass; wrong, missing, half and doubled ones do not.
    #[tokio::test]
    async fn only_right_credentials_pass() {
        let credentials = credentials();
        let right = [vec!["Bearer token-two"], vec!["bearer token-one"]];
        for values in right {
            assert_eq!(credentials.check(&headers(&values)).await, Verdict::Right, "{values:?}");
        }
        assert_eq!(credentials.check(&headers(&[&basic("ana:secret")])).await, Verdict::Right);
        for values in [
            vec![],
            vec!["Bearer token-on"],
            vec!["Bearer token-one2"],
            vec!["Bearer"],
            vec!["Bearer "],
            vec!["Digest token-one"],
            vec!["Basic !"],
            vec!["Bearer token-one", "Bearer token-one"],
        ] {
            assert_eq!(credentials.check(&headers(&values)).await, Verdict::Wrong, "{values:?}");
        }
        for wrong in ["ana:Secret", "ana", "ana:", "eve:secret", ":secret"] {
            assert_eq!(credentials.check(&headers(&[&basic(wrong)])).await, Verdict::Wrong, "{wrong}");
        }
    }

    /// A password that was right costs no second bcrypt, one that was wrong is never remembered, and the memory is bounded.
    #[tokio::test]
    async fn right_passwords_are_remembered() {
        let credentials = credentials();
        let right = headers(&[&basic("ana:secret")]);
        assert!(!credentials.is_known(&right));
        assert_eq!(credentials.check(&right).await, Verdict::Right);
        assert!(credentials.is_known(&right));
        let wrong = headers(&[&basic("ana:wrong")]);
        assert_eq!(credentials.check(&wrong).await, Verdict::Wrong);
        assert!(!credentials.is_known(&wrong));
        // The digest binds the user's name: another split of the same letters is another key.
        assert!(!credentials.is_known(&headers(&[&basic("an:asecret")])));
    }

    /// A user that does not exist is checked against a hash that bcrypt takes, as slowly as a real one.
    #[test]
    fn the_decoy_is_a_hash() {
        let credentials = credentials();
        assert_eq!(bcrypt::HashParts::from_str(&credentials.decoy).unwrap().get_cost(), 4);
        assert!(matches!(bcrypt::verify("secret", &credentials.decoy), Ok(false)));
    }

    /// A canary in the configuration shows in no `Debug`, and in no error.
    #[test]
    fn secrets_do_not_show() {
        assert!(!format!("{:?}", credentials()).contains("token-one"));
        let auth = Auth { basic: vec![("ana".to_owned(), Secret::new("canary"))], ..Auth::default() };
        assert!(!Credentials::new(&auth).unwrap_err().contains("canary"));
    }
}
