//! Requests outside of rounds.

use super::*;

const INTERVAL: Duration = Duration::from_secs(15);

fn due(fixture: &mut Fixture, seconds: u64) -> Vec<String> {
    let now = fixture.at(seconds).mono;
    let ids = fixture.fleet.take_due(INTERVAL, now);
    ids.iter().map(ToString::to_string).collect()
}

#[test]
fn a_phone_is_transient_until_two_minutes_after_it_started() {
    let mut fixture = Fixture::of(&["a", "b"]);
    let answers = |code| response(vec![found("a", "", code), found("b", "", 2)], vec![]);
    fixture.answer(0, answers(1));
    assert_eq!(due(&mut fixture, 14), Vec::<String>::new());
    assert_eq!(due(&mut fixture, 15), ["a"]);
    assert_eq!(
        due(&mut fixture, 29),
        Vec::<String>::new(),
        "the last request is not long ago"
    );
    fixture.answer(200, answers(1));
    assert_eq!(due(&mut fixture, 215), ["a"], "it is still starting");
    fixture.answer(216, answers(0));
    assert_eq!(due(&mut fixture, 335), ["a"]);
    assert_eq!(due(&mut fixture, 336), Vec::<String>::new());
}

#[test]
fn a_hinted_phone_is_requested_once_and_at_once() {
    let mut fixture = Fixture::of(&["a", "b"]);
    fixture.answer(0, response(vec![found("a", "", 2), found("b", "", 2)], vec![]));
    assert_eq!(
        due(&mut fixture, 1),
        Vec::<String>::new(),
        "a first status is no change"
    );
    fixture.fleet.hint(&["b", "unknown"].map(PhoneId::from));
    assert_eq!(due(&mut fixture, 1), ["b"]);
    assert_eq!(due(&mut fixture, 2), Vec::<String>::new());
}

#[test]
fn a_response_to_an_earlier_request_does_not_end_a_hint() {
    let mut fixture = Fixture::of(&["a"]);
    fixture.fleet.hint(&["a".into()]);
    fixture.answer(1, response(vec![found("a", "", 2)], vec![]));
    assert_eq!(due(&mut fixture, 1), ["a"]);
}

#[test]
fn a_phone_that_left_the_fleet_or_is_invalid_is_not_requested() {
    let mut fixture = Fixture::of(&["left", "invalid", "a"]);
    fixture.fleet.hint(&["left", "invalid", "a"].map(PhoneId::from));
    fixture.fleet.set_invalid(&"invalid".into(), fixture.at(0).mono);
    fixture.fleet.hint(&["invalid".into()]);
    fixture.fleet.assign(&targets(&["invalid", "a"].map(PhoneId::from)));
    assert_eq!(due(&mut fixture, 1), ["a"]);
}

#[test]
fn hints_beyond_ten_thousand_waiting_phones_are_dropped() {
    let ids = ids(0..10_005);
    let mut fleet = fleet_of(&ids);
    assert_eq!(fleet.hint(&ids), 5);
    assert_eq!(fleet.hint(&ids[..3]), 0, "these phones wait already");
    let now = Instant::now();
    let due = std::iter::from_fn(|| Some(fleet.take_due(INTERVAL, now).len()).filter(|due| *due > 0));
    assert_eq!(due.collect::<Vec<_>>(), [100; 100]);
}
