//! What is still to be asked in a round, and when.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use tokio::time::Instant;

use crate::fleet::StatusRequest;

/// A question on its way.
#[derive(Debug)]
pub(super) struct QueuedCall {
    pub(super) question: StatusRequest,
    pub(super) purpose: CallKind,
    /// How often it was asked before.
    pub(super) attempts: u32,
}

/// Why a question is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CallKind {
    /// The round asks about a batch, or a part of one while a refused id is searched for.
    Round,
    /// The round tries an id that GeeLark refused before; its failure is no news.
    InvalidId,
    /// Phones that may have changed, out of turn.
    OutOfTurn,
}

/// The open questions of a round, earliest first; those of one time in the order they came.
#[derive(Debug, Default)]
pub(super) struct CallQueue {
    queue: BinaryHeap<Reverse<Slot>>,
    pushed: u64,
    last: Option<Instant>,
}

#[derive(Debug)]
struct Slot {
    at: Instant,
    order: u64,
    entry: QueuedCall,
}

impl CallQueue {
    pub(super) fn push(&mut self, at: Instant, entry: QueuedCall) {
        let order = self.pushed;
        self.pushed += 1;
        self.last = self.last.max(Some(at));
        self.queue.push(Reverse(Slot { at, order, entry }));
    }

    /// Behind everything that was ever pushed, so that it delays nobody.
    pub(super) fn push_last(&mut self, now: Instant, entry: QueuedCall) {
        self.push(self.last.map_or(now, |last| last.max(now)), entry);
    }

    /// When the next question is due; `None` when none is left.
    pub(super) fn next_at(&self) -> Option<Instant> {
        self.queue.peek().map(|Reverse(slot)| slot.at)
    }

    pub(super) fn pop(&mut self) -> Option<QueuedCall> {
        self.queue.pop().map(|Reverse(slot)| slot.entry)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Gives up all that is left and returns the batches it was about.
    pub(super) fn abandon(&mut self) -> Vec<usize> {
        self.queue
            .drain()
            .map(|Reverse(slot)| slot.entry.question.batch())
            .collect()
    }
}

impl PartialEq for Slot {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Slot {}

impl PartialOrd for Slot {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Slot {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}
