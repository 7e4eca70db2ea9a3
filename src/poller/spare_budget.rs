//! BatchRequests out of turn: phones that may have changed are not left waiting for the round.
//!
//! They are paid out of what the round leaves of the budget, one call at a time, so they never starve it.

use std::num::NonZeroU32;
use std::time::Duration;

use tokio::time::Instant;

use super::schedule;

/// When the next question out of turn may be asked.
#[derive(Debug)]
pub(super) struct SpareBudget {
    /// The time between two of them; `None` if the round needs the whole budget.
    spacing: Option<Duration>,
    next: Instant,
    under_way: bool,
}

impl SpareBudget {
    /// What a round of `batches` calls every `interval` leaves of the budget.
    pub(super) fn new(requests_per_minute: NonZeroU32, batches: usize, interval: Duration, now: Instant) -> Self {
        Self {
            spacing: schedule::spare_spacing(requests_per_minute, batches, interval),
            next: now,
            under_way: false,
        }
    }

    /// The fleet or the interval changed; what is under way stays so.
    pub(super) fn resize(&mut self, requests_per_minute: NonZeroU32, batches: usize, interval: Duration) {
        self.spacing = schedule::spare_spacing(requests_per_minute, batches, interval);
    }

    /// Whether one may be asked now.
    pub(super) fn is_free(&self, now: Instant) -> bool {
        self.spacing.is_some() && !self.under_way && now >= self.next
    }

    pub(super) fn begin(&mut self, now: Instant) {
        self.under_way = true;
        self.next = now + self.spacing.unwrap_or_default();
    }

    pub(super) fn end(&mut self) {
        self.under_way = false;
    }
}
