//! One destination at work.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::Notify;

use crate::clock::Clock;
use crate::config::push::{Destination, Protocol};
use crate::model::signal::Signal;
use crate::push::client::Client;
use crate::push::hooks::Hooks;
use crate::push::queue::decision::{Ballot, Vote};
use crate::push::queue::{Parcel, Queue};
use crate::push::sender::backoff::Backoff;
use crate::push::sender::circuit::Circuit;
use crate::push::sender::standing::Board;
use crate::push::sender::{Ending, Sender};
use crate::push::{PushError, SubmitError};
use crate::state::accounting::{DestinationAccount, SignalAccount};
use crate::state::parts::Part;
use crate::tasks::Tasks;

/// Time for senders to notice that they have to end, once the deadline has passed.
const ABORT_GRACE: Duration = Duration::from_secs(1);

/// See the module.
pub(crate) struct Running {
    config: Destination,
    queue: Arc<Queue>,
    account: Arc<DestinationAccount>,
    client: Arc<Client>,
    circuit: Arc<Circuit>,
    board: Arc<Board>,
    clock: Clock,
    hooks: Hooks,
    senders: Tasks,
    connections: Tasks,
    ending: Ending,
    stopping: AtomicBool,
}

impl std::fmt::Debug for Running {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Running").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Running {
    /// Opens the queue and readies the client; nothing is sent yet.
    pub(crate) fn open(config: &Destination, clock: &Clock, hooks: &Hooks) -> Result<Self, PushError> {
        let connections = Tasks::new();
        let client = Arc::new(Client::try_new(config, clock, &connections)?);
        let account = Arc::new(account(config));
        let queue = Arc::new(Queue::open(config, Arc::clone(&account), clock)?);
        let observer = (hooks.observer)(config);
        Ok(Self {
            config: config.clone(),
            queue,
            client,
            circuit: Arc::new(Circuit::new(observer, Arc::clone(&account), clock.clone())),
            board: Arc::new(Board::new(Arc::clone(&account), clock.clone())),
            account,
            clock: clock.clone(),
            hooks: hooks.clone(),
            senders: Tasks::new(),
            connections,
            ending: Ending::default(),
            stopping: AtomicBool::new(false),
        })
    }

    /// Starts a sender for each signal that it takes, and for what it took of others before they were taken out of its
    /// configuration: that was acknowledged.
    pub(crate) fn start(&self) {
        let has_to_send = |signal: &Signal| self.takes(*signal) || !self.queue.ledger().is_empty(*signal);
        for signal in Signal::ALL.into_iter().filter(has_to_send) {
            let sender = Sender {
                signal,
                queue: Arc::clone(&self.queue),
                client: Arc::clone(&self.client),
                circuit: Arc::clone(&self.circuit),
                board: Arc::clone(&self.board),
                retry: self.config.retry.clone(),
                backoff: Backoff::new(&self.config.retry, self.hooks.jitter.clone()),
                clock: self.clock.clone(),
                ending: self.ending.clone(),
                flight: (0, 0),
                is_suspect: false,
            };
            self.senders.spawn(sender.run());
        }
    }

    /// Its account.
    pub(crate) fn account(&self) -> &Arc<DestinationAccount> {
        &self.account
    }

    /// Its queue.
    pub(crate) fn queue(&self) -> &Queue {
        &self.queue
    }

    /// Whether it takes that signal.
    pub(crate) fn takes(&self, signal: Signal) -> bool {
        self.config.signals.contains(&signal)
    }

    /// Whether it was made from that very configuration.
    pub(crate) fn is_same(&self, config: &Destination) -> bool {
        same(&self.config, config)
    }

    /// Tries at once what waits for its next try.
    pub(crate) fn kick(&self) {
        self.ending.kick.iter().for_each(Notify::notify_one);
    }

    /// Takes a request in, or not: the ballot says.
    pub(crate) fn insert(&self, parcel: &Arc<Parcel>, ballot: Ballot) {
        if self.stopping.load(Ordering::Acquire) {
            ballot.vote(Vote::Refused(SubmitError::Stopping));
        } else {
            self.queue.insert(parcel, ballot);
        }
    }

    /// See [`crate::push::Push::stop`].
    pub(crate) async fn stop(&self, deadline: Duration) {
        self.stopping.store(true, Ordering::Release);
        self.ending.drain.cancel();
        let _ = tokio::time::timeout(deadline, self.senders.join()).await;
        self.ending.abort.cancel();
        let _ = tokio::time::timeout(ABORT_GRACE, self.senders.join()).await;
        // A decision that came after the queue is closed could not be carried out.
        let _ = tokio::time::timeout(ABORT_GRACE, self.queue.ledger().all_decided()).await;
        self.queue.close().await;
        self.connections.cancel();
        self.board.stopped();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.ending.abort.cancel();
        self.connections.cancel();
    }
}

/// Books of a destination in which nothing is written yet.
pub(crate) fn account(config: &Destination) -> DestinationAccount {
    DestinationAccount {
        name: config.name.as_str().into(),
        endpoint: config.endpoint.as_str().into(),
        protocol: match config.protocol {
            Protocol::Grpc => "grpc",
            Protocol::HttpProtobuf => "http/protobuf",
            Protocol::HttpJson => "http/json",
        },
        queue_bytes_max: config.queue.bytes_max,
        signals: Signal::ALL.map(|_| SignalAccount::default()),
        takes: Signal::ALL.map(|signal| config.signals.contains(&signal)),
        in_flight: 0.into(),
        warnings: 0.into(),
        queue: Part::new(format!("queue {}", config.name)),
        standing: std::sync::Mutex::default(),
    }
}

fn same(one: &Destination, other: &Destination) -> bool {
    one.name == other.name
        && one.endpoint == other.endpoint
        && one.endpoint_is_exact == other.endpoint_is_exact
        && one.protocol == other.protocol
        && one.signals == other.signals
        && one.compression == other.compression
        && one.headers == other.headers
        && one.tls == other.tls
        && one.timeout == other.timeout
        && one.retry == other.retry
        && one.queue == other.queue
}
