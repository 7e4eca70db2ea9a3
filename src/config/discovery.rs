//! The `discovery` section of an account's phones: which phones are to be found by listing.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::field::in_words;
use super::limits;
use super::problem::{Diagnostics, quoted};
use super::section::Section;
use super::sharding::Shard;
use geelark_client::phone::ChargeMode;

/// Phones that are found instead of configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discovery {
    /// Every phone that one of these lets through is watched; never empty.
    pub filters: Vec<Filter>,
    /// How often to look.
    pub refresh_interval: Duration,
    /// Which of the phones found are this process's.
    pub shard: Shard,
}

/// Phones that satisfy every part; without any part, all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Groups of which they are in one, each once.
    pub groups: Vec<Arc<str>>,
    /// Tags of which they have one, each once.
    pub tags: Vec<Arc<str>>,
    /// How they are paid for.
    pub charge_mode: Option<ChargeMode>,
}

/// The section, if there is one; without keys it stands for every phone.
pub(super) fn read(phones: &Section, shard: Shard, diagnostics: &mut Diagnostics) -> Option<Discovery> {
    phones.field("discovery")?;
    let section = phones.section("discovery", diagnostics);
    let refresh_interval = section.duration("refresh_interval", &limits::REFRESH_INTERVALS, diagnostics);
    let own = filter(&section, diagnostics);
    let any = any(&section, diagnostics);
    if let Some(field) = section.field("any")
        && own != Filter::default()
    {
        diagnostics.problem(field.problem("stands beside filters of its own section; move those into an entry of it"));
    }
    Some(Discovery {
        filters: any.unwrap_or_else(|| vec![own]),
        refresh_interval: refresh_interval.unwrap_or(limits::REFRESH_INTERVAL),
        shard,
    })
}

/// Filters of which one is enough.
fn any(discovery: &Section, diagnostics: &mut Diagnostics) -> Option<Vec<Filter>> {
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

fn filter(section: &Section, diagnostics: &mut Diagnostics) -> Filter {
    Filter {
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
    let modes = [ChargeMode::PerMinute, ChargeMode::Monthly];
    let mode = modes.into_iter().find(|mode| mode.label() == text);
    if mode.is_none() {
        let shown = quoted(&text);
        diagnostics.problem(field.problem(format!("is {shown}; write \"per_minute\" or \"monthly\"")));
    }
    mode
}

/// In words, after "the phones discovery finds": `every phone, looked for every 10m`.
impl fmt::Display for Discovery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let filters: Vec<_> = self.filters.iter().map(ToString::to_string).collect();
        write!(
            f,
            "{}, looked for every {}",
            filters.join("; or "),
            in_words(self.refresh_interval)
        )
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let or = |names: &[Arc<str>]| names.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(" or ");
        f.write_str("every phone")?;
        if !self.groups.is_empty() {
            write!(f, " in group {}", or(&self.groups))?;
        }
        if !self.tags.is_empty() {
            write!(f, " with tag {}", or(&self.tags))?;
        }
        match self.charge_mode {
            Some(mode) => write!(f, " charged {}", mode.label()),
            None => Ok(()),
        }
    }
}
