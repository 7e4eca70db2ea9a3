//! Requests and answers of each endpoint as they are on the wire. Fields that are not named here are never read.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::envelope::{Data, DecodeError, decode_error};
use super::scalar;
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

/// The body of a status call.
pub(super) fn status_request(ids: &[PhoneId]) -> Bytes {
    #[derive(Serialize)]
    struct StatusBody<'a> {
        ids: Vec<&'a str>,
    }

    let request = StatusBody {
        ids: ids.iter().map(PhoneId::as_str).collect(),
    };
    #[expect(
        clippy::expect_used,
        reason = "a list of strings is always JSON, and memory takes whatever is written"
    )]
    serde_json::to_vec(&request).expect("strings serialise").into()
}

/// `data` of a status call. The amounts beside the lists only count what the lists show.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct StatusData<'a> {
    #[serde(borrow)]
    success_details: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    fail_details: Option<Vec<&'a RawValue>>,
}

#[derive(Deserialize)]
struct Success<'a> {
    #[serde(borrow)]
    id: &'a RawValue,
    #[serde(borrow, rename = "serialName")]
    name: Option<&'a RawValue>,
    #[serde(borrow)]
    status: &'a RawValue,
}

#[derive(Deserialize)]
struct Fail<'a> {
    #[serde(borrow)]
    id: &'a RawValue,
    #[serde(borrow)]
    code: &'a RawValue,
}

/// Every entry is read by itself: one that makes no sense is passed over, and its neighbours stand.
impl Data for StatusResponse {
    fn read(data: &RawValue) -> Result<Self, DecodeError> {
        let data: StatusData = serde_json::from_str(data.get()).map_err(|error| decode_error("its data", &error))?;
        Ok(Self {
            found: entries(data.success_details, found),
            failed: entries(data.fail_details, failed),
        })
    }

    fn has_details(&self) -> bool {
        !self.found.is_empty() || !self.failed.is_empty()
    }
}

fn entries<'a, T>(list: Option<Vec<&'a RawValue>>, read: impl FnMut(&'a RawValue) -> Option<T>) -> Vec<T> {
    list.unwrap_or_default().into_iter().filter_map(read).collect()
}

fn found(entry: &RawValue) -> Option<FoundPhone> {
    let entry: Success = serde_json::from_str(entry.get()).ok()?;
    Some(FoundPhone {
        id: scalar::text(entry.id)?.into_owned(),
        name: entry.name.and_then(scalar::text).map(Into::into),
        status: Status(scalar::integer(entry.status)?),
    })
}

fn failed(entry: &RawValue) -> Option<FailedPhone> {
    let entry: Fail = serde_json::from_str(entry.get()).ok()?;
    Some(FailedPhone {
        id: scalar::text(entry.id)?.into_owned(),
        code: scalar::integer(entry.code)?,
    })
}
