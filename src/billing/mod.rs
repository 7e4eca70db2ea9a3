//! Wallet and plan: one task an account, which asks for both now and then and shows what it learns.
//!
//! Always true:
//! - what goes wrong here stays here: it is in the log and in the counts of calls, and neither `geelark_up` nor a round of
//!   polling notices. Only a lock is the whole account's, and then nothing is asked here either;
//! - a value that could not be read again in three reads is shown no more.

mod billing_log;
#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::exposition::AccountMetrics;
use billing_log::BillingLog;
use geelark_client::money::{Plan, Wallet};
use geelark_client::{Blocked, Call, Client, Transport};

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
    client: Arc<Client<T>>,
    metrics: AccountMetrics,
    whole_fleet: bool,
}

impl<T: Transport> Billing<T> {
    /// A task that has not asked yet. `whole_fleet`: all phones of the account that are watched are watched here, so that they
    /// may be compared with what the plan allows.
    pub fn new(client: Arc<Client<T>>, metrics: AccountMetrics, whole_fleet: bool) -> Self {
        Self {
            client,
            metrics,
            whole_fleet,
        }
    }

    /// Asks until told to stop. What is shown then stays, as long as it would have.
    pub async fn run(self, stop: CancellationToken) {
        let wallet = self.keep_asking("wallet", WALLET_EVERY, Client::wallet, |wallet: Wallet, until| {
            let is_news = wallet != Wallet::default();
            if is_news {
                self.metrics.wallet(wallet, until);
            }
            is_news
        });
        let plan = self.keep_asking("plan", PLAN_EVERY, Client::plan, |plan: Plan, until| {
            let is_news = plan != Plan::default();
            if is_news {
                self.metrics.plan(plan, until, self.whole_fleet);
            }
            is_news
        });
        tokio::select! {
            () = stop.cancelled() => {}
            never = wallet => match never {},
            never = plan => match never {},
        }
    }

    /// Asks at each interval, and sooner after a failure. `show` says whether there was anything in the answer to show.
    async fn keep_asking<D: Copy>(
        &self,
        what: &'static str,
        every: Duration,
        ask: impl AsyncFn(&Client<T>) -> Result<Call<D>, Blocked>,
        show: impl Fn(D, Instant) -> bool,
    ) -> Infallible {
        let mut billing_log = BillingLog::new(self.metrics.account().clone(), what);
        let mut retry = FIRST_RETRY;
        loop {
            let next = match ask(&self.client).await {
                Err(held) => held.until.into(),
                Ok(call) => {
                    self.count(&call);
                    let now = Instant::now();
                    match call.outcome {
                        Ok(answer) if show(answer, now + every * SHOWN_FOR_READS) => {
                            billing_log.answered();
                            retry = FIRST_RETRY;
                            now + every
                        }
                        outcome => {
                            let failure = outcome.err();
                            billing_log.failed(call.trace_id, failure.as_ref());
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

    fn count<D>(&self, call: &Call<D>) {
        let failure = call.outcome.as_ref().err().map(|failure| failure.reason.to_string());
        self.metrics
            .request(call.endpoint.label(), call.elapsed, failure.as_deref());
    }
}
