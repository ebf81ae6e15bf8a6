//! `/livez`, `/readyz` and `/healthz`, worded as Kubernetes words them (contract §4.4).

use std::fmt::Write as _;

use axum::extract::{Extension, Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::listen::Caller;
use crate::pull::PullState;
use crate::pull::openapi::{ProbeParameters, ProblemSchema};
use crate::pull::problem::Problem;
use crate::pull::query::Parameters;
use crate::readiness::{Check, Standing};

/// Whether a path is a probe's: those need no credentials and are not rate limited.
pub fn is_probe(path: &str) -> bool {
    matches!(path, "/livez" | "/readyz" | "/healthz") || path.starts_with("/livez/") || path.starts_with("/readyz/")
}

/// `GET /livez` and `GET /healthz`: 200 while the runtime answers at all; nothing else is looked at.
///
/// # Errors
/// 400 for a bad `verbose` or `exclude`.
#[utoipa::path(get, path = "/livez", operation_id = "livez", tag = "probes",
    params(ProbeParameters),
    responses(
        (status = 200, body = String, content_type = "text/plain"),
        (status = 503, body = String, content_type = "text/plain"),
    ))]
pub async fn livez(parameters: Parameters) -> Result<Response, Problem> {
    let checks = [ping()];
    answer("livez", &checks, &parameters, true)
}

/// `GET /livez/{check}`.
///
/// # Errors
/// 404 for an unknown check.
#[utoipa::path(get, path = "/livez/{check}", operation_id = "livez_check", tag = "probes",
    params(("check" = String, Path, description = "Name of a check")),
    responses(
        (status = 200, body = String, content_type = "text/plain"),
        (status = 503, body = String, content_type = "text/plain"),
        (status = 404, body = ProblemSchema, content_type = "application/problem+json"),
    ))]
pub async fn livez_check(Path(name): Path<String>) -> Result<Response, Problem> {
    one("livez", &[ping()], &name, true)
}

/// `GET /readyz`: 503 while a check fails; a warning is 200.
///
/// # Errors
/// 400 for a bad `verbose` or `exclude`.
#[utoipa::path(get, path = "/readyz", operation_id = "readyz", tag = "probes",
    params(ProbeParameters),
    responses(
        (status = 200, body = String, content_type = "text/plain"),
        (status = 503, body = String, content_type = "text/plain"),
    ))]
pub async fn readyz(
    State(state): State<PullState>,
    caller: Option<Extension<Caller>>,
    parameters: Parameters,
) -> Result<Response, Problem> {
    answer("readyz", &state.readiness.checks(), &parameters, shows_detail(&state, caller))
}

/// `GET /readyz/{check}`.
///
/// # Errors
/// 404 for an unknown check.
#[utoipa::path(get, path = "/readyz/{check}", operation_id = "readyz_check", tag = "probes",
    params(("check" = String, Path, description = "Name of a check")),
    responses(
        (status = 200, body = String, content_type = "text/plain"),
        (status = 503, body = String, content_type = "text/plain"),
        (status = 404, body = ProblemSchema, content_type = "application/problem+json"),
    ))]
pub async fn readyz_check(
    State(state): State<PullState>,
    caller: Option<Extension<Caller>>,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    one("readyz", &state.readiness.checks(), &name, shows_detail(&state, caller))
}

fn ping() -> Check {
    Check { name: "ping".to_owned(), standing: Standing::Ok }
}

/// Probes need no credentials; where others do, reasons are for those who brought theirs. Inside somebody else's server no
/// listener of ours has looked.
fn shows_detail(state: &PullState, caller: Option<Extension<Caller>>) -> bool {
    caller.map_or_else(|| state.endpoint.listener.auth.is_none(), |Extension(caller)| caller.verified)
}

fn answer(probe: &str, checks: &[Check], parameters: &Parameters, detail: bool) -> Result<Response, Problem> {
    let verbose = parameters.flag("verbose")?;
    let excluded = parameters.all("exclude")?;
    let mut lines = String::new();
    let mut failed = false;
    for check in checks {
        let is_excluded = excluded.contains(&check.name.as_str());
        failed |= !is_excluded && matches!(check.standing, Standing::Failed(_));
        lines.push_str(&line(check, is_excluded, detail));
    }
    let unknown: Vec<String> = excluded
        .iter()
        .filter(|name| !checks.iter().any(|check| check.name == **name))
        .map(|name| format!("{name:?}"))
        .collect();
    if !unknown.is_empty() {
        let unknown = unknown.join(",");
        let _ = writeln!(lines, "warn: some health checks cannot be excluded: no matches for {unknown}");
    }
    if failed {
        let _ = writeln!(lines, "{probe} check failed");
        return Ok(text(StatusCode::SERVICE_UNAVAILABLE, lines));
    }
    if verbose {
        let _ = writeln!(lines, "{probe} check passed");
        return Ok(text(StatusCode::OK, lines));
    }
    Ok(text(StatusCode::OK, "ok".to_owned()))
}

fn line(check: &Check, is_excluded: bool, detail: bool) -> String {
    let Check { name, standing } = check;
    match standing {
        _ if is_excluded => format!("[+]{name} excluded: ok\n"),
        Standing::Warning(reason) if detail => format!("[+]{name} ok: {reason}\n"),
        Standing::Ok | Standing::Warning(_) => format!("[+]{name} ok\n"),
        Standing::Failed(reason) if detail => format!("[-]{name} failed: {reason}\n"),
        Standing::Failed(_) => format!("[-]{name} failed: reason withheld\n"),
    }
}

fn one(probe: &str, checks: &[Check], name: &str, detail: bool) -> Result<Response, Problem> {
    let check = checks.iter().find(|check| check.name == name);
    let check = check.ok_or_else(|| Problem::not_found(format!("{probe} has no check of that name")))?;
    Ok(match check.standing {
        Standing::Ok | Standing::Warning(_) => text(StatusCode::OK, "ok".to_owned()),
        Standing::Failed(_) => text(StatusCode::SERVICE_UNAVAILABLE, line(check, false, detail)),
    })
}

fn text(status: StatusCode, body: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache, private")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    (status, headers, body).into_response()
}
