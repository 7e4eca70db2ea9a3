//! The calls of a round that are still to be made, and when.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use tokio::time::Instant;

use crate::fleet::StatusRequest;

/// A call to be made.
#[derive(Debug)]
pub(super) struct QueuedCall {
    pub(super) request: StatusRequest,
    pub(super) kind: CallKind,
    /// How often it was attempted before.
    pub(super) attempts: u32,
}

/// Why a call is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CallKind {
    /// A round requests a batch, or a part of one during the search for an invalid id.
    Round,
    /// A round tries an id again that GeeLark rejected before; its failure is no news.
    InvalidId,
    /// Phones that may have changed are requested outside of a round.
    OutsideRound,
}

/// Calls, earliest first; calls for the same time in the order they were added.
#[derive(Debug, Default)]
pub(super) struct CallQueue {
    queue: BinaryHeap<Reverse<Slot>>,
    added: u64,
    last: Option<Instant>,
}

#[derive(Debug)]
struct Slot {
    at: Instant,
    order: u64,
    call: QueuedCall,
}

impl CallQueue {
    pub(super) fn push(&mut self, at: Instant, call: QueuedCall) {
        let order = self.added;
        self.added += 1;
        self.last = self.last.max(Some(at));
        self.queue.push(Reverse(Slot { at, order, call }));
    }

    /// Adds a call after every call that was ever added, so that it delays none of them.
    pub(super) fn push_last(&mut self, now: Instant, call: QueuedCall) {
        self.push(self.last.map_or(now, |last| last.max(now)), call);
    }

    /// When the next call is due; `None` when none is left.
    pub(super) fn next_at(&self) -> Option<Instant> {
        self.queue.peek().map(|Reverse(slot)| slot.at)
    }

    pub(super) fn pop(&mut self) -> Option<QueuedCall> {
        self.queue.pop().map(|Reverse(slot)| slot.call)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Drops all calls and returns their batches.
    pub(super) fn clear(&mut self) -> Vec<usize> {
        self.queue
            .drain()
            .map(|Reverse(slot)| slot.call.request.batch())
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
