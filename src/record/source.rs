//! Pools and components that are asked instead of telling: whoever has a pool of some library at hand implements
//! [`PoolSource`] for it, and the bridge asks once a second.
//!
//! A source runs on a thread where it may block. One that fails, panics or does not answer costs its own part only: every
//! document goes on with the rest, and names the part in its `errors`.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::limits::LABEL_BYTES_MAX;
use crate::model::component::ComponentState;
use crate::model::naming;
use crate::model::worker::WorkerState;
use crate::record::name::{check_label, check_name};
use crate::record::{RecordError, Recorder};
use crate::state::cells::WorkerCell;
use crate::state::tally::Count;

/// Why a source has no answer.
pub type SourceError = Box<dyn Error + Send + Sync>;

/// What a pool says when it is asked.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct PoolReading {
    /// Most workers that it may have; none where there is no limit.
    pub size: Option<u64>,
    /// Workers that handle a request now.
    pub active: u64,
    /// Workers that wait for one.
    pub idle: u64,
    /// Workers that are being made.
    pub creating: u64,
    /// Requests that wait for a worker; none where the pool does not know.
    pub pending: Option<u64>,
    /// Requests that ended so far; none where the pool does not count them.
    pub requests: Option<u64>,
    /// Of these, failed ones.
    pub errors: Option<u64>,
    /// Its workers, where the pool knows them apart.
    pub workers: Vec<WorkerReading>,
}

impl PoolReading {
    /// A pool of at most `size` workers, of which so many are active and idle.
    pub fn new(size: u64, active: u64, idle: u64) -> Self {
        Self { size: Some(size), active, idle, ..Self::default() }
    }

    /// Workers that are being made.
    #[must_use]
    pub const fn creating(mut self, workers: u64) -> Self {
        self.creating = workers;
        self
    }

    /// Requests that wait for a worker.
    #[must_use]
    pub const fn pending(mut self, requests: u64) -> Self {
        self.pending = Some(requests);
        self
    }

    /// Requests that ended so far.
    #[must_use]
    pub const fn requests(mut self, requests: u64) -> Self {
        self.requests = Some(requests);
        self
    }

    /// Requests that failed so far.
    #[must_use]
    pub const fn errors(mut self, errors: u64) -> Self {
        self.errors = Some(errors);
        self
    }

    /// The workers themselves.
    #[must_use]
    pub fn workers(mut self, workers: Vec<WorkerReading>) -> Self {
        self.workers = workers;
        self
    }
}

/// What a pool says of one of its workers; what it does not know stays absent from every view.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct WorkerReading {
    /// Unique in the process.
    pub id: String,
    /// What runs in it; empty where that is not known.
    pub app: String,
    /// What it does now.
    pub state: WorkerState,
    /// Requests handled so far.
    pub requests: Option<u64>,
    /// Of these, failed ones.
    pub errors: Option<u64>,
    /// Time since it was made, in seconds.
    pub uptime_s: Option<f64>,
    /// Resident memory in bytes.
    pub memory_rss_bytes: Option<u64>,
    /// Used heap in bytes.
    pub memory_heap_used_bytes: Option<u64>,
}

impl WorkerReading {
    /// A worker of which no more is known.
    pub fn new(id: impl Into<String>, app: impl Into<String>, state: WorkerState) -> Self {
        Self {
            id: id.into(),
            app: app.into(),
            state,
            requests: None,
            errors: None,
            uptime_s: None,
            memory_rss_bytes: None,
            memory_heap_used_bytes: None,
        }
    }
}

/// What a component says when it is asked.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ComponentReading {
    /// How it is.
    pub state: ComponentState,
    /// Items processed so far.
    pub items_processed: u64,
    /// Errors so far.
    pub errors: u64,
    /// The last error.
    pub last_error: Option<String>,
}

impl ComponentReading {
    /// A component in that state that has counted so much.
    pub const fn new(state: ComponentState, items_processed: u64, errors: u64) -> Self {
        Self { state, items_processed, errors, last_error: None }
    }
}

/// A pool that is asked once a second, on a thread where it may block. Any `Fn() -> Result<PoolReading, SourceError>` is one.
///
/// This is the counterpart of the pool plugin's `onInit`, which hands the host's pool to the plugin (spec, plugin).
pub trait PoolSource: Send + Sync + 'static {
    /// Tells how the pool is now.
    ///
    /// # Errors
    /// Anything: the pool leaves every view until there is an answer again, and the documents name it in `errors`.
    fn read(&self) -> Result<PoolReading, SourceError>;
}

impl<F> PoolSource for F
where
    F: Fn() -> Result<PoolReading, SourceError> + Send + Sync + 'static,
{
    fn read(&self) -> Result<PoolReading, SourceError> {
        self()
    }
}

/// A component that is asked once a second, on a thread where it may block. Any `Fn() -> Result<ComponentReading, SourceError>`
/// is one.
pub trait ComponentSource: Send + Sync + 'static {
    /// Tells how the component is now.
    ///
    /// # Errors
    /// Anything: a component that cannot tell counts as failed, with this as its last error, and the documents name it in
    /// `errors`.
    fn read(&self) -> Result<ComponentReading, SourceError>;
}

impl<F> ComponentSource for F
where
    F: Fn() -> Result<ComponentReading, SourceError> + Send + Sync + 'static,
{
    fn read(&self) -> Result<ComponentReading, SourceError> {
        self()
    }
}

/// A source that was registered, joined to the entity that it tells of.
pub(crate) struct Asked {
    /// Such as `pool requests`: the name of its part in `errors`.
    pub(crate) part: String,
    is_replaced: AtomicBool,
    kind: Kind,
}

/// What a source said.
pub(crate) enum Reading {
    /// Of a pool.
    Pool(PoolReading),
    /// Of a component.
    Component(ComponentReading),
}

enum Kind {
    Pool { name: String, source: Box<dyn PoolSource>, workers: Mutex<Option<Workers>> },
    Component { name: String, kind: String, source: Box<dyn ComponentSource> },
}

/// The workers that a pool told of last, by id; none once another source tells of the pool.
type Workers = BTreeMap<String, Arc<WorkerCell>>;

impl Asked {
    pub(crate) fn pool(name: &str, source: impl PoolSource) -> Result<Self, RecordError> {
        check_name("a pool", name)?;
        let workers = Mutex::new(Some(Workers::new()));
        let kind = Kind::Pool { name: name.to_owned(), source: Box::new(source), workers };
        Ok(Self { part: format!("pool {name}"), is_replaced: AtomicBool::new(false), kind })
    }

    pub(crate) fn component(name: &str, kind: &str, source: impl ComponentSource) -> Result<Self, RecordError> {
        check_name("a component", name)?;
        check_label("a component's kind", kind)?;
        let kind = Kind::Component { name: name.to_owned(), kind: kind.to_owned(), source: Box::new(source) };
        Ok(Self { part: format!("component {name}"), is_replaced: AtomicBool::new(false), kind })
    }

    /// Asks. May block.
    pub(crate) fn read(&self) -> Result<Reading, SourceError> {
        Ok(match &self.kind {
            Kind::Pool { source, .. } => Reading::Pool(bounded(source.read()?)),
            Kind::Component { source, .. } => Reading::Component(source.read()?),
        })
    }

    /// Writes down what it said; a source that was replaced meanwhile has no say any more.
    pub(crate) fn write(&self, recorder: &Recorder, reading: Reading) -> Result<(), RecordError> {
        if self.is_replaced.load(Ordering::Acquire) {
            return Ok(());
        }
        match (&self.kind, reading) {
            (Kind::Pool { name, workers, .. }, Reading::Pool(reading)) => {
                match &mut *workers.lock().unwrap_or_else(PoisonError::into_inner) {
                    Some(known) => write_pool(recorder, name, &reading, known),
                    None => Ok(()),
                }
            }
            (Kind::Component { name, kind, .. }, Reading::Component(reading)) => {
                write_component(recorder, (name, kind), &reading)
            }
            // A source reads what it is.
            (Kind::Pool { .. }, Reading::Component(_)) | (Kind::Component { .. }, Reading::Pool(_)) => Ok(()),
        }
    }

    /// Another source takes its place: its workers leave, so that the other may tell of the same ones, and an answer that is still
    /// to come is not written down.
    pub(crate) fn replaced(&self, recorder: &Recorder) {
        self.is_replaced.store(true, Ordering::Release);
        if let Kind::Pool { workers, .. } = &self.kind {
            let known = workers.lock().unwrap_or_else(PoisonError::into_inner).take();
            release(recorder, &known.unwrap_or_default());
        }
    }

    /// Writes down that there is no answer.
    pub(crate) fn unanswered(&self, recorder: &Recorder, why: &str) {
        if self.is_replaced.load(Ordering::Acquire) {
            return;
        }
        match &self.kind {
            Kind::Pool { name, workers, .. } => {
                let known = &mut *workers.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(known) = known {
                    recorder.local().instance.remove_pool(name);
                    release(recorder, known);
                    known.clear();
                }
            }
            Kind::Component { name, kind, .. } => {
                let Some(cell) = recorder.local().instance.claim_component(name, kind) else { return };
                cell.state.set(ComponentState::Failed as u8, recorder.clock().elapsed_ms());
                *cell.last_error.lock().unwrap_or_else(PoisonError::into_inner) = Some(why.into());
            }
        }
    }
}

/// Takes the workers of a source out of every view.
fn release(recorder: &Recorder, workers: &Workers) {
    for cell in workers.values() {
        recorder.local().instance.release_worker(cell);
    }
}

/// The reading with figures that fit the signed 64-bit numbers of OTLP.
fn bounded(mut reading: PoolReading) -> PoolReading {
    const MOST: u64 = i64::MAX as u64;
    for figure in [&mut reading.active, &mut reading.idle, &mut reading.creating] {
        *figure = MOST.min(*figure);
    }
    reading
}

fn write_pool(recorder: &Recorder, name: &str, reading: &PoolReading, known: &mut Workers) -> Result<(), RecordError> {
    let (instance, now_ms) = (&recorder.local().instance, recorder.clock().elapsed_ms());
    let cell = instance.claim_pool(name).ok_or(RecordError::Full { what: "pool" })?;
    put(&cell.size, reading.size);
    put(&cell.pending, reading.pending);
    put(&cell.requests, reading.requests);
    put(&cell.errors, reading.errors);
    cell.active.set(reading.active);
    cell.idle.set(reading.idle);
    cell.creating.set(reading.creating);
    cell.seen_ms.store(now_ms, Ordering::Relaxed);
    let told: BTreeSet<&str> = reading.workers.iter().map(|worker| worker.id.as_str()).collect();
    known.retain(|id, cell| {
        let stays = told.contains(id.as_str());
        if !stays {
            instance.release_worker(cell);
        }
        stays
    });
    for worker in &reading.workers {
        if let Some(cell) = known.get(&worker.id) {
            write_worker(cell, worker, now_ms);
            continue;
        }
        check_name("a worker", &worker.id)?;
        check_label("a worker's app", &worker.app)?;
        let claimed = instance.claim_worker(&worker.id, &worker.app, name, now_ms);
        let cell = claimed.map_err(|refusal| RecordError::of_worker(refusal, &worker.id))?;
        write_worker(&cell, worker, now_ms);
        known.insert(worker.id.clone(), cell);
    }
    Ok(())
}

fn write_worker(cell: &WorkerCell, reading: &WorkerReading, now_ms: u64) {
    if cell.requests.get() != reading.requests {
        cell.progress_ms.store(now_ms, Ordering::Relaxed);
    }
    put(&cell.requests, reading.requests);
    put(&cell.errors, reading.errors);
    put(&cell.memory_rss, reading.memory_rss_bytes);
    put(&cell.memory_heap_used, reading.memory_heap_used_bytes);
    // Where the pool does not know, it is the time since the worker was first told of.
    if let Some(seconds) = reading.uptime_s.filter(|seconds| seconds.is_finite() && *seconds >= 0.0) {
        cell.created_ms.set(now_ms.saturating_sub((seconds * 1000.0) as u64));
    }
    cell.state.set(reading.state as u8, now_ms);
    cell.seen_ms.store(now_ms, Ordering::Relaxed);
}

fn write_component(
    recorder: &Recorder,
    (name, kind): (&str, &str),
    reading: &ComponentReading,
) -> Result<(), RecordError> {
    let claimed = recorder.local().instance.claim_component(name, kind);
    let cell = claimed.ok_or(RecordError::Full { what: "component" })?;
    let before = (cell.items_processed.get(), cell.errors.get());
    cell.items_processed.set(reading.items_processed.min(i64::MAX as u64));
    cell.errors.set(reading.errors.min(i64::MAX as u64));
    if before != (cell.items_processed.get(), cell.errors.get()) {
        cell.last_activity.set(recorder.local().unix_s());
    }
    cell.state.set(reading.state as u8, recorder.clock().elapsed_ms());
    let last_error = reading.last_error.as_deref().map(|words| naming::truncate(words, LABEL_BYTES_MAX).into());
    *cell.last_error.lock().unwrap_or_else(PoisonError::into_inner) = last_error;
    Ok(())
}

fn put(count: &Count, value: Option<u64>) {
    match value {
        Some(value) => count.set(value.min(i64::MAX as u64)),
        None => count.clear(),
    }
}
