//! The calls that an account may make. Each call takes a [`CallPermit`] first.
//!
//! A [`Ledger`] keeps two rules. Calls start one spacing apart, so there is no burst. And no 60 seconds hold more calls
//! than allowed, however the network delays them. Permits are given in the order in which they were requested.

mod ledger;
#[cfg(test)]
mod tests;

use std::num::NonZeroU32;

use crate::call::Endpoint;
pub use ledger::BudgetLimits;
pub(crate) use ledger::CallPermit;
use ledger::Ledger;

/// GeeLark's documented limit of `/open/v1/pay/wallet`.
const WALLET: BudgetLimits = BudgetLimits {
    requests_per_minute: NonZeroU32::new(10).unwrap(),
    max_in_flight: 1,
};

/// GeeLark's documented limit of `/open/v1/pay/plan/info`. The first call is made 61 seconds after the start.
const PLAN: BudgetLimits = BudgetLimits {
    requests_per_minute: NonZeroU32::MIN,
    max_in_flight: 1,
};

/// The budget of one account, and the lower limits of single endpoints. It outlives a client that a reload replaces.
#[derive(Debug)]
pub struct Budget {
    account: Ledger,
    wallet: Ledger,
    plan: Ledger,
}

impl Budget {
    /// A budget that starts without a burst: the first call comes one spacing and one second after now.
    pub fn new(limits: BudgetLimits) -> Self {
        Self {
            account: Ledger::new(limits),
            wallet: Ledger::new(WALLET),
            plan: Ledger::new(PLAN),
        }
    }

    /// The account's limits.
    pub fn limits(&self) -> BudgetLimits {
        self.account.limits()
    }

    /// Changes the account's limits. Calls that were made still count.
    pub fn set_limits(&self, limits: BudgetLimits) {
        self.account.set_limits(limits);
    }

    /// Waits until the account may make a call.
    pub(crate) async fn take(&self) -> CallPermit<'_> {
        self.account.take().await
    }

    /// Waits until `endpoint` may be called; `None` if it has no limit of its own.
    pub(crate) async fn take_endpoint(&self, endpoint: Endpoint) -> Option<CallPermit<'_>> {
        match endpoint {
            Endpoint::PayWallet => Some(self.wallet.take().await),
            Endpoint::PayPlanInfo => Some(self.plan.take().await),
            Endpoint::PhoneStatus | Endpoint::PhoneList => None,
        }
    }
}
