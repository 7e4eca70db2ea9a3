//! A phone as GeeLark keeps it, and what may be changed of it from outside.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

/// GeeLark's numbers for what a phone is doing.
pub(crate) mod status {
    pub(crate) const STARTED: i64 = 0;
    pub(crate) const STARTING: i64 = 1;
    pub(crate) const SHUT_DOWN: i64 = 2;
    pub(crate) const EXPIRED: i64 = 3;
}

/// `chargeMode` of a phone on monthly rental; 0 is billed by the minute.
pub(super) const MONTHLY: u8 = 1;

/// The truth about one phone, shown as it is by `/_simulator/phones`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Phone {
    pub(crate) id: String,
    pub(crate) serial_name: String,
    pub(crate) serial_no: usize,
    pub(crate) status: i64,
    /// False for a phone that vanished, or never was: the API does not know its id.
    pub(crate) exists: bool,
    /// It does nothing by itself.
    pub(crate) frozen: bool,
    pub(crate) group: String,
    pub(crate) remark: String,
    pub(crate) tags: Vec<String>,
    pub(crate) charge_mode: u8,
    /// Epoch seconds; 0 for a phone billed by the minute.
    pub(crate) monthly_expire: i64,
    pub(crate) rpa_status: u8,
}

/// What somebody wants to be different. Absent keys leave things as they are; unknown keys are refused.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct Change {
    #[serde(deserialize_with = "status_code_or_word")]
    status: Option<i64>,
    exists: Option<bool>,
    frozen: Option<bool>,
    serial_name: Option<String>,
    group: Option<String>,
    remark: Option<String>,
    tags: Option<Vec<String>>,
    charge_mode: Option<u8>,
    monthly_expire: Option<i64>,
    rpa_status: Option<u8>,
}

impl Change {
    /// The phone goes, and stays away.
    pub(crate) fn vanish() -> Self {
        Self {
            exists: Some(false),
            ..Self::default()
        }
    }

    /// The phone comes back, or to lifecycle.
    pub(crate) fn restore() -> Self {
        Self {
            exists: Some(true),
            frozen: Some(false),
            ..Self::default()
        }
    }

    pub(super) fn apply(self, phone: &mut Phone) {
        // Whoever decides what a phone does wants it to go on doing so, unless they say otherwise.
        let decided = self.status.is_some() || self.exists == Some(false);
        set(&mut phone.frozen, self.frozen.or(decided.then_some(true)));
        set(&mut phone.status, self.status);
        set(&mut phone.exists, self.exists);
        set(&mut phone.serial_name, self.serial_name);
        set(&mut phone.group, self.group);
        set(&mut phone.remark, self.remark);
        set(&mut phone.tags, self.tags);
        set(&mut phone.charge_mode, self.charge_mode);
        set(&mut phone.monthly_expire, self.monthly_expire);
        set(&mut phone.rpa_status, self.rpa_status);
    }
}

fn set<T>(field: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *field = value;
    }
}

/// `1` or `"starting"`; any other number too, for GeeLark may invent one.
fn status_code_or_word<'de, D: Deserializer<'de>>(input: D) -> Result<Option<i64>, D::Error> {
    let value = serde_json::Value::deserialize(input)?;
    let code = value.as_i64().or_else(|| match value.as_str()? {
        "started" => Some(status::STARTED),
        "starting" => Some(status::STARTING),
        "shut_down" => Some(status::SHUT_DOWN),
        "expired" => Some(status::EXPIRED),
        _ => None,
    });
    match code {
        Some(code) => Ok(Some(code)),
        None => Err(D::Error::custom(format!(
            "status {value} is not known: give started, starting, shut_down, expired or a number"
        ))),
    }
}
