//! The sections and keys of the configuration file. Values are texts that nothing has checked yet.
//!
//! A new key is a field here, and a line in the module that reads its section. None of these types has `Debug`, because
//! the values may be credentials.

use config_file::Mapping;
use serde::Deserialize;

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawConfig {
    pub(super) accounts: Option<Vec<Mapping<RawAccount>>>,
    pub(super) sharding: Mapping<RawSharding>,
    pub(super) state: Mapping<RawState>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawAccount {
    pub(super) name: Option<String>,
    pub(super) base_url: Option<String>,
    pub(super) token: Option<String>,
    pub(super) token_file: Option<String>,
    pub(super) app_id: Option<String>,
    pub(super) api_key: Option<String>,
    pub(super) api_key_file: Option<String>,
    pub(super) phones: Mapping<RawPhones>,
    pub(super) poll: Mapping<RawPoll>,
    pub(super) budget: Mapping<RawBudget>,
    pub(super) billing: Mapping<RawBilling>,
    pub(super) webhook: Mapping<RawWebhook>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawPhones {
    pub(super) ids: Option<Vec<String>>,
    pub(super) files: Option<Vec<String>>,
    pub(super) discovery: Mapping<RawDiscovery>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawDiscovery {
    pub(super) groups: Option<Vec<String>>,
    pub(super) tags: Option<Vec<String>>,
    pub(super) charge_mode: Option<String>,
    pub(super) any: Option<Vec<Mapping<RawFilter>>>,
    pub(super) refresh_interval: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawFilter {
    pub(super) groups: Option<Vec<String>>,
    pub(super) tags: Option<Vec<String>>,
    pub(super) charge_mode: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawPoll {
    pub(super) interval: Option<String>,
    pub(super) timeout: Option<String>,
    pub(super) stale_after: Option<String>,
    pub(super) transient_interval: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawBudget {
    pub(super) requests_per_minute: Option<String>,
    pub(super) max_in_flight: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawBilling {
    pub(super) enabled: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawWebhook {
    pub(super) enabled: Option<String>,
    pub(super) relay_to: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawSharding {
    pub(super) shard: Option<String>,
    pub(super) shards: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawState {
    pub(super) path: Option<String>,
}
