//! The sections and keys of the configuration file. Values are texts that nothing has checked yet.
//!
//! A new key is a field here, and a line in the module that reads its section. None of these types has `Debug`, because
//! the values may be credentials.

use config_file::Mapping;
use serde::Deserialize;

/// A value, if there is one.
pub(super) type Value = Option<String>;

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Root {
    pub(super) accounts: Option<Vec<Mapping<Account>>>,
    pub(super) sharding: Mapping<Sharding>,
    pub(super) state: Mapping<State>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Account {
    pub(super) name: Value,
    pub(super) base_url: Value,
    pub(super) token: Value,
    pub(super) token_file: Value,
    pub(super) app_id: Value,
    pub(super) api_key: Value,
    pub(super) api_key_file: Value,
    pub(super) phones: Mapping<Phones>,
    pub(super) poll: Mapping<Poll>,
    pub(super) budget: Mapping<Budget>,
    pub(super) billing: Mapping<Billing>,
    pub(super) webhook: Mapping<Webhook>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Phones {
    pub(super) ids: Option<Vec<String>>,
    pub(super) files: Option<Vec<String>>,
    pub(super) discovery: Mapping<Discovery>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Discovery {
    pub(super) groups: Option<Vec<String>>,
    pub(super) tags: Option<Vec<String>>,
    pub(super) charge_mode: Value,
    pub(super) any: Option<Vec<Mapping<Filter>>>,
    pub(super) refresh_interval: Value,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Filter {
    pub(super) groups: Option<Vec<String>>,
    pub(super) tags: Option<Vec<String>>,
    pub(super) charge_mode: Value,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Poll {
    pub(super) interval: Value,
    pub(super) timeout: Value,
    pub(super) stale_after: Value,
    pub(super) transient_interval: Value,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Budget {
    pub(super) requests_per_minute: Value,
    pub(super) max_in_flight: Value,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Billing {
    pub(super) enabled: Value,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Webhook {
    pub(super) enabled: Value,
    pub(super) relay_to: Value,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Sharding {
    pub(super) shard: Value,
    pub(super) shards: Value,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct State {
    pub(super) path: Value,
}
