//! Valid configurations, and their warnings.

use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::time::Duration;

use super::{Folder, account, variables};
use geelark_client::BudgetLimits;

use crate::config::{AccountConfig, Config, Sources, load};
use crate::poller::PollSettings;
use geelark_client::{Credentials, Secret};

pub(super) fn ids(account: &AccountConfig) -> Vec<&str> {
    account
        .phones
        .iter()
        .map(geelark_client::phone::PhoneId::as_str)
        .collect()
}

pub(super) fn only(config: &Config) -> &AccountConfig {
    let [account] = config.accounts.as_slice() else {
        panic!("{} accounts", config.accounts.len());
    };
    account
}

pub(super) fn token(token: &str) -> Credentials {
    Credentials::Token(Secret::from(token.to_owned()))
}

#[test]
fn an_account_needs_a_name_a_credential_and_phones() {
    let folder = Folder::new("accounts:\n- name: a\n  token: t\n  phones: {ids: ['1']}\n");
    let config = folder.load(&[]).unwrap();
    let expected = AccountConfig {
        name: "a".into(),
        base_url: "https://openapi.geelark.com".parse().unwrap(),
        credentials: token("t"),
        phones: vec!["1".into()],
        discovery: None,
        poll: PollSettings {
            interval: Duration::from_mins(1),
            timeout: Duration::from_secs(10),
            stale_after: Duration::from_mins(5),
            transient_interval: Duration::from_secs(15),
        },
        budget: BudgetLimits {
            requests_per_minute: NonZeroU32::new(100).unwrap(),
            max_in_flight: 4,
        },
        billing: true,
        webhook: None,
    };
    assert_eq!(config.accounts, [expected]);
    assert_eq!(config.warnings, [""; 0]);
    assert_eq!(config.followed.paths().count(), 0);
}

#[test]
fn every_key_has_an_effect() {
    let folder = Folder::new(
        "accounts:
- name: a
  base_url: https://openapi.geelark.cn/proxy
  app_id: i
  api_key_file: token
  phones: {ids: ['3'], files: [ids]}
  poll: {interval: 2m, timeout: 500ms, stale_after: 1h 30m}
  budget: {requests_per_minute: 200, max_in_flight: 64}
sharding: {shard: 0, shards: 1}
state: {path: memory}
",
    );
    let config = folder.load(&[]).unwrap();
    let account = only(&config);
    assert_eq!(account.base_url.as_str(), "https://openapi.geelark.cn/proxy");
    let key = Credentials::Key {
        app_id: "i".to_owned(),
        api_key: Secret::from("tok-from-file".to_owned()),
    };
    assert_eq!(account.credentials, key);
    assert_eq!(ids(account), ["3", "1", "2"]);
    assert_eq!(account.poll.interval, Duration::from_mins(2));
    assert_eq!(account.poll.timeout, Duration::from_millis(500));
    assert_eq!(account.poll.stale_after, Duration::from_mins(90));
    assert_eq!(account.budget.requests_per_minute.get(), 200);
    assert_eq!(account.budget.max_in_flight, 64);
    assert_eq!(config.state, Some(folder.path("memory")));
    assert_eq!(config.warnings, [""; 0]);
    assert!(
        config
            .followed
            .paths()
            .eq(["token", "ids"].map(|name| folder.path(name)))
    );
}

#[test]
fn defaults_follow_the_interval() {
    let quick = Folder::new(&account("poll: {interval: 5s}")).load(&[]).unwrap();
    assert_eq!(only(&quick).poll.timeout, Duration::from_secs(5));
    assert_eq!(only(&quick).poll.stale_after, Duration::from_mins(5));
    let slow = Folder::new(&account("poll: {interval: 10m}")).load(&[]).unwrap();
    assert_eq!(only(&slow).poll.timeout, Duration::from_secs(10));
    assert_eq!(only(&slow).poll.stale_after, Duration::from_mins(30));
}

#[test]
fn an_id_without_quotes_keeps_its_text() {
    let yaml =
        "accounts: [{name: a, token: 007, phones: {ids: [588732926036803641, 007, 123456789012345678901234, 12AB]}}]";
    let config = Folder::new(yaml).load(&[]).unwrap();
    assert_eq!(
        ids(only(&config)),
        ["588732926036803641", "007", "123456789012345678901234", "12AB",]
    );
    assert_eq!(only(&config).credentials, token("007"));
}

#[test]
fn an_alias_repeats_what_its_anchor_names() {
    let yaml = "accounts:
- {name: a, token: t, phones: {ids: ['1']}, poll: &poll {interval: 30s}}
- {name: b, token: t, phones: {ids: ['2']}, poll: *poll}
";
    let config = Folder::new(yaml).load(&[]).unwrap();
    assert_eq!(config.accounts[1].poll, config.accounts[0].poll);
}

#[test]
fn aliases_cannot_fill_the_memory() {
    let mut lines = vec!["x0: &x0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]".to_owned()];
    for level in 1..20 {
        let below = level - 1;
        let aliases = vec![format!("*x{below}"); 10].join(", ");
        lines.push(format!("x{level}: &x{level} [{aliases}]"));
    }
    let folder = Folder::new(&lines.join("\n"));
    let said = folder.anonymous(&folder.load(&[]).unwrap_err().to_string());
    assert_eq!(
        said,
        "c.yml:7:10: the file has too many values; remove what aliases repeat, or move long lists to files of their own"
    );
}

#[test]
fn aliases_cannot_fill_the_stack() {
    let mut lines = vec!["x0: &x0 []".to_owned()];
    lines.extend((1..100_000).map(|level| format!("x{level}: &x{level} [*x{}]", level - 1)));
    let folder = Folder::new(&lines.join("\n"));
    let said = folder.anonymous(&folder.load(&[]).unwrap_err().to_string());
    assert_eq!(said, "c.yml:32:12: the nesting is too deep; no key is so far down");
}

#[test]
fn a_large_fleet_is_read_from_a_file() {
    let folder = Folder::new("accounts: [{name: a, token: t, phones: {files: [many]}}]");
    let many: Vec<String> = (0..100_000).map(|id| id.to_string()).collect();
    folder.write("many", &many.join("\n"));
    assert_eq!(ids(only(&folder.load(&[]).unwrap())), many);
}

#[test]
fn sections_without_keys_are_sections_of_defaults() {
    let yaml =
        "accounts:\n- name: a\n  token: t\n  phones:\n    ids: ['1']\n    files:\n  poll:\n  budget:\nsharding:\n";
    assert_eq!(Folder::new(yaml).load(&[]).unwrap().accounts.len(), 1);
}

#[test]
fn values_that_are_allowed_but_probably_not_meant_get_warnings() {
    let folder = Folder::new(
        "accounts:
- name: a
  token: t
  phones: {ids: ['1', '2', '1'], files: [ids]}
- name: b
  base_url: http://127.0.0.1:1
  token: t
  phones: {ids: ['2', '3', '1']}
  budget: {requests_per_minute: 201}
",
    );
    let config = folder.load(&[("GEELARK_TOKEM", "x"), ("GEELARK_PROXY", "x")]).unwrap();
    assert_eq!(ids(&config.accounts[0]), ["1", "2"]);
    assert_eq!(ids(&config.accounts[1]), ["3"]);
    let warnings: Vec<_> = config
        .warnings
        .iter()
        .map(|warning| folder.anonymous(warning))
        .collect();
    assert_eq!(
        warnings,
        [
            "environment variable GEELARK_PROXY: no such variable is known; docs/configuration.md lists the variables",
            "environment variable GEELARK_TOKEM: no such variable is known; did you mean GEELARK_TOKEN?",
            "c.yml:4: accounts[0].phones has ids more than once, which count once; remove the repetition of \"1\", \"1\", \"2\"",
            "c.yml:6: accounts[1].base_url is an http URL, so the credential is sent unencrypted; use https unless it never leaves this machine",
            "c.yml:9: accounts[1].budget has 201 requests_per_minute, more than the 200 that GeeLark documents; GeeLark may lock the account for two hours",
            "c.yml:5: accounts[1] (\"b\") lists phones of account \"a\", which alone polls them; remove \"2\", \"1\" from one of the two",
        ]
    );
}

#[test]
fn a_file_that_is_missing_says_so() {
    let folder = Folder::new("");
    let sources = Sources {
        document: None,
        file: Some(folder.path("nowhere.yml")),
        env: variables(&[]),
    };
    assert_eq!(
        folder.anonymous(&load(&sources).unwrap_err().to_string()),
        "nowhere.yml: the configuration file does not exist; create it or correct the path"
    );
}

#[test]
fn shards_divide_the_phones_and_the_budget() {
    let all: Vec<String> = (0..100).map(|id| id.to_string()).collect();
    let mut seen = BTreeSet::new();
    let mut budget = 0;
    for shard in 0..3 {
        let ids = all.join(",");
        let yaml = format!(
            "accounts: [{{name: a, token: t, phones: {{ids: [{ids}]}}}}]\nsharding: {{shard: {shard}, shards: 3}}"
        );
        let config = Folder::new(&yaml).load(&[]).unwrap();
        for id in &only(&config).phones {
            assert!(seen.insert(id.to_string()), "{id} is in two shards");
        }
        budget += only(&config).budget.requests_per_minute.get();
    }
    assert_eq!(seen, all.into_iter().collect());
    assert_eq!(budget, 100);
}

#[test]
fn a_shard_without_phones_keeps_its_account() {
    let mut warnings = BTreeSet::new();
    for shard in ["0", "1"] {
        let folder = Folder::new(&account(""));
        let config = folder
            .load(&[
                ("GEELARK_EXPORTER__SHARDING__SHARD", shard),
                ("GEELARK_EXPORTER__SHARDING__SHARDS", "2"),
            ])
            .unwrap();
        assert_eq!(config.accounts.len(), 1);
        warnings.extend(config.warnings.iter().map(|warning| folder.anonymous(warning)));
    }
    // crc32("1") is odd.
    assert_eq!(
        warnings.into_iter().collect::<Vec<_>>(),
        ["c.yml:1: accounts[0] (\"a\") has no phone in shard 0 of 2; this process does not poll it"]
    );
}

#[test]
fn debug_output_holds_no_secret() {
    let sources = Sources {
        document: None,
        file: None,
        env: variables(&[("GEELARK_TOKEN", "tok-SECRET"), ("GEELARK_PHONE_IDS", "1")]),
    };
    let shown = format!("{sources:?} {:?}", load(&sources).unwrap());
    assert!(shown.contains("GEELARK_TOKEN") && !shown.contains("SECRET"), "{shown}");
}
