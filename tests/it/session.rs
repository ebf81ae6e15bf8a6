//! Signing in with a browser: the dashboard's files are for everybody, its figures for those who signed in, and a session is good
//! for reading only.

use crate::harness::{Answer, BridgeUnderTest};

const JSON: (&str, &str) = ("content-type", "application/json");

async fn start() -> BridgeUnderTest {
    let hash = bcrypt::hash("secret", 4).unwrap();
    let auth = format!("auth: {{ bearer_tokens: [right-token], basic: {{ ana: \"{hash}\" }} }}");
    BridgeUnderTest::start(&format!("pull: [{{ name: main, {auth}, cors: {{ origins: [\"https://a.example\"] }} }}]"))
        .await
}

async fn post(bridge: &BridgeUnderTest, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let url = format!("{}{path}", bridge.pull());
    bridge.client.request("POST", &url, headers, body.as_bytes().to_vec()).await.unwrap()
}

async fn get(bridge: &BridgeUnderTest, path: &str, headers: &[(&str, &str)]) -> Answer {
    bridge.client.get_with(&format!("{}{path}", bridge.pull()), headers).await
}

fn cookie(answer: &Answer) -> String {
    assert_eq!((answer.status, answer.body.len()), (204, 0), "{answer:?}");
    let cookie = answer.header("set-cookie");
    assert!(cookie.contains("; HttpOnly; SameSite=Strict"), "{cookie}");
    cookie.split(';').next().unwrap().to_owned()
}

/// The whole way of a browser: a page, a refusal without a dialog, a form, figures, a stream, the way out.
#[tokio::test(flavor = "multi_thread")]
async fn a_browser_signs_in_and_out() {
    let bridge = start().await;
    let refused = get(&bridge, "/api/v1/snapshot", &[("sec-fetch-mode", "cors")]).await;
    assert_eq!((refused.status, refused.header("www-authenticate")), (401, "Session realm=\"otel-bridge\""));
    let program = get(&bridge, "/api/v1/snapshot", &[]).await;
    assert_eq!((program.status, program.header("www-authenticate")), (401, "Bearer"));
    let wrong = post(&bridge, "/login", &[JSON], r#"{"token":"wrong"}"#).await;
    assert_eq!((wrong.status, wrong.header("content-type")), (401, "application/problem+json"));
    assert!(wrong.header("set-cookie").is_empty() && !wrong.text().contains("wrong"), "{wrong:?}");
    let form = ("content-type", "application/x-www-form-urlencoded");
    for (kind, body) in [(JSON, r#"{"token":"right-token"}"#), (form, "user=ana&password=secret")] {
        let cookie = cookie(&post(&bridge, "/login", &[kind], body).await);
        let session = [("cookie", cookie.as_str())];
        for path in ["/api/v1/snapshot", "/metrics", "/health", "/readyz?verbose"] {
            assert_eq!(get(&bridge, path, &session).await.status, 200, "{path}");
        }
        let stream = format!("{}/api/v1/stream", bridge.pull());
        let stream = bridge.client.stream_to_its_end(&stream, &session, async || {
            let out = post(&bridge, "/logout", &session, "").await;
            assert!(out.header("set-cookie").contains("Max-Age=0"), "{out:?}");
        });
        assert!(stream.await.contains("event: snapshot"));
        assert_eq!(get(&bridge, "/api/v1/snapshot", &session).await.status, 401, "the session has ended");
    }
    assert_eq!(get(&bridge, "/login", &[]).await.status, 405);
}

/// H: a cookie serves no other origin, not even one that may read with credentials of its own, and no method that could change
/// anything; nobody is signed in from elsewhere.
#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_serves_its_own_origin_alone() {
    let bridge = start().await;
    let body = r#"{"token":"right-token"}"#;
    let cookie = cookie(&post(&bridge, "/login", &[JSON], body).await);
    let session = ("cookie", cookie.as_str());
    for origin in ["https://a.example", "https://evil.example", "null", "http://127.0.0.1:1"] {
        let answer = get(&bridge, "/api/v1/snapshot", &[session, ("origin", origin)]).await;
        assert_eq!(answer.status, 401, "{origin}");
    }
    for site in ["same-site", "cross-site"] {
        assert_eq!(get(&bridge, "/api/v1/snapshot", &[session, ("sec-fetch-site", site)]).await.status, 401, "{site}");
        let planted = post(&bridge, "/login", &[JSON, ("sec-fetch-site", site)], body).await;
        assert_eq!((planted.status, planted.header("set-cookie")), (403, ""), "{site}");
    }
    let stranger = post(&bridge, "/login", &[JSON, ("origin", "https://evil.example")], "{}").await;
    assert_eq!(stranger.header("access-control-allow-origin"), "", "{stranger:?}");
    assert_eq!(post(&bridge, "/api/v1/snapshot", &[session], "").await.status, 401);
}

/// H: brute force is slowed down, and what is no attempt is refused with its own status.
#[tokio::test(flavor = "multi_thread")]
async fn brute_force_is_limited() {
    let bridge = start().await;
    for (body, status) in [("{", 400), (r#"{"user":"ana"}"#, 400), (&*"a".repeat(20_000), 413)] {
        assert_eq!(post(&bridge, "/login", &[JSON], body).await.status, status);
    }
    assert_eq!(post(&bridge, "/login", &[], "token=right-token").await.status, 415);
    let mut limited = 0;
    for number in 0..60 {
        let answer = post(&bridge, "/login", &[JSON], &format!("{{\"token\":\"guess-{number}\"}}")).await;
        assert!(matches!(answer.status, 401 | 429), "{answer:?}");
        if answer.status == 429 {
            limited += 1;
            assert!(answer.header("retry-after").parse::<u64>().unwrap() >= 1);
        }
    }
    assert!(limited > 0, "sixty guesses take a minute");
    assert_eq!(get(&bridge, "/health", &[("authorization", "Bearer right-token")]).await.status, 200);
}

/// The dashboard's files are public, whatever asks for credentials beside them; without `auth` there is no way in to offer.
#[tokio::test(flavor = "multi_thread")]
async fn the_dashboard_is_public() {
    let (closed, open) = (start().await, BridgeUnderTest::start("").await);
    assert_eq!(post(&open, "/login", &[JSON], r#"{"token":"a"}"#).await.status, 404);
    let html = ("accept", "text/html");
    if get(&open, "/ui/", &[html]).await.status == 404 {
        return; // a build without the dashboard's files
    }
    for bridge in [&closed, &open] {
        for path in ["/ui/", "/ui/workers", "/metrics/", "/metrics/workers", "/metrics/pools/x"] {
            let page = get(bridge, path, &[html]).await;
            assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"), "{path}");
            let root = if path.starts_with("/ui") { "/ui/" } else { "/metrics/" };
            assert!(page.text().contains(&format!("<base href=\"{root}\" data-otel-bridge=\"/\"")), "{path}");
            for name in page.text().split('"').filter_map(|part| part.strip_prefix("./")) {
                let file = get(bridge, &format!("{root}{name}"), &[("accept-encoding", "gzip")]).await;
                assert_eq!(file.status, 200, "{name}");
                assert!(!file.body.is_empty() && !file.header("etag").is_empty(), "{name}");
            }
        }
        let sent = get(bridge, "/", &[html]).await;
        assert_eq!((sent.status, sent.header("location")), (307, "/ui/"));
        assert_eq!(post(bridge, "/ui/", &[], "").await.status, 405);
    }
    assert_eq!(get(&closed, "/", &[]).await.status, 401);
    assert_eq!(get(&closed, "/metrics", &[html]).await.status, 401);
    assert!(get(&open, "/metrics", &[html]).await.header("content-type").starts_with("text/plain"));
}
