//! The lists of the screen: which things, in which order, in which columns. Problems stand first.

mod cells;

use std::cmp::Reverse;

use crate::proto::v1;
use crate::top::lists::cells::columns;
use crate::top::picture::{Known, Picture, Told};

/// A busy worker that makes no progress for so many seconds is stuck, as the alert rule has it.
const STUCK_S: f64 = 60.0;
/// Errors ÷ requests beyond which a worker is a problem.
const ERROR_SHARE_MAX: f64 = 0.1;
/// Utilization beyond which a pool is a problem, as the alert rule has it.
const UTILIZATION_MAX: f64 = 0.9;

/// A page of the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tab {
    Health,
    Pools,
    Workers,
    Components,
    Breakers,
    Alerts,
    Exporters,
}

impl Tab {
    /// All pages, in the order of their keys.
    pub(super) const ALL: [Self; 7] =
        [Self::Health, Self::Pools, Self::Workers, Self::Components, Self::Breakers, Self::Alerts, Self::Exporters];

    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Health => "Health",
            Self::Pools => "Pools",
            Self::Workers => "Workers",
            Self::Components => "Components",
            Self::Breakers => "Breakers",
            Self::Alerts => "Alerts",
            Self::Exporters => "Exporters",
        }
    }

    pub(super) const fn index(self) -> usize {
        self as usize
    }

    /// The page that is so many further on, around the end.
    pub(super) fn further(self, steps: usize) -> Self {
        Self::ALL.get((self.index() + steps) % Self::ALL.len()).copied().unwrap_or(self)
    }
}

/// How bad it is. The sign stands beside every colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mark {
    Fine,
    Warning,
    Critical,
}

impl Mark {
    pub(super) const fn sign(self) -> &'static str {
        match self {
            Self::Fine => "",
            Self::Warning => "!",
            Self::Critical => "!!",
        }
    }
}

/// One thing of a list.
#[derive(Clone, Copy, Debug)]
pub(super) enum Item<'a> {
    Pool(&'a Told<v1::Pool>),
    Worker(&'a Told<v1::Worker>),
    Component(&'a Told<v1::Component>),
    Breaker(&'a Told<v1::Breaker>),
    Alert(&'a Told<v1::Alert>),
    Exporter(&'a Told<v1::Exporter>),
}

/// A thing, its key and how bad it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row<'a> {
    pub(super) mark: Mark,
    pub(super) key: &'a str,
    pub(super) item: Item<'a>,
}

/// A column; those on the right leave first where there is no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) title: &'static str,
    /// Characters; the first column takes what is left beside.
    pub(super) width: u16,
    pub(super) is_figure: bool,
}

/// A page's list.
#[derive(Clone, Debug)]
pub(super) struct List<'a> {
    pub(super) columns: &'static [Column],
    pub(super) rows: Vec<Row<'a>>,
    /// How many there are without the filter.
    pub(super) total: usize,
}

impl<'a> List<'a> {
    /// The list of a page; the first page has none. `filter` is text that stands anywhere in a row's names and words.
    pub(super) fn of(tab: Tab, picture: &'a Picture, filter: &str, now: f64) -> Self {
        let items: Vec<(&'a str, Item<'a>)> = match tab {
            Tab::Health => Vec::new(),
            Tab::Pools => items(&picture.pools, Item::Pool),
            Tab::Workers => items(&picture.workers, Item::Worker),
            Tab::Components => items(&picture.components, Item::Component),
            Tab::Breakers => items(&picture.breakers, Item::Breaker),
            Tab::Alerts => items(&picture.alerts, Item::Alert),
            Tab::Exporters => items(&picture.exporters, Item::Exporter),
        };
        let total = items.len();
        let filter = filter.to_lowercase();
        let rows = items.into_iter().filter(|(_, item)| filter.is_empty() || item.holds(&filter));
        let mut rows: Vec<Row<'a>> = rows.map(|(key, item)| Row { mark: item.mark(now), key, item }).collect();
        rows.sort_by_key(|row| (Reverse(row.mark), row.item.names()));
        Self { columns: columns(tab), rows, total }
    }
}

fn items<'a, T>(known: &'a Known<T>, item: impl Fn(&'a Told<T>) -> Item<'a>) -> Vec<(&'a str, Item<'a>)> {
    known.iter().map(|(key, told)| (key.as_str(), item(told))).collect()
}

/// How many of a page's things are a problem.
pub(super) fn problems<'a, T>(known: &'a Known<T>, item: impl Fn(&'a Told<T>) -> Item<'a>, now: f64) -> usize {
    known.values().filter(|told| item(told).mark(now) != Mark::Fine).count()
}

impl<'a> Item<'a> {
    /// Service and name, by which rows are ordered.
    fn names(&self) -> (&'a str, &'a str) {
        match *self {
            Self::Pool(told) => (&told.item.service, &told.item.name),
            Self::Worker(told) => (&told.item.service, &told.item.name),
            Self::Component(told) => (told.item.service(), &told.item.name),
            Self::Breaker(told) => (&told.item.service, &told.item.name),
            Self::Alert(told) => (told.item.service(), &told.item.subject),
            Self::Exporter(told) => ("", &told.item.name),
        }
    }

    /// Whether the text stands in one of its names or words; it is in small letters.
    fn holds(&self, filter: &str) -> bool {
        let (service, name) = self.names();
        let more: [&str; 3] = match *self {
            Self::Pool(told) => [&told.item.instance, "", ""],
            Self::Worker(told) => [told.item.state(), &told.item.pool, &told.item.app],
            Self::Component(told) => [&told.item.status, &told.item.r#type, told.item.last_error()],
            Self::Breaker(told) => [told.item.state.as_deref().unwrap_or("unknown"), told.item.component(), ""],
            Self::Alert(told) => [&told.item.level, &told.item.name, &told.item.message],
            Self::Exporter(told) => [&told.item.state, &told.item.endpoint, told.item.last_error()],
        };
        [service, name].iter().chain(&more).any(|text| text.to_lowercase().contains(filter))
    }

    pub(super) fn mark(&self, now: f64) -> Mark {
        match *self {
            Self::Pool(told) => mark_when(told.item.utilization > UTILIZATION_MAX || told.item.stale),
            Self::Worker(told) => worker_mark(told, now),
            Self::Component(told) => match told.item.status.as_str() {
                "degraded" => Mark::Warning,
                _ if told.item.is_healthy => Mark::Fine,
                _ => Mark::Critical,
            },
            Self::Breaker(told) => match told.item.state.as_deref().unwrap_or_default() {
                "open" | "forced_open" => Mark::Critical,
                "half_open" => Mark::Warning,
                _ => mark_when(told.item.stale),
            },
            Self::Alert(told) => match told.item.level.as_str() {
                "critical" => Mark::Critical,
                "warning" => Mark::Warning,
                _ => Mark::Fine,
            },
            Self::Exporter(told) => match told.item.state.as_str() {
                "ok" => mark_when(told.item.breaker == "half_open"),
                "retrying" => Mark::Warning,
                _ => Mark::Critical,
            },
        }
    }
}

const fn mark_when(is_problem: bool) -> Mark {
    if is_problem { Mark::Warning } else { Mark::Fine }
}

fn worker_mark(told: &Told<v1::Worker>, now: f64) -> Mark {
    let worker = &told.item;
    let (requests, errors) = (worker.requests() as f64, worker.errors() as f64);
    if worker.stale || worker.state() == "offline" || (worker.state() == "active" && progress_age(told, now) > STUCK_S)
    {
        Mark::Critical
    } else {
        mark_when(worker.state() == "terminated" || errors > ERROR_SHARE_MAX * requests.max(1.0))
    }
}

/// An age as it is now; what is silent grows no older than it was when it was last heard.
fn progress_age(told: &Told<v1::Worker>, now: f64) -> f64 {
    told.item.progress_age_seconds + passed(told, now)
}

fn passed<T>(told: &Told<T>, now: f64) -> f64 {
    (now - told.at).max(0.0)
}
