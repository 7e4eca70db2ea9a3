//! What is kept.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::rows;
use crate::billing::Expiring;
use crate::fleet::Phone;
use crate::poller::LastRound;
use crate::targets::DiscoverySummary;
use geelark_client::GateSnapshot;
use geelark_client::clock::UnixMillis;
use geelark_client::{Plan, Wallet};

/// Everything one process leaves to the next.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// When it was written.
    pub written: UnixMillis,
    /// The accounts; names are unique.
    pub accounts: Vec<AccountState>,
}

/// The state of one account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountState {
    /// The configured name, by which it is found again.
    pub name: Arc<str>,
    /// The fingerprint of its credentials.
    pub credentials: Arc<str>,
    /// Locks and back-offs.
    pub gate: GateSnapshot,
    /// How the last round went.
    pub round: LastRound,
    /// What discovery found last, with discovery.
    pub discovery: Option<DiscoverySummary>,
    /// The wallet.
    pub wallet: Option<Expiring<Wallet>>,
    /// The plan.
    pub plan: Option<Expiring<Plan>>,
    /// The phones and when each was last answered; ids are unique.
    #[serde(with = "rows")]
    pub phones: Vec<(Phone, Option<UnixMillis>)>,
}

impl State {
    /// How many phones it has.
    pub fn phones(&self) -> usize {
        self.accounts.iter().map(|account| account.phones.len()).sum()
    }
}
