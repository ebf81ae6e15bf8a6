//! Rendered pages of the present snapshot: two hundred scrapers at once cost one rendering (conformance H).

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tokio::sync::OnceCell;

use crate::model::scope::Scope;
use crate::pull::prometheus::Format;

/// Different pages of one snapshot that are kept; scopes beyond that are rendered each time.
const PAGES_MAX: usize = 32;

/// What a page depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) scope: Scope,
    pub(super) format: Format,
    pub(super) body: Body,
    pub(super) is_gzip: bool,
}

/// Which page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Body {
    /// `/metrics`.
    Everything,
    /// The pool plugin's families: of all pools in scope, or of those of one name.
    Pool(Option<String>),
}

type Cell = Arc<OnceCell<Bytes>>;

/// The pages of one snapshot.
#[derive(Debug, Default)]
pub(super) struct Pages(Mutex<(u64, Vec<(Key, Cell)>)>);

impl Pages {
    /// Where the page of that snapshot is, or will be once its first asker has rendered it.
    pub(super) fn cell(&self, snapshot: u64, key: &Key) -> Cell {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (of, pages) = &mut *held;
        if *of != snapshot {
            // An asker that was overtaken by the next snapshot renders for itself.
            if *of > snapshot {
                return Cell::default();
            }
            *of = snapshot;
            pages.clear();
        }
        if let Some((_, cell)) = pages.iter().find(|(known, _)| known == key) {
            return cell.clone();
        }
        let cell = Cell::default();
        if pages.len() < PAGES_MAX {
            pages.push((key.clone(), cell.clone()));
        }
        cell
    }
}
