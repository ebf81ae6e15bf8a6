//! The plugin manifest form: a top-level `name:` (spec: pool plugin). It makes one pull endpoint; the OTLP doors and the other
//! sections stand as in a native file.

use std::net::{Ipv4Addr, SocketAddr};

use crate::config::Config;
use crate::config::pull::{PORT, RATE_LIMIT};
use crate::config::read::{listener, pull, sections};
use crate::config::section::Section;

/// Keys that belong to the plugin's host.
const HOST_KEYS: [&str; 4] = ["injectBase", "entrypoint", "pluginEntry", "menus"];

/// Reads the endpoint's keys from the top level, and the native sections but `pull` beside them.
pub(crate) fn manifest(root: &mut Section<'_>) -> Config {
    let name = root.required("name").and_then(|item| item.name()).unwrap_or_default();
    root.ignore(&HOST_KEYS);
    let default = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), PORT);
    let mut listener = listener::listener(root, default, Some(RATE_LIMIT));
    "address".clone_into(&mut listener.key);
    let endpoint = pull::beside(root, name, listener);
    sections(root, vec![endpoint])
}
