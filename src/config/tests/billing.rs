//! The sections `billing` and `webhook`.

use super::{Folder, account};
use crate::config::{AccountConfig, Config};

fn read(more: &str, env: &[(&str, &str)]) -> (Config, Vec<String>) {
    let folder = Folder::new(&account(more));
    let config = folder.load(env).unwrap();
    let warnings = config
        .warnings
        .iter()
        .map(|warning| folder.anonymous(warning))
        .collect();
    (config, warnings)
}

fn relays_to(account: &AccountConfig) -> Option<&str> {
    let receiver = account.webhook.as_ref()?.relay_to.as_ref()?;
    Some(receiver.expose().as_str())
}

#[test]
fn billing_can_be_turned_off_and_a_webhook_on() {
    let (config, warnings) = read(
        "billing: {enabled: false}, webhook: {enabled: true, relay_to: 'https://hooks.example.org/geelark?key=1'}",
        &[],
    );
    let account = &config.accounts[0];
    assert!(!account.billing);
    assert_eq!(relays_to(account), Some("https://hooks.example.org/geelark?key=1"));
    assert_eq!(warnings, [""; 0]);
    let (config, _) = read("webhook: {enabled: true}", &[]);
    assert!(config.accounts[0].webhook.is_some());
    assert_eq!(relays_to(&config.accounts[0]), None);
}

#[test]
fn a_relay_without_a_webhook_and_an_unencrypted_one_get_warnings_without_their_urls() {
    let (config, warnings) = read("webhook: {relay_to: 'http://127.0.0.1:1/SECRET'}", &[]);
    assert!(config.accounts[0].webhook.is_none());
    assert_eq!(
        warnings,
        [
            "c.yml:1: accounts[0].webhook.relay_to is an http URL, so the credential is sent unencrypted; use https unless it never leaves this machine",
            "c.yml:1: accounts[0].webhook has a relay_to but is not enabled, so nothing is relayed; set enabled: true",
        ]
    );
}

#[test]
fn only_the_first_of_several_shards_reads_billing() {
    for (shard, enabled) in [("0", true), ("1", false)] {
        let (config, _) = read(
            "billing: {enabled: true}",
            &[
                ("GEELARK_EXPORTER__SHARDING__SHARD", shard),
                ("GEELARK_EXPORTER__SHARDING__SHARDS", "2"),
            ],
        );
        let billing = config.accounts[0].billing;
        assert_eq!(billing, enabled, "shard {shard}");
    }
}

#[test]
fn debug_output_shows_only_the_origin_of_the_relay_url() {
    let (config, _) = read(
        "webhook: {enabled: true, relay_to: 'https://example.org/SECRET?k=SECRET'}",
        &[],
    );
    let shown = format!("{config:?}");
    assert!(
        shown.contains("https://example.org") && !shown.contains("SECRET"),
        "{shown}"
    );
}
