//! The sections and keys of the web configuration file. Values are texts that nothing has checked yet.

use std::collections::BTreeMap;

use config_file::Mapping;
use serde::Deserialize;

/// A value, if there is one.
pub(super) type Value = Option<String>;

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Root {
    pub(super) tls_server_config: Mapping<Tls>,
    pub(super) http_server_config: Mapping<Http>,
    pub(super) basic_auth_users: Option<BTreeMap<String, Value>>,
    pub(super) rate_limit: Mapping<RateLimit>,
}

#[derive(Default, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Tls {
    pub(super) cert: Value,
    pub(super) cert_file: Value,
    pub(super) key: Value,
    pub(super) key_file: Value,
    pub(super) client_auth_type: Value,
    pub(super) client_ca: Value,
    pub(super) client_ca_file: Value,
    pub(super) client_allowed_sans: Option<Vec<String>>,
    pub(super) min_version: Value,
    pub(super) max_version: Value,
    pub(super) cipher_suites: Option<Vec<String>>,
    pub(super) prefer_server_cipher_suites: Value,
    pub(super) curve_preferences: Option<Vec<String>>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Http {
    pub(super) http2: Value,
    pub(super) headers: Option<BTreeMap<String, Value>>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RateLimit {
    pub(super) interval: Value,
    pub(super) burst: Value,
}
