//! The families of phone series, definitions as data: adding one is adding an entry to [`FAMILIES`].

use std::borrow::Cow;

use super::label_prefixes::{LabelPrefixes, PhoneLabels};
use super::text;
use crate::fleet::{BatchView, Freshness, Phone, StatusCounts};
use crate::metrics::{Definition, Kind};
use geelark_client::phone::ChargeMode;

/// A family of series of which a phone has one or none.
pub(super) struct PhoneFamily {
    name: &'static str,
    kind: Kind,
    help: &'static str,
    phone_labels: PhoneLabels,
    labels: &'static [Label],
    /// The sample of a phone; `None` if it has none.
    value: fn(&Phone) -> Option<i64>,
}

/// A label that a family has beside those of its [`PhoneLabels`].
struct Label {
    name: &'static str,
    /// Its value for a phone of an account; `None` leaves the label out.
    value: for<'a> fn(&'a str, &'a Phone) -> Option<Cow<'a, str>>,
    /// What stands between the value before it and its own.
    opening: &'static str,
}

macro_rules! label {
    ($name:literal, $value:expr) => {
        Label {
            name: $name,
            value: $value,
            opening: concat!("\",", $name, "=\""),
        }
    };
}

const ACCOUNT: Label = label!("account", |account, _| Some(account.into()));

/// A label whose value is one of the texts discovery found out.
macro_rules! detail {
    ($name:literal, $field:ident) => {
        label!($name, |_, phone| phone
            .details
            .as_ref()?
            .$field
            .as_deref()
            .map(Cow::Borrowed))
    };
}

const GROUP: Label = detail!("group", group);
const CHARGE_MODE: Label = label!("charge_mode", |_, phone| phone
    .details
    .as_ref()?
    .charge_mode
    .map(ChargeMode::label));
const OS_VERSION: Label = detail!("os_version", os_version);
const BRAND: Label = detail!("brand", brand);
const MODEL: Label = detail!("model", model);
const COUNTRY: Label = detail!("country", country);

/// Every family of phone series, in the order they are shown.
pub(super) const FAMILIES: &[PhoneFamily] = &[
    PhoneFamily {
        name: "phone_status",
        kind: Kind::Gauge,
        help: "What the phone is doing, as GeeLark's code: 0 started, 1 starting, 2 shut down, 3 expired (field status of \
               successDetails in /open/v1/phone/status). Absent while the phone is not found or not answered lately. The \
               last answer to the exporter's own polling: a scrape never calls GeeLark, which locks an account that asks too often.",
        phone_labels: PhoneLabels::IdAndName,
        labels: &[],
        value: |phone| phone.shown().map(|seen| seen.status.0),
    },
    PhoneFamily {
        name: "phone_status_since_timestamp_seconds",
        kind: Kind::Gauge,
        help: "When this exporter first saw the phone in its present status (a change of field status in \
               /open/v1/phone/status), in seconds since the Unix epoch.",
        phone_labels: PhoneLabels::IdAndName,
        labels: &[],
        value: |phone| phone.shown().map(|seen| seen.since.0),
    },
    PhoneFamily {
        name: "phone_not_found",
        kind: Kind::Gauge,
        help: "1 while GeeLark's last answer for the id is that there is no such phone (code 42001 in failDetails of \
               /open/v1/phone/status); absent otherwise.",
        phone_labels: PhoneLabels::Id,
        labels: &[],
        value: |phone| (phone.freshness == Freshness::NotFound).then_some(1),
    },
    PhoneFamily {
        name: "phone_not_found_total",
        kind: Kind::Counter,
        help: "Answers that there is no phone of this id (code 42001 in failDetails of /open/v1/phone/status) since the id \
               is configured.",
        phone_labels: PhoneLabels::Id,
        labels: &[],
        value: |phone| Some(i64::try_from(phone.not_found_total).unwrap_or(i64::MAX)),
    },
    PhoneFamily {
        name: "phone_info",
        kind: Kind::Gauge,
        help: "1 for every watched phone; serial_name is empty until GeeLark named it (field serialName of \
               successDetails in /open/v1/phone/status). What discovery found out (/open/v1/phone/list) is there for phones it \
               found. Join it to other phone metrics on id.",
        phone_labels: PhoneLabels::IdAndName,
        labels: &[ACCOUNT, GROUP, CHARGE_MODE, OS_VERSION, BRAND, MODEL, COUNTRY],
        value: |_| Some(1),
    },
    PhoneFamily {
        name: "phone_expiration_timestamp_seconds",
        kind: Kind::Gauge,
        help: "When the monthly subscription of the phone ends (field monthlyExpire in /open/v1/phone/list), in seconds since \
               the Unix epoch. Only for phones that discovery found and that are paid for by the month; as of the \
               time in geelark_discovery_last_success_timestamp_seconds.",
        phone_labels: PhoneLabels::IdAndName,
        labels: &[],
        value: |phone| {
            let details = phone.details.as_ref()?;
            let monthly = details.charge_mode == Some(ChargeMode::MONTHLY);
            details.expires.filter(|at| monthly && at.0 > 0).map(|at| at.0)
        },
    },
    PhoneFamily {
        name: "phone_task_running",
        kind: Kind::Gauge,
        help: "1 while an automation task runs on the phone, else 0 (field rpaStatus in /open/v1/phone/list). Only for phones \
               that discovery found; as of the time in geelark_discovery_last_success_timestamp_seconds.",
        phone_labels: PhoneLabels::IdAndName,
        labels: &[],
        value: |phone| phone.details.as_ref()?.task_running.map(i64::from),
    },
];

/// Not a family of phone series but their sum, taken from the very views that a scrape shows.
pub(super) const PHONES: Definition = Definition {
    name: "geelark_phones",
    kind: Kind::Gauge,
    labels: Cow::Borrowed(&["account", "status"]),
    help: "How many watched phones are in each status; stale: not answered lately, or not yet. Every phone is counted \
           once, every status is present.",
};

impl PhoneFamily {
    pub(super) fn definition(&self) -> Definition {
        let further = self.labels.iter().map(|label| label.name);
        Definition {
            name: self.name,
            kind: self.kind,
            labels: self.phone_labels.labels().iter().copied().chain(further).collect(),
            help: self.help,
        }
    }

    /// Appends the family's lines for a batch, with the prefixes of its phones.
    ///
    /// Runs for every series of every changed batch, and in plain scrapes for every series of the fleet: it only copies.
    pub(super) fn write(&self, view: &BatchView, prefixes: &LabelPrefixes, out: &mut Vec<u8>) {
        for (phone, prefix) in view.phones.iter().zip(prefixes.iter(self.phone_labels)) {
            let Some(value) = (self.value)(phone) else { continue };
            out.extend_from_slice(self.name.as_bytes());
            out.extend_from_slice(prefix);
            for label in self.labels {
                if let Some(value) = (label.value)(&view.account, phone) {
                    out.extend_from_slice(label.opening.as_bytes());
                    text::escaped(out, &value);
                }
            }
            out.extend_from_slice(b"\"} ");
            text::integer(out, value);
            out.push(b'\n');
        }
    }
}

/// Appends the lines of [`PHONES`] for one account.
pub(super) fn write_counts(account: &str, counts: StatusCounts, out: &mut Vec<u8>) {
    for (status, phones) in counts.by_status() {
        let labels = PHONES.labels.iter().copied().zip([account, status]);
        text::sample(out, PHONES.name, labels, i64::try_from(phones).unwrap_or(i64::MAX));
    }
}
