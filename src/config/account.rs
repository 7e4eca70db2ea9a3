//! One account's section, apart from its credentials and its phones.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::credentials;
use super::discovery;
use super::field::in_words;
use super::limits;
use super::model::{Account, Budget};
use super::phones::{self, PhoneOwners};
use super::problem::{Diagnostics, quoted};
use super::section::Section;
use super::{billing, webhook};
use crate::poller::PollSettings;
use crate::targets::Shard;

/// What accounts may not have in common.
#[derive(Default)]
pub(super) struct SeenAccounts {
    names: HashMap<Arc<str>, String>,
    owners: PhoneOwners,
    /// An account needs no phones.
    phones_are_optional: bool,
}

impl SeenAccounts {
    /// For accounts that need no phones.
    pub(super) fn without_phones() -> Self {
        Self {
            phones_are_optional: true,
            ..Self::default()
        }
    }
}

/// One account; `None` if the diagnostics say what is wrong with it.
pub(super) fn read(
    section: &Section,
    shard: Shard,
    others: &mut SeenAccounts,
    diagnostics: &mut Diagnostics,
) -> Option<Account> {
    let name = name(section, &mut others.names, diagnostics);
    let base_url = base_url(section, diagnostics);
    let credentials = credentials::read(section, diagnostics);
    let section_of_phones = section.section("phones", diagnostics);
    let mut phones = phones::read(section, &section_of_phones, others.phones_are_optional, diagnostics);
    let discovery = discovery::read(&section_of_phones, shard, diagnostics);
    let poll = poll(section, diagnostics);
    let budget = budget(section, shard, diagnostics);
    let billing = billing::read(section, shard, diagnostics);
    let webhook = webhook::read(section, diagnostics);

    let name = name?;
    others.owners.settle(section, &name, &mut phones, diagnostics);
    if !shard.is_whole() {
        phones.retain(|id| shard.keeps(id));
        if phones.is_empty() && discovery.is_none() {
            diagnostics.warning(section.problem(format!(
                "({}) has no phone in {shard}; nothing is asked of it here",
                quoted(&name)
            )));
        }
    }
    Some(Account {
        name,
        base_url: base_url?,
        credentials: credentials?,
        phones,
        discovery,
        poll,
        budget: budget?,
        billing,
        webhook,
    })
}

fn name(section: &Section, names: &mut HashMap<Arc<str>, String>, diagnostics: &mut Diagnostics) -> Option<Arc<str>> {
    let Some(field) = section.field("name") else {
        diagnostics.problem(section.problem("has no name; add one, it becomes the label \"account\""));
        return None;
    };
    let name: Arc<str> = field.text(diagnostics)?.into();
    if name.trim().is_empty() {
        diagnostics.problem(field.problem("is blank; write a name, it becomes the label \"account\""));
        return None;
    }
    if let Some(first) = names.get(&name) {
        let shown = quoted(&name);
        diagnostics.problem(field.problem(format!(
            "is {shown}, as {first} is already; give each account a name of its own"
        )));
        return None;
    }
    names.insert(name.clone(), field.path);
    Some(name)
}

/// A URL to which the API's paths can be appended. One that may hold a password is not quoted.
fn base_url(section: &Section, diagnostics: &mut Diagnostics) -> Option<Url> {
    let Some(field) = section.field("base_url") else {
        return Url::parse(limits::BASE_URL).ok();
    };
    let text = field.text(diagnostics)?;
    let shown = if text.contains(['@', '?', '#']) {
        "(not shown)".to_owned()
    } else {
        quoted(&text)
    };
    let example = limits::BASE_URL;
    let wrong = match Url::parse(&text) {
        Err(error) => format!("is {shown}, which is not a URL ({error}); write it like \"{example}\""),
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            "has a user or a password in it; remove that, GeeLark knows neither".to_owned()
        }
        Ok(url) if url.query().is_some() || url.fragment().is_some() => {
            "has a part after \"?\" or \"#\"; end it before, the API's paths are appended".to_owned()
        }
        Ok(url) if !matches!(url.scheme(), "http" | "https") => {
            format!("is {shown}, whose scheme is not https; write it like \"{example}\"")
        }
        Ok(url) => {
            if url.scheme() == "http" {
                diagnostics.warning(field.problem(format!(
                    "is {shown}, so the credential travels in clear; use https unless it never leaves this machine"
                )));
            }
            return Some(url);
        }
    };
    diagnostics.problem(field.problem(wrong));
    None
}

fn poll(account: &Section, diagnostics: &mut Diagnostics) -> PollSettings {
    let section = account.section("poll", diagnostics);
    let interval = section.duration("interval", &limits::INTERVALS, diagnostics);
    let timeout = section.duration("timeout", &limits::TIMEOUTS, diagnostics);
    let stale_after = section.duration("stale_after", &limits::STALE_AFTERS, diagnostics);
    let transient_interval = section.duration("transient_interval", &limits::TRANSIENT_INTERVALS, diagnostics);

    // A default never quarrels with a key that was set, and a key that was refused is not held against another.
    let is_refused = interval.is_none() && section.field("interval").is_some();
    let interval = interval.unwrap_or(limits::INTERVAL);
    let compare = |key,
                   value: Option<Duration>,
                   is_wrong: fn(Duration, Duration) -> bool,
                   wrong: &str,
                   diagnostics: &mut Diagnostics| {
        if let (Some(value), Some(field)) = (value, section.field(key))
            && !is_refused
            && is_wrong(value, interval)
        {
            let (value, path, interval) = (in_words(value), account.path(), in_words(interval));
            diagnostics.problem(field.problem(format!(
                "is \"{value}\", {wrong} {path}.poll.interval ({interval}); change one of them"
            )));
        }
    };
    compare(
        "timeout",
        timeout,
        |it, interval| it > interval,
        "longer than",
        diagnostics,
    );
    compare(
        "stale_after",
        stale_after,
        |it, interval| it < interval,
        "shorter than",
        diagnostics,
    );
    PollSettings {
        interval,
        timeout: timeout.unwrap_or(limits::TIMEOUT.min(interval)),
        stale_after: stale_after.unwrap_or(limits::STALE_AFTER.max(interval * limits::STALE_INTERVALS)),
        transient_interval: transient_interval.unwrap_or(limits::TRANSIENT_INTERVAL),
    }
}

fn budget(account: &Section, shard: Shard, diagnostics: &mut Diagnostics) -> Option<Budget> {
    let section = account.section("budget", diagnostics);
    let requests = section.whole("requests_per_minute", &limits::REQUESTS, diagnostics);
    let max_in_flight = section.whole("max_in_flight", &limits::IN_FLIGHT, diagnostics);
    if requests.is_none() && section.field("requests_per_minute").is_some() {
        return None;
    }
    let requests = requests.unwrap_or(limits::REQUESTS_PER_MINUTE);
    if requests > limits::DOCUMENTED_REQUESTS_PER_MINUTE {
        let documented = limits::DOCUMENTED_REQUESTS_PER_MINUTE;
        diagnostics.warning(section.problem(format!(
            "has {requests} requests_per_minute, more than the {documented} that GeeLark documents; \
             GeeLark may lock the account for two hours"
        )));
    }
    let own: Option<NonZeroU32> = u32::try_from(requests).ok().and_then(|requests| shard.share(requests));
    if own.is_none() {
        diagnostics.problem(section.problem(format!(
            "has {requests} requests_per_minute, of which nothing is left for {shard}; raise it or use fewer shards"
        )));
    }
    let max_in_flight = max_in_flight.unwrap_or(limits::MAX_IN_FLIGHT);
    Some(Budget {
        requests_per_minute: own?,
        max_in_flight: usize::try_from(max_in_flight).ok()?,
    })
}
