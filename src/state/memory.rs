//! What is kept.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::fleet::Snapshot;
use geelark_client::clock::{UnixMillis, UnixTime};
use geelark_client::money::{Plan, Wallet};
use geelark_client::{GateSnapshot, Spent};

/// Everything one process tells the next.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// When it was written down.
    pub written: UnixMillis,
    /// The accounts, each name once.
    pub accounts: Vec<Account>,
}

/// What is kept of one account.
#[derive(Clone, Debug, PartialEq)]
pub struct Account {
    /// The configured name, by which it is found again.
    pub name: Arc<str>,
    /// By what its credentials are recognised; tells nothing of them.
    pub credentials: Arc<str>,
    /// The budget.
    pub spent: Spent,
    /// The gate.
    pub closure: GateSnapshot,
    /// How the last round went.
    pub round: Round,
    /// What is in the wallet.
    pub wallet: Option<Expiring<Wallet>>,
    /// What the plan allows.
    pub plan: Option<Expiring<Plan>>,
    /// The phones, each id once.
    pub phones: Arc<Snapshot>,
}

/// What was shown of an account's last round; an upgrade is no reason to say that nothing is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Round {
    /// Every batch was answered.
    pub up: bool,
    /// End of the last round of which that is true; 0 before the first.
    pub last_success: UnixTime,
    /// How long the last round took.
    pub last_duration_ms: u64,
    /// Ids that the last answers passed over.
    pub unanswered: i64,
    /// Of an account with discovery.
    pub listed: Option<DiscoverySummary>,
}

/// Something that may be shown until somebody would have had to read it again.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expiring<T> {
    /// The thing.
    pub value: T,
    /// When its time is over.
    pub until: UnixMillis,
}

/// What was shown of an account's discovery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiscoverySummary {
    /// When all phones were last listed; 0 before the first time.
    pub last_success: UnixTime,
    /// How many discovery knew of.
    pub phones: i64,
}

impl State {
    /// How many phones it has.
    pub fn phones(&self) -> usize {
        self.accounts.iter().map(|account| account.phones.len()).sum()
    }
}
