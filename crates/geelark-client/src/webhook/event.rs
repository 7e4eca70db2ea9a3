//! The body of a webhook: which phones it is about.

use crate::json::{document, entries, id, integer, list, nested};
use crate::phone::PhoneId;

const STARTED: i64 = 1;
const STOPPED: i64 = 8;
const RENAMED: i64 = 9;
const DELETED: i64 = 10;
const TAGS_CHANGED: i64 = 11;

/// What a webhook hints at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WebhookEvent {
    /// Phones that may have started, stopped, been renamed or been deleted.
    pub phones: Vec<PhoneId>,
    /// The set of phones, or their tags, may have changed.
    pub targets_changed: bool,
}

impl WebhookEvent {
    /// Reads a body. The error is a sentence about it. An event of another type hints at nothing.
    pub fn read(body: &[u8]) -> Result<Self, String> {
        let fields = document(body, ["type", "id", "items"]).map_err(|problem| format!("the body {problem}"))?;
        let [kind, phone, items] = fields;
        let phone_id = |value| Some(PhoneId::from(&*id(value)?));
        let kind = integer(kind);
        let phones = match kind {
            Some(STARTED | STOPPED) => phone_id(phone).into_iter().collect(),
            Some(RENAMED | DELETED) => entries(list(items), |item| phone_id(nested(item, ["id"])[0])),
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
    fn each_type_names_its_phones() {
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
    fn a_bad_item_affects_no_other_item() {
        let long = "x".repeat(65);
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
    fn a_body_that_is_not_a_json_object_is_an_error_that_does_not_quote_it() {
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
