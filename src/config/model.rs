//! The valid configuration. A value of these types cannot be wrong: whoever holds one checks nothing again.

use std::path::PathBuf;
use std::sync::Arc;

use url::Url;

use crate::poller::PollSettings;
use crate::targets::DiscoverySettings;
use crate::webhook::WebhookSettings;
use config_file::FileStamps;
use geelark_client::phone::PhoneId;
use geelark_client::{Credentials, Secret};

/// Everything the exporter was told, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// At least one account; names are unique.
    pub accounts: Vec<Account>,
    /// The folder in which what is known outlasts a restart; without one it does not.
    pub state: Option<PathBuf>,
    /// Sentences about what is allowed but probably not meant; logged at start, printed by `check`.
    pub warnings: Vec<String>,
    /// The text of the configuration file, for reading again the files it names without reading the file itself.
    pub document: Option<Secret>,
    /// The files it names: ids and secrets. They are followed; the configuration file itself is read when somebody says so.
    pub followed: FileStamps,
}

/// One GeeLark account: a credential, a budget and the phones asked about with them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The `account` label.
    pub name: Arc<str>,
    /// Scheme, host and perhaps a path prefix; the API's paths are appended.
    pub base_url: Url,
    /// How calls of this account authenticate.
    pub credentials: Credentials,
    /// The configured phones in configured order, no id twice and none that an earlier account has.
    /// With sharding, this shard's phones only.
    pub phones: Vec<PhoneId>,
    /// Phones to be found beside the configured ones; `None` if there are to be no others.
    pub discovery: Option<DiscoverySettings>,
    /// When and how to ask.
    pub poll: PollSettings,
    /// What may be spent.
    pub budget: Budget,
    /// Whether wallet and plan are asked for.
    pub billing: Billing,
    /// Where the account's webhook is on, what is done with it.
    pub webhook: Option<WebhookSettings>,
}

/// The `billing` section of an account; with sharding, this shard's part in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Billing {
    /// Whether this process asks for wallet and plan.
    pub enabled: bool,
}

/// The `budget` section of an account; with sharding, this shard's share.
pub use geelark_client::BudgetLimits as Budget;
