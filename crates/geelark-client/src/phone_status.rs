//! `/open/v1/phone/status`: the status of up to a hundred phones.

use serde_json::{Value, json};

use super::call::Endpoint;
use super::envelope::ResponseData;
use super::json::{Field, entries, fields, integer, nested, text};
use crate::phone::{PhoneId, Status};

/// A status response, as GeeLark sent it: ids may be repeated, missing or not requested.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatusResponse {
    /// Phones with a status, in GeeLark's order.
    pub found: Vec<FoundPhone>,
    /// Phones without a status.
    pub failed: Vec<FailedPhone>,
}

/// An entry of `successDetails`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundPhone {
    /// The phone's id.
    pub id: String,
    /// `serialName`, the free text that a person gave the phone; `None` if the field is missing, null or no text.
    pub name: Option<String>,
    /// The phone's status.
    pub status: Status,
}

/// An entry of `failDetails`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedPhone {
    /// The phone's id.
    pub id: String,
    /// Why the phone has no status: [`Self::NOT_FOUND`], [`Self::EXPIRED`] or another code, which says nothing about the
    /// phone.
    pub code: i64,
}

impl FailedPhone {
    /// The phone does not exist.
    pub const NOT_FOUND: i64 = 42001;
    /// The phone has expired, as with [`Status::EXPIRED`].
    pub const EXPIRED: i64 = 43004;
}

pub(super) fn request(ids: &[PhoneId]) -> Value {
    let ids: Vec<&str> = ids.iter().map(PhoneId::as_str).collect();
    json!({ "ids": ids })
}

impl ResponseData for StatusResponse {
    const ENDPOINT: Endpoint = Endpoint::PhoneStatus;

    fn read(data: &str) -> Result<Self, serde_json::Error> {
        let [successes, fails] = fields(data, ["successDetails", "failDetails"])?;
        Ok(Self {
            found: entries(successes, found),
            failed: entries(fails, failed),
        })
    }
}

fn found(entry: Field<'_>) -> Option<FoundPhone> {
    let [id, name, status] = nested(entry, ["id", "serialName", "status"]);
    Some(FoundPhone {
        id: text(id)?.into_owned(),
        name: text(name).map(Into::into),
        status: Status(integer(status)?),
    })
}

fn failed(entry: Field<'_>) -> Option<FailedPhone> {
    let [id, code] = nested(entry, ["id", "code"]);
    Some(FailedPhone {
        id: text(id)?.into_owned(),
        code: integer(code)?,
    })
}
