//! What every noun of the version 1 API has in common: facts in a snapshot, a key, a name, a view.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::config::links::Links;
use crate::model::health::{HealthRules, System};
use crate::model::scope::Scope;
use crate::model::snapshot::{InstanceFacts, Liveness, Snapshot};

/// A snapshot as one asker sees it.
#[derive(Clone, Debug)]
pub struct Context<'a> {
    /// The picture.
    pub snapshot: &'a Snapshot,
    /// The asker's filter.
    pub scope: &'a Scope,
    /// Link templates.
    pub links: &'a Links,
    /// What makes a scope healthy.
    pub rules: &'a HealthRules,
    places: BTreeSet<usize>,
}

impl<'a> Context<'a> {
    /// Finds the instances in scope once.
    pub fn new(snapshot: &'a Snapshot, scope: &'a Scope, links: &'a Links, rules: &'a HealthRules) -> Self {
        Self { snapshot, scope, links, rules, places: scope.places(snapshot) }
    }

    /// The scope's health and figures, the same as every other view prints.
    pub fn system(&self) -> System {
        System::of(self.snapshot, self.scope, self.rules)
    }

    /// Whether something of this owner is in scope; what has no owner is there where nothing is filtered (contract §9).
    pub fn holds(&self, owner: Option<usize>) -> bool {
        owner.map_or_else(|| self.scope.is_everything(), |place| self.places.contains(&place))
    }

    /// What an entity carries of its instance.
    pub fn owner(&self, place: usize) -> Owner<'a> {
        self.snapshot.instances.get(place).map_or_else(Owner::default, Owner::from)
    }

    /// The local process's place, if it shows itself.
    pub fn local(&self) -> Option<usize> {
        self.snapshot.instances.iter().position(|instance| instance.is_local)
    }
}

/// What an entity carries of its instance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Owner<'a> {
    /// `service.name`.
    pub service: &'a str,
    /// The instance's id.
    pub instance: &'a str,
    /// `deployment.environment.name`.
    pub environment: Option<&'a str>,
    /// Whether the instance is silent.
    pub is_stale: bool,
}

impl<'a> From<&'a InstanceFacts> for Owner<'a> {
    fn from(facts: &'a InstanceFacts) -> Self {
        Self {
            service: &facts.service,
            instance: &facts.instance,
            environment: facts.environment.as_deref(),
            is_stale: facts.liveness != Liveness::Live,
        }
    }
}

/// A noun of the API: the typed view of one kind of facts.
pub trait Noun<'a>: Serialize + Sized {
    /// The facts behind it.
    type Facts: 'a;
    /// Its name in messages, such as `pool`.
    const SINGULAR: &'static str;

    /// All of them in the snapshot.
    fn all(snapshot: &'a Snapshot) -> &'a [Self::Facts];
    /// The opaque, stable key.
    fn key(facts: &Self::Facts) -> &str;
    /// The bare name.
    fn name(facts: &Self::Facts) -> &str;
    /// Whether the asker may see it: by its instance, where a noun does not say otherwise.
    fn is_in_scope(context: &Context<'a>, facts: &Self::Facts) -> bool {
        context.holds(Self::owner(facts))
    }
    /// Whether anything but a clock has moved; ages, uptimes and countdowns grow by themselves and make no delta.
    fn is_same(before: &Self::Facts, now: &Self::Facts) -> bool;
    /// The place of its instance in the snapshot, if it has one.
    fn owner(facts: &Self::Facts) -> Option<usize>;
    /// The view.
    fn view(context: &Context<'a>, facts: &'a Self::Facts) -> Self;
}

/// The facts of one kind that are in scope.
pub fn facts_in_scope<'a, 'c, N: Noun<'a>>(
    context: &'c Context<'a>,
) -> impl Iterator<Item = &'a N::Facts> + use<'a, 'c, N> {
    N::all(context.snapshot).iter().filter(move |facts| N::is_in_scope(context, facts))
}

/// The views of one kind that are in scope, in the order of the snapshot.
pub fn views<'a, N: Noun<'a>>(context: &Context<'a>) -> Vec<N> {
    facts_in_scope::<N>(context).map(|facts| N::view(context, facts)).collect()
}

/// Unix milliseconds as the Unix seconds that every moment of the API is told in.
pub fn seconds(unix_ms: u64) -> f64 {
    unix_ms as f64 / 1000.0
}

/// Whether two countings of a moment, each made by subtracting an age from the snapshot's date, mean the same one.
pub fn is_same_moment(before: f64, now: f64) -> bool {
    const TOLERANCE_S: f64 = 1.5;
    (before - now).abs() <= TOLERANCE_S
}
