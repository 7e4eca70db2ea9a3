//! A phone that is to be watched.

use std::sync::Arc;

use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use geelark_client::clock::UnixTime;
use geelark_client::phone::{ChargeMode, PhoneId};

/// A phone that is to be watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// GeeLark's id.
    pub id: PhoneId,
    /// What discovery found out about it; `None` for an id that was only configured.
    pub details: Option<Arc<PhoneDetails>>,
}

impl From<PhoneId> for Target {
    fn from(id: PhoneId) -> Self {
        Self { id, details: None }
    }
}

/// What `/open/v1/phone/list` says of a phone beyond its status. Whatever is missing there is `None` here.
/// The state file has it as an array of the fields in this order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize_tuple, Deserialize_tuple)]
pub struct PhoneDetails {
    /// `group.name`
    pub group: Option<Arc<str>>,
    /// `chargeMode`
    pub charge_mode: Option<ChargeMode>,
    /// `equipmentInfo.osVersion`
    pub os_version: Option<Arc<str>>,
    /// `equipmentInfo.deviceBrand`
    pub brand: Option<Arc<str>>,
    /// `equipmentInfo.deviceModel`
    pub model: Option<Arc<str>>,
    /// `equipmentInfo.countryName`
    pub country: Option<Arc<str>>,
    /// `monthlyExpire`: the end of a monthly subscription.
    pub expires: Option<UnixTime>,
    /// `rpaStatus`: whether a task runs on the phone.
    pub task_running: Option<bool>,
}
