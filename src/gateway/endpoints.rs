//! The pull endpoints: bound at start, opened once everything behind them stands, and exchanged by a reload.

use std::sync::Arc;

use tokio::sync::Mutex;

use crate::bridge::views::Behind;
use crate::config::Config;
use crate::config::links::Links;
use crate::config::print::resolved_json;
use crate::config::pull::PullEndpoint;
use crate::gateway::{Door, PULL_DRAIN};
use crate::listen::{self, BoundListener, ListenError, Timings};
use crate::tasks::Tasks;

/// Endpoints whose ports are taken, and that nobody answers yet.
#[derive(Debug)]
pub(super) struct Bound(Vec<(PullEndpoint, BoundListener)>);

/// The endpoints at work.
#[derive(Debug)]
pub(super) struct Endpoints {
    behind: Behind,
    first_url: Option<String>,
    open: Mutex<Vec<Open>>,
}

/// An endpoint at work.
#[derive(Debug)]
struct Open {
    config: PullEndpoint,
    links: Links,
    door: Door,
    tasks: Tasks,
    streams: Tasks,
}

impl Bound {
    /// Takes the ports of every endpoint that is enabled.
    pub(super) fn bind(config: &Config) -> Result<Self, ListenError> {
        let enabled = config.pull.iter().filter(|endpoint| endpoint.enabled);
        let bound = enabled.map(|endpoint| Ok((endpoint.clone(), listen::bind(&endpoint.listener)?)));
        Ok(Self(bound.collect::<Result<_, ListenError>>()?))
    }

    /// Opens them all.
    pub(super) fn open(self, config: &Config, behind: Behind) -> Result<Endpoints, ListenError> {
        let open = self.0.into_iter().map(|(endpoint, bound)| open(endpoint, bound, &config.links, &behind));
        let open: Vec<Open> = open.collect::<Result<_, _>>()?;
        let first_url = open.first().map(|one| format!("{}://{}", one.door.scheme, one.door.address));
        Ok(Endpoints { behind, first_url, open: Mutex::new(open) })
    }
}

impl Endpoints {
    /// Where they are.
    pub(super) async fn doors(&self) -> Vec<Door> {
        self.open.lock().await.iter().map(|one| one.door.clone()).collect()
    }

    /// Where the first one was at start.
    pub(super) fn first_url(&self) -> Option<&str> {
        self.first_url.as_deref()
    }

    /// Opens new ones, closes those that are gone, and exchanges those that changed. One whose address is new is bound before
    /// anything is closed, so that an address that is taken leaves everything as it was.
    pub(super) async fn reload(&self, config: &Config) -> Result<(), ListenError> {
        let mut running = self.open.lock().await;
        let wanted: Vec<_> = config.pull.iter().filter(|endpoint| endpoint.enabled).collect();
        let stays =
            |one: &Open| one.links == config.links && wanted.iter().any(|endpoint| is_same(&one.config, endpoint));
        let (stay, leave): (Vec<_>, Vec<_>) = running.drain(..).partition(stays);
        let fresh = wanted.iter().copied().filter(|endpoint| !stay.iter().any(|one| is_same(&one.config, endpoint)));
        let is_freed =
            |endpoint: &PullEndpoint| leave.iter().any(|one| one.config.listener.address == endpoint.listener.address);
        let (after, before): (Vec<_>, Vec<_>) = fresh.partition(|endpoint| is_freed(endpoint));
        let bind = |endpoint: &PullEndpoint| Ok((endpoint.clone(), listen::bind(&endpoint.listener)?));
        let early: Result<Vec<_>, ListenError> = before.into_iter().map(bind).collect();
        running.extend(stay);
        let early = match early {
            Ok(early) => early,
            Err(error) => {
                running.extend(leave);
                return Err(error);
            }
        };
        futures_util::future::join_all(leave.iter().map(Open::close)).await;
        let late: Vec<_> = after.into_iter().map(bind).collect::<Result<_, _>>()?;
        for (endpoint, bound) in early.into_iter().chain(late) {
            running.push(open(endpoint, bound, &config.links, &self.behind)?);
        }
        Ok(())
    }

    /// Shows this configuration from now on.
    pub(super) fn tell(&self, config: &Config) {
        self.behind.about.store(Arc::new(resolved_json(config)));
    }

    /// Closes them all, streams with a last event.
    pub(super) async fn close(&self) {
        let running = self.open.lock().await;
        futures_util::future::join_all(running.iter().map(Open::close)).await;
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.streams.cancel();
        self.tasks.cancel();
    }
}

impl Open {
    async fn close(&self) {
        self.streams.cancel();
        self.streams.join().await;
        self.tasks.cancel();
        self.tasks.join().await;
    }
}

/// Whether nothing changed but the place in the list, which only messages name.
fn is_same(one: &PullEndpoint, other: &PullEndpoint) -> bool {
    let mut moved = other.clone();
    moved.listener.key.clone_from(&one.listener.key);
    *one == moved
}

fn open(endpoint: PullEndpoint, bound: BoundListener, links: &Links, behind: &Behind) -> Result<Open, ListenError> {
    let (tasks, streams) = (Tasks::new(), Tasks::new());
    let scheme = if endpoint.listener.tls.is_some() { "https" } else { "http" };
    let door = Door { name: endpoint.name.clone(), address: bound.local_addr(), scheme };
    let handler = behind.door(&endpoint, links, &streams)?;
    let timings = Timings { drain: PULL_DRAIN, ..Timings::default() };
    listen::serve(bound, Arc::new(handler), timings, &behind.core.clock, &tasks)?;
    Ok(Open { config: endpoint, links: links.clone(), door, tasks, streams })
}
