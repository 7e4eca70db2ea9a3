//! What a webhook's body says, as far as it is of use.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::envelope::decode_error;
use crate::phone::PhoneId;
use crate::scalar;

/// Longer than any id of GeeLark's; a body must not fill the memory with one.
const MAX_ID_BYTES: usize = 64;

const STARTED: i64 = 1;
const STOPPED: i64 = 8;
const RENAMED: i64 = 9;
const DELETED: i64 = 10;
const TAGS_CHANGED: i64 = 11;

/// What a webhook hints at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WebhookEvent {
    /// Phones that may have changed: started (1), stopped (8), renamed (9), deleted (10).
    pub phones: Vec<PhoneId>,
    /// Which phones there are, or their tags, may have changed: deleted (10), tags changed (11).
    pub targets_changed: bool,
}

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<&'a RawValue>,
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    items: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Item<'a> {
    #[serde(borrow)]
    id: &'a RawValue,
}

impl WebhookEvent {
    /// Reads a body; `Err` says in words what it is instead of a webhook's. Types that are of no use hint at nothing.
    pub fn read(body: &[u8]) -> Result<Self, String> {
        let body: Body = serde_json::from_slice(body).map_err(|error| decode_error("the body", &error))?;
        let kind = body.kind.and_then(scalar::integer);
        let phones = match kind {
            Some(STARTED | STOPPED) => body.id.into_iter().filter_map(id).collect(),
            Some(RENAMED | DELETED) => body.items.map(items).unwrap_or_default(),
            _ => Vec::new(),
        };
        Ok(Self {
            phones,
            targets_changed: matches!(kind, Some(DELETED | TAGS_CHANGED)),
        })
    }

    /// Whether it hints at anything.
    pub fn is_of_use(&self) -> bool {
        self.targets_changed || !self.phones.is_empty()
    }
}

/// The ids of a list of items; an item without one is passed over.
fn items(list: &RawValue) -> Vec<PhoneId> {
    let list: Vec<&RawValue> = serde_json::from_str(list.get()).unwrap_or_default();
    list.into_iter()
        .filter_map(|item| {
            let item: Item = serde_json::from_str(item.get()).ok()?;
            id(item.id)
        })
        .collect()
}

fn id(value: &RawValue) -> Option<PhoneId> {
    let text = scalar::text(value)?;
    (!text.is_empty() && text.len() <= MAX_ID_BYTES).then(|| PhoneId::from(&*text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(json: &str) -> (Vec<String>, bool) {
        let event = WebhookEvent::read(json.as_bytes()).unwrap();
        (
            event.phones.iter().map(PhoneId::to_string).collect(),
            event.targets_changed,
        )
    }

    #[test]
    fn each_type_hints_at_what_it_is_about() {
        let table: [(&str, &[&str], bool); 8] = [
            (
                r#"{"type": 1, "id": "a", "result": 1, "eventTime": 1, "username": "u", "ip": "10.0.0.1"}"#,
                &["a"],
                false,
            ),
            (
                r#"{"type": "8", "id": 588732926036803641, "useMin": 3}"#,
                &["588732926036803641"],
                false,
            ),
            (
                r#"{"type": 9, "items": [{"id": "a", "name": "n"}, {"id": "b"}]}"#,
                &["a", "b"],
                false,
            ),
            (r#"{"type": 10, "items": [{"id": "a", "recycle": true}]}"#, &["a"], true),
            (r#"{"type": 11, "envIds": ["a"]}"#, &[], true),
            (r#"{"type": 4, "id": "task"}"#, &[], false),
            (r#"{"type": 99}"#, &[], false),
            ("{}", &[], false),
        ];
        for (json, ids, targets_changed) in table {
            let ids = ids.iter().map(ToString::to_string).collect();
            assert_eq!(event(json), (ids, targets_changed), "{json}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_passed_over_and_its_neighbours_stand() {
        let long = "x".repeat(MAX_ID_BYTES + 1);
        let json = format!(
            r#"{{"type": 9, "items": [{{}}, 7, null, {{"id": ""}}, {{"id": []}}, {{"id": "{long}"}}, {{"id": "a"}}]}}"#
        );
        assert_eq!(event(&json), (vec!["a".to_owned()], false));
        for json in [
            r#"{"type": 1}"#,
            r#"{"type": 9, "items": {}}"#,
            r#"{"type": [1], "id": "a"}"#,
        ] {
            assert!(!WebhookEvent::read(json.as_bytes()).unwrap().is_of_use(), "{json}");
        }
    }

    #[test]
    fn what_is_not_a_json_object_is_said_to_be_none_without_repeating_it() {
        let deep = "[".repeat(60_000);
        for body in [
            &b"secret"[..],
            b"",
            b"7",
            b"{\"type\": 1",
            b"\"secret\"",
            b"{\"id\": \"\xff\"}",
            deep.as_bytes(),
        ] {
            let sentence = WebhookEvent::read(body).unwrap_err();
            assert!(
                sentence.starts_with("the body ") && !sentence.contains("secret"),
                "{sentence}"
            );
        }
    }
}
