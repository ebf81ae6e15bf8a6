//! One request, several destinations: it counts as taken when every destination that takes its signal has it, and as never
//! received when one of them refuses it. Whoever votes last decides, so that nothing hangs on the sender staying connected.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

use crate::model::signal::Signal;
use crate::push::SubmitError;
use crate::push::queue::ledger::Ledger;

/// What became of a request at one destination.
#[derive(Clone, Debug)]
pub(crate) enum Vote {
    /// It is in the queue, withheld until the decision.
    Stored {
        /// Its id in that destination's queue.
        id: i64,
    },
    /// The destination's policy drops it, which the sender need not know.
    Dropped,
    /// The destination cannot take it.
    Refused(SubmitError),
}

/// The votes on one request.
#[derive(Debug)]
pub(crate) struct Decision {
    signal: Signal,
    items: u64,
    parties: Vec<Arc<Ledger>>,
    open: Mutex<Open>,
}

#[derive(Debug)]
struct Open {
    votes: Vec<(usize, Vote)>,
    answer: Option<oneshot::Sender<Result<(), SubmitError>>>,
}

/// The right of one destination to vote once.
#[derive(Debug)]
pub(crate) struct Ballot {
    decision: Arc<Decision>,
    party: usize,
    used: bool,
}

/// Asks `parties` about a request; their ballots come back in the same order.
pub(crate) fn ask(
    signal: Signal,
    items: u64,
    parties: Vec<Arc<Ledger>>,
) -> (Vec<Ballot>, oneshot::Receiver<Result<(), SubmitError>>) {
    let (answer, answered) = oneshot::channel();
    let count = parties.len();
    for party in &parties {
        party.asked();
    }
    let open = Mutex::new(Open { votes: Vec::with_capacity(count), answer: Some(answer) });
    let decision = Arc::new(Decision { signal, items, parties, open });
    let ballot = |party| Ballot { decision: Arc::clone(&decision), party, used: false };
    ((0..count).map(ballot).collect(), answered)
}

impl Ballot {
    /// Casts the vote.
    pub(crate) fn vote(mut self, vote: Vote) {
        self.used = true;
        self.decision.count(self.party, vote);
    }
}

impl Drop for Ballot {
    fn drop(&mut self) {
        if !self.used {
            self.decision.count(self.party, Vote::Refused(SubmitError::Stopping));
        }
    }
}

impl Decision {
    fn count(&self, party: usize, vote: Vote) {
        let (votes, answer) = {
            let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
            open.votes.push((party, vote));
            if open.votes.len() < self.parties.len() {
                return;
            }
            (std::mem::take(&mut open.votes), open.answer.take())
        };
        let refusals = votes.iter().filter_map(|(_, vote)| match vote {
            Vote::Refused(error) => Some(error.clone()),
            Vote::Stored { .. } | Vote::Dropped => None,
        });
        // One for good counts more than one for now: waiting would not help.
        let refusal = refusals.min_by_key(|error| error.retry_after().is_some());
        for (party, vote) in votes {
            let Some(ledger) = self.parties.get(party) else { continue };
            match (vote, &refusal) {
                (Vote::Stored { id }, None) => ledger.confirm(self.signal, id),
                (Vote::Stored { id }, Some(_)) => ledger.withdraw(self.signal, id),
                (Vote::Dropped, None) => ledger.dropped_newest(self.signal, self.items),
                (Vote::Dropped, Some(_)) | (Vote::Refused(_), _) => {}
            }
        }
        for party in &self.parties {
            party.decided();
        }
        if let Some(answer) = answer {
            // The sender may have gone; the decision stands all the same.
            let _ = answer.send(refusal.map_or(Ok(()), Err));
        }
    }
}
