//! The `discovery` section of an account's phones: which phones are to be found by listing.

use std::sync::Arc;

use super::limits;
use super::problem::{Diagnostics, quoted};
use super::section::Section;
use crate::targets::{DiscoverySettings, PhoneFilter, Shard};
use geelark_client::phone::ChargeMode;

/// The section, if there is one; without keys it stands for every phone.
pub(super) fn read(phones: &Section, shard: Shard, diagnostics: &mut Diagnostics) -> Option<DiscoverySettings> {
    phones.field("discovery")?;
    let section = phones.section("discovery", diagnostics);
    let refresh_interval = section.duration("refresh_interval", &limits::REFRESH_INTERVALS, diagnostics);
    let own = filter(&section, diagnostics);
    let any = any(&section, diagnostics);
    if let Some(field) = section.field("any")
        && own != PhoneFilter::default()
    {
        diagnostics.problem(field.problem("stands beside filters of its own section; move those into an entry of it"));
    }
    Some(DiscoverySettings {
        filters: any.unwrap_or_else(|| vec![own]),
        refresh_interval: refresh_interval.unwrap_or(limits::REFRESH_INTERVAL),
        shard,
    })
}

/// Filters of which one is enough.
fn any(discovery: &Section, diagnostics: &mut Diagnostics) -> Option<Vec<PhoneFilter>> {
    let field = discovery.field("any")?;
    let Some(sections) = discovery.sections("any", diagnostics) else {
        diagnostics.problem(field.problem("has no entries; write at least one, or remove it to watch every phone"));
        return None;
    };
    let filters = sections.iter().map(|section| {
        let is_empty = ["groups", "tags", "charge_mode"]
            .iter()
            .all(|key| section.field(key).is_none());
        if is_empty {
            diagnostics.problem(section.problem(
                "has no filter, so it would be every phone; give it groups, tags or a charge_mode, or remove it",
            ));
        }
        filter(section, diagnostics)
    });
    Some(filters.collect())
}

fn filter(section: &Section, diagnostics: &mut Diagnostics) -> PhoneFilter {
    PhoneFilter {
        groups: names(section, "groups", "group", diagnostics),
        tags: names(section, "tags", "tag", diagnostics),
        charge_mode: charge_mode(section, diagnostics),
    }
}

/// Names as GeeLark shows them. A list without any would be no filter at all, which is hardly what it was meant to be.
fn names(section: &Section, key: &'static str, what: &str, diagnostics: &mut Diagnostics) -> Vec<Arc<str>> {
    let Some(field) = section.field(key) else {
        return Vec::new();
    };
    let mut names: Vec<Arc<str>> = Vec::new();
    let list = field.list(diagnostics);
    if list.entries.is_empty() && !list.is_refused {
        diagnostics.problem(field.problem(format!("is empty; name a {what}, or remove it to filter by no {what}")));
    }
    for entry in &list.entries {
        match &entry.text {
            Ok(name) if name.trim().is_empty() => {
                diagnostics.problem(list.problem(entry, format!("is blank; write the name of a {what} or remove it")));
            }
            Ok(name) if names.iter().any(|known| **known == **name) => {}
            Ok(name) => names.push(name.as_str().into()),
            Err(wrong) => diagnostics.problem(list.problem(entry, wrong)),
        }
    }
    names
}

fn charge_mode(section: &Section, diagnostics: &mut Diagnostics) -> Option<ChargeMode> {
    let field = section.field("charge_mode")?;
    let text = field.text(diagnostics)?;
    let modes = [ChargeMode::PER_MINUTE, ChargeMode::MONTHLY];
    let mode = modes.into_iter().find(|mode| mode.label() == text);
    if mode.is_none() {
        let shown = quoted(&text);
        diagnostics.problem(field.problem(format!("is {shown}; write \"per_minute\" or \"monthly\"")));
    }
    mode
}
