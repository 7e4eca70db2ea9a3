//! Any sequence of responses, against a naive reading of the rules.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

/// What a phone must look like.
#[derive(Clone, Default)]
struct Expected {
    status: Option<(i64, i64)>,
    answered: Option<u64>,
    not_found: bool,
    total: u64,
}

proptest! {
    #[test]
    fn any_sequence_of_responses_leaves_what_the_rules_say(
        steps in prop::collection::vec(
            (1u64..400, prop::collection::vec(prop::option::of(-1i64..5), 5)),
            1..30,
        )
    ) {
        let ids = ["a", "b", "c", "d", "e"];
        let mut fixture = Fixture::of(&ids);
        let mut expected: BTreeMap<&str, Expected> = ids.iter().map(|id| (*id, Expected::default())).collect();
        let mut clock = 0;
        for (pause, answers) in steps {
            clock += pause;
            let now = fixture.at(clock);
            let mut response = StatusResponse::default();
            for (id, answer) in ids.iter().zip(&answers) {
                let phone = expected.get_mut(id).unwrap();
                match answer {
                    None => {}
                    Some(-1) => {
                        response.failed.push(failed(id, FailedPhone::NOT_FOUND));
                        *phone = Expected { not_found: true, total: phone.total + 1, ..Expected::default() };
                    }
                    Some(code) => {
                        response.found.push(found(id, "n", *code));
                        let kept = phone.status.filter(|(last, _)| last == code);
                        phone.status = kept.or(Some((*code, now.unix().0)));
                        phone.answered = Some(clock);
                        phone.not_found = false;
                    }
                }
            }
            fixture.answer(clock, response);
            fixture.fleet.expire(STALE_AFTER, now.mono);
            for (id, want) in &expected {
                let phone = fixture.phone(id);
                let fresh = want.answered.is_some_and(|at| clock - at < STALE_AFTER.as_secs());
                let shown = want.status.filter(|_| fresh && !want.not_found);
                prop_assert_eq!(phone.shown().map(|shown| (shown.status.0, shown.since.0)), shown);
                prop_assert_eq!(phone.freshness == Freshness::NotFound, want.not_found);
                prop_assert_eq!(phone.not_found_total, want.total);
            }
        }
    }
}
