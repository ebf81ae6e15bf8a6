use std::time::Duration;

use super::*;

fn sessions(clock: &Clock) -> Sessions {
    let hash = bcrypt::hash("secret", 4).unwrap();
    let auth = Auth {
        bearer_tokens: vec![Secret::new("right-token")],
        basic: vec![("ana".to_owned(), Secret::new(hash))],
        public: Vec::new(),
    };
    Sessions::of(&auth, &crate::listen::tests::config(), clock).unwrap()
}

fn token(text: &str) -> Session {
    Session::Token(Secret::new(text))
}

fn from(host: u8) -> IpAddr {
    [192, 0, 2, host].into()
}

fn head(method: &str, headers: &[(&str, &str)]) -> Parts {
    let mut request = http::Request::builder().method(method).uri("/api/v1/snapshot");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap().into_parts().0
}

fn cookie(id: &Secret) -> String {
    format!("theme=dark; otel_bridge_session_0={}; x=y", id.reveal())
}

/// A token or a password begins a session; nothing else does.
#[tokio::test]
async fn credentials_become_a_session() {
    let sessions = sessions(&Clock::manual(0));
    let password = |user: &str, text: &str| Session::Password(user.to_owned(), Secret::new(text));
    let ids = [
        sessions.begin(token("right-token"), from(1)).await.unwrap(),
        sessions.begin(password("ana", "secret"), from(1)).await.unwrap(),
    ];
    assert_ne!(ids[0].reveal(), ids[1].reveal());
    for id in &ids {
        assert_eq!(id.reveal().len(), 64);
        assert!(sessions.admits(&head("GET", &[("cookie", &cookie(id))])));
        assert!(sessions.admits(&head("HEAD", &[("cookie", &cookie(id))])));
    }
    for wrong in [token("Right-token"), token(""), password("ana", "Secret"), password("eve", "secret")] {
        assert_eq!(sessions.begin(wrong, from(1)).await.unwrap_err(), Denied::Wrong);
    }
    for value in ["", "otel_bridge_session_0=", "otel_bridge_session_0=right-token", "otel_bridge_session_1=x"] {
        assert!(!sessions.admits(&head("GET", &[("cookie", value)])), "{value}");
    }
}

/// H: whoever guesses is slowed down at their address, and nobody else is.
#[tokio::test]
async fn guessing_is_slow() {
    let clock = Clock::manual(0);
    let sessions = sessions(&clock);
    let mut denied = 0;
    for number in 0..100 {
        match sessions.begin(token(&format!("guess-{number}")), from(1)).await.unwrap_err() {
            Denied::Wrong => {}
            Denied::Busy(seconds) => denied += u32::from(seconds >= 1),
            Denied::NoChance => unreachable!(),
        }
    }
    assert_eq!(denied, 100 - SIGN_IN_BURST);
    assert!(
        matches!(sessions.begin(token("right-token"), from(1)).await, Err(Denied::Busy(_))),
        "a right one waits too"
    );
    assert!(sessions.begin(token("right-token"), from(2)).await.is_ok());
    clock.advance(Duration::from_secs(1));
    assert!(sessions.begin(token("right-token"), from(1)).await.is_ok());
}

/// The table is bounded: one more ends the oldest, and what it reads.
#[tokio::test]
async fn the_table_is_bounded() {
    let clock = Clock::manual(0);
    let sessions = sessions(&clock);
    let first = sessions.insert().unwrap();
    let headers = head("GET", &[("cookie", &cookie(&first))]).headers;
    let end = sessions.end_of(&headers).unwrap();
    for _ in 1..SESSIONS_MAX {
        clock.advance(Duration::from_millis(1));
        sessions.insert().unwrap();
    }
    assert!(!end.is_cancelled() && sessions.end_of(&headers).is_some());
    for _ in 0..10 {
        sessions.insert().unwrap();
    }
    assert!(end.is_cancelled() && sessions.end_of(&headers).is_none());
    assert_eq!(sessions.open.lock().unwrap().len(), SESSIONS_MAX);
}

/// A session ends by itself, and by logging out; the other sessions stay.
#[tokio::test]
async fn sessions_end() {
    let clock = Clock::manual(0);
    let sessions = sessions(&clock);
    let (left, stays) = (sessions.insert().unwrap(), sessions.insert().unwrap());
    let headers = |id: &Secret| head("GET", &[("cookie", &cookie(id))]).headers;
    let end = sessions.end_of(&headers(&left)).unwrap();
    sessions.end(&headers(&left));
    assert!(end.is_cancelled() && sessions.end_of(&headers(&left)).is_none());
    assert!(sessions.end_of(&headers(&stays)).is_some());
    clock.advance(Duration::from_millis(SESSION_LIFE_MS - 1));
    assert!(sessions.end_of(&headers(&stays)).is_some());
    clock.advance(Duration::from_millis(1));
    assert!(sessions.end_of(&headers(&stays)).is_none());
}

/// H: a cookie is good for reading, from its own origin: not for a page on another port of this machine, which is the same site.
#[tokio::test]
async fn only_its_own_origin_may_read() {
    let sessions = sessions(&Clock::manual(0));
    let id = sessions.insert().unwrap();
    let judge = |method: &str, headers: &[(&str, &str)]| {
        let cookie = cookie(&id);
        let headers = [&[("cookie", cookie.as_str()), ("host", "127.0.0.1:9000")], headers].concat();
        sessions.admits(&head(method, &headers))
    };
    for good in [
        &[][..],
        &[("sec-fetch-site", "same-origin")],
        &[("sec-fetch-site", "none")],
        &[("origin", "http://127.0.0.1:9000")],
    ] {
        assert!(judge("GET", good), "{good:?}");
    }
    for bad in [
        &[("sec-fetch-site", "same-site")][..],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site"), ("origin", "http://127.0.0.1:9000")],
        &[("origin", "http://127.0.0.1:9001")],
        &[("origin", "http://evil.example")],
        &[("origin", "null")],
    ] {
        assert!(!judge("GET", bad), "{bad:?}");
    }
    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
        assert!(!judge(method, &[]), "{method}");
    }
}

/// The cookie is out of reach for scripts and other sites, and goes over TLS alone where there is TLS.
#[test]
fn the_cookie_is_closed() {
    let sessions = sessions(&Clock::manual(0));
    let id = Secret::new("abc");
    let plain = sessions.set_cookie(Some(&id), "/", false);
    assert_eq!(plain, "otel_bridge_session_0=abc; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict");
    assert!(sessions.set_cookie(Some(&id), "/x/", true).ends_with("; HttpOnly; SameSite=Strict; Secure"));
    assert!(sessions.set_cookie(None, "/", false).starts_with("otel_bridge_session_0=; Path=/; Max-Age=0;"));
    assert!(!format!("{sessions:?}").contains("right-token"));
}
