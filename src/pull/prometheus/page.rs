//! A page in the making: what our own parts print, what was received, and what the process's own meters gathered meet here,
//! so that a family stands together whoever has samples for it (conformance X1, T4).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use prometheus::proto::MetricFamily;

use crate::config::pull::{Names, Prometheus};
use crate::model::naming::{self, Suffixes};
use crate::model::scope::Scope;
use crate::pull::prometheus::target::{self, Target};
use crate::pull::prometheus::writer::{self, Type};
use crate::pull::prometheus::{Format, Sources, gathered, received};
use crate::state::series::{MetricType, Name};

/// Where the received series of a name are: (place of the instance in the snapshot, place of the family in its table).
type Places = (Arc<Name>, Vec<(usize, u32)>);

/// A page in the making.
pub(super) struct Page<'a> {
    pub(super) out: String,
    pub(super) format: Format,
    pub(super) names: Names,
    pub(super) sources: &'a Sources<'a>,
    pub(super) targets: Arc<[Option<Target>]>,
    /// Whether the asker filters nothing: what has no instance is in scope.
    pub(super) is_unfiltered: bool,
    /// Whether the samples of a family say what received series of that name without labels of their own say.
    pub(super) covers_plain: bool,
    received: BTreeMap<Box<str>, Places>,
    gathered: BTreeMap<String, Vec<&'a MetricFamily>>,
    /// Families of this page, by the name in their TYPE line.
    printed: BTreeSet<String>,
}

impl<'a> Page<'a> {
    /// A page of a scope, which knows what was received and gathered.
    pub(super) fn new(sources: &'a Sources<'a>, scope: &Scope, options: &Prometheus, format: Format) -> Self {
        let mut page = Self::bare(sources, options, format);
        page.targets = target::targets(sources.snapshot, scope, &options.resource_labels).into();
        page.is_unfiltered = scope.is_everything();
        // A rough guess, so that a large page does not grow by copying itself many times.
        let series = sources.series.caps().series();
        page.out.reserve(128 * series + 1_024 * sources.snapshot.workers.len() + 32 * 1_024);
        page.find_received();
        // They are the local process's, so a filter that leaves it out leaves them out.
        let is_local_in_scope = sources.snapshot.instances.iter().any(|one| one.is_local && scope.holds(one));
        let shows_gathered = page.is_unfiltered || is_local_in_scope;
        for family in sources.gathered.iter().filter(|_| shows_gathered) {
            let mut name = String::new();
            if naming::metric_name(family.name(), "", Suffixes::Unit, &mut name) {
                page.gathered.entry(name).or_default().push(family);
            }
        }
        page
    }

    /// A page that knows of nothing but what is printed. OpenMetrics always uses the instruments' names.
    pub(super) fn bare(sources: &'a Sources<'a>, options: &Prometheus, format: Format) -> Self {
        Self {
            out: String::new(),
            format,
            names: if format == Format::OpenMetrics { Names::Otel } else { options.names },
            sources,
            targets: Arc::new([]),
            is_unfiltered: true,
            covers_plain: false,
            received: BTreeMap::new(),
            gathered: BTreeMap::new(),
            printed: BTreeSet::new(),
        }
    }

    /// Notes where the received series of each name are; a stale instance's have left.
    fn find_received(&mut self) {
        let received = &mut self.received;
        for (place, target) in self.targets.iter().enumerate() {
            let Some(target) = target.as_ref().filter(|target| target.is_live) else { continue };
            self.sources.series.read_table(target.id, &mut |table| {
                for (family, view) in table.families() {
                    if let Some((_, places)) = received.get_mut(&view.name().text) {
                        places.push((place, family));
                    } else {
                        let first = (view.name().clone(), vec![(place, family)]);
                        received.insert(view.name().text.clone(), first);
                    }
                }
            });
        }
    }

    /// Prints a family: the samples that `write` adds, then what else has that name. Without any sample nothing is printed.
    pub(super) fn family(&mut self, name: &str, kind: Type, help: &str, write: impl FnOnce(&mut Self)) {
        let start = self.out.len();
        if !self.printed.insert(writer::family_name(name, kind, self.format).to_owned()) {
            return;
        }
        writer::header(&mut self.out, name, kind, help, self.format);
        let header_end = self.out.len();
        write(self);
        if let Some((received_name, places)) = self.received.remove(name) {
            if is_same(kind, received_name.kind.into()) {
                received::write(self, &received_name, &places);
            } else {
                self.sources.series.caps().note_conflict(name, kind.into(), received_name.kind);
            }
        }
        for family in self.gathered.remove(name).unwrap_or_default() {
            match gathered::kind(family) {
                Some(other) if is_same(kind, other) => gathered::write(self, name, family),
                Some(other) => self.sources.series.caps().note_conflict(name, kind.into(), other.into()),
                None => {}
            }
        }
        if self.out.len() == header_end {
            self.out.truncate(start);
        }
    }

    /// Prints a sample with a whole number.
    pub(super) fn count(&mut self, name: &str, labels: &[&str], value: u64) {
        self.sample(name, labels, |out| writer::count(out, value));
    }

    /// Prints a sample.
    pub(super) fn number(&mut self, name: &str, labels: &[&str], value: f64) {
        self.sample(name, labels, |out| writer::number(out, value));
    }

    #[inline]
    fn sample(&mut self, name: &str, labels: &[&str], write: impl FnOnce(&mut String)) {
        writer::name_and_labels(&mut self.out, name, labels);
        write(&mut self.out);
        self.out.push('\n');
    }

    /// A family with one sample and no labels.
    pub(super) fn single(&mut self, name: &str, kind: Type, help: &str, value: Option<f64>) {
        self.family(name, kind, help, |page| {
            if let Some(value) = value {
                page.number(name, &[], value);
            }
        });
    }

    /// Prints every name that no part has printed yet, by name.
    pub(super) fn rest(&mut self) {
        // Type conflicts between received and gathered families: the received one was named first.
        let names: BTreeSet<String> =
            self.received.keys().map(ToString::to_string).chain(self.gathered.keys().cloned()).collect();
        for name in names {
            if let Some((known, _)) = self.received.get(name.as_str()) {
                let known = known.clone();
                self.family(&name, known.kind.into(), &known.help, |_| {});
            } else if let Some(family) = self.gathered.get(&name).and_then(|all| all.first()).copied()
                && let Some(kind) = gathered::kind(family)
            {
                self.family(&name, kind, family.help(), |_| {});
            }
        }
    }

    /// The page's text.
    pub(super) fn finish(mut self) -> String {
        if self.format == Format::OpenMetrics {
            self.out.push_str("# EOF\n");
        }
        self.out
    }
}

impl From<MetricType> for Type {
    fn from(kind: MetricType) -> Self {
        match kind {
            MetricType::Counter => Self::Counter,
            MetricType::Gauge => Self::Gauge,
            MetricType::Histogram => Self::Histogram,
            MetricType::Summary => Self::Summary,
        }
    }
}

impl From<Type> for MetricType {
    fn from(kind: Type) -> Self {
        match kind {
            Type::Counter => Self::Counter,
            Type::Gauge | Type::Info => Self::Gauge,
            Type::Histogram => Self::Histogram,
            Type::Summary => Self::Summary,
        }
    }
}

/// A received `target_info` is a gauge, since only OpenMetrics knows the type.
fn is_same(kind: Type, other: Type) -> bool {
    kind == other || (kind == Type::Info && other == Type::Gauge)
}
