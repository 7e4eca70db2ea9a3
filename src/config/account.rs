//! One account's section, apart from its credentials, phones and webhook.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use config_file::{Section, quoted};
use geelark_client::BudgetLimits;
use humantime::format_duration;
use url::Url;

use super::model::AccountConfig;
use super::phones::{self, PhoneOwners};
use super::raw::{RawAccount, RawBudget, RawPoll};
use super::{credentials, discovery, http_url, limits, webhook};
use crate::poller::{PollSettings, ROUNDS_UNTIL_STALE};
use crate::targets::Shard;

/// What two accounts may not have in common.
#[derive(Default)]
pub(super) struct SeenAccounts {
    names: HashMap<Arc<str>, String>,
    owners: PhoneOwners,
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

/// One account; `None` if problems were reported.
pub(super) fn read(
    raw: &RawAccount,
    section: &Section<'_>,
    shard: Shard,
    seen: &mut SeenAccounts,
) -> Option<AccountConfig> {
    let name = name(raw, section, &mut seen.names);
    let base_url = base_url(raw, section);
    let credentials = credentials::read(raw, section);
    let phones_section = section.section("phones");
    let mut lists = raw.phones.ids.iter().chain(&raw.phones.files);
    let has_no_list = lists.all(Vec::is_empty);
    let has_discovery = phones_section.contains("discovery");
    if has_no_list && !has_discovery && !seen.phones_are_optional {
        let advice =
            "list their ids under phones.ids, or in files under phones.files, or let phones.discovery find them";
        section.report("", format!("has no phones; {advice}"));
    }
    let mut phones = phones::read(&raw.phones, &phones_section);
    let discovery = discovery::read(&raw.phones.discovery, &phones_section.section("discovery"), shard);
    let poll = poll(&raw.poll, &section.section("poll"));
    let budget = budget(&raw.budget, &section.section("budget"), shard);
    // GeeLark counts the calls of all shards together and allows one a minute, so only the first shard reads the bill.
    let billing = section.section("billing").boolean("enabled", &raw.billing.enabled);
    let billing = billing.unwrap_or(limits::BILLING_ENABLED) && shard.is_first();
    let webhook = webhook::read(&raw.webhook, &section.section("webhook"));

    let name = name?;
    seen.owners.settle(&name, &mut phones, section);
    if !shard.is_whole() {
        phones.retain(|id| shard.keeps(id));
        if phones.is_empty() && !has_discovery {
            let name = quoted(&name);
            section.warn(
                "",
                format!("({name}) has no phone in {shard}; this process does not poll it"),
            );
        }
    }
    Some(AccountConfig {
        name,
        base_url: base_url?,
        credentials: credentials?,
        phones,
        discovery: has_discovery.then_some(discovery),
        poll,
        budget: budget?,
        billing,
        webhook,
    })
}

fn name(raw: &RawAccount, section: &Section<'_>, names: &mut HashMap<Arc<str>, String>) -> Option<Arc<str>> {
    if raw.name.is_none() && !section.contains("name") {
        section.report("", "has no name; add one, it becomes the label \"account\"");
    }
    let name = section.value("name", &raw.name, |text| match (text.trim(), names.get(text)) {
        ("", _) => Err("is blank; write a name, it becomes the label \"account\"".to_owned()),
        (_, Some(first)) => {
            let shown = quoted(text);
            Err(format!(
                "is {shown}, as {first} is already; give each account a name of its own"
            ))
        }
        _ => Ok(Arc::from(text)),
    })?;
    names.insert(Arc::clone(&name), section.path_of("name"));
    Some(name)
}

fn base_url(raw: &RawAccount, section: &Section<'_>) -> Option<Url> {
    let Some(url) = http_url::read(section, "base_url", &raw.base_url, limits::BASE_URL, false) else {
        return Url::parse(limits::BASE_URL).ok().filter(|_| raw.base_url.is_none());
    };
    if url.query().is_some() {
        let wrong = "has a part after \"?\"; remove that part, the API's paths are appended";
        return section.check("base_url", Err(wrong));
    }
    Some(url)
}

fn poll(raw: &RawPoll, section: &Section<'_>) -> PollSettings {
    let interval = section.duration("interval", &raw.interval, &limits::INTERVALS);
    let timeout = section.duration("timeout", &raw.timeout, &limits::TIMEOUTS);
    let stale_after = section.duration("stale_after", &raw.stale_after, &limits::STALE_AFTERS);
    let transient = &raw.transient_interval;
    let transient = section.duration("transient_interval", transient, &limits::TRANSIENT_INTERVALS);

    // Defaults follow the interval. An interval that is wrong itself is not compared with other keys.
    let is_wrong = interval.is_none() && raw.interval.is_some();
    let interval = interval.unwrap_or(limits::INTERVAL);
    let conflict = |key, value: Duration, relation| {
        let (value, interval) = (format_duration(value), format_duration(interval));
        let relation = format!("{relation} {} ({interval})", section.path_of("interval"));
        section.report(key, format!("is \"{value}\", {relation}; change one of them"));
    };
    if let Some(timeout) = timeout.filter(|it| !is_wrong && *it > interval) {
        conflict("timeout", timeout, "longer than");
    }
    if let Some(stale_after) = stale_after.filter(|it| !is_wrong && *it < interval) {
        conflict("stale_after", stale_after, "shorter than");
    }
    PollSettings {
        interval,
        timeout: timeout.unwrap_or(limits::TIMEOUT.min(interval)),
        stale_after: stale_after.unwrap_or(limits::STALE_AFTER.max(interval * ROUNDS_UNTIL_STALE)),
        transient_interval: transient.unwrap_or(limits::TRANSIENT_INTERVAL),
    }
}

fn budget(raw: &RawBudget, section: &Section<'_>, shard: Shard) -> Option<BudgetLimits> {
    let requests = section.whole("requests_per_minute", &raw.requests_per_minute, &limits::REQUESTS);
    let max_in_flight = section.whole("max_in_flight", &raw.max_in_flight, &limits::IN_FLIGHT);
    if requests.is_none() && raw.requests_per_minute.is_some() {
        return None;
    }
    let requests = requests.unwrap_or(limits::REQUESTS_PER_MINUTE);
    let documented = limits::DOCUMENTED_REQUESTS_PER_MINUTE;
    if requests > documented {
        let wrong = format!("has {requests} requests_per_minute, more than the {documented} that GeeLark documents");
        section.warn("", format!("{wrong}; GeeLark may lock the account for two hours"));
    }
    let own = shard.share(requests);
    if own.is_none() {
        let wrong = format!("has {requests} requests_per_minute, of which {shard} gets none");
        section.report("", format!("{wrong}; raise it or use fewer shards"));
    }
    Some(BudgetLimits {
        requests_per_minute: own?,
        max_in_flight: usize::try_from(max_in_flight.unwrap_or(limits::MAX_IN_FLIGHT)).ok()?,
    })
}
