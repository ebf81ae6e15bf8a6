//! What `check` looks at beyond the text of a configuration: the files and folders that it names.

use crate::config::{Config, Finding};
use crate::{listen, push};

/// Everything that would keep the bridge from starting on this machine, but for addresses: those may be taken by the bridge
/// that runs. Reads files; makes, locks and opens nothing of a queue.
pub fn examine(config: &Config) -> Vec<Finding> {
    let listeners = config.listeners().flat_map(listen::examine);
    let destination = |(index, destination)| push::examine(destination, &format!("push[{index}]"));
    listeners.chain(config.push.iter().enumerate().flat_map(destination)).collect()
}
