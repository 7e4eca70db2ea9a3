//! A phone as GeeLark keeps it.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value, json};

/// GeeLark's numbers for what a phone is doing.
pub(crate) mod status {
    pub(crate) const STARTED: i64 = 0;
    pub(crate) const STARTING: i64 = 1;
    pub(crate) const SHUT_DOWN: i64 = 2;
    pub(crate) const EXPIRED: i64 = 3;
}

/// `chargeMode` of a phone on monthly rental; 0 is billed by the minute.
pub(crate) const MONTHLY: u8 = 1;

/// How many characters an id may have.
const MAX_ID_LENGTH: usize = 64;

/// The keys of a phone with their values.
pub(crate) type Changes = Map<String, Value>;

/// All about one phone, as `/_simulator/phones` shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SimulatedPhone {
    pub(crate) id: String,
    pub(crate) serial_name: String,
    pub(crate) serial_no: usize,
    #[serde(deserialize_with = "number_or_word")]
    pub(crate) status: i64,
    /// False for a phone that was deleted or never was: the API does not know its id.
    pub(crate) exists: bool,
    /// The phone does nothing by itself.
    pub(crate) frozen: bool,
    pub(crate) group: String,
    pub(crate) remark: String,
    pub(crate) tags: Vec<String>,
    pub(crate) charge_mode: u8,
    /// Epoch seconds; 0 for a phone billed by the minute.
    pub(crate) monthly_expire: i64,
    pub(crate) rpa_status: u8,
}

impl SimulatedPhone {
    /// Whether an id has the form of GeeLark's ids.
    pub(crate) fn is_valid_id(id: &str) -> bool {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        (1..=MAX_ID_LENGTH).contains(&id.len()) && id.bytes().all(allowed)
    }

    /// Whether the phone expires when its rental ends.
    pub(super) fn is_rented(&self) -> bool {
        self.exists && self.charge_mode == MONTHLY && self.status != status::EXPIRED
    }

    /// The phone with the keys of `change`. A null changes nothing; an unknown key, `id` and `serialNo` are errors.
    pub(super) fn with(&self, mut change: Changes) -> serde_json::Result<Self> {
        change.retain(|_, value| !value.is_null());
        if let Some(key) = ["id", "serialNo"].iter().find(|key| change.contains_key(**key)) {
            return Err(serde_json::Error::custom(format!("{key} cannot be changed")));
        }
        // A status that is set, and a deletion, stay until the change says otherwise.
        if change.contains_key("status") || change.get("exists") == Some(&Value::Bool(false)) {
            change.entry("frozen").or_insert(true.into());
        }
        let mut fields: Changes = serde_json::from_value(serde_json::to_value(self)?)?;
        fields.extend(change);
        serde_json::from_value(fields.into())
    }

    /// The payloads of the webhooks that GeeLark sends when the phone was `before` and is now this.
    ///
    /// GeeLark has no webhook for an expiry, or for a phone that is restored.
    pub(super) fn events_since(&self, before: &Self) -> Vec<Value> {
        let id = &self.id;
        if !self.exists {
            let deleted = json!({"type": 10, "items": [{"id": id, "recycle": true}]});
            return before.exists.then_some(deleted).into_iter().collect();
        }
        let status = match (before.status, self.status) {
            (before, now) if before == now => None,
            (_, status::STARTED) => Some(json!({"type": 1, "id": id, "result": 1})),
            (status::EXPIRED, _) => None,
            (_, status::SHUT_DOWN) => Some(json!({"type": 8, "id": id, "useMin": 1})),
            _ => None,
        };
        let name = json!({"type": 9, "items": [{"id": id, "name": self.serial_name}]});
        let tags = json!({"type": 11, "envIds": [id]});
        let name = (before.serial_name != self.serial_name).then_some(name);
        let tags = (before.tags != self.tags).then_some(tags);
        [status, name, tags].into_iter().flatten().collect()
    }
}

/// `1` or `"starting"`. Any other number is valid too, because GeeLark may add one.
fn number_or_word<'de, D: Deserializer<'de>>(input: D) -> Result<i64, D::Error> {
    let value = Value::deserialize(input)?;
    let words = ["started", "starting", "shut_down", "expired"];
    let word = || words.iter().zip(0..).find(|(word, _)| value == **word);
    let number = value.as_i64().or_else(|| word().map(|(_, number)| number));
    let problem = format!("status {value} is not known: give started, starting, shut_down, expired or a number");
    number.ok_or_else(|| D::Error::custom(problem))
}
