//! Wallet and plan: one task an account, which asks for both now and then and shows what it learns.
//!
//! Always true:
//! - what goes wrong here stays here: it is in the log and in the counts of calls, and neither `geelark_up` nor a round of
//!   polling notices. Only a lock is the whole account's, and then nothing is asked here either;
//! - a value that could not be read again in three reads is shown no more.

mod billing_log;
mod metrics;
#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::metrics::{CallMetrics, ShowValue};
use billing_log::BillingLog;
use geelark_client::{Blocked, Call, Client, Transport};
pub use metrics::{ExpiringGauges, Money};

/// Money changes by the minute while phones run, and a few minutes decide nothing. 12 calls an hour.
const WALLET_EVERY: Duration = Duration::from_mins(5);

/// A plan changes when somebody buys; and GeeLark takes one such call a minute, which the user's own tools may want.
const PLAN_EVERY: Duration = Duration::from_mins(10);

/// After so many reads in a row that brought nothing a value is shown no more: a quarter or half of an hour.
const SHOWN_FOR_READS: u32 = 3;

/// The first wait after a failure; doubled each time, up to the usual interval. No limit of GeeLark's is shorter lived.
const FIRST_RETRY: Duration = Duration::from_mins(1);

/// Asks for one account's wallet and plan.
pub struct Billing<T> {
    /// Calls GeeLark, within budget and locks.
    pub client: Arc<Client<T>>,
    /// The account's name, for the log.
    pub account: Arc<str>,
    /// Counts the calls.
    pub calls: CallMetrics,
    /// Where what was read is shown.
    pub money: Money,
}

impl<T: Transport> Billing<T> {
    /// Asks until `stop` is cancelled. What is shown then stays, as long as it would have.
    pub async fn run(self, stop: CancellationToken) {
        tokio::select! {
            () = stop.cancelled() => {}
            never = self.keep_reading("wallet", WALLET_EVERY, Client::wallet, &self.money.wallet) => match never {},
            never = self.keep_reading("plan", PLAN_EVERY, Client::plan, &self.money.plan) => match never {},
            never = self.money.wallet.keep_expiring() => match never {},
            never = self.money.plan.keep_expiring() => match never {},
        }
    }

    /// Reads at each interval, and sooner after a failure.
    async fn keep_reading<G: ShowValue>(
        &self,
        what: &'static str,
        every: Duration,
        read: impl AsyncFn(&Client<T>) -> Result<Call<G::Value>, Blocked>,
        shown: &ExpiringGauges<G>,
    ) -> Infallible {
        let mut log = BillingLog::new(self.account.clone(), what);
        let mut retry = FIRST_RETRY;
        loop {
            let next = match read(&self.client).await {
                Err(blocked) => blocked.until.into(),
                Ok(call) => {
                    self.calls.count(&call);
                    let now = Instant::now();
                    match call.outcome {
                        Ok(value) if value != G::Value::default() => {
                            shown.show(value, now + every * SHOWN_FOR_READS);
                            log.answered();
                            retry = FIRST_RETRY;
                            now + every
                        }
                        outcome => {
                            let failure = outcome.err();
                            log.failed(call.trace_id, failure.as_ref());
                            let asked = failure.and_then(|failure| failure.retry_after).unwrap_or_default();
                            let wait = retry.max(asked);
                            retry = (retry * 2).min(every);
                            now + wait
                        }
                    }
                }
            };
            sleep_until(next).await;
        }
    }
}
