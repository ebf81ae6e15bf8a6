//! What the Prometheus writer reads.

use std::sync::Arc;

use crate::state::series::SeriesTable;
use crate::state::series::caps::{Name, SeriesCaps};
use crate::state::series::family::Family;
use crate::state::series::value::Value;

/// Where the tables are found: the store, or a test.
pub trait SeriesSource {
    /// Lets `read` look at the table of the instance with that number ([`crate::model::snapshot::InstanceFacts::id`]), under
    /// its lock; nothing happens when there is none. `read` must be short: points of that instance wait meanwhile.
    fn read_table(&self, instance: u32, read: &mut dyn FnMut(&SeriesTable));

    /// What the tables share, where the writer tells of type conflicts.
    fn caps(&self) -> &SeriesCaps;
}

/// A family of a table.
#[derive(Clone, Copy, Debug)]
pub struct FamilyView<'a> {
    family: &'a Family,
    seen_ms: u64,
}

/// A series of a family.
#[derive(Clone, Copy, Debug)]
pub struct SeriesView<'a> {
    /// Its labels, translated and escaped: `a="1",b="2"`; may be empty.
    pub labels: &'a str,
    /// Its value.
    pub value: &'a Value,
}

impl SeriesTable {
    /// Every family that has series, with its place in the table.
    pub fn families(&self) -> impl Iterator<Item = (u32, FamilyView<'_>)> {
        self.families.iter().enumerate().filter_map(|(place, family)| {
            let family = family.as_ref().filter(|family| !family.is_empty())?;
            Some((place as u32, FamilyView { family, seen_ms: self.seen_ms }))
        })
    }

    /// The family at a place, if it is still there.
    pub fn family(&self, place: u32) -> Option<FamilyView<'_>> {
        let family = self.families.get(place as usize)?.as_ref()?;
        Some(FamilyView { family, seen_ms: self.seen_ms })
    }
}

impl<'a> FamilyView<'a> {
    /// Name, TYPE and HELP.
    pub fn name(&self) -> &'a Arc<Name> {
        &self.family.name
    }

    /// Labels of the scope, like those of a series; may be empty.
    pub fn scope(&self) -> &'a str {
        &self.family.scope
    }

    /// The series that are reported; vanished ones that were not swept yet are left out.
    pub fn series(&self) -> impl Iterator<Item = SeriesView<'a>> {
        let Self { family, seen_ms } = *self;
        let slots = family.slots().filter(move |slot| !family.is_vanished(slot, seen_ms));
        slots.map(|slot| SeriesView { labels: &slot.labels, value: &slot.value })
    }
}
