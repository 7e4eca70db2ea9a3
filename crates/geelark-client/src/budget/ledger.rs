//! The slots of calls: an exact count of calls as GeeLark may see them, and an even pace.

use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

/// GeeLark counts calls in spans of this length.
pub(super) const WINDOW: Duration = Duration::from_mins(1);

/// How long a call holds its slot after its end. GeeLark's clock may have coarse ticks and be a little slower than ours.
const HELD: Duration = WINDOW.saturating_add(Duration::from_millis(20));

/// The silence of a new ledger, in addition to one spacing. The previous process kept the same pace, so this gap keeps
/// both processes together within the limit although calls reach GeeLark up to a second late.
pub(super) const RESTART_GAP: Duration = Duration::from_secs(1);

/// The limits of a [`Budget`](super::Budget).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BudgetLimits {
    /// Calls of any kind in any 60 seconds.
    pub requests_per_minute: NonZeroU32,
    /// Calls that may be under way at the same time. 0 counts as 1.
    pub max_in_flight: usize,
}

impl BudgetLimits {
    /// The time between two calls when they are spread evenly.
    pub fn spacing(self) -> Duration {
        WINDOW / self.requests_per_minute.get()
    }
}

/// Slots for calls. A call holds a slot from its start until [`HELD`] after its end.
///
/// Why N slots are enough: a call reaches GeeLark between its start and its end. Suppose that N + 1 calls reach it between
/// t and t + [`WINDOW`]. Take the call that started last; it started by t + `WINDOW`. Each of the other N calls had started,
/// and none had ended before t. So each held its slot until after t + `WINDOW`, all slots were taken, and the last call
/// could not start. A request that arrives after the client gave it up is not covered: it counts from when it was given up.
#[derive(Debug)]
pub(crate) struct Ledger {
    slots: Mutex<Slots>,
    /// Notified when a call ended or the limits changed.
    changed: Notify,
    /// Held while waiting for a slot. Tokio's mutex admits waiters one at a time, in their order.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct Slots {
    limits: BudgetLimits,
    in_flight: usize,
    /// When each ended call's slot becomes free, in ascending order.
    free_at: VecDeque<Instant>,
    /// The next call starts one spacing after this.
    last_start: Instant,
}

/// Permission for one call. The call ends when this is dropped: answered, failed or abandoned.
#[derive(Debug)]
#[must_use = "a call ends when its permit is dropped"]
pub(crate) struct CallPermit<'a> {
    ledger: &'a Ledger,
    spent: bool,
}

impl Ledger {
    /// A ledger without calls. Its first call starts one spacing and [`RESTART_GAP`] after now.
    pub(super) fn new(limits: BudgetLimits) -> Self {
        Self {
            slots: Mutex::new(Slots {
                limits,
                in_flight: 0,
                free_at: VecDeque::new(),
                last_start: Instant::now() + RESTART_GAP,
            }),
            changed: Notify::new(),
            turn: tokio::sync::Mutex::default(),
        }
    }

    pub(super) fn limits(&self) -> BudgetLimits {
        self.lock().limits
    }

    /// Changes the limits. Calls that were made still count.
    pub(super) fn set_limits(&self, limits: BudgetLimits) {
        self.lock().limits = limits;
        self.changed.notify_one();
    }

    /// Waits until a call may start. Cancelling the wait costs nothing.
    pub(super) async fn take(&self) -> CallPermit<'_> {
        let _turn = self.turn.lock().await;
        loop {
            let started = self.lock().try_start(Instant::now());
            let Err(until) = started else {
                return CallPermit {
                    ledger: self,
                    spent: true,
                };
            };
            tokio::select! {
                () = sleep_until(until) => {}
                () = self.changed.notified() => {}
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Slots> {
        // Nothing panics while the lock is held, so a poisoned lock still guards consistent slots.
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slots {
    /// Starts a call. The error is when to try again, unless something changes earlier.
    fn try_start(&mut self, now: Instant) -> Result<(), Instant> {
        while self.free_at.front().is_some_and(|free| *free <= now) {
            self.free_at.pop_front();
        }
        let used = self.in_flight + self.free_at.len();
        let slot = match self.free_at.front() {
            _ if self.in_flight >= self.limits.max_in_flight.max(1) => now + WINDOW,
            _ if used < self.limits.requests_per_minute.get() as usize => now,
            Some(free) => *free,
            None => now + WINDOW,
        };
        let until = slot.max(self.last_start + self.limits.spacing());
        if until > now {
            return Err(until);
        }
        self.in_flight += 1;
        self.last_start = now;
        Ok(())
    }
}

impl CallPermit<'_> {
    /// Returns the permit: the call was not made.
    pub(crate) fn unspent(mut self) {
        self.spent = false;
    }
}

impl Drop for CallPermit<'_> {
    fn drop(&mut self) {
        let mut slots = self.ledger.lock();
        slots.in_flight -= 1;
        if self.spent {
            // The clock is read under the lock, which keeps the times in order.
            slots.free_at.push_back(Instant::now() + HELD);
        }
        drop(slots);
        self.ledger.changed.notify_one();
    }
}
