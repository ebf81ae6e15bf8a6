//! What may be sent to `/login`; the whole way behind a listener stands in `tests/it/session.rs`.

use super::*;

async fn reading(kind: &str, body: &str) -> Result<Session, u16> {
    let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_str(kind).unwrap())]);
    read(&headers, Body::from(body.to_owned())).await.map_err(|problem| problem.status().as_u16())
}

/// H: JSON or a form, a token or a user with a password; anything else is refused, and says nothing of what was sent.
#[tokio::test]
async fn only_one_kind_of_credentials() {
    let (json, form) = ("application/json; charset=utf-8", "application/x-www-form-urlencoded");
    for (kind, body) in [(json, r#"{"token":"a b"}"#), (form, "token=a+b"), (form, "token=a%20b")] {
        let read = reading(kind, body).await.unwrap();
        assert!(matches!(read, Session::Token(token) if token.reveal() == "a b"), "{body}");
    }
    for (kind, body) in [(json, r#"{"user":"ana","password":"ü&"}"#), (form, "user=ana&password=%C3%BC%26")] {
        let read = reading(kind, body).await.unwrap();
        let is_right = |user: &str, password: &Secret| user == "ana" && password.reveal() == "ü&";
        assert!(matches!(&read, Session::Password(user, password) if is_right(user, password)), "{body}");
    }
    for (kind, body, status) in [
        (json, "", 400),
        (json, "{}", 400),
        (json, "[]", 400),
        (json, r#"{"token":1}"#, 400),
        (json, r#"{"token":"a","user":"b","password":"c"}"#, 400),
        (json, r#"{"user":"b"}"#, 400),
        (json, r#"{"token":"a","admin":true}"#, 400),
        (form, "", 400),
        (form, "token=a&token=b", 400),
        (form, "user=a", 400),
        (form, "token=%FF", 400),
        ("text/plain", r#"{"token":"a"}"#, 415),
        ("multipart/form-data", "token=a", 415),
    ] {
        assert_eq!(reading(kind, body).await.err(), Some(status), "{kind} {body}");
    }
    let large = format!("{{\"token\":\"{}\"}}", "a".repeat(SIGN_IN_BYTES_MAX));
    assert_eq!(reading(json, &large).await.err(), Some(413));
}
