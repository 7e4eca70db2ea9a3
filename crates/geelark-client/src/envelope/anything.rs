//! Property tests: no body causes a panic, an invented phone or much more memory than its own length.

use std::str::from_utf8;

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::RngSeed;

use super::tests::{data, found, read, reply};
use super::*;
use crate::{Page, StatusResponse};

/// The length of the shortest entry, `{"id":1}` and a comma.
const LEAST_ENTRY: usize = 9;

/// Replacing half an emoji, written in six bytes, takes at most three characters of three bytes.
const GROWTH: usize = 2;

/// Checks what must be true of the outcome of any `body`.
fn check(body: &[u8], outcome: &Result<StatusResponse, Failure>) {
    let answer = match outcome {
        Ok(answer) => answer,
        Err(failure) => return assert!(failure.message.len() < 1000, "{failure:?}"),
    };
    let text = from_utf8(body).expect("a response is text");
    let found = answer.found.iter().map(|phone| &phone.id);
    let ids: Vec<&String> = found.chain(answer.failed.iter().map(|phone| &phone.id)).collect();
    for id in &ids {
        // With escapes, an id can be written in many ways.
        assert!(
            text.contains('\\') || text.contains(id.as_str()),
            "{id:?} is not in {text}"
        );
    }
    assert!(ids.len() * LEAST_ENTRY <= text.len());
    let names = answer.found.iter().filter_map(|phone| phone.name.as_ref());
    let kept: usize = ids.iter().copied().chain(names).map(String::len).sum();
    assert!(kept <= text.len() * GROWTH, "{kept} bytes of {}", text.len());
}

/// The same for a page of a list.
fn check_page(body: &[u8], outcome: &Result<Page, Failure>) {
    let Ok(page) = outcome else { return };
    let text = from_utf8(body).expect("a page is text");
    assert!(page.phones.len() <= page.entries && page.phones.len() * LEAST_ENTRY <= text.len());
    for phone in &page.phones {
        assert!(
            text.contains('\\') || text.contains(&phone.id),
            "{phone:?} is not in {text}"
        );
    }
}

/// Any JSON, with some of the names that GeeLark uses.
fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|value| value.to_string()),
        any::<i64>().prop_map(|value| value.to_string()),
        any::<f64>()
            .prop_filter("finite", |value| value.is_finite())
            .prop_map(|value| format!("{value:e}")),
        Just(r#""\ud800""#.to_owned()),
        any::<String>().prop_map(|value| serde_json::json!(value).to_string()),
    ];
    let key = prop::sample::select(vec![
        "code",
        "msg",
        "data",
        "id",
        "status",
        "serialName",
        "group",
        "tags",
        "name",
        "equipmentInfo",
        "successDetails",
        "failDetails",
        "other",
    ]);
    leaf.prop_recursive(6, 64, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec((key.clone(), inner), 0..8).prop_map(|fields| {
                let fields: Vec<_> = fields.iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
                format!("{{{}}}", fields.join(","))
            }),
        ]
    })
}

/// A valid response about up to eight phones.
fn real() -> impl Strategy<Value = String> {
    let name = prop_oneof!["[a-z 0-9]{0,12}", any::<String>()];
    let success = ("[0-9]{18}", name, 0..4_i64)
        .prop_map(|(id, name, status)| serde_json::json!({"id": id, "serialName": name, "status": status}));
    let fail = ("[0-9]{18}", prop::sample::select(vec![42001, 43004, 50000]))
        .prop_map(|(id, code)| serde_json::json!({"code": code, "id": id, "msg": "env not found"}));
    let (successes, fails) = (prop::collection::vec(success, 0..6), prop::collection::vec(fail, 0..3));
    (successes, fails).prop_map(|(successes, fails)| {
        let data = serde_json::json!({
            "totalAmount": successes.len() + fails.len(), "successAmount": successes.len(), "failAmount": fails.len(),
            "successDetails": successes, "failDetails": fails,
        });
        serde_json::json!({"traceId": "T", "code": 0, "msg": "success", "data": data}).to_string()
    })
}

/// Damage to a body: bytes are replaced, inserted or removed.
fn damage() -> impl Strategy<Value = (Index, usize, Vec<u8>)> {
    let inserted = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..4),
        prop::sample::select(&br#"{}[]",:\0123456789-.eEntf u"#[..]).prop_map(|byte| vec![byte]),
        prop::sample::select(vec!["null", "[]", "{}", "\\ud800", "\"id\":", "1e999", "\"status\":0,"])
            .prop_map(|text| text.as_bytes().to_vec()),
    ];
    (any::<Index>(), 0..40_usize, inserted)
}

fn thousands() -> ProptestConfig {
    ProptestConfig {
        cases: 2000,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(1),
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(thousands())]

    #[test]
    fn no_bytes_cause_a_panic(body: Vec<u8>, status in 100..1000_u16) {
        let reply = Reply { status, retry_after: None, body: body.clone().into() };
        check(&body, &decode::<StatusResponse>(&reply));
        check_page(&body, &decode(&reply));
    }

    #[test]
    fn no_json_causes_a_panic_or_affects_the_next_entry(json in json()) {
        check(json.as_bytes(), &read(json.clone()));
        let list = format!(r#"{{"code": 0, "data": {{"items": [{json}, {{"id": "a"}}]}}}}"#);
        let page = decode(&reply(&*list));
        check_page(list.as_bytes(), &page);
        let last = page.unwrap().phones.pop().map(|phone| phone.id);
        prop_assert_eq!(last.as_deref(), Some("a"));
        let body = format!(r#"{{"successDetails": [{json}, {{"id": "a", "status": 3}}]}}"#);
        let answer = data(&body);
        check(body.as_bytes(), &answer);
        let last = answer.unwrap().found.pop();
        prop_assert_eq!(last, Some(found("a", None, 3)));
    }

    #[test]
    fn a_damaged_response_invents_no_phone(real in real(), damages in prop::collection::vec(damage(), 1..4)) {
        let mut body = real.into_bytes();
        for (at, length, instead) in damages {
            let start = at.index(body.len() + 1);
            let end = (start + length).min(body.len());
            body.splice(start..end, instead);
        }
        check(&body, &read(body.clone()));
    }

    #[test]
    fn a_response_that_repeats_a_part_of_itself_invents_no_phone(real in real(), from: Index, to: Index, at: Index) {
        let mut body = real.into_bytes();
        let (from, to) = (from.index(body.len()), to.index(body.len()));
        let part = body[from.min(to)..from.max(to)].to_vec();
        let at = at.index(body.len());
        body.splice(at..at, part);
        check(&body, &read(body.clone()));
    }
}
