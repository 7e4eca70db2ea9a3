//! Wallet and plan: one task an account, which reads both now and then and shows what it learns.
//!
//! Invariants:
//! - a failure here is logged and counted, and affects neither `geelark_up` nor a round of polling. Only a lock blocks the
//!   whole account, and then nothing is read here either;
//! - a value that could not be read again in three reads is no longer shown.

mod metrics;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use crate::condition::Condition;
use crate::metrics::{CallMetrics, ShowValue, Shown};
use geelark_client::{Blocked, Call, Client, Transport};
pub use metrics::{BillingStatus, Expiring, PlanMetrics, WalletMetrics};

/// The wallet changes by the minute while phones run, and a few minutes decide nothing. 12 calls an hour.
const WALLET_EVERY: Duration = Duration::from_mins(5);

/// A plan changes when the user buys one. GeeLark takes one such call a minute, which the user's own tools may need.
const PLAN_EVERY: Duration = Duration::from_mins(10);

/// After this many reads in a row without a value it is no longer shown: a quarter or half of an hour.
const SHOWN_FOR_READS: u32 = 3;

/// The first wait after a failure. It is doubled each time, up to the usual interval. No limit of GeeLark ends sooner.
const FIRST_RETRY: Duration = Duration::from_mins(1);

/// Reads one account's wallet and plan.
pub struct Billing<T> {
    /// Calls GeeLark, within budget and locks.
    pub client: Arc<Client<T>>,
    /// The account's name, for the log.
    pub account: Arc<str>,
    /// Counts the calls.
    pub calls: CallMetrics,
    /// Where what was read is shown.
    pub status: Arc<BillingStatus>,
}

impl<T: Transport> Billing<T> {
    /// Reads until `stop` is cancelled. What is shown then stays.
    pub async fn run(self, stop: CancellationToken) {
        let wallet = self.keep_reading("wallet", WALLET_EVERY, Client::wallet, &self.status.wallet);
        let plan = self.keep_reading("plan", PLAN_EVERY, Client::plan, &self.status.plan);
        stop.run_until_cancelled(join(wallet, plan)).await;
    }

    /// Reads at each interval, and sooner after a failure. Never ends.
    async fn keep_reading<V: Default + PartialEq, M: ShowValue<Value = Option<Expiring<V, Instant>>>>(
        &self,
        what: &str,
        every: Duration,
        read: impl AsyncFn(&Client<T>) -> Result<Call<V>, Blocked>,
        shown: &Shown<M>,
    ) {
        let account = &self.account;
        // With the reason, or none: the answer had no field that is known.
        let mut unreadable = Condition::default();
        let mut retry = FIRST_RETRY;
        loop {
            let next = match read(&self.client).await {
                Err(blocked) => blocked.until.into(),
                Ok(call) => {
                    self.calls.count(&call);
                    let (now, trace_id) = (Instant::now(), call.trace_id);
                    match call.outcome {
                        Ok(value) if value != V::default() => {
                            let until = now + every * SHOWN_FOR_READS;
                            shown.set(Some(Expiring { value, until }));
                            if unreadable.end() {
                                info!(%account, "the {what} can be read again");
                            }
                            retry = FIRST_RETRY;
                            now + every
                        }
                        outcome => {
                            let failure = outcome.err();
                            let message = failure
                                .as_ref()
                                .map_or("the answer has no field that is known", |failure| &failure.message);
                            if unreadable.begin(failure.as_ref().map(|failure| failure.reason)) {
                                warn!(%account, %trace_id, "the {what} cannot be read: {message}; polling goes on, and billing.enabled turns these calls off");
                            } else {
                                debug!(%account, %trace_id, "the {what} still cannot be read: {message}");
                            }
                            let wait = retry.max(failure.and_then(|failure| failure.retry_after).unwrap_or_default());
                            retry = (retry * 2).min(every);
                            now + wait
                        }
                    }
                }
            };
            if let Some(shown_until) = shown.get().map(|shown| shown.until).filter(|until| *until < next) {
                sleep_until(shown_until).await;
                shown.set(None);
            }
            sleep_until(next).await;
        }
    }
}
