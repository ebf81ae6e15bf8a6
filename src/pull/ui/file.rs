//! One file of the dashboard: what it is, and how it travels.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::Write as _;
use std::sync::OnceLock;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

/// Shorter ones gain nothing from compression.
const COMPRESSED_FROM_BYTES: usize = 1024;

/// One file.
#[derive(Debug)]
pub(super) struct File {
    pub(super) name: &'static str,
    pub(super) body: Bytes,
    /// A hash of the contents.
    pub(super) mark: String,
    gzip: OnceLock<Option<Bytes>>,
}

impl File {
    pub(super) fn new(name: &'static str, body: &'static [u8]) -> Self {
        Self { name, body: Bytes::from_static(body), mark: mark(&[body]), gzip: OnceLock::new() }
    }

    pub(super) fn content_type(&self) -> &'static str {
        match ending(self.name) {
            "html" => "text/html; charset=utf-8",
            "js" => "text/javascript; charset=utf-8",
            "css" => "text/css; charset=utf-8",
            "txt" => "text/plain; charset=utf-8",
            "json" => "application/json",
            "svg" => "image/svg+xml",
            "png" => "image/png",
            "ico" => "image/x-icon",
            "woff2" => "font/woff2",
            _ => "application/octet-stream",
        }
    }

    /// Whether the name holds a hash of the contents, so that it never means anything else.
    pub(super) fn is_immutable(&self) -> bool {
        self.name.starts_with("assets/")
    }

    /// The compressed form, made by whoever asks first; none where it would be no smaller.
    pub(super) fn gzip(&self) -> Option<Bytes> {
        let is_text = matches!(ending(self.name), "html" | "js" | "css" | "txt" | "json" | "svg");
        if !is_text || self.body.len() < COMPRESSED_FROM_BYTES {
            return None;
        }
        self.gzip.get_or_init(|| compress(&self.body).filter(|smaller| smaller.len() < self.body.len())).clone()
    }
}

/// A hash of contents, for `ETag`: the same in every process of this build.
pub(super) fn mark(parts: &[&[u8]]) -> String {
    let mut hasher = DefaultHasher::new();
    parts.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

fn ending(name: &str) -> &str {
    name.rsplit_once('.').map_or("", |(_, ending)| ending)
}

fn compress(body: &[u8]) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 3), Compression::best());
    encoder.write_all(body).ok()?;
    encoder.finish().ok().map(Bytes::from)
}
