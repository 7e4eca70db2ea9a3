//! The families of phone series, definitions as data: adding one is adding an entry to [`FAMILIES`].

use super::label_prefixes::LabelPrefixes;
use super::text;
use crate::fleet::{BatchView, Freshness, Phone, StatusCounts};
use crate::metrics::{Definition, Kind};
use geelark_client::phone::ChargeMode;

/// A family of series of which a phone has one or none.
pub(super) struct PhoneFamily {
    pub(super) definition: Definition,
    /// The sample of a phone; `None` if it has none.
    value: fn(&Phone) -> Option<i64>,
}

const ID: &[&str] = &["id"];
const NAMED: &[&str] = &["id", "serial_name"];
/// The labels of `phone_info`.
const INFO: &[&str] = &[
    "id",
    "serial_name",
    "account",
    "group",
    "charge_mode",
    "os_version",
    "brand",
    "model",
    "country",
];

const fn family(
    name: &'static str,
    kind: Kind,
    labels: &'static [&'static str],
    help: &'static str,
    value: fn(&Phone) -> Option<i64>,
) -> PhoneFamily {
    let definition = Definition {
        name,
        kind,
        labels,
        help,
    };
    PhoneFamily { definition, value }
}

/// Every family of phone series, in the order they are shown.
pub(super) const FAMILIES: &[PhoneFamily] = &[
    family(
        "phone_status",
        Kind::Gauge,
        NAMED,
        "Status of the phone: 0 started, 1 starting, 2 shut down, 3 expired (field status of successDetails in \
         /open/v1/phone/status). Absent while the phone is not found or stale.",
        |phone| phone.shown().map(|seen| seen.status.0),
    ),
    family(
        "phone_status_since_timestamp_seconds",
        Kind::Gauge,
        NAMED,
        "When this exporter first saw the phone in its present status, in seconds since the Unix epoch.",
        |phone| phone.shown().map(|seen| seen.since.0),
    ),
    family(
        "phone_not_found",
        Kind::Gauge,
        ID,
        "1 while GeeLark's last answer for the id is that there is no such phone (code 42001 in failDetails of \
         /open/v1/phone/status); absent otherwise.",
        |phone| (phone.freshness == Freshness::NotFound).then_some(1),
    ),
    family(
        "phone_not_found_total",
        Kind::Counter,
        ID,
        "Answers that there is no phone with this id (code 42001) since the id is configured.",
        |phone| Some(i64::try_from(phone.not_found_total).unwrap_or(i64::MAX)),
    ),
    family(
        "phone_info",
        Kind::Gauge,
        INFO,
        "1 for every watched phone. serial_name is empty until GeeLark has named the phone. The labels from group on \
         exist for phones that discovery found (/open/v1/phone/list). Join it to other phone metrics on id.",
        |_| Some(1),
    ),
    family(
        "phone_expiration_timestamp_seconds",
        Kind::Gauge,
        NAMED,
        "When the monthly subscription of the phone ends (field monthlyExpire in /open/v1/phone/list), in seconds since \
         the Unix epoch. Only for phones with a monthly subscription that discovery found.",
        |phone| {
            let details = phone.details.as_ref()?;
            let monthly = details.charge_mode == Some(ChargeMode::MONTHLY);
            details.expires.filter(|at| monthly && at.0 > 0).map(|at| at.0)
        },
    ),
    family(
        "phone_task_running",
        Kind::Gauge,
        NAMED,
        "1 while an automation task runs on the phone, else 0 (field rpaStatus in /open/v1/phone/list). Only for phones \
         that discovery found.",
        |phone| phone.details.as_ref()?.task_running.map(i64::from),
    ),
];

/// The counts of phones, taken from the views that the same scrape shows.
pub(super) const PHONES: Definition = Definition {
    name: "geelark_phones",
    kind: Kind::Gauge,
    labels: &["account", "status"],
    help: "How many watched phones are in each status; stale: not answered lately, or not yet. Every phone is counted \
           once, every status is present.",
};

impl PhoneFamily {
    /// Appends the family's lines for a batch, with the prefixes of its phones.
    ///
    /// Runs for every series of every changed batch, and in plain scrapes for every series of the fleet: it only copies.
    pub(super) fn write(&self, view: &BatchView, prefixes: &LabelPrefixes, out: &mut Vec<u8>) {
        let Definition { name, labels, .. } = self.definition;
        let (with_name, with_details) = (labels != ID, labels == INFO);
        for (phone, prefix) in view.phones.iter().zip(prefixes.iter(with_name)) {
            let Some(value) = (self.value)(phone) else { continue };
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(prefix);
            if with_details {
                write_details(&view.account, phone, out);
            }
            out.extend_from_slice(b"\"} ");
            text::integer(out, value);
            out.push(b'\n');
        }
    }
}

/// Appends the labels of [`INFO`] that follow the name. What is not known has no label.
fn write_details(account: &str, phone: &Phone, out: &mut Vec<u8>) {
    let mut label = |opening: &str, value: Option<&str>| {
        let Some(value) = value else { return };
        out.extend_from_slice(opening.as_bytes());
        text::escaped(out, value);
    };
    label("\",account=\"", Some(account));
    let Some(details) = &phone.details else { return };
    label("\",group=\"", details.group.as_deref());
    label(
        "\",charge_mode=\"",
        details.charge_mode.map(ChargeMode::label).as_deref(),
    );
    label("\",os_version=\"", details.os_version.as_deref());
    label("\",brand=\"", details.brand.as_deref());
    label("\",model=\"", details.model.as_deref());
    label("\",country=\"", details.country.as_deref());
}

/// Appends the lines of [`PHONES`] for one account.
pub(super) fn write_counts(account: &str, counts: StatusCounts, out: &mut Vec<u8>) {
    for (status, phones) in counts.by_status() {
        out.extend_from_slice(PHONES.name.as_bytes());
        out.extend_from_slice(b"{account=\"");
        text::escaped(out, account);
        out.extend_from_slice(b"\",status=\"");
        out.extend_from_slice(status.as_bytes());
        out.extend_from_slice(b"\"} ");
        text::integer(out, i64::try_from(phones).unwrap_or(i64::MAX));
        out.push(b'\n');
    }
}
