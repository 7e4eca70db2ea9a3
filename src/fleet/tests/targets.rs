//! Targets.

use std::sync::Arc;

use super::*;

#[test]
fn a_batch_has_at_most_a_hundred_phones() {
    let requests = fleet_of(&ids(0..253)).round_requests(Instant::now());
    let sizes: Vec<usize> = requests.batches.iter().map(|(_, ids)| ids.len()).collect();
    assert_eq!(sizes, [100, 100, 53]);
}

#[test]
fn new_targets_keep_what_is_known_of_phones_that_stay() {
    let mut fixture = Fixture::of(&["a", "b"]);
    fixture.answer(
        0,
        response(vec![found("a", "one", 0)], vec![failed("b", FailedPhone::NOT_FOUND)]),
    );
    let ids: Vec<PhoneId> = ["c", "b", "a"].into_iter().map(PhoneId::from).collect();
    let before = (fixture.phone("a"), fixture.phone("b"));
    assert_eq!(fixture.fleet.assign(&targets(&ids)), Some(vec!["c".into()]));
    assert_eq!(
        fixture.fleet.assign(&targets(&ids)),
        None,
        "equal targets change nothing"
    );
    assert_eq!((fixture.phone("a"), fixture.phone("b")), before);
    assert_eq!(fixture.phone("c"), Phone::unseen("c".into()));
    assert_eq!(
        fixture.fleet.expire(STALE_AFTER, fixture.at(300).mono),
        [0],
        "the time of the last answer is kept too"
    );
}

#[test]
fn phones_of_surplus_batches_fill_the_gaps_of_the_others() {
    let ids = ids(0..201);
    let mut fleet = fleet_of(&ids);
    let before = fleet.views();
    let without_five: Vec<PhoneId> = ids.iter().filter(|id| id.as_str() != "5").cloned().collect();
    assert_eq!(fleet.assign(&targets(&without_five)), Some(vec![]));
    assert_eq!((fleet.targets().count(), fleet.batches()), (200, 2));
    assert!(
        Arc::ptr_eq(&before[1], &fleet.view(1)),
        "the second batch does not change"
    );
    assert_eq!(fleet.view(0).phones[99].id.as_str(), "200");
    fleet.assign(&[]);
    assert_eq!(fleet.batches(), 0);
}

#[test]
fn a_response_reaches_phones_that_moved_and_ignores_phones_that_left() {
    let ids = ids(0..101);
    let mut fixture = Fixture::of(&[]);
    fixture.fleet = fleet_of(&ids);
    let now = fixture.at(0);
    let (first, second) = (fixture.batch(0, 0), fixture.batch(1, 0));
    fixture.fleet.assign(&targets(&ids[1..]));
    let applied = fixture
        .fleet
        .apply(&second, response(vec![found("100", "moved", 0)], vec![]), now);
    assert_eq!(applied.changed, [0].into());
    assert_eq!(fixture.phone("100").label_name(), "moved");
    let answers = vec![found("0", "left", 0), found("1", "stayed", 0)];
    let applied = fixture.fleet.apply(&first, response(answers, vec![]), now);
    assert_eq!(applied.anomalies.unrequested_ids, Vec::<String>::new());
    assert_eq!(fixture.phone("1").label_name(), "stayed");
    assert!(
        fixture
            .fleet
            .view(0)
            .phones
            .iter()
            .all(|phone| phone.id.as_str() != "0")
    );
}

#[test]
fn new_details_change_the_view_and_nothing_else() {
    let mut fixture = Fixture::of(&["a"]);
    fixture.answer(0, response(vec![found("a", "one", 0)], vec![]));
    let details = Some(Arc::new(PhoneDetails {
        group: Some("farm".into()),
        ..PhoneDetails::default()
    }));
    let before = fixture.phone("a");
    let target = Target {
        id: "a".into(),
        details: details.clone(),
    };
    assert_eq!(fixture.fleet.assign(std::slice::from_ref(&target)), Some(vec![]));
    assert_eq!(fixture.fleet.assign(&[target]), None);
    assert_eq!(fixture.phone("a"), Phone { details, ..before });
}
