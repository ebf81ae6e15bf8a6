//! The dashboard: a page and its files, embedded in the program (`build.rs`), under `/ui/` and `{base}/`. A build without them has
//! none of its routes, so what asks for it gets the 404 of any unknown path.

mod built;
mod file;
pub(crate) mod prefix;
mod serve;
#[cfg(test)]
pub(crate) mod tests;

use std::sync::{Arc, LazyLock};

use axum::http::HeaderMap;
use bytes::Bytes;

use crate::config::pull::PullEndpoint;
use crate::pull::accept;
use crate::pull::route::Route;
use crate::pull::ui::file::File;

pub(crate) use serve::to_dashboard;

/// Where the dashboard stands on every endpoint.
const ROOT: &str = "/ui/";
/// The page itself.
const INDEX: &str = "index.html";
/// What the page says of the path that it stands under, and what the server writes instead.
const BASE: &str = "<base href=\"./\" data-otel-bridge";
/// Screens with addresses of their own: the page answers there, so that links into it and reloads work.
const SCREENS: [&str; 9] =
    ["pools", "workers", "components", "breakers", "alerts", "traces", "exporters", "settings", "about"];

static BUILT: LazyLock<Dashboard> = LazyLock::new(|| Dashboard::of(built::FILES));

/// The files of a dashboard; cheap to clone.
#[derive(Clone, Debug)]
pub struct Dashboard(Arc<Vec<File>>);

impl Dashboard {
    /// The one of this build; it may have no files.
    pub fn built() -> Self {
        BUILT.clone()
    }

    /// A dashboard of these files, by their names below its root.
    pub(crate) fn of(files: &[(&'static str, &'static [u8])]) -> Self {
        Self(Arc::new(files.iter().map(|(name, body)| File::new(name, body)).collect()))
    }

    /// Whether there is one at all.
    pub fn is_present(&self) -> bool {
        self.file(INDEX).is_some()
    }

    fn file(&self, name: &str) -> Option<&File> {
        self.0.iter().find(|file| file.name == name)
    }

    /// The page under `root`, where the endpoint's other routes stand under `prefix`.
    fn page(&self, prefix: &str, root: &str) -> Option<Bytes> {
        let page = std::str::from_utf8(&self.file(INDEX)?.body).ok()?;
        let base = format!("<base href=\"{prefix}{root}\" data-otel-bridge=\"{prefix}/\"");
        Some(Bytes::from(page.replacen(BASE, &base, 1)))
    }

    /// The dashboard's routes on an endpoint.
    pub(super) fn routes(&self, endpoint: &PullEndpoint) -> Vec<Route> {
        if !self.is_present() {
            return Vec::new();
        }
        let mut routes = Vec::new();
        for root in roots(endpoint) {
            let at = |rest: &str| format!("{root}{rest}").replace('{', "{{").replace('}', "}}");
            routes.push(Route::get(at(""), "Dashboard", serve::page).page());
            for screen in SCREENS {
                routes.push(Route::get(at(screen), "Dashboard", serve::page).page());
            }
            routes.push(Route::get(at("pools/") + "{*pool}", "Dashboard", serve::page).page().unlisted());
            for file in self.0.iter().filter(|file| file.name != INDEX && !file.is_immutable()) {
                routes.push(Route::get(at(file.name), "A file of the dashboard", serve::file).page().unlisted());
            }
            routes.push(Route::get(at("assets/") + "{*file}", "Files of the dashboard", serve::file).page().unlisted());
            // `/metrics` itself is a Prometheus page, or nothing; never a way to a page for people.
            let bare = at("").trim_end_matches('/').to_owned();
            if !bare.is_empty() && bare != "/metrics" {
                routes.push(Route::get(bare, "Dashboard", serve::with_slash).page().unlisted());
            }
        }
        routes
    }
}

/// Where the dashboard stands, each with a slash at its end.
fn roots(endpoint: &PullEndpoint) -> [String; 2] {
    [ROOT.to_owned(), format!("{}/", endpoint.base.trim_end_matches('/'))]
}

/// The root that a path of the dashboard is below.
fn root_of(endpoint: &PullEndpoint, path: &str) -> String {
    let above = roots(endpoint).into_iter().filter(|root| path.starts_with(root.as_str()));
    above.max_by_key(String::len).unwrap_or_else(|| ROOT.to_owned())
}

/// Whether the asker of `/` is a browser, which is sent to the dashboard.
pub(super) fn is_browser(headers: &HeaderMap) -> bool {
    accept::choose(headers, &["application/json", "text/html"]) == Some("text/html")
}
