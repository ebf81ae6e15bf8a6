//! How the dashboard's page and files are answered.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;

use crate::pull::PullState;
use crate::pull::problem::{Problem, unknown_path};
use crate::pull::prometheus::takes_gzip;
use crate::pull::ui::file::{File, mark};
use crate::pull::ui::prefix::Prefix;
use crate::pull::ui::{ROOT, root_of};

/// What the page may load: its own files, and images that it draws itself.
const POLICY: &str = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'self'; form-action 'self'; \
                      frame-ancestors 'self'";
/// Asks again each time, and is told "as before" most times.
const REVALIDATED: &str = "no-cache";
/// The name holds a hash of the contents.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
const DEPENDS_ON_PREFIX: &str = "X-Forwarded-Prefix";

/// The page, at the dashboard's root and at each of its screens.
pub(super) async fn page(State(state): State<PullState>, prefix: Prefix, uri: Uri, headers: HeaderMap) -> Response {
    let root = root_of(&state.endpoint, uri.path());
    let Some(body) = state.dashboard.page(&prefix.0, &root) else { return unknown_path(uri).await.into_response() };
    let tag = format!("\"{}\"", mark(&[&body]));
    let kind = "text/html; charset=utf-8";
    let mut response = answer(&headers, &tag, kind, REVALIDATED, body);
    set(&mut response, header::VARY, DEPENDS_ON_PREFIX);
    set(&mut response, header::CONTENT_SECURITY_POLICY, POLICY);
    response
}

/// A file below one of the roots.
pub(super) async fn file(State(state): State<PullState>, uri: Uri, headers: HeaderMap) -> Result<Response, Problem> {
    let root = root_of(&state.endpoint, uri.path());
    let name = uri.path().strip_prefix(root.as_str()).unwrap_or_default().to_owned();
    let Some(file) = state.dashboard.file(&name) else { return Err(unknown_path(uri).await) };
    let packed = if takes_gzip(&headers) { compressed(&state, &name).await } else { None };
    let caching = if file.is_immutable() { FOR_EVER } else { REVALIDATED };
    // Another form of the same contents is another thing to a cache.
    let tag = format!("\"{}{}\"", file.mark, if packed.is_some() { "-gzip" } else { "" });
    let is_packed = packed.is_some();
    let body = packed.unwrap_or_else(|| file.body.clone());
    let mut response = answer(&headers, &tag, file.content_type(), caching, body);
    set(&mut response, header::VARY, "Accept-Encoding");
    set(&mut response, header::CONTENT_SECURITY_POLICY, POLICY);
    if is_packed && response.status() == StatusCode::OK {
        set(&mut response, header::CONTENT_ENCODING, "gzip");
    }
    Ok(response)
}

/// The first asker compresses, and not on a thread that others wait for.
async fn compressed(state: &PullState, name: &str) -> Option<Bytes> {
    let (dashboard, name) = (state.dashboard.clone(), name.to_owned());
    let compress = move || dashboard.file(&name).and_then(File::gzip);
    tokio::task::spawn_blocking(compress).await.ok().flatten()
}

/// `/ui` and `{base}`: the page's addresses are below them.
pub(super) async fn with_slash(prefix: Prefix, uri: Uri) -> Response {
    redirect(&format!("{}{}/", prefix.0, uri.path()), uri.query())
}

/// `/` in a browser.
pub(crate) fn to_dashboard(prefix: &Prefix, query: Option<&str>) -> Response {
    redirect(&format!("{}{ROOT}", prefix.0), query)
}

fn redirect(path: &str, query: Option<&str>) -> Response {
    let location = query.map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
    let mut response = StatusCode::TEMPORARY_REDIRECT.into_response();
    set(&mut response, header::LOCATION, &location);
    set(&mut response, header::CACHE_CONTROL, "no-store");
    set(&mut response, header::VARY, "Accept, X-Forwarded-Prefix");
    response
}

fn answer(asked: &HeaderMap, tag: &str, kind: &str, caching: &str, body: Bytes) -> Response {
    let mut response = if has(asked, tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let mut response = body.into_response();
        set(&mut response, header::CONTENT_TYPE, kind);
        response
    };
    set(&mut response, header::ETAG, tag);
    set(&mut response, header::CACHE_CONTROL, caching);
    set(&mut response, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(&mut response, header::REFERRER_POLICY, "same-origin");
    response
}

/// Whether the asker has this version already (RFC 9110, 13.1.2: compared weakly).
fn has(asked: &HeaderMap, tag: &str) -> bool {
    let lines = asked.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut tags = lines.flat_map(|line| line.split(',')).map(str::trim);
    tags.any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

fn set(response: &mut Response, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}
