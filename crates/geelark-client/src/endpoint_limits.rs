//! What GeeLark allows at single endpoints, which is less than what it allows the account.

use std::num::NonZeroU32;

use super::budget::{Budget, Permit};
use super::call::Endpoint;

/// GeeLark's documented limit of `/open/v1/pay/wallet`, in calls a minute.
const WALLET_PER_MINUTE: NonZeroU32 = NonZeroU32::new(10).unwrap();

/// GeeLark's documented limit of `/open/v1/pay/plan/info`, in calls a minute.
const PLAN_PER_MINUTE: NonZeroU32 = NonZeroU32::MIN;

/// The endpoint_limits of one account, beside its budget. They outlive a client that a reload replaces, as the budget does.
///
/// Each keeps the promises of a [`Budget`]: in any 60 seconds the server sees at most the documented calls, and nothing is
/// called before a process before this one is sure to have left the window. For the plan that means: nothing in the first
/// 61 seconds.
#[derive(Debug)]
pub struct EndpointLimits {
    wallet: Budget,
    plan: Budget,
}

impl Default for EndpointLimits {
    fn default() -> Self {
        Self::new()
    }
}

impl EndpointLimits {
    /// EndpointLimits of which nothing is known to be spent.
    pub fn new() -> Self {
        Self {
            wallet: Budget::new(WALLET_PER_MINUTE, 1),
            plan: Budget::new(PLAN_PER_MINUTE, 1),
        }
    }

    /// Waits for leave to call `endpoint`; `None` where nothing but the budget limits it.
    pub(super) async fn take(&self, endpoint: Endpoint) -> Option<Permit> {
        let allowance = match endpoint {
            Endpoint::PayWallet => &self.wallet,
            Endpoint::PayPlanInfo => &self.plan,
            _ => return None,
        };
        Some(allowance.take().await)
    }
}
