//! Phones that are to be found: what is understood, and what is said about the rest.

use std::time::Duration;

use super::{Folder, variables};
use crate::config::{Config, Sources, load_accounts};
use crate::targets::{DiscoverySettings, PhoneFilter, Shard};
use geelark_client::phone::ChargeMode;

/// An account whose phones are these.
fn load(phones: &str, env: &[(&str, &str)]) -> Result<Config, String> {
    let folder = Folder::new(&format!("accounts: [{{name: a, token: t, phones: {phones}}}]\n"));
    folder
        .load(env)
        .map_err(|problems| folder.anonymous(&problems.to_string()))
}

fn discovery(phones: &str) -> DiscoverySettings {
    load(phones, &[]).unwrap().accounts.remove(0).discovery.unwrap()
}

fn complaint(phones: &str) -> String {
    load(phones, &[]).unwrap_err()
}

#[test]
fn an_account_needs_no_ids_where_discovery_finds_them() {
    for empty in ["{discovery: {}}", "{discovery: }", "{ids: [], discovery: {}}"] {
        let every_phone = DiscoverySettings {
            filters: vec![PhoneFilter::default()],
            refresh_interval: Duration::from_mins(10),
            shard: Shard::WHOLE,
        };
        assert_eq!(discovery(empty), every_phone, "{empty}");
    }
    let config = load("{ids: ['1'], discovery: {}}", &[]).unwrap();
    assert_eq!(config.accounts[0].phones, ["1".into()]);
    assert!(config.accounts[0].discovery.is_some());
}

#[test]
fn commands_that_list_phones_need_no_configured_phones() {
    let sources = Sources {
        file: None,
        env: variables(&[("GEELARK_TOKEN", "t")]),
        ..Sources::default()
    };
    let config = load_accounts(&sources).unwrap();
    assert!(config.accounts[0].phones.is_empty() && config.accounts[0].discovery.is_none());
    let said = crate::config::load(&sources).unwrap_err().to_string();
    assert_eq!(
        said,
        "environment: accounts[0] has no phones; list their ids under phones.ids, or in files under phones.files, \
         or let phones.discovery find them"
    );
}

#[test]
fn filters_of_one_section_must_all_hold() {
    let found = discovery(
        "{discovery: {groups: [farm-a, 云, farm-a], tags: [prod], charge_mode: monthly, refresh_interval: 1s}}",
    );
    let filter = PhoneFilter {
        groups: vec!["farm-a".into(), "云".into()],
        tags: vec!["prod".into()],
        charge_mode: Some(ChargeMode::MONTHLY),
    };
    assert_eq!(found.filters, [filter]);
    assert_eq!(found.refresh_interval, Duration::from_secs(1));
    assert_eq!(
        found.to_string(),
        "every phone in group \"farm-a\" or \"云\" with tag \"prod\" charged monthly, listed every 1s"
    );
}

#[test]
fn a_phone_needs_to_match_one_filter_of_any() {
    let found = discovery("{discovery: {any: [{groups: [7]}, {tags: [prod], charge_mode: per_minute}]}}");
    let filters = [
        PhoneFilter {
            groups: vec!["7".into()],
            ..PhoneFilter::default()
        },
        PhoneFilter {
            tags: vec!["prod".into()],
            charge_mode: Some(ChargeMode::PER_MINUTE),
            ..PhoneFilter::default()
        },
    ];
    assert_eq!(found.filters, filters);
    assert_eq!(
        found.to_string(),
        "every phone in group \"7\"; or every phone with tag \"prod\" charged per_minute, listed every 10m"
    );
}

#[test]
fn a_filter_without_conditions_is_refused() {
    assert_eq!(
        complaint("{discovery: {groups: [], tags: ['', x], charge_mode: weekly, refresh_interval: 0s}}"),
        "c.yml:1: accounts[0].phones.discovery.refresh_interval is \"0s\"; it must be from 1s to 1day\n\
         c.yml:1: accounts[0].phones.discovery.groups is empty; name a group, or remove it to filter by no group\n\
         c.yml:1: accounts[0].phones.discovery.tags[0] is blank; write the name of a tag or remove it\n\
         c.yml:1: accounts[0].phones.discovery.charge_mode is \"weekly\"; write \"per_minute\" or \"monthly\""
    );
    assert_eq!(
        complaint("{discovery: {any: []}}"),
        "c.yml:1: accounts[0].phones.discovery.any has no entries; write at least one, or remove it to watch every phone"
    );
    assert_eq!(
        complaint("{discovery: {any: [{groups: [a]}, {}]}}"),
        "c.yml:1: accounts[0].phones.discovery.any[1] has no filter, so it would find every phone; \
         give it groups, tags or a charge_mode, or remove it"
    );
}

#[test]
fn filters_belong_in_one_place() {
    assert_eq!(
        complaint("{discovery: {tags: [prod], any: [{groups: [a]}]}}"),
        "c.yml:1: accounts[0].phones.discovery.any is beside filters of its own section; \
         move those into an entry of it"
    );
    assert_eq!(
        complaint("{discovery: every}"),
        "c.yml:1: accounts[0].phones.discovery is not a section; write its keys below it, each with a colon"
    );
    assert_eq!(
        complaint("{discovery: {group: farm-a}}"),
        "c.yml:1: accounts[0].phones.discovery has no key \"group\"; did you mean \"groups\"?"
    );
}

#[test]
fn a_shard_without_configured_phones_may_still_find_some() {
    let folder =
        Folder::new("accounts: [{name: a, token: t, phones: {discovery: {}}}]\nsharding: {shard: 1, shards: 2}");
    let config = folder.load(&[]).unwrap();
    assert_eq!(config.warnings, [""; 0]);
    let shard = config.accounts[0].discovery.as_ref().unwrap().shard;
    // crc32("1") is odd.
    assert!(shard.keeps(&"1".into()) && !Shard::WHOLE.eq(&shard));
}
