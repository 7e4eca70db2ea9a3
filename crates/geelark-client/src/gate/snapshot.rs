//! The state of a gate, saved by one process for the next.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::gate::{FIRST_BACK_OFF, Gate, GateState, LONGEST_BACK_OFF};
use crate::clock::{ElapsedSinceSave, Timestamp, UnixMillis};
use crate::code::LOCK_HOLD;

/// The state of a gate, to be saved for the next process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateSnapshot {
    /// End of the present rate limit or lock.
    pub locked_until: Option<UnixMillis>,
    /// End of the present back-off.
    pub refused_until: Option<UnixMillis>,
    /// The last back-off's length in milliseconds, until a call succeeds.
    pub back_off_ms: Option<u64>,
    /// No call has succeeded since the account was blocked.
    pub is_half_open: bool,
}

impl Gate {
    /// A gate as a process before this one left it. Nothing lasts longer than if it had begun now.
    #[must_use]
    pub fn restored(snapshot: GateSnapshot, past: ElapsedSinceSave) -> Self {
        let state = GateState {
            locked_until: snapshot.locked_until.and_then(|until| past.later(until, LOCK_HOLD)),
            refused_until: snapshot
                .refused_until
                .and_then(|until| past.later(until, LONGEST_BACK_OFF)),
            back_off: snapshot
                .back_off_ms
                .map(|millis| Duration::from_millis(millis).clamp(FIRST_BACK_OFF, LONGEST_BACK_OFF)),
            blocked_at: snapshot.is_half_open.then_some(past.now().mono),
            replaced_at: None,
        };
        let gate = Self::new();
        *gate.lock() = state;
        gate
    }

    /// The state at `now`, to be saved.
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
            back_off_ms: state
                .back_off
                .map(|length| u64::try_from(length.as_millis()).unwrap_or(u64::MAX)),
            is_half_open: state.blocked_at.is_some(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::SystemTime;

    use tokio::sync::Notify;
    use tokio::time::advance;

    use super::*;
    use crate::clock::Clock;
    use crate::{Failure, Reason};

    const MINUTE: Duration = Duration::from_mins(1);

    fn clock() -> Clock {
        Clock::starting_at(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000))
    }

    fn fail(gate: &Gate, code: i64, clock: &Clock) {
        let failure = Failure {
            reason: Reason::Code(code),
            message: String::new(),
            retry_after: None,
        };
        let now = clock.now().mono;
        gate.record(Some(&failure), now, now);
    }

    fn held_for(gate: &Gate, clock: &Clock) -> Option<Duration> {
        gate.check().err().map(|held| held.until - clock.now().mono)
    }

    #[tokio::test(start_paused = true)]
    async fn a_restored_lock_ends_when_it_would_have_ended() {
        let clock = clock();
        let gate = Gate::new();
        fail(&gate, 40014, &clock);
        let written = clock.now();
        let snapshot = gate.snapshot(written);
        advance(30 * MINUTE).await;
        let restored = Gate::restored(snapshot, ElapsedSinceSave::new(written.millis(), clock.now()));
        assert_eq!(held_for(&restored, &clock), Some(90 * MINUTE));
        assert_eq!(restored.snapshot(clock.now()), snapshot);
        advance(90 * MINUTE).await;
        assert_eq!((held_for(&restored, &clock), restored.is_half_open()), (None, true));
    }

    #[tokio::test(start_paused = true)]
    async fn a_restored_back_off_goes_on_growing() {
        let clock = clock();
        let gate = Gate::new();
        fail(&gate, 40003, &clock);
        let written = clock.now();
        let restored = Gate::restored(gate.snapshot(written), ElapsedSinceSave::new(written.millis(), written));
        assert_eq!(held_for(&restored, &clock), Some(FIRST_BACK_OFF));
        assert_eq!(restored.locked_until(), None);
        advance(FIRST_BACK_OFF).await;
        fail(&restored, 40003, &clock);
        assert_eq!(held_for(&restored, &clock), Some(FIRST_BACK_OFF * 2));
    }

    #[tokio::test(start_paused = true)]
    async fn no_restored_wait_is_endless_whatever_the_clock_did() {
        let clock = clock();
        let snapshot = GateSnapshot {
            locked_until: Some(UnixMillis(u64::MAX)),
            refused_until: Some(UnixMillis(u64::MAX)),
            back_off_ms: Some(u64::MAX),
            is_half_open: true,
        };
        for written in [0, 1_000_000_000, u64::MAX] {
            let gate = Gate::restored(snapshot, ElapsedSinceSave::new(UnixMillis(written), clock.now()));
            assert!(held_for(&gate, &clock).is_none_or(|held| held <= LOCK_HOLD));
            gate.reset_auth_backoff();
            assert!(gate.snapshot(clock.now()).back_off_ms.is_none());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_saves_the_state_is_notified_of_each_block() {
        let clock = clock();
        let blocks = Arc::new(Notify::new());
        let gate = Gate::new().change_notify(blocks.clone());
        let notified = async || tokio::time::timeout(MINUTE, blocks.notified()).await.is_ok();
        fail(&gate, 40000, &clock);
        assert!(!notified().await, "a failure that blocks nothing");
        for code in [40014, 40003, 40007] {
            fail(&gate, code, &clock);
            assert!(notified().await, "{code}");
            advance(Duration::from_secs(1)).await;
        }
        gate.record(None, clock.now().mono, clock.now().mono);
        assert!(!notified().await, "a success");
    }
}
