//! The last messages of a set, for clients that come back (conformance S5); bounded in number and in bytes.

use std::collections::VecDeque;

use bytes::Bytes;

use crate::limits::{SSE_REPLAY_BYTES_MAX, SSE_REPLAY_MESSAGES_MAX};

/// Messages with their numbers, oldest first, without gaps.
#[derive(Debug, Default)]
pub struct Ring {
    messages: VecDeque<(u64, Bytes)>,
    bytes: usize,
}

impl Ring {
    /// Adds the message of that number; the oldest leave at the caps. One that is too large by itself empties the ring, so
    /// that whoever was before it gets the whole.
    pub fn push(&mut self, sequence: u64, message: Bytes) {
        self.bytes += message.len();
        self.messages.push_back((sequence, message));
        while self.messages.len() > SSE_REPLAY_MESSAGES_MAX || self.bytes > SSE_REPLAY_BYTES_MAX {
            let Some((_, gone)) = self.messages.pop_front() else { break };
            self.bytes -= gone.len();
        }
    }

    /// The messages after the number `seen`, up to `latest`; none when they are not all remembered, or `seen` lies ahead.
    pub fn after(&self, seen: u64, latest: u64) -> Option<Vec<Bytes>> {
        if seen == latest {
            return Some(Vec::new());
        }
        let first = self.messages.front()?.0;
        if seen > latest || seen.saturating_add(1) < first {
            return None;
        }
        let later = self.messages.iter().filter(|(sequence, _)| *sequence > seen);
        Some(later.map(|(_, message)| message.clone()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is remembered is replayed whole and in order; what is not, is not replayed in part.
    #[test]
    fn only_gapless_replays() {
        let mut ring = Ring::default();
        for sequence in 1..=10 + SSE_REPLAY_MESSAGES_MAX as u64 {
            ring.push(sequence, Bytes::from(sequence.to_string()));
        }
        let latest = 10 + SSE_REPLAY_MESSAGES_MAX as u64;
        assert_eq!(ring.after(latest, latest), Some(Vec::new()));
        assert_eq!(ring.after(latest - 2, latest).unwrap().len(), 2);
        assert_eq!(ring.after(10, latest).unwrap().len(), SSE_REPLAY_MESSAGES_MAX);
        assert_eq!(ring.after(9, latest), None);
        assert_eq!(ring.after(latest + 1, latest), None);
        assert_eq!(ring.after(u64::MAX, latest), None);
    }

    /// A message beyond the byte cap is not kept, nor is anything before it.
    #[test]
    fn bytes_are_bounded() {
        let mut ring = Ring::default();
        ring.push(1, Bytes::from_static(b"small"));
        ring.push(2, Bytes::from(vec![b'x'; SSE_REPLAY_BYTES_MAX + 1]));
        assert_eq!(ring.after(0, 2), None);
        assert_eq!(ring.after(1, 2), None);
        ring.push(3, Bytes::from_static(b"small"));
        assert_eq!(ring.after(2, 3).unwrap().len(), 1);
        assert!(ring.bytes <= SSE_REPLAY_BYTES_MAX);
    }
}
