//! The gate: whether an account is blocked, and what the outcome of a call changes.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::call::{Blocked, Failure};
use crate::code::{self, Block};

/// The first wait after credentials or permissions were refused: short, since a person may be fixing it right now.
pub(super) const FIRST_BACK_OFF: Duration = Duration::from_secs(15);

/// The longest such wait: each doubles the last up to here, so that a fixed account is back within five minutes.
pub(super) const LONGEST_BACK_OFF: Duration = Duration::from_mins(5);

/// The gate of one account; the client asks before a call and tells it after.
#[derive(Debug, Default)]
pub struct Gate {
    state: Mutex<GateState>,
    /// Notified when the account is blocked.
    blocks: Arc<Notify>,
    /// Held by the one call that finds out whether the account is still blocked.
    probe: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
pub(super) struct GateState {
    /// End of the last rate limit or lock.
    pub(super) locked_until: Option<Instant>,
    /// End of the last back-off after a refusal.
    pub(super) refused_until: Option<Instant>,
    /// The last back-off's length; `None` once a call succeeded.
    pub(super) back_off: Option<Duration>,
    /// When the account was blocked last, until a call sent later succeeded.
    pub(super) blocked_at: Option<Instant>,
    /// When the credentials were replaced last: refusals of calls sent before are about the old ones.
    pub(super) replaced_at: Option<Instant>,
}

impl Gate {
    /// An open gate.
    pub fn new() -> Self {
        Self::default()
    }

    /// The gate, which notifies `blocks` from now on whenever the account is blocked.
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

    /// The account was blocked and no call has succeeded since: calls should go out one at a time.
    pub fn is_half_open(&self) -> bool {
        self.lock().blocked_at.is_some()
    }

    /// Waits while another call probes a half-open gate. With a guard, the next call is the probe; without one, the account is
    /// not blocked.
    pub(crate) async fn acquire_probe(&self) -> Option<tokio::sync::MutexGuard<'_, ()>> {
        if !self.is_half_open() {
            return None;
        }
        let turn = self.probe.lock().await;
        self.is_half_open().then_some(turn)
    }

    /// Until when GeeLark blocks the account; `None` without a rate limit or lock. Back-off is not counted.
    pub fn locked_until(&self) -> Option<Instant> {
        self.lock().locked_until.filter(|until| *until > now())
    }

    /// The account's credentials were replaced: waiting because the old ones were refused is pointless. Locks stay.
    pub fn reset_auth_backoff(&self) {
        let mut state = self.lock();
        state.refused_until = None;
        state.back_off = None;
        state.replaced_at = Some(now());
    }

    /// Takes in how a call ended that was sent at `sent`; `None` is a success.
    pub(crate) fn record(&self, failure: Option<&Failure>, sent: Instant, now: Instant) {
        let mut state = self.lock();
        let was_blocked_at = state.blocked_at;
        match failure.map(code::block) {
            None => state.succeed(sent),
            Some(None) => {}
            Some(Some(Block::Refusal)) if state.replaced_at.is_some_and(|replaced| sent < replaced) => {}
            Some(Some(Block::Limit(length))) => {
                state.locked_until = state.locked_until.max(Some(now + length));
                state.blocked_at = Some(now);
            }
            Some(Some(Block::Refusal)) => {
                let length = state.next_back_off(sent);
                state.back_off = Some(length);
                state.refused_until = state.refused_until.max(Some(now + length));
                state.blocked_at = Some(now);
            }
        }
        if state.blocked_at.is_some() && state.blocked_at != was_blocked_at {
            self.blocks.notify_one();
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, GateState> {
        // Every change is a few assignments; a poisoned lock still guards a sound state.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl GateState {
    /// Whether a call sent at `sent` was made after the account was blocked last, so that its outcome is news.
    fn is_news(&self, sent: Instant) -> bool {
        self.blocked_at.is_none_or(|blocked| sent > blocked)
    }

    fn succeed(&mut self, sent: Instant) {
        if self.is_news(sent) {
            self.back_off = None;
            self.blocked_at = None;
        }
    }

    /// Calls that were under way together are refused together, and count as one refusal.
    fn next_back_off(&self, sent: Instant) -> Duration {
        match self.back_off {
            None => FIRST_BACK_OFF,
            Some(last) if self.is_news(sent) => (last * 2).min(LONGEST_BACK_OFF),
            Some(last) => last,
        }
    }
}

/// Tokio's clock, as everything that waits here uses, so that paused time pauses blocks as well.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;
    use crate::Reason;

    const MINUTE: Duration = Duration::from_mins(1);
    const LOCK: Duration = Duration::from_hours(2);

    fn failure(code: i64) -> Failure {
        Failure {
            reason: Reason::Code(code),
            message: String::new(),
            retry_after: None,
        }
    }

    /// A call sent now fails now.
    fn fail(gate: &Gate, code: i64) {
        gate.record(Some(&failure(code)), now(), now());
    }

    /// A call sent now succeeds now.
    fn succeed(gate: &Gate) {
        gate.record(None, now(), now());
    }

    fn held_for(gate: &Gate) -> Option<Duration> {
        gate.check().err().map(|held| held.until - now())
    }

    #[tokio::test(start_paused = true)]
    async fn a_rate_limit_blocks_for_a_minute_and_then_probes_until_a_success() {
        let gate = Gate::new();
        assert_eq!((held_for(&gate), gate.is_half_open()), (None, false));
        fail(&gate, 40007);
        assert_eq!(held_for(&gate), Some(MINUTE));
        assert_eq!(gate.locked_until(), Some(now() + MINUTE));
        advance(MINUTE).await;
        assert_eq!((held_for(&gate), gate.is_half_open()), (None, true));
        assert_eq!(gate.locked_until(), None);
        fail(&gate, 40000);
        assert!(gate.is_half_open(), "a failure that blocks nothing proves nothing");
        succeed(&gate);
        assert!(!gate.is_half_open());
    }

    #[tokio::test(start_paused = true)]
    async fn a_lock_survives_a_success_and_a_shorter_block() {
        let gate = Gate::new();
        let sent = now();
        advance(Duration::from_millis(5)).await;
        fail(&gate, 40014);
        gate.record(None, sent, now());
        gate.record(Some(&failure(40007)), sent, now());
        gate.record(Some(&failure(40003)), sent, now());
        assert_eq!(held_for(&gate), Some(LOCK));
        advance(LOCK).await;
        assert_eq!(held_for(&gate), None);
        gate.record(None, sent, now());
        assert!(gate.is_half_open(), "a call from before the lock ends no is_half_open");
    }

    #[tokio::test(start_paused = true)]
    async fn a_lock_outlasts_a_rate_limit_that_came_first() {
        let gate = Gate::new();
        fail(&gate, 40017);
        fail(&gate, 47002);
        assert_eq!(held_for(&gate), Some(LOCK));
    }

    #[tokio::test(start_paused = true)]
    async fn refusals_back_off_to_five_minutes_and_a_success_resets_them() {
        let gate = Gate::new();
        for seconds in [15, 30, 60, 120, 240, 300, 300] {
            fail(&gate, 40003);
            assert_eq!(held_for(&gate), Some(Duration::from_secs(seconds)));
            assert_eq!(gate.locked_until(), None, "a back-off is not a lock");
            advance(Duration::from_secs(seconds)).await;
        }
        succeed(&gate);
        fail(&gate, 40016);
        assert_eq!(held_for(&gate), Some(FIRST_BACK_OFF));
    }

    #[tokio::test(start_paused = true)]
    async fn calls_refused_together_count_once() {
        let gate = Gate::new();
        let sent = now();
        for _ in 0..4 {
            advance(Duration::from_millis(1)).await;
            gate.record(Some(&failure(40003)), sent, now());
        }
        assert_eq!(held_for(&gate), Some(FIRST_BACK_OFF));
    }

    #[tokio::test(start_paused = true)]
    async fn new_credentials_end_the_back_off_but_not_a_lock() {
        let gate = Gate::new();
        fail(&gate, 40003);
        gate.reset_auth_backoff();
        assert_eq!(held_for(&gate), None);
        fail(&gate, 40007);
        fail(&gate, 40003);
        gate.reset_auth_backoff();
        assert_eq!(held_for(&gate), Some(MINUTE));
    }

    #[tokio::test(start_paused = true)]
    async fn a_late_refusal_of_old_credentials_says_nothing_of_new_ones() {
        let gate = Gate::new();
        let sent = now();
        advance(Duration::from_millis(5)).await;
        gate.reset_auth_backoff();
        gate.record(Some(&failure(40003)), sent, now());
        assert_eq!((held_for(&gate), gate.is_half_open()), (None, false));
        fail(&gate, 40003);
        assert_eq!(held_for(&gate), Some(FIRST_BACK_OFF));
    }
}
