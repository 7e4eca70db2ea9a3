//! The gate: the circuit breaker of one account.
//!
//! A block never becomes shorter. A success of a call that was sent before the account was blocked ends nothing.

#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use crate::call::{Blocked, Consequence, Failure};
use crate::clock::{ElapsedSinceSave, Timestamp, UnixMillis};
use crate::code::LOCK_LENGTH;

/// The first wait after credentials or permissions were refused: short, because a person may be correcting them now.
const FIRST_BACK_OFF: Duration = Duration::from_secs(15);

/// Each wait is twice the previous one, up to this, so that a corrected account works again within five minutes.
const LONGEST_BACK_OFF: Duration = Duration::from_mins(5);

/// The gate of one account. The client asks it before each call and reports the outcome.
#[derive(Debug, Default)]
pub struct Gate {
    state: Mutex<GateState>,
    /// Notified when the account is blocked.
    blocks: Arc<Notify>,
    /// Held by the call that finds out whether the account is still blocked.
    probe: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct GateState {
    /// The end of the last rate limit or lock.
    locked_until: Option<Instant>,
    /// The end of the last back-off.
    refused_until: Option<Instant>,
    /// The length of the last back-off; `None` after a success.
    back_off: Option<Duration>,
    /// When the account was blocked last; `None` after a success of a later call.
    blocked_at: Option<Instant>,
    /// When the credentials were replaced last. Refusals of earlier calls concern the old ones.
    replaced_at: Option<Instant>,
}

/// The state of a gate, saved for the next process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateSnapshot {
    /// The end of a rate limit or lock.
    pub locked_until: Option<UnixMillis>,
    /// The end of a back-off.
    pub refused_until: Option<UnixMillis>,
    /// The length of the last back-off in milliseconds; `None` after a success.
    pub back_off_ms: Option<u64>,
    /// No call has succeeded since the account was blocked.
    pub is_half_open: bool,
}

impl Gate {
    /// The gate of the previous process. No block lasts longer than if it had begun now.
    #[must_use]
    pub fn restored(snapshot: GateSnapshot, elapsed: ElapsedSinceSave) -> Self {
        let later = |until: Option<UnixMillis>, max| elapsed.later(until?, max);
        let bounded = |ms| Duration::from_millis(ms).clamp(FIRST_BACK_OFF, LONGEST_BACK_OFF);
        let state = GateState {
            locked_until: later(snapshot.locked_until, LOCK_LENGTH),
            refused_until: later(snapshot.refused_until, LONGEST_BACK_OFF),
            back_off: snapshot.back_off_ms.map(bounded),
            blocked_at: snapshot.is_half_open.then_some(elapsed.now.mono),
            replaced_at: None,
        };
        Self {
            state: Mutex::new(state),
            ..Self::default()
        }
    }

    /// The state at `now`.
    pub fn snapshot(&self, now: Timestamp) -> GateSnapshot {
        let state = self.lock();
        let ahead = |until: Option<Instant>| {
            until
                .filter(|until| *until > now.mono)
                .map(|until| now.millis_at(until))
        };
        GateSnapshot {
            locked_until: ahead(state.locked_until),
            refused_until: ahead(state.refused_until),
            back_off_ms: state.back_off.and_then(|length| length.as_millis().try_into().ok()),
            is_half_open: state.blocked_at.is_some(),
        }
    }

    /// The gate, which notifies `blocks` from now on when the account is blocked.
    #[must_use]
    pub fn change_notify(self, blocks: Arc<Notify>) -> Self {
        Self { blocks, ..self }
    }

    /// Whether a call may be made now.
    pub fn check(&self) -> Result<(), Blocked> {
        let state = self.lock();
        match state.locked_until.max(state.refused_until) {
            Some(until) if until > now() => Err(Blocked { until }),
            _ => Ok(()),
        }
    }

    /// Whether the account was blocked and no call has succeeded since. Then calls are made one at a time.
    pub fn is_half_open(&self) -> bool {
        self.lock().blocked_at.is_some()
    }

    /// Waits while another call probes a half-open gate. With a guard, the next call is the probe. Without one, the gate is
    /// open.
    pub(crate) async fn acquire_probe(&self) -> Option<tokio::sync::MutexGuard<'_, ()>> {
        if !self.is_half_open() {
            return None;
        }
        let probe = self.probe.lock().await;
        self.is_half_open().then_some(probe)
    }

    /// The end of the present rate limit or lock; `None` without one. A back-off does not count.
    pub fn locked_until(&self) -> Option<Instant> {
        self.lock().locked_until.filter(|until| *until > now())
    }

    /// Ends a back-off, because the credentials were replaced. A lock stays.
    pub fn reset_auth_backoff(&self) {
        let mut state = self.lock();
        state.refused_until = None;
        state.back_off = None;
        state.replaced_at = Some(now());
    }

    /// Records the outcome of a call that was sent at `sent`. `None` is a success.
    pub(crate) fn record(&self, failure: Option<&Failure>, sent: Instant, now: Instant) {
        let mut state = self.lock();
        let was_sent_after_block = state.blocked_at.is_none_or(|blocked| sent > blocked);
        match failure.map(Failure::consequence) {
            None if was_sent_after_block => {
                state.back_off = None;
                state.blocked_at = None;
                return;
            }
            Some(Consequence::Block(Some(length))) => {
                state.locked_until = state.locked_until.max(Some(now + length));
            }
            Some(Consequence::Block(None)) if state.replaced_at.is_none_or(|replaced| sent >= replaced) => {
                let length = match state.back_off {
                    None => FIRST_BACK_OFF,
                    Some(last) if was_sent_after_block => (last * 2).min(LONGEST_BACK_OFF),
                    // Calls that were under way together are refused together, and count once.
                    Some(last) => last,
                };
                state.back_off = Some(length);
                state.refused_until = state.refused_until.max(Some(now + length));
            }
            _ => return,
        }
        state.blocked_at = Some(now);
        self.blocks.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, GateState> {
        // Each change is a few assignments, so a poisoned lock still guards a consistent state.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tokio's clock, so that paused time pauses blocks.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
