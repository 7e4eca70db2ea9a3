//! One account's section, apart from its credentials, phones and webhook.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use config_file::{Section, quoted};
use geelark_client::BudgetLimits;
use humantime::format_duration;
use url::Url;

use super::credentials;
use super::discovery;
use super::limits;
use super::model::AccountConfig;
use super::phones::{self, PhoneOwners};
use super::raw;
use super::webhook;
use crate::poller::PollSettings;
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
    raw: &raw::Account,
    section: &Section<'_>,
    shard: Shard,
    seen: &mut SeenAccounts,
) -> Option<AccountConfig> {
    let name = name(raw, section, &mut seen.names);
    let base_url = base_url(raw, section);
    let credentials = credentials::read(raw, section);
    let phones_section = section.section("phones");
    let has_no_list = [&raw.phones.ids, &raw.phones.files]
        .into_iter()
        .flatten()
        .all(Vec::is_empty);
    let has_discovery = phones_section.contains("discovery");
    if has_no_list && !has_discovery && !seen.phones_are_optional {
        section.report(
            "",
            "has no phones; list their ids under phones.ids, or in files under phones.files, or let phones.discovery \
             find them",
        );
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

fn name(raw: &raw::Account, section: &Section<'_>, names: &mut HashMap<Arc<str>, String>) -> Option<Arc<str>> {
    if raw.name.is_none() && !section.contains("name") {
        section.report("", "has no name; add one, it becomes the label \"account\"");
    }
    let name = section.value("name", &raw.name, |text| match (text.trim(), names.get(text)) {
        ("", _) => Err("is blank; write a name, it becomes the label \"account\"".to_owned()),
        (_, Some(first)) => Err(format!(
            "is {}, as {first} is already; give each account a name of its own",
            quoted(text)
        )),
        _ => Ok(Arc::from(text)),
    })?;
    names.insert(Arc::clone(&name), section.path_of("name"));
    Some(name)
}

fn base_url(raw: &raw::Account, section: &Section<'_>) -> Option<Url> {
    let Some(url) = section.value("base_url", &raw.base_url, usable_url) else {
        return Url::parse(limits::BASE_URL).ok().filter(|_| raw.base_url.is_none());
    };
    if url.scheme() == "http" {
        let shown = quoted(raw.base_url.as_deref().unwrap_or_default());
        section.warn(
            "base_url",
            format!("is {shown}, so the credential is sent unencrypted; use https unless it never leaves this machine"),
        );
    }
    Some(url)
}

/// A URL to which the API's paths can be appended. No sentence contains one that may have a password in it.
fn usable_url(text: &str) -> Result<Url, String> {
    let example = limits::BASE_URL;
    let shown = if text.contains(['@', '?', '#']) {
        "(not shown)".to_owned()
    } else {
        quoted(text)
    };
    match Url::parse(text) {
        Err(error) => Err(format!(
            "is {shown}, which is not a URL ({error}); write it like \"{example}\""
        )),
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            Err("has a user or a password in it; remove them, GeeLark uses neither".to_owned())
        }
        Ok(url) if url.query().is_some() || url.fragment().is_some() => {
            Err("has a part after \"?\" or \"#\"; remove that part, the API's paths are appended".to_owned())
        }
        Ok(url) if !matches!(url.scheme(), "http" | "https") => Err(format!(
            "is {shown}, and its scheme is not https; write it like \"{example}\""
        )),
        Ok(url) => Ok(url),
    }
}

fn poll(raw: &raw::Poll, section: &Section<'_>) -> PollSettings {
    let interval = section.duration("interval", &raw.interval, &limits::INTERVALS);
    let timeout = section.duration("timeout", &raw.timeout, &limits::TIMEOUTS);
    let stale_after = section.duration("stale_after", &raw.stale_after, &limits::STALE_AFTERS);
    let transient = section.duration(
        "transient_interval",
        &raw.transient_interval,
        &limits::TRANSIENT_INTERVALS,
    );

    // Defaults follow the interval. An interval that is wrong itself is not compared with other keys.
    let is_wrong = interval.is_none() && raw.interval.is_some();
    let interval = interval.unwrap_or(limits::INTERVAL);
    let conflict = |key, value: Duration, relation| {
        let (value, interval) = (format_duration(value), format_duration(interval));
        let path = section.path_of("interval");
        section.report(
            key,
            format!("is \"{value}\", {relation} {path} ({interval}); change one of them"),
        );
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
        stale_after: stale_after.unwrap_or(limits::STALE_AFTER.max(interval * limits::STALE_INTERVALS)),
        transient_interval: transient.unwrap_or(limits::TRANSIENT_INTERVAL),
    }
}

fn budget(raw: &raw::Budget, section: &Section<'_>, shard: Shard) -> Option<BudgetLimits> {
    let requests = section.whole("requests_per_minute", &raw.requests_per_minute, &limits::REQUESTS);
    let max_in_flight = section.whole("max_in_flight", &raw.max_in_flight, &limits::IN_FLIGHT);
    if requests.is_none() && raw.requests_per_minute.is_some() {
        return None;
    }
    let requests = requests.unwrap_or(limits::REQUESTS_PER_MINUTE);
    let documented = limits::DOCUMENTED_REQUESTS_PER_MINUTE;
    if requests > documented {
        section.warn(
            "",
            format!(
                "has {requests} requests_per_minute, more than the {documented} that GeeLark documents; GeeLark may \
                 lock the account for two hours"
            ),
        );
    }
    let own = shard.share(requests);
    if own.is_none() {
        section.report(
            "",
            format!("has {requests} requests_per_minute, of which {shard} gets none; raise it or use fewer shards"),
        );
    }
    Some(BudgetLimits {
        requests_per_minute: own?,
        max_in_flight: usize::try_from(max_in_flight.unwrap_or(limits::MAX_IN_FLIGHT)).ok()?,
    })
}
