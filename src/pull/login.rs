//! `/login` and `/logout` (contract §8): where an endpoint asks for credentials, a browser exchanges them for a session.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::config::Secret;
use crate::limits::SIGN_IN_BYTES_MAX;
use crate::listen::{Caller, Denied, Session, Sessions};
use crate::pull::openapi::ProblemSchema;
use crate::pull::problem::Problem;
use crate::pull::query::Parameters;
use crate::pull::route::Route;
use crate::pull::ui::prefix::Prefix;
use crate::pull::{PullState, Shared};

/// What somebody signs in with: a bearer token, or a user's name and password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// A bearer token.
    pub token: Option<String>,
    /// A user's name.
    pub user: Option<String>,
    /// That user's password.
    pub password: Option<String>,
}

/// The routes, where anybody is asked for credentials.
pub(super) fn routes(shared: &Shared) -> Vec<Route> {
    if shared.sessions.is_none() {
        return Vec::new();
    }
    vec![
        Route::post("/login", "Exchanges credentials for a session (POST)", login).public(),
        Route::post("/logout", "Ends the session (POST)", logout).public(),
    ]
}

/// `POST /login`: a token or a password for a cookie that serves GET and server-sent events.
///
/// # Errors
/// 401 for wrong credentials, 429 after too many attempts, 400, 413 and 415 for what is no attempt, 403 from a page of another
/// origin.
#[utoipa::path(post, path = "/login", operation_id = "login", tag = "session",
    request_body(content((SignIn = "application/json"), (SignIn = "application/x-www-form-urlencoded"))),
    responses(
        (status = 204, description = "Signed in: a session's cookie is set"),
        (status = 400, body = ProblemSchema, content_type = "application/problem+json"),
        (status = 401, body = ProblemSchema, content_type = "application/problem+json"),
        (status = 403, body = ProblemSchema, content_type = "application/problem+json"),
        (status = 413, body = ProblemSchema, content_type = "application/problem+json"),
        (status = 415, body = ProblemSchema, content_type = "application/problem+json"),
        (status = 429, body = ProblemSchema, content_type = "application/problem+json"),
    ))]
pub(crate) async fn login(
    State(state): State<PullState>,
    caller: Option<Extension<Caller>>,
    prefix: Prefix,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let sessions = sessions(&state)?;
    // Nobody signs a visitor in behind their back.
    if headers.get("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none") {
        let detail = "A page of another origin may not sign anybody in";
        return Err(Problem::new(StatusCode::FORBIDDEN, detail));
    }
    let attempt = read(&headers, body).await?;
    let address = caller.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |Extension(caller)| caller.address);
    Ok(match sessions.begin(attempt, address).await {
        Ok(id) => answer(&sessions, Some(&id), &prefix, &headers),
        Err(reason) => denied(reason),
    })
}

/// `POST /logout`: ends the session and the streams that it reads.
///
/// # Errors
/// None; without a session there is nothing to end, and that is 204 as well.
#[utoipa::path(post, path = "/logout", operation_id = "logout", tag = "session",
    responses((status = 204, description = "The session has ended")))]
pub(crate) async fn logout(
    State(state): State<PullState>,
    prefix: Prefix,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let sessions = sessions(&state)?;
    sessions.end(&headers);
    Ok(answer(&sessions, None, &prefix, &headers))
}

fn sessions(state: &PullState) -> Result<Arc<Sessions>, Problem> {
    state.sessions.clone().ok_or_else(|| Problem::not_found("This endpoint asks nobody for credentials"))
}

fn answer(sessions: &Sessions, id: Option<&Secret>, prefix: &Prefix, headers: &HeaderMap) -> Response {
    let over_tls = headers.get("x-forwarded-proto").is_some_and(|scheme| scheme == "https");
    let cookie = sessions.set_cookie(id, &format!("{}/", prefix.0), over_tls);
    let mut response = StatusCode::NO_CONTENT.into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

fn denied(reason: Denied) -> Response {
    match reason {
        Denied::Wrong => {
            // A scheme that no browser knows: the page has a form of its own.
            let challenge = HeaderValue::from_static("Session realm=\"otel-bridge\"");
            let problem = Problem::new(StatusCode::UNAUTHORIZED, "These are no credentials of this endpoint");
            ([(header::WWW_AUTHENTICATE, challenge)], problem).into_response()
        }
        Denied::Busy(seconds) => {
            let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "Too many attempts to sign in from this address");
            ([(header::RETRY_AFTER, HeaderValue::from(seconds))], problem).into_response()
        }
        Denied::NoChance => Problem::internal("The system gives no random numbers").into_response(),
    }
}

async fn read(headers: &HeaderMap, body: Body) -> Result<Session, Problem> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_form = kind == "application/x-www-form-urlencoded";
    if !is_form && kind != "application/json" {
        let detail = "Sign in with application/json or application/x-www-form-urlencoded";
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
    }
    let too_large = |_| Problem::new(StatusCode::PAYLOAD_TOO_LARGE, format!("At most {SIGN_IN_BYTES_MAX} bytes"));
    let body = to_bytes(body, SIGN_IN_BYTES_MAX).await.map_err(too_large)?;
    let given = if is_form { form(&body)? } else { json(&body)? };
    match given {
        SignIn { token: Some(token), user: None, password: None } => Ok(Session::Token(Secret::new(token))),
        SignIn { token: None, user: Some(user), password: Some(password) } => {
            Ok(Session::Password(user, Secret::new(password)))
        }
        _ => Err(Problem::bad_request("Sign in with `token`, or with `user` and `password`")),
    }
}

fn json(body: &[u8]) -> Result<SignIn, Problem> {
    // What the reader says may repeat what was sent.
    serde_json::from_slice(body)
        .map_err(|_| Problem::bad_request("This is no JSON of `token`, or `user` and `password`"))
}

fn form(body: &[u8]) -> Result<SignIn, Problem> {
    let text = std::str::from_utf8(body).map_err(|_| Problem::bad_request("The form is not UTF-8"))?;
    let parameters = Parameters::read(text);
    let one = |name| parameters.get(name).map(|value| value.map(str::to_owned));
    Ok(SignIn { token: one("token")?, user: one("user")?, password: one("password")? })
}

#[cfg(test)]
mod tests;
