//! Sets what environment variables give.

use std::collections::BTreeMap;

use config_file::{ConfigFile, Mapping, bare, suggest};

use super::limits::ACCOUNT_NAME;
use super::raw::{RawAccount, RawConfig};

/// `GEELARK_EXPORTER__SHARDING__SHARD` is `sharding.shard`.
const LONG: &str = "GEELARK_EXPORTER__";

/// All variables of the exporter begin with this.
pub(super) const FAMILY: &str = "GEELARK_";

/// The command line uses such variables, and Kubernetes sets them for a service of this name.
const NOT_OURS: &str = "GEELARK_EXPORTER_";

/// The keys outside of lists. Each has a long variable.
type LongKey = (&'static str, fn(&mut RawConfig) -> &mut Option<String>);
pub(super) const LONG_KEYS: [LongKey; 3] = [
    ("sharding.shard", |root| &mut root.sharding.shard),
    ("sharding.shards", |root| &mut root.sharding.shards),
    ("state.path", |root| &mut root.state.path),
];

/// Variables that describe the only account. [`PHONE_IDS`] is another one.
type ShortVariable = (&'static str, &'static str, fn(&mut RawAccount) -> &mut Option<String>);
pub(super) const SHORT: [ShortVariable; 6] = [
    ("GEELARK_TOKEN", "token", |account| &mut account.token),
    ("GEELARK_TOKEN_FILE", "token_file", |account| &mut account.token_file),
    ("GEELARK_APP_ID", "app_id", |account| &mut account.app_id),
    ("GEELARK_API_KEY", "api_key", |account| &mut account.api_key),
    ("GEELARK_API_KEY_FILE", "api_key_file", |account| {
        &mut account.api_key_file
    }),
    ("GEELARK_BASE_URL", "base_url", |account| &mut account.base_url),
];

/// The phones of the only account, separated by commas.
pub(super) const PHONE_IDS: &str = "GEELARK_PHONE_IDS";

/// The variable that sets the key at `path`.
pub(super) fn variable(path: &str) -> String {
    format!("{LONG}{}", path.replace('.', "__").to_uppercase())
}

/// Sets the values of `variables` in `root`, which was read from `file`. A variable without a value counts as not set.
pub(super) fn apply(variables: &BTreeMap<String, String>, root: &mut RawConfig, file: &mut ConfigFile) {
    let mut account_variables = Vec::new();
    for (name, value) in variables.iter().filter(|(_, value)| !value.is_empty()) {
        let origin = origin(name);
        if let Some((path, key)) = LONG_KEYS.iter().find(|(path, _)| variable(path) == *name) {
            *key(root) = Some(value.clone());
            file.set_by_variable(path, &origin);
        } else if name == PHONE_IDS || SHORT.iter().any(|(short, ..)| short == name) {
            account_variables.push(name.as_str());
        } else if name.starts_with(LONG) {
            file.problem(format!("{origin}: {}", no_such_key(name)));
        } else if name.starts_with(FAMILY) && (!name.starts_with(NOT_OURS) || name.contains("__")) {
            let known = SHORT.iter().map(|(short, ..)| *short).chain([PHONE_IDS]);
            let advice = match suggest(name, known) {
                Some(meant) => format!("did you mean {meant}?"),
                None => "docs/configuration.md lists the variables".to_owned(),
            };
            file.warning(format!("{origin}: no such variable is known; {advice}"));
        }
    }
    let accounts = root.accounts.get_or_insert_default();
    let count = accounts.len();
    if count > 1 {
        for name in account_variables {
            file.problem(format!(
                "{}: the file has {count} accounts, and the variable is for a single one; set the key of the account in \
                 the file",
                origin(name)
            ));
        }
    } else if !account_variables.is_empty() {
        if accounts.is_empty() {
            file.set_by_variable("accounts[0]", "environment");
            accounts.push(Mapping(RawAccount {
                name: Some(ACCOUNT_NAME.to_owned()),
                ..RawAccount::default()
            }));
        }
        set_account(&mut accounts[0], &account_variables, variables, file);
    }
}

/// Sets the keys of the only account. A credential replaces the one in the file, in whichever way that authenticates.
fn set_account(account: &mut RawAccount, names: &[&str], variables: &BTreeMap<String, String>, file: &mut ConfigFile) {
    let has = |parts: &[&str]| names.iter().any(|name| parts.contains(name));
    let token = has(&["GEELARK_TOKEN", "GEELARK_TOKEN_FILE"]);
    let api_key = has(&["GEELARK_API_KEY", "GEELARK_API_KEY_FILE"]);
    if token || api_key || has(&["GEELARK_APP_ID"]) {
        (account.token, account.token_file) = (None, None);
    }
    if token || api_key {
        (account.api_key, account.api_key_file) = (None, None);
    }
    if token {
        account.app_id = None;
    }
    let set = |name: &str| variables.get(name).filter(|_| names.contains(&name)).cloned();
    for (name, path, key) in SHORT {
        if let Some(value) = set(name) {
            *key(account) = Some(value);
            file.set_by_variable(&format!("accounts[0].{path}"), &origin(name));
        }
    }
    if let Some(ids) = set(PHONE_IDS) {
        account.phones.ids = Some(ids.split(',').map(|id| id.trim().to_owned()).collect());
        file.set_by_variable("accounts[0].phones.ids", &origin(PHONE_IDS));
    }
}

fn origin(name: &str) -> String {
    format!("environment variable {}", bare(name))
}

fn no_such_key(name: &str) -> String {
    let known = LONG_KEYS.map(|(path, _)| variable(path));
    match suggest(name, known.iter().map(String::as_str)) {
        _ if name.starts_with("GEELARK_EXPORTER__ACCOUNTS") => {
            "keys of accounts have no long variable; set them in the configuration file".to_owned()
        }
        Some(meant) => format!("there is no such key; did you mean {meant}?"),
        None => "there is no such key; docs/configuration.md lists the variables".to_owned(),
    }
}
