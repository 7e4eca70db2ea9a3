//! What is kept.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::fleet::Snapshot;
use crate::poller::LastRound;
use crate::targets::DiscoverySummary;
use geelark_client::clock::UnixMillis;
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
    pub round: LastRound,
    /// What discovery found last, of an account with discovery.
    pub discovery: Option<DiscoverySummary>,
    /// What is in the wallet.
    pub wallet: Option<Expiring<Wallet>>,
    /// What the plan allows.
    pub plan: Option<Expiring<Plan>>,
    /// The phones, each id once.
    pub phones: Arc<Snapshot>,
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

impl State {
    /// How many phones it has.
    pub fn phones(&self) -> usize {
        self.accounts.iter().map(|account| account.phones.len()).sum()
    }
}
