//! The `discovery` section of an account's phones: which phones the exporter finds by listing.

use std::sync::Arc;

use config_file::{Mapping, Section, quoted};
use geelark_client::phone::ChargeMode;

use super::limits;
use super::raw::{RawDiscovery, RawFilter};
use crate::targets::{DiscoverySettings, PhoneFilter, Shard};

/// The settings of the section; without keys it finds every phone.
pub(super) fn read(raw: &RawDiscovery, section: &Section<'_>, shard: Shard) -> DiscoverySettings {
    let refresh_interval = section.duration("refresh_interval", &raw.refresh_interval, &limits::REFRESH_INTERVALS);
    let own = filter(section, raw.groups.as_deref(), raw.tags.as_deref(), &raw.charge_mode);
    let any = any(raw, section);
    if !any.is_empty() && own != PhoneFilter::default() {
        section.report(
            "any",
            "is beside filters of its own section; move those into an entry of it",
        );
    }
    DiscoverySettings {
        filters: if any.is_empty() { vec![own] } else { any },
        refresh_interval: refresh_interval.unwrap_or(limits::REFRESH_INTERVAL),
        shard,
    }
}

/// Filters of which one is enough.
fn any(raw: &RawDiscovery, section: &Section<'_>) -> Vec<PhoneFilter> {
    let entries = raw.any.as_deref().unwrap_or_default();
    if entries.is_empty() && section.contains("any") {
        section.report(
            "any",
            "has no entries; write at least one, or remove it to watch every phone",
        );
    }
    let read = |(position, Mapping(raw)): (usize, &Mapping<RawFilter>)| {
        let entry = section.section(&format!("any[{position}]"));
        if !["groups", "tags", "charge_mode"].iter().any(|key| entry.contains(key)) {
            let advice = "give it groups, tags or a charge_mode, or remove it";
            entry.report("", format!("has no filter, so it would find every phone; {advice}"));
        }
        filter(&entry, raw.groups.as_deref(), raw.tags.as_deref(), &raw.charge_mode)
    };
    entries.iter().enumerate().map(read).collect()
}

fn filter(
    section: &Section<'_>,
    groups: Option<&[String]>,
    tags: Option<&[String]>,
    charge_mode: &Option<String>,
) -> PhoneFilter {
    PhoneFilter {
        groups: names(section, "groups", "group", groups),
        tags: names(section, "tags", "tag", tags),
        charge_mode: section.value("charge_mode", charge_mode, |text| {
            let mut modes = [ChargeMode::PER_MINUTE, ChargeMode::MONTHLY].into_iter();
            modes
                .find(|mode| mode.label() == text)
                .ok_or_else(|| format!("is {}; write \"per_minute\" or \"monthly\"", quoted(text)))
        }),
    }
}

/// Names as GeeLark shows them, each once. An empty list is an error, because it would be no filter at all.
fn names(section: &Section<'_>, key: &str, what: &str, list: Option<&[String]>) -> Vec<Arc<str>> {
    let list = list.unwrap_or_default();
    if list.is_empty() && section.contains(key) {
        section.report(
            key,
            format!("is empty; name a {what}, or remove it to filter by no {what}"),
        );
    }
    let mut names: Vec<Arc<str>> = Vec::new();
    for (position, name) in list.iter().enumerate() {
        if name.trim().is_empty() {
            let key = format!("{key}[{position}]");
            section.report(&key, format!("is blank; write the name of a {what} or remove it"));
        } else if names.iter().all(|known| **known != **name) {
            names.push(name.as_str().into());
        }
    }
    names
}
