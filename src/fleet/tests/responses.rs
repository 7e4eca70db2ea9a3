//! Responses.

use std::sync::Arc;

use super::*;

#[test]
fn a_phone_shows_no_status_before_its_first_answer() {
    let fixture = Fixture::of(&["a"]);
    assert_eq!(fixture.phone("a").shown(), None);
    assert_eq!(fixture.phone("a").label_name(), "");
}

#[test]
fn an_equal_answer_changes_nothing() {
    let mut fixture = Fixture::of(&["a"]);
    assert_eq!(
        fixture.answer(0, response(vec![found("a", "one", 0)], vec![])).changed,
        [0].into()
    );
    let before = fixture.fleet.view(0);
    assert!(
        fixture
            .answer(60, response(vec![found("a", "one", 0)], vec![]))
            .changed
            .is_empty()
    );
    assert!(Arc::ptr_eq(&before, &fixture.fleet.view(0)), "no copy was made");
}

#[test]
fn a_response_does_not_change_views_that_were_taken_before() {
    let mut fixture = Fixture::of(&["a"]);
    let before = fixture.fleet.view(0);
    fixture.answer(0, response(vec![found("a", "one", 0)], vec![]));
    assert_eq!(before.phones[0].shown(), None);
    assert!(fixture.fleet.view(0).phones[0].shown().is_some());
}

#[test]
fn since_changes_with_the_status_and_not_with_the_name() {
    let mut fixture = Fixture::of(&["a"]);
    fixture.answer(0, response(vec![found("a", "one", 1)], vec![]));
    fixture.answer(60, response(vec![found("a", "two", 1)], vec![]));
    let seen = fixture.phone("a").shown().unwrap();
    assert_eq!(
        (fixture.phone("a").label_name(), seen.since),
        ("two", UnixTime(1_000_000))
    );
    fixture.answer(120, response(vec![found("a", "two", 0)], vec![]));
    assert_eq!(
        fixture.phone("a").shown(),
        Some(ObservedStatus {
            status: Status::STARTED,
            since: UnixTime(1_000_120)
        })
    );
}

#[test]
fn an_answer_without_a_name_keeps_the_last_name() {
    let mut fixture = Fixture::of(&["a"]);
    fixture.answer(0, response(vec![found("a", "one", 1)], vec![]));
    let nameless = FoundPhone {
        name: None,
        ..found("a", "", 0)
    };
    fixture.answer(60, response(vec![nameless], vec![]));
    assert_eq!(fixture.phone("a").label_name(), "one");
}

#[test]
fn an_answer_that_a_phone_does_not_exist_removes_its_status_and_is_counted() {
    let mut fixture = Fixture::of(&["a"]);
    fixture.answer(0, response(vec![found("a", "one", 0)], vec![]));
    for seconds in [60, 120] {
        fixture.answer(seconds, response(vec![], vec![failed("a", FailedPhone::NOT_FOUND)]));
    }
    let phone = fixture.phone("a");
    assert_eq!(phone.shown(), None);
    assert_eq!((phone.freshness, phone.not_found_total), (Freshness::NotFound, 2));
    fixture.answer(180, response(vec![found("a", "one", 0)], vec![]));
    let phone = fixture.phone("a");
    assert_eq!(
        phone.shown().unwrap().since,
        UnixTime(1_000_180),
        "the status is new, since the phone did not exist in between"
    );
    assert_eq!(phone.not_found_total, 2);
}

#[test]
fn the_failure_code_of_an_expired_phone_is_the_status_expired() {
    let mut fixture = Fixture::of(&["a"]);
    fixture.answer(0, response(vec![found("a", "one", 2)], vec![]));
    fixture.answer(60, response(vec![], vec![failed("a", FailedPhone::EXPIRED)]));
    let phone = fixture.phone("a");
    assert_eq!(phone.shown().unwrap().status, Status::EXPIRED);
    assert_eq!(phone.label_name(), "one");
}

#[test]
fn a_phone_that_a_response_omits_is_shown_until_it_is_stale() {
    let mut fixture = Fixture::of(&["a", "b"]);
    let both = response(vec![found("a", "one", 0), found("b", "two", 0)], vec![]);
    fixture.answer(0, both.clone());
    let applied = fixture.answer(60, response(vec![found("a", "one", 0)], vec![]));
    assert_eq!(applied.anomalies.unanswered, ["b"]);
    assert_eq!(fixture.fleet.unanswered(), 1);
    assert!(fixture.fleet.expire(STALE_AFTER, fixture.at(299).mono).is_empty());
    assert_eq!(fixture.fleet.expire(STALE_AFTER, fixture.at(300).mono), [0]);
    assert_eq!(fixture.phone("b").freshness, Freshness::Stale);
    assert!(fixture.phone("a").shown().is_some());
    fixture.answer(360, both);
    assert_eq!(fixture.fleet.unanswered(), 0);
    assert_eq!(
        fixture.phone("b").shown().unwrap().since,
        UnixTime(1_000_000),
        "a phone that returns unchanged keeps its timestamp"
    );
}

#[test]
fn the_order_of_a_response_does_not_matter() {
    let mut fixture = Fixture::of(&["a", "b", "c", "d"]);
    let order = ["c", "d", "a", "b"];
    let found = order.map(|id| found(id, id, 0)).into();
    let applied = fixture.answer(0, response(found, vec![]));
    assert_eq!(
        (applied.anomalies.unanswered, applied.anomalies.unrequested_ids),
        (vec![], vec![])
    );
    for id in order {
        assert_eq!(fixture.phone(id).label_name(), id);
    }
}

#[test]
fn an_unknown_failure_code_changes_nothing() {
    let mut fixture = Fixture::of(&["a"]);
    let applied = fixture.answer(0, response(vec![], vec![failed("a", 49999)]));
    assert_eq!(applied.anomalies.unanswered.len(), 1);
    assert_eq!(fixture.phone("a").freshness, Freshness::Stale);
}

#[test]
fn unrequested_and_repeated_ids_are_reported_and_ignored() {
    let mut fixture = Fixture::of(&["a"]);
    let applied = fixture.answer(
        0,
        response(
            vec![
                found("a", "first", 0),
                found("a", "second", 3),
                found("x", "unknown", 0),
            ],
            vec![failed("a", FailedPhone::NOT_FOUND)],
        ),
    );
    assert_eq!(applied.anomalies.unrequested_ids, ["x"]);
    assert_eq!(applied.anomalies.repeated, ["a", "a"]);
    assert_eq!(fixture.phone("a").shown().unwrap().status, Status::STARTED);
    assert_eq!(fixture.phone("a").not_found_total, 0);
}

#[test]
fn status_counts_count_every_phone_once() {
    let mut fixture = Fixture::of(&["0", "1", "2", "3", "7", "nf", "never"]);
    let found: Vec<FoundPhone> = ["0", "1", "2", "3", "7"]
        .map(|id| found(id, "", id.parse().unwrap()))
        .into();
    fixture.answer(0, response(found, vec![failed("nf", FailedPhone::NOT_FOUND)]));
    let counts = StatusCounts::of(&fixture.fleet.view(0).phones);
    assert!(counts.by_status().all(|(_, count)| count == 1), "{counts:?}");
}

#[test]
fn an_invalid_id_is_left_out_for_ten_minutes_and_then_requested_alone() {
    let mut fixture = Fixture::of(&["a", "b"]);
    let (invalid, both) = (PhoneId::from("b"), fixture.batch(0, 0));
    assert!(fixture.fleet.set_invalid(&invalid, fixture.at(0).mono));
    assert_eq!(fixture.fleet.unanswered(), 1);
    let requests = |fixture: &Fixture, seconds| {
        let requests = fixture.fleet.round_requests(fixture.at(seconds).mono);
        (requests.batches, requests.invalid_ids)
    };
    let without = vec![(0, vec![PhoneId::from("a")])];
    assert_eq!(requests(&fixture, 599), (without.clone(), vec![]));
    assert_eq!(requests(&fixture, 600), (without.clone(), vec![invalid.clone()]));

    assert!(!fixture.fleet.set_invalid(&invalid, fixture.at(600).mono));
    assert_eq!(requests(&fixture, 1199), (without, vec![]));
    let now = fixture.at(1200);
    let answer = response(vec![found("b", "valid", 0)], vec![]);
    fixture.fleet.apply(&[invalid], answer, now);
    assert_eq!(requests(&fixture, 1201), (vec![(0, both)], vec![]));
}
