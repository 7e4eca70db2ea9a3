//! What an account may spend: every call to GeeLark takes a [`Permit`] here first.
//!
//! Two rules, both needed. [`Pace`] spreads calls evenly, so that nothing is ever fired in a burst. [`Ledger`] counts
//! exactly, so that no 60 seconds hold more calls than allowed, however the network delays them. Permits are given in
//! the order they were asked for.

mod ledger;
mod pace;
#[cfg(test)]
mod tests;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until};

use ledger::{Ledger, WINDOW};
use pace::Pace;

/// Silence at the start, on top of one spacing. A process that ran until a moment ago took its ledger with it. It kept its
/// pace, so this gap keeps both together within the budget although calls reach the server up to a second late.
const RESTART_GAP: Duration = Duration::from_secs(1);

/// The limits of a [`Budget`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BudgetLimits {
    /// Calls of any kind in any 60 seconds.
    pub requests_per_minute: NonZeroU32,
    /// Calls that may be under way at the same time. 0 counts as 1.
    pub max_in_flight: usize,
}

/// The budget of one account.
#[derive(Debug)]
pub struct Budget {
    requests_per_minute: NonZeroU32,
    pace: Arc<Pace>,
    ledger: Arc<Ledger>,
    /// Held while waiting for a permit; tokio's mutex lets waiters in one by one, first come first served.
    turn: Arc<Mutex<()>>,
}

/// Leave to make one call. It ends when this is dropped: answered, failed or abandoned.
#[derive(Debug)]
#[must_use = "a call counts as over when its permit is dropped"]
pub struct Permit {
    ledger: Arc<Ledger>,
    spent: bool,
}

impl Budget {
    /// A budget that starts without a burst: the first call comes one spacing and one second after now.
    pub fn new(requests_per_minute: NonZeroU32, max_in_flight: usize) -> Self {
        let start = Instant::now() + RESTART_GAP;
        Self {
            requests_per_minute,
            pace: Arc::new(Pace::new(spacing(requests_per_minute), start)),
            ledger: Arc::new(Ledger::new(requests_per_minute, max_in_flight)),
            turn: Arc::default(),
        }
    }

    /// The same account's budget after a reload: other limits, but what is spent stays spent, calls under way included.
    /// Permits of the old budget and of the new one come out of the same purse, under the new limits.
    #[must_use]
    pub fn successor(&self, requests_per_minute: NonZeroU32, max_in_flight: usize) -> Self {
        self.ledger.limit(requests_per_minute, max_in_flight);
        let pace = if requests_per_minute == self.requests_per_minute {
            Arc::clone(&self.pace)
        } else {
            let start = self.pace.start().max(Instant::now());
            Arc::new(Pace::new(spacing(requests_per_minute), start))
        };
        Self {
            requests_per_minute,
            pace,
            ledger: Arc::clone(&self.ledger),
            turn: Arc::clone(&self.turn),
        }
    }

    /// Waits for leave to make one call. Giving up the wait costs nothing.
    pub async fn take(&self) -> Permit {
        let _turn = self.turn.lock().await;
        loop {
            self.ledger.room().await;
            // Nothing is awaited between a yes of the pace and the entry in the ledger, so that neither can be lost.
            match self.pace.check() {
                Ok(()) => break,
                Err(until) => sleep_until(until).await,
            }
        }
        self.ledger.begin();
        Permit {
            ledger: Arc::clone(&self.ledger),
            spent: true,
        }
    }

    /// Calls of any kind in any 60 seconds.
    pub fn requests_per_minute(&self) -> NonZeroU32 {
        self.requests_per_minute
    }

    /// The time between two calls when the budget is spent evenly.
    pub fn spacing(&self) -> Duration {
        spacing(self.requests_per_minute)
    }
}

fn spacing(requests_per_minute: NonZeroU32) -> Duration {
    WINDOW / requests_per_minute.get()
}

impl Permit {
    /// Gives the permit back: the call was not made after all.
    pub fn unspent(mut self) {
        self.spent = false;
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if self.spent {
            self.ledger.end();
        } else {
            self.ledger.cancel();
        }
    }
}
