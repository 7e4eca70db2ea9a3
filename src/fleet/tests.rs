//! What any answer does to a fleet.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use proptest::prelude::*;

use super::*;
use geelark_client::clock::{Timestamp, UnixTime};
use geelark_client::phone::{PhoneId, Status};
use geelark_client::{FailedPhone, FoundPhone, StatusResponse};

const STALE_AFTER: Duration = Duration::from_mins(5);

fn fleet_of(ids: &[PhoneId]) -> Fleet {
    let mut fleet = Fleet::new("main".into());
    fleet.assign(&members(ids));
    fleet
}

fn members(ids: &[PhoneId]) -> Vec<Target> {
    ids.iter().cloned().map(Target::from).collect()
}

struct Scene {
    fleet: Fleet,
    start: Timestamp,
}

impl Scene {
    fn of(ids: &[&str]) -> Self {
        let ids: Vec<PhoneId> = ids.iter().copied().map(PhoneId::from).collect();
        Self {
            fleet: fleet_of(&ids),
            start: Timestamp {
                mono: Instant::now(),
                wall: SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000),
            },
        }
    }

    fn at(&self, seconds: u64) -> Timestamp {
        let passed = Duration::from_secs(seconds);
        Timestamp {
            mono: self.start.mono + passed,
            wall: self.start.wall + passed,
        }
    }

    /// Asks all of batch 0 and hands in `answer`.
    fn answer(&mut self, seconds: u64, answer: StatusResponse) -> AppliedResponse {
        let now = self.at(seconds);
        let question = self.fleet.batch_requests(0, now.mono).together.unwrap();
        self.fleet.apply(&question, answer, now)
    }

    fn phone(&self, id: &str) -> Phone {
        let view = self.fleet.view(0);
        view.phones
            .iter()
            .find(|phone| phone.id.as_str() == id)
            .unwrap()
            .clone()
    }
}

fn found(id: &str, name: &str, code: i64) -> FoundPhone {
    FoundPhone {
        id: id.into(),
        name: Some(name.into()),
        status: Status(code),
    }
}

fn failed(id: &str, code: i64) -> FailedPhone {
    FailedPhone { id: id.into(), code }
}

fn answer(found: Vec<FoundPhone>, failed: Vec<FailedPhone>) -> StatusResponse {
    StatusResponse { found, failed }
}

#[test]
fn ids_are_laid_out_in_batches_of_a_hundred() {
    let ids: Vec<String> = (0..253).map(|n| n.to_string()).collect();
    let ids: Vec<PhoneId> = ids.iter().map(|id| PhoneId::from(id.as_str())).collect();
    let fleet = fleet_of(&ids);
    let now = Instant::now();
    let sizes: Vec<usize> = (0..fleet.batches())
        .filter_map(|batch| fleet.batch_requests(batch, now).together)
        .map(|question| question.len())
        .collect();
    assert_eq!(sizes, [100, 100, 53]);
}

#[test]
fn nothing_is_shown_of_a_phone_before_its_first_answer() {
    let scene = Scene::of(&["a"]);
    assert_eq!(scene.phone("a").shown(), None);
    assert_eq!(scene.phone("a").label_name(), "");
}

#[test]
fn an_answer_that_repeats_the_last_one_changes_nothing() {
    let mut scene = Scene::of(&["a"]);
    assert_eq!(
        scene.answer(0, answer(vec![found("a", "one", 0)], vec![])).changed,
        [0].into()
    );
    let before = scene.fleet.view(0);
    assert!(
        scene
            .answer(60, answer(vec![found("a", "one", 0)], vec![]))
            .changed
            .is_empty()
    );
    assert!(Arc::ptr_eq(&before, &scene.fleet.view(0)), "no copy was made");
}

#[test]
fn a_taken_view_stays_as_it_was() {
    let mut scene = Scene::of(&["a"]);
    let before = scene.fleet.view(0);
    scene.answer(0, answer(vec![found("a", "one", 0)], vec![]));
    assert_eq!(before.phones[0].shown(), None);
    assert!(scene.fleet.view(0).phones[0].shown().is_some());
}

#[test]
fn since_moves_with_the_status_and_not_with_the_name() {
    let mut scene = Scene::of(&["a"]);
    scene.answer(0, answer(vec![found("a", "one", 1)], vec![]));
    scene.answer(60, answer(vec![found("a", "two", 1)], vec![]));
    let seen = scene.phone("a").shown().unwrap();
    assert_eq!(
        (scene.phone("a").label_name(), seen.since),
        ("two", UnixTime(1_000_000))
    );
    scene.answer(120, answer(vec![found("a", "two", 0)], vec![]));
    assert_eq!(
        scene.phone("a").shown(),
        Some(ObservedStatus {
            status: Status::STARTED,
            since: UnixTime(1_000_120)
        })
    );
}

#[test]
fn a_missing_name_keeps_the_last_one() {
    let mut scene = Scene::of(&["a"]);
    scene.answer(0, answer(vec![found("a", "one", 1)], vec![]));
    let nameless = FoundPhone {
        name: None,
        ..found("a", "", 0)
    };
    scene.answer(60, answer(vec![nameless], vec![]));
    assert_eq!(scene.phone("a").label_name(), "one");
}

#[test]
fn a_phone_not_found_loses_its_status_and_is_counted_each_time() {
    let mut scene = Scene::of(&["a"]);
    scene.answer(0, answer(vec![found("a", "one", 0)], vec![]));
    for seconds in [60, 120] {
        scene.answer(seconds, answer(vec![], vec![failed("a", FailedPhone::NOT_FOUND)]));
    }
    let phone = scene.phone("a");
    assert_eq!(phone.shown(), None);
    assert_eq!((phone.freshness, phone.not_found_total), (Freshness::NotFound, 2));
    scene.answer(180, answer(vec![found("a", "one", 0)], vec![]));
    let phone = scene.phone("a");
    assert_eq!(
        phone.shown().unwrap().since,
        UnixTime(1_000_180),
        "a phone that vanished begins anew"
    );
    assert_eq!(phone.not_found_total, 2);
}

#[test]
fn an_expiry_among_the_failures_is_the_status_expired() {
    let mut scene = Scene::of(&["a"]);
    scene.answer(0, answer(vec![found("a", "one", 2)], vec![]));
    scene.answer(60, answer(vec![], vec![failed("a", FailedPhone::EXPIRED)]));
    let phone = scene.phone("a");
    assert_eq!(phone.shown().unwrap().status, Status::EXPIRED);
    assert_eq!(phone.label_name(), "one");
}

#[test]
fn an_id_that_was_passed_over_is_shown_until_it_is_stale() {
    let mut scene = Scene::of(&["a", "b"]);
    let both = answer(vec![found("a", "one", 0), found("b", "two", 0)], vec![]);
    scene.answer(0, both.clone());
    let applied = scene.answer(60, answer(vec![found("a", "one", 0)], vec![]));
    assert_eq!(applied.anomalies.unanswered, [PhoneId::from("b")]);
    assert_eq!(scene.fleet.unanswered(), 1);
    assert!(scene.fleet.expire(STALE_AFTER, scene.at(299).mono).is_empty());
    assert_eq!(scene.fleet.expire(STALE_AFTER, scene.at(300).mono), [0]);
    assert_eq!(scene.phone("b").freshness, Freshness::Stale);
    assert!(scene.phone("a").shown().is_some());
    scene.answer(360, both);
    assert_eq!(scene.fleet.unanswered(), 0);
    assert_eq!(
        scene.phone("b").shown().unwrap().since,
        UnixTime(1_000_000),
        "a phone that comes back as it was keeps its timestamp"
    );
}

#[test]
fn an_answer_in_any_order_finds_its_phones() {
    let mut scene = Scene::of(&["a", "b", "c", "d"]);
    let order = ["c", "d", "a", "b"];
    let found = order.map(|id| found(id, id, 0)).into();
    let applied = scene.answer(0, answer(found, vec![]));
    assert_eq!(
        (applied.anomalies.unanswered, applied.anomalies.unrequested_ids),
        (vec![], vec![])
    );
    for id in order {
        assert_eq!(scene.phone(id).label_name(), id);
    }
}

#[test]
fn an_unknown_failure_code_teaches_nothing() {
    let mut scene = Scene::of(&["a"]);
    let applied = scene.answer(0, answer(vec![], vec![failed("a", 49999)]));
    assert_eq!(applied.anomalies.unanswered.len(), 1);
    assert_eq!(scene.phone("a").freshness, Freshness::Stale);
}

#[test]
fn strangers_and_repeats_are_reported_and_ignored() {
    let mut scene = Scene::of(&["a"]);
    let applied = scene.answer(
        0,
        answer(
            vec![found("a", "first", 0), found("a", "second", 3), found("x", "nobody", 0)],
            vec![failed("a", FailedPhone::NOT_FOUND)],
        ),
    );
    assert_eq!(applied.anomalies.unrequested_ids, ["x"]);
    assert_eq!(applied.anomalies.repeated, ["a", "a"]);
    assert_eq!(scene.phone("a").shown().unwrap().status, Status::STARTED);
    assert_eq!(scene.phone("a").not_found_total, 0);
}

#[test]
fn the_culprit_of_a_refused_batch_is_found_by_halving_and_left_out_for_ten_minutes() {
    let ids: Vec<String> = (100..200).map(|n| n.to_string()).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let mut scene = Scene::of(&ids);
    let now = scene.at(0).mono;
    let mut open: Vec<StatusRequest> = scene.fleet.batch_requests(0, now).together.into_iter().collect();
    let (mut calls, mut invalid_ids) = (0, Vec::new());
    while let Some(question) = open.pop() {
        calls += 1;
        if !question.ids().any(|id| id.as_str() == "142") {
            continue;
        }
        match scene.fleet.reject(&question, now) {
            Rejection::Split(left, right) => open.extend([left, right]),
            Rejection::InvalidId { id, is_new } => invalid_ids.push((id, is_new)),
        }
    }
    assert_eq!(invalid_ids, [(PhoneId::from("142"), true)]);
    assert!(calls <= 15, "{calls} calls");
    assert_eq!(scene.fleet.unanswered(), 1);

    let sizes = |scene: &Scene, seconds| -> Vec<usize> {
        let questions = scene.fleet.batch_requests(0, scene.at(seconds).mono);
        questions
            .together
            .iter()
            .chain(&questions.alone)
            .map(StatusRequest::len)
            .collect()
    };
    assert_eq!(sizes(&scene, 599), [99]);
    assert_eq!(
        sizes(&scene, 600),
        [99, 1],
        "asked again alone, so that it spoils nobody"
    );

    let again = scene.fleet.batch_requests(0, scene.at(600).mono).alone.remove(0);
    let refused = scene.fleet.reject(&again, scene.at(600).mono);
    assert!(matches!(refused, Rejection::InvalidId { is_new: false, .. }));
    let again = scene.fleet.batch_requests(0, scene.at(1200).mono).alone.remove(0);
    let now = scene.at(1200);
    scene
        .fleet
        .apply(&again, answer(vec![found("142", "ok", 0)], vec![]), now);
    assert_eq!(sizes(&scene, 1201), [100], "once answered it is asked with the others");
}

#[test]
fn another_roster_keeps_what_is_known_of_phones_that_stay() {
    let mut scene = Scene::of(&["a", "b"]);
    scene.answer(
        0,
        answer(vec![found("a", "one", 0)], vec![failed("b", FailedPhone::NOT_FOUND)]),
    );
    let ids: Vec<PhoneId> = ["c", "b", "a"].into_iter().map(PhoneId::from).collect();
    let before = (scene.phone("a"), scene.phone("b"));
    assert_eq!(
        scene.fleet.assign(&members(&ids)).added,
        ["c"].map(PhoneId::from).into()
    );
    assert_eq!(
        scene.fleet.assign(&members(&ids)),
        TargetChanges::default(),
        "the same targets again changes nothing"
    );
    assert_eq!((scene.phone("a"), scene.phone("b")), before);
    assert_eq!(scene.phone("c"), Phone::unseen("c".into()));
    assert_eq!(
        scene.fleet.expire(STALE_AFTER, scene.at(300).mono),
        [0],
        "age is kept too"
    );
}

#[test]
fn a_phone_that_leaves_makes_room_and_no_batch_is_kept_that_could_be_saved() {
    let ids: Vec<PhoneId> = (0..201).map(|n| PhoneId::from(n.to_string().as_str())).collect();
    let mut fleet = fleet_of(&ids);
    let before: Vec<_> = fleet.views().cloned().collect();
    let without_five: Vec<PhoneId> = ids.iter().filter(|id| id.as_str() != "5").cloned().collect();
    assert!(fleet.assign(&members(&without_five)).changed);
    assert_eq!((fleet.len(), fleet.batches()), (200, 2));
    assert!(
        Arc::ptr_eq(&before[1], &fleet.view(1)),
        "the batch in between is untouched"
    );
    assert_eq!(fleet.view(0).phones[99].id.as_str(), "200");
    fleet.assign(&[]);
    assert!(fleet.is_empty());
}

#[test]
fn an_answer_finds_phones_that_were_moved_and_passes_over_those_that_left() {
    let ids: Vec<PhoneId> = (0..101).map(|n| PhoneId::from(n.to_string().as_str())).collect();
    let mut scene = Scene::of(&[]);
    scene.fleet = fleet_of(&ids);
    let now = scene.at(0);
    let first = scene.fleet.batch_requests(0, now.mono).together.unwrap();
    let second = scene.fleet.batch_requests(1, now.mono).together.unwrap();
    let without_first: Vec<PhoneId> = ids[1..].to_vec();
    scene.fleet.assign(&members(&without_first));
    let applied = scene
        .fleet
        .apply(&second, answer(vec![found("100", "moved", 0)], vec![]), now);
    assert_eq!(applied.changed, [0].into());
    assert_eq!(scene.phone("100").label_name(), "moved");
    let said = vec![found("0", "left", 0), found("1", "stayed", 0)];
    let applied = scene.fleet.apply(&first, answer(said, vec![]), now);
    assert_eq!(applied.anomalies.unrequested_ids, Vec::<String>::new());
    assert_eq!(scene.phone("1").label_name(), "stayed");
    assert!(scene.fleet.view(0).phones.iter().all(|phone| phone.id.as_str() != "0"));
}

#[test]
fn details_reach_the_view_and_change_nothing_else() {
    let mut scene = Scene::of(&["a"]);
    scene.answer(0, answer(vec![found("a", "one", 0)], vec![]));
    let details = Some(Arc::new(PhoneDetails {
        group: Some("farm".into()),
        ..PhoneDetails::default()
    }));
    let before = scene.phone("a");
    let member = |details| Target {
        id: "a".into(),
        details,
    };
    assert!(scene.fleet.assign(&[member(details.clone())]).changed);
    assert!(!scene.fleet.assign(&[member(details.clone())]).changed);
    assert_eq!(scene.phone("a"), Phone { details, ..before });
}

const CLOSELY: Duration = Duration::from_secs(15);

fn out_of_turn(scene: &mut Scene, seconds: u64) -> Vec<String> {
    let now = scene.at(seconds).mono;
    let question = scene.fleet.take_due(CLOSELY, now);
    let ids = question.iter().flat_map(StatusRequest::ids);
    ids.map(ToString::to_string).collect()
}

#[test]
fn a_starting_phone_is_watched_closely_until_two_minutes_after_it_settled() {
    let mut scene = Scene::of(&["a", "b"]);
    let said = |code| answer(vec![found("a", "", code), found("b", "", 2)], vec![]);
    scene.answer(0, said(1));
    assert_eq!(out_of_turn(&mut scene, 14), Vec::<String>::new());
    assert_eq!(out_of_turn(&mut scene, 15), ["a"]);
    assert_eq!(
        out_of_turn(&mut scene, 29),
        Vec::<String>::new(),
        "it was asked a moment ago"
    );
    scene.answer(200, said(1));
    assert_eq!(out_of_turn(&mut scene, 215), ["a"], "as long as it is starting");
    scene.answer(216, said(0));
    assert_eq!(out_of_turn(&mut scene, 335), ["a"]);
    assert_eq!(out_of_turn(&mut scene, 336), Vec::<String>::new());
}

#[test]
fn a_hint_is_asked_once_and_at_once() {
    let mut scene = Scene::of(&["a", "b"]);
    scene.answer(0, answer(vec![found("a", "", 2), found("b", "", 2)], vec![]));
    assert_eq!(
        out_of_turn(&mut scene, 1),
        Vec::<String>::new(),
        "first answers are no change"
    );
    scene.fleet.hint(&["b", "nobody"].map(PhoneId::from).into());
    assert_eq!(out_of_turn(&mut scene, 1), ["b"]);
    assert_eq!(out_of_turn(&mut scene, 2), Vec::<String>::new());
}

#[test]
fn a_tally_counts_every_phone_once() {
    let mut scene = Scene::of(&["0", "1", "2", "3", "7", "nf", "never"]);
    let found: Vec<FoundPhone> = ["0", "1", "2", "3", "7"]
        .map(|id| found(id, "", id.parse().unwrap()))
        .into();
    scene.answer(0, answer(found, vec![failed("nf", FailedPhone::NOT_FOUND)]));
    let tally = StatusCounts::of(&scene.fleet.view(0).phones);
    assert!(tally.by_status().iter().all(|(_, count)| *count == 1), "{tally:?}");
}

/// What a phone must look like, told by the simplest possible bookkeeping.
#[derive(Clone, Default)]
struct Expected {
    status: Option<(i64, i64)>,
    answered: Option<u64>,
    not_found: bool,
    total: u64,
}

proptest! {
    /// Any sequence of answers and pauses leaves exactly what a naive reading of the rules leaves.
    #[test]
    fn any_sequence_of_answers_leaves_what_the_rules_say(
        steps in prop::collection::vec(
            (1u64..400, prop::collection::vec(prop::option::of(-1i64..5), 5)),
            1..30,
        )
    ) {
        let ids = ["a", "b", "c", "d", "e"];
        let mut scene = Scene::of(&ids);
        let mut expected: BTreeMap<&str, Expected> = ids.iter().map(|id| (*id, Expected::default())).collect();
        let mut clock = 0;
        for (pause, said) in steps {
            clock += pause;
            let now = scene.at(clock);
            let mut reply = StatusResponse::default();
            for (id, said) in ids.iter().zip(&said) {
                let phone = expected.get_mut(id).unwrap();
                match said {
                    None => {}
                    Some(-1) => {
                        reply.failed.push(failed(id, FailedPhone::NOT_FOUND));
                        *phone = Expected { not_found: true, total: phone.total + 1, ..Expected::default() };
                    }
                    Some(code) => {
                        reply.found.push(found(id, "n", *code));
                        let kept = phone.status.filter(|(last, _)| last == code);
                        phone.status = kept.or(Some((*code, now.unix().0)));
                        phone.answered = Some(clock);
                        phone.not_found = false;
                    }
                }
            }
            scene.answer(clock, reply);
            scene.fleet.expire(STALE_AFTER, now.mono);
            for (id, want) in &expected {
                let phone = scene.phone(id);
                let fresh = want.answered.is_some_and(|at| clock - at < STALE_AFTER.as_secs());
                let shown = want.status.filter(|_| fresh && !want.not_found);
                prop_assert_eq!(phone.shown().map(|seen| (seen.status.0, seen.since.0)), shown);
                prop_assert_eq!(phone.freshness == Freshness::NotFound, want.not_found);
                prop_assert_eq!(phone.not_found_total, want.total);
            }
        }
    }
}
