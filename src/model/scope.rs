//! The asker's filter: which instances a view is about.

use std::collections::BTreeSet;

use crate::model::snapshot::{InstanceFacts, Liveness, Snapshot};

/// `?service=`, `?instance=` and `?environment=`, and an endpoint's own filter joined to them; empty means everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Scope {
    /// Exact `service.name`.
    pub service: Option<String>,
    /// Exact instance id.
    pub instance: Option<String>,
    /// Exact `deployment.environment.name`.
    pub environment: Option<String>,
}

impl Scope {
    /// Whether nothing is filtered.
    pub fn is_everything(&self) -> bool {
        *self == Self::default()
    }

    /// Whether the instance is in scope.
    pub fn holds(&self, instance: &InstanceFacts) -> bool {
        self.service.as_deref().is_none_or(|service| *service == *instance.service)
            && self.instance.as_deref().is_none_or(|id| *id == *instance.instance)
            && self.environment.as_deref().is_none_or(|wanted| instance.environment.as_deref() == Some(wanted))
    }

    /// The instances in scope that count, by their place in the snapshot; a replaced instance counts nowhere.
    pub fn places(&self, snapshot: &Snapshot) -> BTreeSet<usize> {
        let counted = |instance: &InstanceFacts| self.holds(instance) && instance.liveness != Liveness::Replaced;
        snapshot.instances.iter().enumerate().filter(|(_, one)| counted(one)).map(|(place, _)| place).collect()
    }
}
