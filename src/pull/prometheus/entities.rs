//! Families with one sample for each pool, worker, component, breaker, stream or instance.

use std::borrow::Cow;
use std::sync::Arc;

use crate::config::pull::Names;
use crate::model::snapshot::{BreakerFacts, ComponentFacts, InstanceFacts, PoolFacts, StreamFacts, WorkerFacts};
use crate::pull::prometheus::page::Page;
use crate::pull::prometheus::target::Target;
use crate::pull::prometheus::writer::{self, Type};

/// Entities with their labels, made once for all families that print them.
pub(super) struct Entities<'a, F> {
    all: Vec<Entity<'a, F>>,
    targets: Arc<[Option<Target>]>,
}

pub(super) struct Entity<'a, F> {
    pub(super) facts: &'a F,
    pub(super) owner: Option<usize>,
    pub(super) labels: String,
}

/// Which instances' entities are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Only of those that are heard from.
    Live,
    /// Of stale ones too.
    Known,
}

impl<'a, F> Entities<'a, F> {
    /// The entities in scope, with the labels that `describe` tells.
    pub(super) fn new(
        page: &Page<'a>,
        facts: &'a [F],
        wanted: Wanted,
        owner: impl Fn(&F) -> Option<usize>,
        describe: impl Fn(&F) -> Vec<(&'static str, &str)>,
    ) -> Self {
        let targets = page.targets.clone();
        let is_wanted = |target: &Target| target.is_live || wanted == Wanted::Known;
        let mut all = Vec::with_capacity(facts.len());
        for one in facts {
            let owner = owner(one);
            // Who has no instance stands in the configuration, and in every page.
            let target = owner.map(|place| targets.get(place).and_then(Option::as_ref));
            if target.is_some_and(|target| !target.is_some_and(is_wanted)) {
                continue;
            }
            let mut labels = String::new();
            for (key, value) in describe(one) {
                writer::label(&mut labels, 0, key, value);
            }
            all.push(Entity { facts: one, owner, labels });
        }
        Self { all, targets }
    }

    pub(super) fn is_live(&self, entity: &Entity<'_, F>) -> bool {
        entity.owner.and_then(|place| self.targets.get(place)).and_then(Option::as_ref).is_none_or(|one| one.is_live)
    }

    pub(super) fn all(&self) -> &[Entity<'a, F>] {
        &self.all
    }

    /// The labels of the entity's instance.
    pub(super) fn tail(&self, entity: &Entity<'_, F>) -> Cow<'_, str> {
        let target = entity.owner.and_then(|place| self.targets.get(place)).and_then(Option::as_ref);
        target.map_or(Cow::Borrowed(""), |target| target.labels_after(&entity.labels))
    }

    /// A family of whole numbers; entities without one have no sample.
    pub(super) fn counts(
        &self,
        page: &mut Page<'_>,
        (name, kind, help): (&str, Type, &str),
        value: impl Fn(&F) -> Option<u64>,
    ) {
        page.family(name, kind, help, |page| {
            for entity in &self.all {
                if let Some(value) = value(entity.facts) {
                    page.count(name, &[&entity.labels, &self.tail(entity)], value);
                }
            }
        });
    }

    /// A family of numbers; entities without one have no sample.
    pub(super) fn numbers(
        &self,
        page: &mut Page<'_>,
        (name, kind, help): (&str, Type, &str),
        value: impl Fn(&F) -> Option<f64>,
    ) {
        page.family(name, kind, help, |page| {
            for entity in &self.all {
                if let Some(value) = value(entity.facts) {
                    page.number(name, &[&entity.labels, &self.tail(entity)], value);
                }
            }
        });
    }

    /// A family of whole numbers with a further label.
    pub(super) fn split<const N: usize>(
        &self,
        page: &mut Page<'_>,
        (name, kind, help): (&str, Type, &str),
        values: impl Fn(&F) -> [(&'static str, Option<u64>); N],
    ) {
        page.family(name, kind, help, |page| {
            for entity in &self.all {
                let tail = self.tail(entity);
                for (more, value) in values(entity.facts) {
                    if let Some(value) = value {
                        page.count(name, &[&entity.labels, more, &tail], value);
                    }
                }
            }
        });
    }
}

/// Pools that are heard from.
pub(super) fn pools<'a>(page: &Page<'a>) -> Entities<'a, PoolFacts> {
    let key = by_names(page, "pool", "pool_name");
    Entities::new(page, &page.sources.snapshot.pools, Wanted::Live, |one| Some(one.owner), |one| vec![(key, &one.name)])
}

/// Pools under the instruments' label, whatever the names of the first parts.
pub(super) fn translated_pools<'a>(page: &Page<'a>) -> Entities<'a, PoolFacts> {
    let all = &page.sources.snapshot.pools;
    Entities::new(page, all, Wanted::Live, |one| Some(one.owner), |one| vec![("pool_name", &*one.name)])
}

/// Workers that are heard from.
pub(super) fn workers<'a>(page: &Page<'a>) -> Entities<'a, WorkerFacts> {
    let keys = match page.names {
        Names::Spec => ["worker", "app", "pool"],
        Names::Otel => ["worker_id", "worker_app", "pool_name"],
    };
    Entities::new(
        page,
        &page.sources.snapshot.workers,
        Wanted::Live,
        |one| Some(one.owner),
        |one| {
            let [worker, app, pool] = keys;
            vec![(worker, &*one.id), (app, &*one.app), (pool, &*one.pool)]
        },
    )
}

/// Components, by the name of their label; those of stale instances are wanted for their health alone.
pub(super) fn components<'a>(page: &Page<'a>, key: &'static str, wanted: Wanted) -> Entities<'a, ComponentFacts> {
    let all = &page.sources.snapshot.components;
    Entities::new(page, all, wanted, |one| Some(one.owner), |one| vec![(key, &*one.name)])
}

/// Circuit breakers under their own names.
pub(super) fn breakers<'a>(page: &Page<'a>) -> Entities<'a, BreakerFacts> {
    let all = &page.sources.snapshot.breakers;
    Entities::new(
        page,
        all,
        Wanted::Live,
        |one| Some(one.owner),
        |one| {
            let mut labels = vec![("circuit_breaker_name", &*one.name)];
            labels.extend(one.component.as_deref().map(|component| ("component_name", component)));
            labels
        },
    )
}

/// Streams that are heard from.
pub(super) fn streams<'a>(page: &Page<'a>) -> Entities<'a, StreamFacts> {
    let all = &page.sources.snapshot.streams;
    let mut entities = Entities::new(
        page,
        all,
        Wanted::Live,
        |one| one.owner,
        |one| vec![("stream_name", &*one.name), ("stream_from", &*one.from), ("stream_to", &*one.to)],
    );
    // What only the configuration names was never told a figure.
    entities.all.retain(|entity| entity.owner.is_some());
    entities
}

/// Instances that are heard from.
pub(super) fn instances<'a>(page: &Page<'a>) -> Entities<'a, InstanceFacts> {
    let all = &page.sources.snapshot.instances;
    let targets = page.targets.clone();
    let is_live = |place: usize| targets.get(place).and_then(Option::as_ref).is_some_and(|target| target.is_live);
    let live = all.iter().enumerate().filter(|(place, _)| is_live(*place));
    let entity = |(place, facts)| Entity { facts, owner: Some(place), labels: String::new() };
    Entities { all: live.map(entity).collect(), targets: page.targets.clone() }
}

fn by_names(page: &Page<'_>, spec: &'static str, otel: &'static str) -> &'static str {
    match page.names {
        Names::Spec => spec,
        Names::Otel => otel,
    }
}
