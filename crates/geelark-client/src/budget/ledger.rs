//! The exact count of calls, as the server may have seen them.

use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

/// The span GeeLark counts calls in.
pub(super) const WINDOW: Duration = Duration::from_mins(1);

/// Added to the window: the server's clock may count in coarse ticks and run a little slower than ours.
const MARGIN: Duration = Duration::from_millis(20);

/// How long a call holds its slot after its end.
const HELD: Duration = WINDOW.saturating_add(MARGIN);

/// Slots for calls. A call holds one from its start until [`WINDOW`] and [`MARGIN`] after its end.
///
/// Why that is enough, with N slots: a call reaches the server somewhere between its start and its end. Suppose N + 1
/// calls reached it within one window, from t to t + `WINDOW`, and look at the one of them that started last. When it
/// did, no later than t + `WINDOW`, each of the other N had started, and had ended no earlier than t if at all. So each
/// held its slot until after t + `WINDOW`, all N were taken, and the last one could not have started.
///
/// The one thing out of reach is a request that arrives after we gave it up: it counts from when we did.
#[derive(Debug)]
pub(super) struct Ledger {
    slots: Mutex<Slots>,
    /// Told whenever waiting longer may be wrong: a call ended, or the limits changed.
    changed: Notify,
}

#[derive(Debug)]
struct Slots {
    limit: usize,
    max_in_flight: usize,
    /// Calls under way.
    in_flight: usize,
    /// When each finished call's slot becomes free; ascending, because calls are entered as they end.
    free_at: VecDeque<Instant>,
}

/// What to do to find a slot.
enum Wait {
    No,
    Until(Instant),
    ForChange,
}

impl Ledger {
    /// A ledger without calls.
    pub(super) fn new(limit: NonZeroU32, max_in_flight: usize) -> Self {
        Self {
            slots: Mutex::new(Slots {
                limit: slots(limit),
                max_in_flight: max_in_flight.max(1),
                in_flight: 0,
                free_at: VecDeque::new(),
            }),
            changed: Notify::new(),
        }
    }

    /// Changes the limits; what is spent stays.
    pub(super) fn limit(&self, limit: NonZeroU32, max_in_flight: usize) {
        let mut slots = self.lock();
        slots.limit = self::slots(limit);
        slots.max_in_flight = max_in_flight.max(1);
        drop(slots);
        self.changed.notify_one();
    }

    /// Waits until a call may start. One waiter at a time: it is the only one told of changes.
    pub(super) async fn room(&self) {
        loop {
            let wait = self.lock().wait(Instant::now());
            match wait {
                Wait::No => return,
                Wait::ForChange => self.changed.notified().await,
                Wait::Until(free) => tokio::select! {
                    () = sleep_until(free) => {}
                    () = self.changed.notified() => {}
                },
            }
        }
    }

    /// A call starts; [`Ledger::room`] has just returned.
    pub(super) fn begin(&self) {
        self.lock().in_flight += 1;
    }

    /// A call ended.
    pub(super) fn end(&self) {
        let mut slots = self.lock();
        slots.in_flight -= 1;
        // The clock is read under the lock: that keeps the times in order.
        slots.free_at.push_back(Instant::now() + HELD);
        drop(slots);
        self.changed.notify_one();
    }

    /// A call that was entered was never made.
    pub(super) fn cancel(&self) {
        self.lock().in_flight -= 1;
        self.changed.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Slots> {
        // Nothing under the lock can panic halfway, so a poisoned lock still guards a sound ledger.
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slots {
    fn wait(&mut self, now: Instant) -> Wait {
        while self.free_at.front().is_some_and(|free| *free <= now) {
            self.free_at.pop_front();
        }
        if self.in_flight >= self.max_in_flight {
            return Wait::ForChange;
        }
        if self.in_flight + self.free_at.len() < self.limit {
            return Wait::No;
        }
        self.free_at.front().map_or(Wait::ForChange, |free| Wait::Until(*free))
    }
}

fn slots(limit: NonZeroU32) -> usize {
    usize::try_from(limit.get()).unwrap_or(usize::MAX)
}
