//! Credentials, probes, rate limit and proxies before a router.

use super::*;
use std::sync::atomic::Ordering;

fn with_auth() -> Listener {
    let hash = bcrypt::hash("secret", 4).unwrap();
    let auth = Auth {
        bearer_tokens: Vec::new(),
        basic: vec![("ana".to_owned(), Secret::new(hash))],
        public: vec!["/public".to_owned(), "/who".to_owned()],
    };
    Listener { auth: Some(auth), ..config() }
}

/// A router needs nothing more than this, and answers over HTTP/1.1; handlers know who asks.
#[tokio::test]
async fn a_router_behind_a_listener() {
    let bench = Bench::new(&config(), Timings::default());
    assert!(bench.get("/", "").await.ends_with("hello"));
    assert!(bench.get("/who", "").await.ends_with("127.0.0.1 true"));
    assert_eq!(bench.served.stats.accepted.load(Ordering::Relaxed), 2);
}

/// H: 401 as problem+json with a challenge; public paths are exact; a probe passes without detail; a session passes.
#[tokio::test]
async fn credentials_probes_and_sessions() {
    let bench = Bench::new(&with_auth(), Timings::default());
    let answer = bench.get("/", "").await;
    assert_eq!(status(&answer), "401");
    assert!(answer.contains("www-authenticate: Basic realm=\"otel-bridge\"\r\n"), "{answer}");
    assert!(answer.contains("content-type: application/problem+json\r\n") && answer.contains("\"status\":401"));
    let right = "authorization: Basic YW5hOnNlY3JldA==\r\n"; // ana:secret
    assert_eq!(status(&bench.get("/", &format!("{right}{right}")).await), "401");
    assert_eq!(status(&bench.get("/who/", "").await), "401");
    assert_eq!(status(&bench.get("/public", "").await), "404", "let through");
    assert!(bench.get("/livez", "").await.ends_with("127.0.0.1 false"));
    assert_eq!(status(&bench.get("/", right).await), "200");
    assert!(bench.get("/livez", right).await.ends_with("127.0.0.1 true"), "known by now");
    assert_eq!(status(&bench.get("/", "cookie: session=good\r\n").await), "200");
    assert_eq!(status(&bench.get("/", "cookie: session=bad\r\n").await), "401");
}

/// H: the answer to wrong credentials comes although the body does not.
#[tokio::test]
async fn unauthenticated_before_the_body() {
    let bench = Bench::new(&with_auth(), Timings::default());
    let answer = bench.send("POST /length HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000\r\n\r\n").await;
    assert_eq!(status(&answer), "401");
}

/// 429 with Retry-After for the one that sends too many; probes are exempt; a trusted proxy's clients are told apart.
#[tokio::test]
async fn rate_limit() {
    let rate_limit = Some(RateLimit { per_second: 1, burst: 1 });
    let trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    let bench = Bench::new(&Listener { rate_limit, trusted_proxies, ..config() }, Timings::default());
    assert_eq!(status(&bench.get("/", "").await), "200");
    let answer = bench.get("/", "").await;
    assert_eq!(status(&answer), "429");
    assert!(answer.contains("retry-after: 1\r\n"), "{answer}");
    assert_eq!(status(&bench.get("/livez", "").await), "200");
    assert!(bench.get("/who", "x-forwarded-for: 6.6.6.6, 192.0.2.1\r\n").await.ends_with("192.0.2.1 true"));
    assert_eq!(status(&bench.get("/who", "x-forwarded-for: 7.7.7.7, 192.0.2.1\r\n").await), "429");
    bench.clock.advance(Duration::from_secs(1));
    assert_eq!(status(&bench.get("/", "").await), "200");
}

/// `*` means any origin, without credentials.
#[tokio::test]
async fn any_origin_without_credentials() {
    let cors = Cors { origins: vec!["*".to_owned()] };
    let bench = Bench::new(&Listener { cors, ..config() }, Timings::default());
    let answer = bench.get("/", "origin: https://a.example\r\n").await;
    assert!(answer.contains("access-control-allow-origin: *\r\n") && !answer.contains("allow-credentials"), "{answer}");
}

/// A setting that cannot be used stops the start and names its key.
#[tokio::test]
async fn a_bad_setting_is_named() {
    let auth = Auth { basic: vec![("ana".to_owned(), Secret::new("plain"))], ..Auth::default() };
    let bad = [
        Listener { auth: Some(auth), ..config() },
        Listener { cors: Cors { origins: vec!["null".to_owned()] }, ..config() },
    ];
    for (config, key) in bad.iter().zip(["pull[0].auth", "pull[0].cors"]) {
        let door = Arc::new(RouterDoor::new(Router::new()));
        let served = serve(bind(config).unwrap(), door, Timings::default(), &Clock::manual(0), &Tasks::new());
        assert!(served.unwrap_err().to_string().contains(key));
    }
}
