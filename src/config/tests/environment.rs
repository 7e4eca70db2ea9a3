//! What environment variables give.

use geelark_client::Credentials;

use super::good::{ids, only, token};
use super::*;

fn from_environment(env: &[(&str, &str)]) -> Result<Config, String> {
    let sources = Sources {
        document: None,
        file: None,
        env: variables(env),
    };
    load(&sources).map_err(|problems| problems.to_string())
}

#[test]
fn the_environment_alone_is_enough_for_one_account() {
    let config = from_environment(&[("GEELARK_TOKEN", "t"), ("GEELARK_PHONE_IDS", "1, 2,3")]).unwrap();
    assert_eq!(&*only(&config).name, "default");
    assert_eq!(only(&config).credentials, token("t"));
    assert_eq!(ids(only(&config)), ["1", "2", "3"]);
    assert_eq!(config.followed.paths().count(), 0);
}

#[test]
fn a_file_without_accounts_leaves_them_to_the_environment() {
    let folder = Folder::new("sharding: {shard: 0, shards: 1}");
    let config = folder
        .load(&[("GEELARK_TOKEN", "t"), ("GEELARK_PHONE_IDS", "1")])
        .unwrap();
    assert_eq!(&*only(&config).name, "default");
}

#[test]
fn the_environment_can_name_files() {
    let folder = Folder::new("");
    let file = folder.path("token");
    let file = file.to_str().unwrap();
    let phones = ("GEELARK_PHONE_IDS", "1");
    let config = from_environment(&[("GEELARK_TOKEN_FILE", file), phones]).unwrap();
    assert_eq!(only(&config).credentials, token("tok-from-file"));
    let config = from_environment(&[
        ("GEELARK_APP_ID", "i"),
        ("GEELARK_API_KEY_FILE", file),
        ("GEELARK_BASE_URL", "https://openapi.geelark.cn"),
        phones,
    ])
    .unwrap();
    let Credentials::Key { app_id, api_key } = &only(&config).credentials else {
        panic!("{config:?}");
    };
    assert_eq!((app_id.as_str(), api_key.expose()), ("i", "tok-from-file"));
    assert_eq!(only(&config).base_url.as_str(), "https://openapi.geelark.cn/");
}

#[test]
fn without_file_and_environment_there_is_one_sentence() {
    let nothing = "configuration: nothing is configured; name a file with --config.file, or set GEELARK_TOKEN and GEELARK_PHONE_IDS";
    assert_eq!(from_environment(&[]).unwrap_err(), nothing);
    assert_eq!(
        from_environment(&[("GEELARK_TOKEN", ""), ("PATH", "/bin")]).unwrap_err(),
        nothing
    );
}

#[test]
fn half_an_environment_says_what_is_missing() {
    assert_eq!(
        from_environment(&[("GEELARK_BASE_URL", "https://openapi.geelark.cn")]).unwrap_err(),
        "environment: accounts[0] has no way to authenticate; give it a token, a token_file, or an app_id with an api_key or api_key_file\n\
         environment: accounts[0] has no phones; list their ids under phones.ids, or in files under phones.files, or let phones.discovery find them"
    );
}

#[test]
fn a_long_variable_overrides_its_key() {
    let folder = Folder::new(&(account("") + "sharding: {shard: 0, shards: 2}\n"));
    let config = folder
        .load(&[
            ("GEELARK_EXPORTER__SHARDING__SHARD", "1"),
            ("GEELARK_EXPORTER__STATE__PATH", "elsewhere"),
        ])
        .unwrap();
    // crc32("1") is odd.
    assert_eq!(ids(only(&config)), ["1"]);
    assert_eq!(config.state, Some("elsewhere".into()));
}

#[test]
fn a_credential_of_the_environment_replaces_the_one_in_the_file() {
    let pair = "accounts: [{name: a, app_id: i, api_key_file: nowhere, phones: {ids: ['1']}}]";
    let config = Folder::new(pair).load(&[("GEELARK_TOKEN", "new")]).unwrap();
    assert_eq!(only(&config).credentials, token("new"));
    assert_eq!(&*only(&config).name, "a");
    let config = Folder::new(pair).load(&[("GEELARK_API_KEY", "new")]).unwrap();
    let Credentials::Key { app_id, api_key } = &only(&config).credentials else {
        panic!("{config:?}");
    };
    assert_eq!((app_id.as_str(), api_key.expose()), ("i", "new"));
}

#[test]
fn variables_that_kubernetes_sets_are_ignored() {
    let folder = Folder::new(&account(""));
    let config = folder
        .load(&[("GEELARK_EXPORTER_PORT_9100_TCP", "tcp://10.0.0.1:9100")])
        .unwrap();
    assert_eq!(config.warnings, [""; 0]);
}
