//! Blocks under paused time, and a gate that is saved and restored.

use std::time::SystemTime;

use tokio::time::advance;

use super::*;
use crate::Reason;
use crate::clock::Clock;

const MINUTE: Duration = Duration::from_mins(1);
const LOCK: Duration = Duration::from_hours(2);

fn failure(code: i64) -> Failure {
    Failure::new(Reason::Code(code), String::new())
}

/// A call sent now fails now.
fn fail(gate: &Gate, code: i64) {
    gate.record(Some(&failure(code)), now(), now());
}

/// A call sent now succeeds now.
fn succeed(gate: &Gate) {
    gate.record(None, now(), now());
}

fn blocked_for(gate: &Gate) -> Option<Duration> {
    gate.check().err().map(|blocked| blocked.until - now())
}

#[tokio::test(start_paused = true)]
async fn a_rate_limit_blocks_for_a_minute_and_then_probes_until_a_success() {
    let gate = Gate::default();
    assert_eq!((blocked_for(&gate), gate.is_half_open()), (None, false));
    fail(&gate, 40007);
    assert_eq!(blocked_for(&gate), Some(MINUTE));
    assert_eq!(gate.locked_until(), Some(now() + MINUTE));
    advance(MINUTE).await;
    assert_eq!((blocked_for(&gate), gate.is_half_open()), (None, true));
    assert_eq!(gate.locked_until(), None);
    fail(&gate, 40000);
    assert!(
        gate.is_half_open(),
        "a failure that does not block leaves the gate half open"
    );
    succeed(&gate);
    assert!(!gate.is_half_open());
}

#[tokio::test(start_paused = true)]
async fn a_lock_outlasts_a_success_and_a_shorter_block() {
    let gate = Gate::default();
    let sent = now();
    advance(Duration::from_millis(5)).await;
    fail(&gate, 40014);
    gate.record(None, sent, now());
    gate.record(Some(&failure(40007)), sent, now());
    gate.record(Some(&failure(40003)), sent, now());
    assert_eq!(blocked_for(&gate), Some(LOCK));
    advance(LOCK).await;
    assert_eq!(blocked_for(&gate), None);
    gate.record(None, sent, now());
    assert!(
        gate.is_half_open(),
        "a call from before the lock leaves the gate half open"
    );
}

#[tokio::test(start_paused = true)]
async fn a_lock_outlasts_a_rate_limit_that_came_first() {
    let gate = Gate::default();
    fail(&gate, 40017);
    fail(&gate, 47002);
    assert_eq!(blocked_for(&gate), Some(LOCK));
}

#[tokio::test(start_paused = true)]
async fn refusals_back_off_to_five_minutes_and_a_success_resets_them() {
    let gate = Gate::default();
    for seconds in [15, 30, 60, 120, 240, 300, 300] {
        fail(&gate, 40003);
        assert_eq!(blocked_for(&gate), Some(Duration::from_secs(seconds)));
        assert_eq!(gate.locked_until(), None, "a back-off is not a lock");
        advance(Duration::from_secs(seconds)).await;
    }
    succeed(&gate);
    fail(&gate, 40016);
    assert_eq!(blocked_for(&gate), Some(FIRST_BACK_OFF));
}

#[tokio::test(start_paused = true)]
async fn calls_refused_together_count_once() {
    let gate = Gate::default();
    let sent = now();
    for _ in 0..4 {
        advance(Duration::from_millis(1)).await;
        gate.record(Some(&failure(40003)), sent, now());
    }
    assert_eq!(blocked_for(&gate), Some(FIRST_BACK_OFF));
}

#[tokio::test(start_paused = true)]
async fn new_credentials_end_the_back_off_but_not_a_lock() {
    let gate = Gate::default();
    fail(&gate, 40003);
    gate.reset_auth_backoff();
    assert_eq!(blocked_for(&gate), None);
    fail(&gate, 40007);
    fail(&gate, 40003);
    gate.reset_auth_backoff();
    assert_eq!(blocked_for(&gate), Some(MINUTE));
}

#[tokio::test(start_paused = true)]
async fn a_late_refusal_of_old_credentials_does_not_block_new_ones() {
    let gate = Gate::default();
    let sent = now();
    advance(Duration::from_millis(5)).await;
    gate.reset_auth_backoff();
    gate.record(Some(&failure(40003)), sent, now());
    assert_eq!((blocked_for(&gate), gate.is_half_open()), (None, false));
    fail(&gate, 40003);
    assert_eq!(blocked_for(&gate), Some(FIRST_BACK_OFF));
}

fn clock() -> Clock {
    Clock::starting_at(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000))
}

#[tokio::test(start_paused = true)]
async fn a_restored_lock_ends_when_it_would_have_ended() {
    let clock = clock();
    let gate = Gate::default();
    fail(&gate, 40014);
    let written = clock.now();
    let snapshot = gate.snapshot(written);
    advance(30 * MINUTE).await;
    let restored = Gate::restored(snapshot, ElapsedSinceSave::new(written.millis(), clock.now()));
    assert_eq!(blocked_for(&restored), Some(90 * MINUTE));
    assert_eq!(restored.snapshot(clock.now()), snapshot);
    advance(90 * MINUTE).await;
    assert_eq!((blocked_for(&restored), restored.is_half_open()), (None, true));
}

#[tokio::test(start_paused = true)]
async fn a_restored_back_off_goes_on_growing() {
    let clock = clock();
    let gate = Gate::default();
    fail(&gate, 40003);
    let written = clock.now();
    let restored = Gate::restored(gate.snapshot(written), ElapsedSinceSave::new(written.millis(), written));
    assert_eq!(blocked_for(&restored), Some(FIRST_BACK_OFF));
    assert_eq!(restored.locked_until(), None);
    advance(FIRST_BACK_OFF).await;
    fail(&restored, 40003);
    assert_eq!(blocked_for(&restored), Some(FIRST_BACK_OFF * 2));
}

#[tokio::test(start_paused = true)]
async fn no_restored_wait_is_endless_with_any_clock() {
    let clock = clock();
    let snapshot = GateSnapshot {
        locked_until: Some(UnixMillis(u64::MAX)),
        refused_until: Some(UnixMillis(u64::MAX)),
        back_off_ms: Some(u64::MAX),
        is_half_open: true,
    };
    for written in [0, 1_000_000_000, u64::MAX] {
        let gate = Gate::restored(snapshot, ElapsedSinceSave::new(UnixMillis(written), clock.now()));
        assert!(blocked_for(&gate).is_none_or(|blocked| blocked <= LOCK_LENGTH));
        gate.reset_auth_backoff();
        assert!(gate.snapshot(clock.now()).back_off_ms.is_none());
    }
}

#[tokio::test(start_paused = true)]
async fn each_block_notifies() {
    let clock = clock();
    let blocks = Arc::new(Notify::new());
    let gate = Gate::default().change_notify(blocks.clone());
    let notified = async || tokio::time::timeout(MINUTE, blocks.notified()).await.is_ok();
    fail(&gate, 40000);
    assert!(!notified().await, "a failure that blocks nothing");
    for code in [40014, 40003, 40007] {
        fail(&gate, code);
        assert!(notified().await, "{code}");
        advance(Duration::from_secs(1)).await;
    }
    gate.record(None, clock.now().mono, clock.now().mono);
    assert!(!notified().await, "a success");
}
