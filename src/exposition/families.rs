//! The families of phone series, declared as data: adding one is adding an entry to [`FAMILIES`].

use std::borrow::Cow;

use super::catalog::{Kind, MetricInfo};
use super::text;
use crate::fleet::{BatchView, Phone, Standing, Tally};

/// A family of series of which a phone has one or none.
pub(super) struct PhoneFamily {
    name: &'static str,
    kind: Kind,
    help: &'static str,
    labels: &'static [Label],
    /// The sample of a phone; `None` if it has none.
    value: fn(&Phone) -> Option<i64>,
}

/// A label of phone series. The one that tells phones apart, `ID`, is in every family.
struct Label {
    name: &'static str,
    /// Its value; `None` leaves the label out.
    value: for<'a> fn(Subject<'a>) -> Option<&'a str>,
    /// What stands before the value where it is a line's first label, and where it is not.
    opening: [&'static str; 2],
}

/// What a line is about.
#[derive(Clone, Copy)]
struct Subject<'a> {
    account: &'a str,
    phone: &'a Phone,
}

/// A label with its openings spelt out in one string each: rendering is copying, and few copies are faster than many.
macro_rules! label {
    ($name:literal, $value:expr) => {
        Label {
            name: $name,
            value: $value,
            opening: [concat!("{", $name, "=\""), concat!("\",", $name, "=\"")],
        }
    };
}

const ID: Label = label!("id", |subject| Some(subject.phone.id.as_str()));
const SERIAL_NAME: Label = label!("serial_name", |subject| Some(subject.phone.label_name()));
const ACCOUNT: Label = label!("account", |subject| Some(subject.account));

/// Every family of phone series, in the order they are shown.
pub(super) const FAMILIES: &[PhoneFamily] = &[
    PhoneFamily {
        name: "phone_status",
        kind: Kind::Gauge,
        help: "What the phone is doing, as GeeLark's code: 0 started, 1 starting, 2 shut down, 3 expired (field status of \
               successDetails in /open/v1/phone/status). Absent while the phone is not found or not answered lately. The \
               last answer to the exporter's own polling: a scrape never calls GeeLark, which locks an account that asks too often.",
        labels: &[ID, SERIAL_NAME],
        value: |phone| phone.shown().map(|seen| seen.status.code()),
    },
    PhoneFamily {
        name: "phone_status_since_timestamp_seconds",
        kind: Kind::Gauge,
        help: "When this exporter first saw the phone in its present status (a change of field status in \
               /open/v1/phone/status), in seconds since the Unix epoch.",
        labels: &[ID, SERIAL_NAME],
        value: |phone| phone.shown().map(|seen| seen.since.0),
    },
    PhoneFamily {
        name: "phone_not_found",
        kind: Kind::Gauge,
        help: "1 while GeeLark's last answer for the id is that there is no such phone (code 42001 in failDetails of \
               /open/v1/phone/status); absent otherwise.",
        labels: &[ID],
        value: |phone| (phone.standing == Standing::NotFound).then_some(1),
    },
    PhoneFamily {
        name: "phone_not_found_total",
        kind: Kind::Counter,
        help: "Answers that there is no phone of this id (code 42001 in failDetails of /open/v1/phone/status) since the id \
               is configured.",
        labels: &[ID],
        value: |phone| Some(i64::try_from(phone.not_found_total).unwrap_or(i64::MAX)),
    },
    PhoneFamily {
        name: "phone_info",
        kind: Kind::Gauge,
        help: "1 for every configured phone; serial_name is empty until GeeLark named it (field serialName of \
               successDetails in /open/v1/phone/status). Join it to other phone metrics on id.",
        labels: &[ID, SERIAL_NAME, ACCOUNT],
        value: |_| Some(1),
    },
];

/// Not a family of phone series but their sum, taken from the very views that a scrape shows.
pub(super) const PHONES: MetricInfo = MetricInfo {
    name: "geelark_phones",
    kind: Kind::Gauge,
    labels: Cow::Borrowed(&["account", "status"]),
    help: "How many configured phones are in each status; stale: not answered lately, or not yet. Every phone is counted \
           once, every status is present.",
};

impl PhoneFamily {
    pub(super) fn info(&self) -> MetricInfo {
        MetricInfo {
            name: self.name,
            kind: self.kind,
            labels: self.labels.iter().map(|label| label.name).collect(),
            help: self.help,
        }
    }

    /// Appends the family's lines for a batch.
    pub(super) fn write(&self, view: &BatchView, out: &mut Vec<u8>) {
        for phone in &view.phones {
            let Some(value) = (self.value)(phone) else { continue };
            let subject = Subject {
                account: &view.account,
                phone,
            };
            out.extend_from_slice(self.name.as_bytes());
            let mut before = 0;
            for label in self.labels {
                if let Some(value) = (label.value)(subject) {
                    out.extend_from_slice(label.opening[before].as_bytes());
                    text::escaped(out, value);
                    before = 1;
                }
            }
            out.extend_from_slice(b"\"} ");
            text::integer(out, value);
            out.push(b'\n');
        }
    }
}

/// Appends the lines of [`PHONES`] for one account.
pub(super) fn write_tally(account: &str, tally: Tally, out: &mut Vec<u8>) {
    for (status, phones) in tally.by_status() {
        let labels = PHONES.labels.iter().copied().zip([account, status]);
        text::sample(out, PHONES.name, labels, i64::try_from(phones).unwrap_or(i64::MAX));
    }
}
