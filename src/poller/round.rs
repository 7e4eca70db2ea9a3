//! One round: every batch is requested once, failures are retried, rejected requests are split. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::time::Instant;

use crate::backoff;
use crate::fleet::RoundRequests;
use geelark_client::phone::PhoneId;

/// How many invalid ids are requested again in one round. Each costs a call, which must not delay the valid ids.
const INVALID_IDS_PER_ROUND: usize = 10;

/// How many requests are split in one round: enough to find four invalid ids among a hundred, few enough that a GeeLark
/// that rejects everything does not use up the budget. The next round continues the search.
const SPLITS_PER_ROUND: usize = 32;

/// A call to be made.
#[derive(Debug)]
pub(super) struct QueuedCall {
    /// The batch that stays unanswered if the call fails; `None` for invalid ids and outside of rounds.
    pub(super) batch: Option<usize>,
    /// At least one id, at most a batch.
    pub(super) ids: Vec<PhoneId>,
    /// The number of earlier attempts.
    pub(super) attempts: u32,
}

/// When a round begins, and over how much time its calls are spread.
#[derive(Clone, Copy, Debug)]
pub(super) struct NextRound {
    pub(super) at: Instant,
    pub(super) spread: Duration,
}

/// A round in progress.
pub(super) struct Round {
    pub(super) start: Instant,
    /// The round after this one. No retry is scheduled later than it.
    pub(super) next: NextRound,
    /// The calls to be made and when. Calls for the same time are made in the order in which they were added.
    queue: BTreeMap<(Instant, usize), QueuedCall>,
    added: usize,
    /// Batches with a request that was given up.
    pub(super) unanswered: BTreeSet<usize>,
    /// How many calls were answered.
    pub(super) answers: usize,
    splits: usize,
}

impl QueuedCall {
    pub(super) fn new(batch: Option<usize>, ids: Vec<PhoneId>) -> Self {
        let attempts = 0;
        Self { batch, ids, attempts }
    }
}

impl NextRound {
    /// As fast as the budget allows, so that new phones are shown soon.
    pub(super) fn immediately() -> Self {
        Self {
            at: Instant::now(),
            spread: Duration::ZERO,
        }
    }
}

impl Round {
    /// The round of `requests`, spread over `spread`. The next one begins an interval later.
    pub(super) fn new(requests: RoundRequests, start: Instant, spread: Duration, interval: Duration) -> Self {
        let mut round = Self {
            start,
            next: NextRound {
                at: start + interval,
                spread: interval,
            },
            queue: BTreeMap::new(),
            added: 0,
            unanswered: BTreeSet::new(),
            answers: 0,
            splits: 0,
        };
        let spacing = spread / u32::try_from(requests.batches.len()).unwrap_or(u32::MAX).max(1);
        let mut at = start;
        for (batch, ids) in requests.batches {
            round.push(at, QueuedCall::new(Some(batch), ids));
            at += spacing;
        }
        for id in requests.invalid_ids.into_iter().take(INVALID_IDS_PER_ROUND) {
            round.push_last(start, QueuedCall::new(None, vec![id]));
        }
        round
    }

    fn push(&mut self, at: Instant, call: QueuedCall) {
        self.added += 1;
        self.queue.insert((at, self.added), call);
    }

    /// Adds a call after all others, so that it delays none of them.
    fn push_last(&mut self, now: Instant, call: QueuedCall) {
        let last = self.queue.last_key_value().map(|((at, _), _)| *at);
        self.push(last.map_or(now, |last| last.max(now)), call);
    }

    /// When the next call is due; `None` when none is left.
    pub(super) fn next_at(&self) -> Option<Instant> {
        self.queue.first_key_value().map(|((at, _), _)| *at)
    }

    /// The next call, if it is due.
    pub(super) fn pop_due(&mut self, now: Instant) -> Option<QueuedCall> {
        let first = self.queue.first_entry().filter(|first| first.key().0 <= now)?;
        Some(first.remove())
    }

    /// The call failed in this round.
    pub(super) fn give_up(&mut self, call: &QueuedCall) {
        self.unanswered.extend(call.batch);
    }

    /// Makes the call again after a back-off, or gives up if the next round is due by then.
    pub(super) fn retry(&mut self, mut call: QueuedCall, now: Instant) {
        call.attempts += 1;
        let at = now + backoff::delay(call.attempts, fastrand::f64());
        if at < self.next.at {
            self.push(at, call);
        } else {
            self.give_up(&call);
        }
    }

    /// Requests the halves of a rejected request, after all other calls. False if this round made enough splits: then the
    /// request is given up.
    pub(super) fn split(&mut self, call: &QueuedCall, now: Instant) -> bool {
        if self.splits == SPLITS_PER_ROUND {
            self.give_up(call);
            return false;
        }
        self.splits += 1;
        let (left, right) = call.ids.split_at(call.ids.len() / 2);
        for ids in [left, right] {
            self.push_last(now, QueuedCall::new(call.batch, ids.to_vec()));
        }
        true
    }

    /// The account is blocked: the other calls are given up, and the next round begins when the block ends.
    pub(super) fn block(&mut self, call: &QueuedCall, until: Instant) {
        self.give_up(call);
        self.unanswered
            .extend(self.queue.values().filter_map(|call| call.batch));
        self.queue.clear();
        self.next.at = until;
    }
}
