//! The valid configuration. Values of these types are checked, so no other code checks them again.

use std::path::PathBuf;
use std::sync::Arc;

use url::Url;

use crate::poller::PollSettings;
use crate::targets::DiscoverySettings;
use crate::webhook::WebhookSettings;
use config_file::FileStamps;
use geelark_client::phone::PhoneId;
use geelark_client::{BudgetLimits, Credentials, Secret};

/// The whole configuration, checked.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// At least one account, unless it is the default; names are unique.
    pub accounts: Vec<AccountConfig>,
    /// The folder that keeps the state over a restart; without one a restart begins without state.
    pub state: Option<PathBuf>,
    /// Sentences about what is allowed but probably not meant. They are logged at start and printed by `check`.
    pub warnings: Vec<String>,
    /// The text of the configuration file, for reading again the files it names without reading the file itself.
    pub document: Option<Secret>,
    /// The files it names: ids and secrets. A change of them is noticed; the configuration file itself is read again at a reload only.
    pub followed: FileStamps,
}

/// One GeeLark account: a credential, a budget and its phones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountConfig {
    /// The `account` label.
    pub name: Arc<str>,
    /// Scheme, host and perhaps a path prefix; the API's paths are appended.
    pub base_url: Url,
    /// How calls of this account authenticate.
    pub credentials: Credentials,
    /// The configured phones in configured order, no id twice and none that an earlier account has.
    /// With sharding, this shard's phones only.
    pub phones: Vec<PhoneId>,
    /// How to find other phones; `None` for the configured phones only.
    pub discovery: Option<DiscoverySettings>,
    /// When and how to poll.
    pub poll: PollSettings,
    /// How many calls it may make.
    pub budget: BudgetLimits,
    /// Whether this process reads wallet and plan.
    pub billing: bool,
    /// What the account's webhook does, if it is enabled.
    pub webhook: Option<WebhookSettings>,
}
