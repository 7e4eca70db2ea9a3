//! One phone as a row: an array without keys, since there may be a hundred thousand.
//!
//! `[id, name, freshness, status, since, not found, answered, details]`, with null for what is not known. Freshness is 0
//! fresh, 1 not found, 2 stale. PhoneDetails, where discovery found any, are a row as well: `[group, charge mode, os version,
//! brand, model, country, expires, task running]`.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::fleet::{Freshness, ObservedStatus, Phone, PhoneDetails};
use geelark_client::clock::{UnixMillis, UnixTime};
use geelark_client::phone::{ChargeMode, PhoneId, Status};

/// A phone that was read, with when it was last answered.
#[derive(Deserialize)]
#[serde(try_from = "Row<String>")]
struct SavedPhone(Phone, Option<UnixMillis>);

#[derive(Serialize, Deserialize)]
struct Row<T>(
    T,
    Option<T>,
    u8,
    Option<i64>,
    Option<UnixTime>,
    u64,
    Option<UnixMillis>,
    Option<DetailsRow<T>>,
);

#[derive(Serialize, Deserialize)]
struct DetailsRow<T>(
    Option<T>,
    Option<i64>,
    Option<T>,
    Option<T>,
    Option<T>,
    Option<T>,
    Option<UnixTime>,
    Option<bool>,
);

/// Writes the phones one by one.
pub(super) fn serialize<S: Serializer>(
    phones: &[(Phone, Option<UnixMillis>)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(phones.iter().map(|(phone, answered)| row(phone, *answered)))
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<(Phone, Option<UnixMillis>)>, D::Error> {
    let phones: Vec<SavedPhone> = Deserialize::deserialize(deserializer)?;
    let phones = phones.into_iter().map(|SavedPhone(phone, answered)| (phone, answered));
    Ok(phones.collect())
}

fn row(phone: &Phone, answered: Option<UnixMillis>) -> Row<&str> {
    Row(
        phone.id.as_str(),
        phone.name.as_deref(),
        match phone.freshness {
            Freshness::Fresh => 0,
            Freshness::NotFound => 1,
            Freshness::Stale => 2,
        },
        phone.last.map(|seen| seen.status.0),
        phone.last.map(|seen| seen.since),
        phone.not_found_total,
        answered,
        phone.details.as_deref().map(details_row),
    )
}

fn details_row(details: &PhoneDetails) -> DetailsRow<&str> {
    DetailsRow(
        details.group.as_deref(),
        details.charge_mode.map(|mode| mode.0),
        details.os_version.as_deref(),
        details.brand.as_deref(),
        details.model.as_deref(),
        details.country.as_deref(),
        details.expires,
        details.task_running,
    )
}

impl TryFrom<Row<String>> for SavedPhone {
    type Error = &'static str;

    fn try_from(row: Row<String>) -> Result<Self, Self::Error> {
        let Row(id, name, freshness, status, since, not_found_total, answered, details) = row;
        let last = match (status, since) {
            (Some(code), Some(since)) => Some(ObservedStatus {
                status: Status(code),
                since,
            }),
            (None, None) => None,
            _ => return Err("a status without its time, or the other way round"),
        };
        let freshness = match (freshness, last) {
            (0, Some(_)) => Freshness::Fresh,
            (1, None) => Freshness::NotFound,
            (2, _) => Freshness::Stale,
            _ => return Err("a freshness that does not fit"),
        };
        let phone = Phone {
            id: PhoneId::from(id.as_str()),
            name: name.map(Arc::from),
            freshness,
            last,
            not_found_total,
            details: details.map(|row| Arc::new(PhoneDetails::from(row))),
        };
        Ok(Self(phone, answered))
    }
}

impl From<DetailsRow<String>> for PhoneDetails {
    fn from(row: DetailsRow<String>) -> Self {
        let DetailsRow(group, charge_mode, os_version, brand, model, country, expires, task_running) = row;
        let text = |text: Option<String>| text.map(Arc::from);
        Self {
            group: text(group),
            charge_mode: charge_mode.map(ChargeMode),
            os_version: text(os_version),
            brand: text(brand),
            model: text(model),
            country: text(country),
            expires,
            task_running,
        }
    }
}
