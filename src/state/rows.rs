//! One phone as a row: an array without keys, since there may be a hundred thousand.
//!
//! Details are a row as well: [`PhoneDetails`] in the order of its fields.

use std::sync::Arc;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serializer};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use crate::fleet::{Freshness, ObservedStatus, Phone, PhoneDetails};
use geelark_client::clock::{UnixMillis, UnixTime};
use geelark_client::phone::{PhoneId, Status};

/// A phone and when it was last answered.
type SavedPhone = (Phone, Option<UnixMillis>);

/// What is not known is null.
#[derive(Serialize_tuple, Deserialize_tuple)]
struct Row {
    id: PhoneId,
    name: Option<Arc<str>>,
    /// 0 fresh, 1 not found, 2 stale.
    freshness: u8,
    status: Option<Status>,
    since: Option<UnixTime>,
    not_found_total: u64,
    answered: Option<UnixMillis>,
    details: Option<Arc<PhoneDetails>>,
}

pub(super) fn serialize<S: Serializer>(phones: &[SavedPhone], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(phones.iter().map(Row::from))
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<SavedPhone>, D::Error> {
    let rows: Vec<Row> = Deserialize::deserialize(deserializer)?;
    let phones: Result<_, _> = rows.into_iter().map(Row::into_phone).collect();
    phones.map_err(D::Error::custom)
}

impl From<&SavedPhone> for Row {
    fn from((phone, answered): &SavedPhone) -> Self {
        let phone = phone.clone();
        Self {
            id: phone.id,
            name: phone.name,
            freshness: match phone.freshness {
                Freshness::Fresh => 0,
                Freshness::NotFound => 1,
                Freshness::Stale => 2,
            },
            status: phone.last.map(|last| last.status),
            since: phone.last.map(|last| last.since),
            not_found_total: phone.not_found_total,
            answered: *answered,
            details: phone.details,
        }
    }
}

impl Row {
    fn into_phone(self) -> Result<SavedPhone, &'static str> {
        let last = match (self.status, self.since) {
            (Some(status), Some(since)) => Some(ObservedStatus { status, since }),
            (None, None) => None,
            _ => return Err("a status without its time, or the other way round"),
        };
        let freshness = match (self.freshness, last) {
            (0, Some(_)) => Freshness::Fresh,
            (1, None) => Freshness::NotFound,
            (2, _) => Freshness::Stale,
            _ => return Err("a freshness that does not fit"),
        };
        let phone = Phone {
            id: self.id,
            name: self.name,
            freshness,
            last,
            not_found_total: self.not_found_total,
            details: self.details,
        };
        Ok((phone, self.answered))
    }
}
