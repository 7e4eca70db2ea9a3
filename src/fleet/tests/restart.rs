//! A fleet that is saved and restored.

use super::*;
use geelark_client::clock::{ElapsedSinceSave, UnixMillis};

const START: u64 = 1_000_000;

/// The moment `seconds` after the start. Each process has a steady clock of its own.
fn at(seconds: u64) -> Timestamp {
    Timestamp {
        mono: Instant::now(),
        wall: SystemTime::UNIX_EPOCH + Duration::from_secs(START + seconds),
    }
}

fn answer(fleet: &mut Fleet, code: i64, now: Timestamp) {
    let answers = response(
        vec![found("a", "phone a", code)],
        vec![failed("missing", FailedPhone::NOT_FOUND)],
    );
    fleet.apply(&["a", "missing"].map(PhoneId::from), answers, now);
}

/// The fleet of a process that starts at `now`. The process before it was answered 100 s after the start, and saved its
/// fleet at 130 s.
fn restored(now: Timestamp) -> Fleet {
    let mut fleet = fleet_of(&["a", "missing"].map(PhoneId::from));
    let before = at(100);
    answer(&mut fleet, 1, before);
    let passed = Duration::from_secs(30);
    let saved = fleet.saved(Timestamp {
        mono: before.mono + passed,
        wall: before.wall + passed,
    });
    let elapsed = ElapsedSinceSave::new(UnixMillis((START + 130) * 1000), now);
    let mut fleet = Fleet::restored("main".into(), saved, elapsed);
    fleet.expire(STALE_AFTER, now.mono);
    fleet
}

fn phones(fleet: &Fleet) -> [Phone; 2] {
    fleet.view(0).phones.clone().try_into().unwrap()
}

const SHOWN: Option<ObservedStatus> = Some(ObservedStatus {
    status: Status::STARTING,
    since: UnixTime(1_000_100),
});

#[test]
fn recent_statuses_are_shown_at_once() {
    let [a, missing] = phones(&restored(at(399)));
    assert_eq!((a.shown(), a.label_name()), (SHOWN, "phone a"));
    assert_eq!((missing.freshness, missing.not_found_total), (Freshness::NotFound, 1));
}

#[test]
fn an_old_status_is_not_shown_and_keeps_its_timestamp_if_the_next_answer_agrees() {
    let now = at(401);
    let mut fleet = restored(now);
    assert_eq!(phones(&fleet)[0].shown(), None);
    answer(&mut fleet, 1, now);
    let [a, missing] = phones(&fleet);
    assert_eq!(a.shown(), SHOWN);
    assert_eq!(missing.not_found_total, 2, "the counter continues");

    let mut fleet = restored(now);
    answer(&mut fleet, 2, now);
    let since = UnixTime(1_000_401);
    assert_eq!(phones(&fleet)[0].shown().map(|shown| shown.since), Some(since));
}

#[test]
fn no_status_is_shown_after_the_clock_was_set_back() {
    let now = at(10);
    let mut fleet = restored(now);
    let [a, _] = phones(&fleet);
    assert_eq!(
        (a.freshness, a.last.map(|last| last.since)),
        (Freshness::Stale, Some(now.unix()))
    );
    answer(&mut fleet, 1, now);
    assert!(phones(&fleet)[0].shown().is_some());
}

#[test]
fn the_age_of_a_status_continues() {
    let now = at(300);
    let mut fleet = restored(now);
    assert!(fleet.expire(STALE_AFTER, now.mono + Duration::from_secs(99)).is_empty());
    assert_eq!(fleet.expire(STALE_AFTER, now.mono + Duration::from_secs(101)), [0]);
}

#[test]
fn phones_without_a_target_are_dropped_and_new_ones_have_no_status() {
    let mut fleet = restored(at(200));
    fleet.assign(&targets(&["b", "a"].map(PhoneId::from)));
    let [a, b] = phones(&fleet);
    assert_eq!((a.shown(), b), (SHOWN, Phone::unseen("b".into())));
}

#[test]
fn a_restored_fleet_has_the_saved_phones_in_batches() {
    let saved: Vec<_> = ids(0..253)
        .into_iter()
        .map(|id| (Phone::unseen(id), Some(UnixMillis(START * 1000))))
        .collect();
    let now = at(0);
    let elapsed = ElapsedSinceSave::new(UnixMillis(START * 1000), now);
    let fleet = Fleet::restored("main".into(), saved.clone(), elapsed);
    assert_eq!(fleet.batches(), 3);
    assert_eq!(fleet.saved(now), saved);
}
