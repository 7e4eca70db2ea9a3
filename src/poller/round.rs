//! One round: every batch is requested once, failures are retried, rejected requests are split. Pure.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::Instant;

use super::call_queue::{CallKind, CallQueue, QueuedCall};
use super::schedule;
use crate::backoff;
use crate::fleet::{Fleet, StatusRequest};

/// How many invalid ids are tried again in one round. Each costs a call of its own, which must not delay the valid ones.
const INVALID_IDS_PER_ROUND: usize = 10;

/// How many requests are split in one round: enough to find four invalid ids among a hundred at once, few enough that a
/// GeeLark that rejects everything does not use up the budget. The next round searches on.
const SPLITS_PER_ROUND: usize = 32;

/// A round in progress.
pub(super) struct Round {
    pub(super) start: Instant,
    /// When the next round is due: no retry is scheduled later.
    deadline: Instant,
    queue: CallQueue,
    in_flight: usize,
    /// Batches that were not wholly answered.
    unanswered: BTreeSet<usize>,
    answers: usize,
    splits: usize,
    /// The account is blocked until then, so the rest of the round was dropped.
    blocked_until: Option<Instant>,
}

impl Round {
    /// Every batch once, spread over `spread`, and after them the invalid ids whose retry is due.
    pub(super) fn plan(fleet: &Fleet, start: Instant, spread: Duration, deadline: Instant) -> Self {
        let call = |request, kind| QueuedCall {
            request,
            kind,
            attempts: 0,
        };
        let mut queue = CallQueue::default();
        let mut invalid = Vec::new();
        // Those that waited longest come first: rounds that are cut short must not starve the same batches each time.
        for (nth, batch) in fleet.by_last_requested().into_iter().enumerate() {
            let requests = fleet.batch_requests(batch, start.into_std());
            if let Some(request) = requests.together {
                let at = start + schedule::offset(spread, nth, fleet.batches());
                queue.push(at, call(request, CallKind::Round));
            }
            invalid.extend(requests.alone);
        }
        for request in invalid.into_iter().take(INVALID_IDS_PER_ROUND) {
            queue.push_last(start, call(request, CallKind::InvalidId));
        }
        Self {
            start,
            deadline,
            queue,
            in_flight: 0,
            unanswered: BTreeSet::new(),
            answers: 0,
            splits: 0,
            blocked_until: None,
        }
    }

    /// When the next call is due, if fewer than `width` are in flight.
    pub(super) fn next_at(&self, width: usize) -> Option<Instant> {
        self.queue.next_at().filter(|_| self.in_flight < width)
    }

    /// The next call, to be made now.
    pub(super) fn begin(&mut self) -> Option<QueuedCall> {
        let call = self.queue.pop()?;
        self.in_flight += 1;
        Some(call)
    }

    /// A call that was begun ended, however.
    pub(super) fn end(&mut self) {
        self.in_flight -= 1;
    }

    pub(super) fn is_over(&self) -> bool {
        self.queue.is_empty() && self.in_flight == 0
    }

    pub(super) fn answered(&mut self) {
        self.answers += 1;
    }

    /// How many calls were answered so far.
    pub(super) fn answers(&self) -> usize {
        self.answers
    }

    /// How many batches were not wholly answered so far.
    pub(super) fn unanswered(&self) -> usize {
        self.unanswered.len()
    }

    pub(super) fn blocked_until(&self) -> Option<Instant> {
        self.blocked_until
    }

    pub(super) fn give_up(&mut self, call: &QueuedCall) {
        if call.kind == CallKind::Round {
            self.unanswered.insert(call.request.batch());
        }
    }

    /// Makes the call again after a back-off, or gives up if that would be after the next round is due.
    pub(super) fn retry(&mut self, call: QueuedCall, now: Instant) {
        let attempts = call.attempts + 1;
        let at = now + backoff::delay(attempts, fastrand::f64());
        if at < self.deadline {
            self.queue.push(at, QueuedCall { attempts, ..call });
        } else {
            self.give_up(&call);
        }
    }

    /// Sends both halves of a rejected request, after all other calls. False, and the request is given up, if this round
    /// split enough of them.
    pub(super) fn split(&mut self, call: &QueuedCall, halves: [StatusRequest; 2], now: Instant) -> bool {
        if self.splits == SPLITS_PER_ROUND {
            self.give_up(call);
            return false;
        }
        self.splits += 1;
        for request in halves {
            let half = QueuedCall {
                request,
                kind: call.kind,
                attempts: 0,
            };
            self.queue.push_last(now, half);
        }
        true
    }

    /// The account is blocked: the calls that are left are dropped.
    pub(super) fn block(&mut self, call: &QueuedCall, until: Instant) {
        self.give_up(call);
        self.unanswered.extend(self.queue.clear());
        self.blocked_until = self.blocked_until.max(Some(until));
    }
}
