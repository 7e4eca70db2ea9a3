//! The valid configuration. A value of these types cannot be wrong: whoever holds one checks nothing again.

use std::fmt;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::discovery::Discovery;
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
    pub discovery: Option<Discovery>,
    /// When and how to ask.
    pub poll: Poll,
    /// What may be spent.
    pub budget: Budget,
    /// Whether wallet and plan are asked for.
    pub billing: Billing,
    /// Where the account's webhook is on, what is done with it.
    pub webhook: Option<Webhook>,
}

/// The `poll` section of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Poll {
    /// How often every phone is to be asked about; the budget may stretch it.
    pub interval: Duration,
    /// From the first byte of a request to the last of its answer.
    pub timeout: Duration,
    /// After so long without an answer a phone's status is no longer shown; the poller raises it to three effective intervals.
    pub stale_after: Duration,
    /// How often a phone that is starting or changed a moment ago is asked about, as far as the budget has calls to spare.
    pub transient_interval: Duration,
}

/// The `billing` section of an account; with sharding, this shard's part in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Billing {
    /// Whether this process asks for wallet and plan.
    pub enabled: bool,
}

/// The `webhook` section of an account that has it on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// To whom requests are handed on.
    pub relay_to: Option<Receiver>,
}

/// The URL of the user's own receiver. `Debug` shows only where it is, as the path or query may hold a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Receiver(Url);

impl Receiver {
    /// The whole URL, for the one place that sends to it.
    pub fn expose(&self) -> &Url {
        &self.0
    }
}

impl From<Url> for Receiver {
    fn from(url: Url) -> Self {
        Self(url)
    }
}

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.origin().ascii_serialization())
    }
}

/// The `budget` section of an account; with sharding, this shard's share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Calls of any kind in any 60 seconds.
    pub requests_per_minute: NonZeroU32,
    /// Calls that may be under way at once.
    pub max_in_flight: usize,
}
