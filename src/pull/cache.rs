//! One rendering for each (snapshot, view, scope): whoever asks first renders, the others wait for it and share its bytes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use tokio::sync::OnceCell;

use crate::limits::{RENDERED_BYTES_MAX, RENDERED_VIEWS_MAX};
use crate::model::scope::Scope;
use crate::model::snapshot::Snapshot;

/// A finished answer; cheap to clone.
#[derive(Clone, Debug, PartialEq)]
pub struct Rendered {
    /// The status.
    pub status: StatusCode,
    /// `Content-Type`.
    pub content_type: HeaderValue,
    /// The body.
    pub body: Bytes,
}

impl Rendered {
    /// A 200 answer.
    pub const fn ok(content_type: HeaderValue, body: Bytes) -> Self {
        Self { status: StatusCode::OK, content_type, body }
    }
}

impl IntoResponse for Rendered {
    fn into_response(self) -> Response {
        let headers =
            [(header::CONTENT_TYPE, self.content_type), (header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
        (self.status, headers, self.body).into_response()
    }
}

/// What is rendered.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct View {
    /// The view's name; no two views share one.
    pub name: &'static str,
    /// Whose figures.
    pub scope: Scope,
    /// Whatever else the view depends on, such as a media type or a pool's name.
    pub variant: String,
}

/// Renderings of the latest snapshot.
#[derive(Debug, Default)]
pub struct Cache(Mutex<Latest>);

#[derive(Debug, Default)]
struct Latest {
    snapshot: u64,
    views: HashMap<View, Arc<OnceCell<Rendered>>>,
    bytes: usize,
}

impl Cache {
    /// The rendering of a view, made by `render` unless it is there or on its way. Beyond the limits, and for a snapshot
    /// older than the latest, it is made for this caller alone.
    pub async fn get(&self, snapshot: &Snapshot, view: View, render: impl FnOnce() -> Rendered) -> Rendered {
        let Some(cell) = self.cell(snapshot.id, &view) else { return render() };
        let mut made = false;
        let rendered = cell
            .get_or_init(async || {
                made = true;
                render()
            })
            .await
            .clone();
        if made {
            self.account(snapshot.id, &view, rendered.body.len());
        }
        rendered
    }

    fn cell(&self, snapshot: u64, view: &View) -> Option<Arc<OnceCell<Rendered>>> {
        let mut latest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if snapshot > latest.snapshot {
            *latest = Latest { snapshot, ..Latest::default() };
        }
        if snapshot < latest.snapshot {
            return None;
        }
        if let Some(cell) = latest.views.get(view) {
            return Some(cell.clone());
        }
        if latest.views.len() >= RENDERED_VIEWS_MAX {
            return None;
        }
        Some(latest.views.entry(view.clone()).or_default().clone())
    }

    /// A rendering that does not fit is shared by those who wait for it, and not kept.
    fn account(&self, snapshot: u64, view: &View, bytes: usize) {
        let mut latest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if snapshot != latest.snapshot {
            return;
        }
        if latest.bytes.saturating_add(bytes) > RENDERED_BYTES_MAX {
            latest.views.remove(view);
        } else {
            latest.bytes += bytes;
        }
    }
}
