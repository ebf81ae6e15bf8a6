//! The keys of the printed maps.

use std::collections::{BTreeMap, BTreeSet};

/// Which names of a scope several services share.
#[derive(Debug)]
pub(super) struct Keys {
    shared: BTreeSet<String>,
}

impl Keys {
    /// Looks at all (service, name) pairs of a scope.
    pub(super) fn of<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)> + Clone) -> Self {
        let mut services: BTreeMap<&str, &str> = BTreeMap::new();
        let mut shared = BTreeSet::new();
        for (service, name) in pairs.clone() {
            if *services.entry(name).or_insert(service) != service {
                shared.insert(name.to_owned());
            }
        }
        // A name may itself look like the key of a shared one; then it is qualified too, so that no two things share a key.
        let qualified: BTreeSet<String> = pairs
            .filter(|(_, name)| shared.contains(*name))
            .map(|(service, name)| format!("{service}/{name}"))
            .collect();
        shared.extend(services.keys().filter(|name| qualified.contains(**name)).map(|name| (*name).to_owned()));
        Self { shared }
    }

    /// The key of a thing of that service and name.
    pub(super) fn key(&self, service: &str, name: &str) -> String {
        if self.shared.contains(name) { format!("{service}/{name}") } else { name.to_owned() }
    }
}
