//! The labels that say where a series comes from (conformance X10).

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::model::naming;
use crate::model::scope::Scope;
use crate::model::snapshot::{InstanceFacts, Liveness, Snapshot};
use crate::pull::prometheus::writer;

/// One instance in scope.
#[derive(Debug)]
pub(super) struct Target {
    /// Its number, by which its series are found.
    pub(super) id: u32,
    /// Whether it is heard from: the series of a stale one have left.
    pub(super) is_live: bool,
    /// Whether its `target_info` is printed.
    pub(super) is_received: bool,
    /// `job` and `instance` (not for the local process), then the configured resource attributes.
    labels: String,
    /// `job` and `instance` alone.
    identity: String,
    /// Each configured resource attribute as `,name="` and `name="value"`.
    extras: Vec<(String, String)>,
}

/// The targets by the place of their instance in the snapshot; none for those out of scope and those that were replaced.
pub(super) fn targets(snapshot: &Snapshot, scope: &Scope, resource_labels: &[String]) -> Vec<Option<Target>> {
    let counts = |one: &InstanceFacts| scope.holds(one) && one.liveness != Liveness::Replaced;
    let target = |one: &InstanceFacts| counts(one).then(|| Target::of(one, resource_labels));
    snapshot.instances.iter().map(target).collect()
}

impl Target {
    fn of(instance: &InstanceFacts, resource_labels: &[String]) -> Self {
        let mut identity = String::new();
        if !instance.is_local {
            writer::label(&mut identity, 0, "job", &instance.job);
            writer::label(&mut identity, 0, "instance", &instance.instance);
        }
        let mut labels = identity.clone();
        let mut extras: Vec<(String, String)> = Vec::new();
        for wanted in resource_labels {
            let Some((_, value)) = instance.resource.iter().find(|(key, _)| **key == **wanted) else { continue };
            let mut name = String::new();
            naming::label_name(wanted, &mut name);
            let needle = format!(",{name}=\"");
            if extras.iter().any(|(known, _)| *known == needle) {
                continue;
            }
            let mut text = String::new();
            writer::label(&mut text, 0, &name, value);
            if !labels.is_empty() {
                labels.push(',');
            }
            labels.push_str(&text);
            extras.push((needle, text));
        }
        let is_live = instance.liveness == Liveness::Live;
        Self { id: instance.id, is_live, is_received: !instance.is_local, labels, identity, extras }
    }

    /// The labels to print after `own`: a resource attribute gives way to a label of the same name.
    #[inline]
    pub(super) fn labels_after(&self, own: &str) -> Cow<'_, str> {
        if self.extras.is_empty() || !self.extras.iter().any(|(needle, _)| has_label(own, needle)) {
            return Cow::Borrowed(&self.labels);
        }
        let mut text = self.identity.clone();
        for (_, extra) in self.extras.iter().filter(|(needle, _)| !has_label(own, needle)) {
            if !text.is_empty() {
                text.push(',');
            }
            text.push_str(extra);
        }
        Cow::Owned(text)
    }

    /// Whether [`Target::labels_after`] depends on the series.
    pub(super) fn has_extras(&self) -> bool {
        !self.extras.is_empty()
    }

    /// `job` and `instance`.
    pub(super) fn identity(&self) -> &str {
        &self.identity
    }
}

/// Whether label text holds the name of `needle` (`,name="`). Quotation marks inside of values are escaped, so that the needle
/// cannot stand in one.
fn has_label(text: &str, needle: &str) -> bool {
    text.contains(needle) || needle.strip_prefix(',').is_some_and(|first| text.starts_with(first))
}

/// The labels of an instance's `target_info` beside `job` and `instance`: its other resource attributes (conformance X10);
/// what collides joins with `;`, in the order of the keys.
pub(super) fn info_labels(instance: &InstanceFacts) -> String {
    let mut labels: BTreeMap<String, BTreeMap<&str, &str>> = BTreeMap::new();
    for (key, value) in instance.resource.iter() {
        if matches!(&**key, "service.name" | "service.namespace" | "service.instance.id") {
            continue;
        }
        let mut name = String::new();
        naming::label_name(key, &mut name);
        labels.entry(name).or_default().insert(key, value);
    }
    let mut text = String::new();
    for (name, values) in labels {
        let value = values.into_values().collect::<Vec<_>>().join(";");
        writer::label(&mut text, 0, &name, &value);
    }
    text
}
