//! A phone as GeeLark keeps it.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

/// GeeLark's numbers for what a phone is doing.
pub(crate) mod status {
    pub(crate) const STARTED: i64 = 0;
    pub(crate) const STARTING: i64 = 1;
    pub(crate) const SHUT_DOWN: i64 = 2;
    pub(crate) const EXPIRED: i64 = 3;
}

/// `chargeMode` of a phone on monthly rental; 0 is billed by the minute.
pub(crate) const MONTHLY: u8 = 1;

/// All about one phone, as `/_simulator/phones` shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Phone {
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

impl Phone {
    /// The phone with the keys of `change`. A null changes nothing; an unknown key, `id` and `serialNo` are errors.
    pub(super) fn with(&self, mut change: Map<String, Value>) -> serde_json::Result<Self> {
        change.retain(|_, value| !value.is_null());
        if let Some(key) = ["id", "serialNo"].iter().find(|key| change.contains_key(**key)) {
            return Err(serde_json::Error::custom(format!("{key} cannot be changed")));
        }
        // A status that is set, and a deletion, stay until the change says otherwise.
        if change.contains_key("status") || change.get("exists") == Some(&Value::Bool(false)) {
            change.entry("frozen").or_insert(true.into());
        }
        let mut fields: Map<String, Value> = serde_json::from_value(serde_json::to_value(self)?)?;
        fields.extend(change);
        serde_json::from_value(fields.into())
    }
}

/// `1` or `"starting"`. Any other number is valid too, because GeeLark may add one.
fn number_or_word<'de, D: Deserializer<'de>>(input: D) -> Result<i64, D::Error> {
    let value = Value::deserialize(input)?;
    let number = value.as_i64().or_else(|| match value.as_str()? {
        "started" => Some(status::STARTED),
        "starting" => Some(status::STARTING),
        "shut_down" => Some(status::SHUT_DOWN),
        "expired" => Some(status::EXPIRED),
        _ => None,
    });
    number.ok_or_else(|| {
        D::Error::custom(format!(
            "status {value} is not known: give started, starting, shut_down, expired or a number"
        ))
    })
}
