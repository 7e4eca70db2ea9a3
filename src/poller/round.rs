//! The bookkeeping of one round: every batch is asked once, failures are retried, refused batches are halved. Pure.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::Instant;

use super::call_queue::{CallKind, CallQueue, QueuedCall};
use super::schedule;
use crate::backoff;
use crate::fleet::{Fleet, StatusRequest};

/// How many refused ids are tried again in one round. Each costs a call of its own, which must not slow down the healthy.
const INVALID_IDS_PER_ROUND: usize = 10;

/// How many questions are halved in one round: enough to isolate four invalid_ids among a hundred at once, few enough that a
/// GeeLark that refuses everything does not eat the budget. What is left is searched in the next round.
const HALVINGS_PER_ROUND: usize = 32;

/// A round under way.
pub(super) struct Round {
    pub(super) start: Instant,
    /// When the next round is due: no retry is scheduled beyond.
    deadline: Instant,
    call_queue: CallQueue,
    in_flight: usize,
    /// Batches that were not wholly answered.
    unanswered: BTreeSet<usize>,
    answers: usize,
    halvings: usize,
    /// The account was closed until then, so the rest was not asked.
    held_until: Option<Instant>,
}

impl Round {
    /// Every batch once, spread over `spread`, and behind them the refused ids whose time has come.
    pub(super) fn plan(fleet: &Fleet, start: Instant, spread: Duration, deadline: Instant) -> Self {
        let mut round = Self {
            start,
            deadline,
            call_queue: CallQueue::default(),
            in_flight: 0,
            unanswered: BTreeSet::new(),
            answers: 0,
            halvings: 0,
            held_until: None,
        };
        let entry = |question, purpose| QueuedCall {
            question,
            purpose,
            attempts: 0,
        };
        let mut invalid_ids = Vec::new();
        // Those that waited longest come first: a round that is cut short each time must not starve the same batches.
        for (nth, batch) in fleet.by_last_asked().into_iter().enumerate() {
            let questions = fleet.questions(batch, start.into_std());
            if let Some(question) = questions.together {
                let at = start + schedule::offset(spread, nth, fleet.batches());
                round.call_queue.push(at, entry(question, CallKind::Round));
            }
            invalid_ids.extend(questions.alone);
        }
        for question in invalid_ids.into_iter().take(INVALID_IDS_PER_ROUND) {
            round.call_queue.push_last(start, entry(question, CallKind::InvalidId));
        }
        round
    }

    /// When the next question is due, if there is room for it among `width` calls under way.
    pub(super) fn next_at(&self, width: usize) -> Option<Instant> {
        self.call_queue.next_at().filter(|_| self.in_flight < width)
    }

    /// The next question, to be asked now.
    pub(super) fn begin(&mut self) -> Option<QueuedCall> {
        let entry = self.call_queue.pop()?;
        self.in_flight += 1;
        Some(entry)
    }

    /// A question that was begun has come to its end, whichever.
    pub(super) fn end(&mut self) {
        self.in_flight -= 1;
    }

    pub(super) fn is_over(&self) -> bool {
        self.call_queue.is_empty() && self.in_flight == 0
    }

    pub(super) fn answered(&mut self) {
        self.answers += 1;
    }

    /// How many questions were answered so far.
    pub(super) fn answers(&self) -> usize {
        self.answers
    }

    /// How many batches were not wholly answered so far.
    pub(super) fn unanswered(&self) -> usize {
        self.unanswered.len()
    }

    pub(super) fn held_until(&self) -> Option<Instant> {
        self.held_until
    }

    pub(super) fn give_up(&mut self, entry: &QueuedCall) {
        if entry.purpose == CallKind::Round {
            self.unanswered.insert(entry.question.batch());
        }
    }

    /// Asks again after a while, or gives up if that would be after the next round is due.
    pub(super) fn retry(&mut self, entry: QueuedCall, now: Instant) {
        let attempts = entry.attempts + 1;
        let at = now + backoff::delay(attempts, fastrand::f64());
        if at < self.deadline {
            self.call_queue.push(at, QueuedCall { attempts, ..entry });
        } else {
            self.give_up(&entry);
        }
    }

    /// Asks both halves of a refused question, behind everybody else. False if that was done often enough in this round;
    /// the entry is then given up.
    pub(super) fn halve(&mut self, entry: &QueuedCall, halves: [StatusRequest; 2], now: Instant) -> bool {
        if self.halvings == HALVINGS_PER_ROUND {
            self.give_up(entry);
            return false;
        }
        self.halvings += 1;
        for question in halves {
            let half = QueuedCall {
                question,
                purpose: entry.purpose,
                attempts: 0,
            };
            self.call_queue.push_last(now, half);
        }
        true
    }

    /// The account is closed: what was not asked yet is not asked in this round.
    pub(super) fn hold(&mut self, entry: &QueuedCall, until: Instant) {
        self.give_up(entry);
        self.unanswered.extend(self.call_queue.abandon());
        self.held_until = self.held_until.max(Some(until));
    }
}
