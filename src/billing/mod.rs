//! Wallet and plan: one task an account reads both from time to time and shows them.
//!
//! Invariants:
//! - a failure to read them is in the log and in the counts of calls, and affects neither `geelark_up` nor the polling.
//!   Only a lock holds for the whole account, and then nothing is read here either;
//! - a value that three reads in a row could not renew is no longer shown.

mod billing_log;
mod metrics;
#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout_at};
use tokio_util::sync::CancellationToken;

use billing_log::BillingLog;
use geelark_client::{Blocked, Call, Client, Transport};
pub(crate) use metrics::{BillingMetrics, BillingStatus, LastRead};

/// The balance changes each minute while phones run, but a few minutes make no difference. 12 calls an hour.
const WALLET_EVERY: Duration = Duration::from_mins(5);

/// A plan changes when the user buys something. GeeLark takes one such call a minute, which the user's own tools may need.
const PLAN_EVERY: Duration = Duration::from_mins(10);

/// A value is shown for so many reads without being renewed: a quarter or half of an hour.
const SHOWN_FOR_READS: u32 = 3;

/// The first wait after a failure. It doubles with each failure, up to the usual interval. No limit of GeeLark's ends sooner.
const FIRST_RETRY: Duration = Duration::from_mins(1);

/// Reads one account's wallet and plan.
pub(crate) struct Billing<T> {
    /// The account's name, for the log.
    pub(crate) account: Arc<str>,
    /// Calls GeeLark, within budget and locks.
    pub(crate) client: Arc<Client<T>>,
    /// Shows what was read. What a predecessor read is shown again.
    pub(crate) status: BillingStatus,
}

impl<T: Transport> Billing<T> {
    /// Reads until `stop` is cancelled.
    pub(crate) async fn run(self, stop: CancellationToken) {
        let BillingStatus {
            metrics, wallet, plan, ..
        } = &self.status;
        tokio::select! {
            () = stop.cancelled() => {}
            never = self.keep_reading("wallet", WALLET_EVERY, Client::wallet, wallet) => match never {},
            never = self.keep_reading("plan", PLAN_EVERY, Client::plan, plan) => match never {},
            never = show(wallet.subscribe(), |wallet| metrics.show_wallet(wallet)) => match never {},
            never = show(plan.subscribe(), |plan| metrics.show_plan(plan)) => match never {},
        }
    }

    /// Reads at each interval, and sooner after a failure.
    async fn keep_reading<D: Default + PartialEq>(
        &self,
        what: &'static str,
        every: Duration,
        read: impl AsyncFn(&Client<T>) -> Result<Call<D>, Blocked>,
        last_read: &watch::Sender<LastRead<D>>,
    ) -> Infallible {
        let mut billing_log = BillingLog::new(self.account.clone(), what);
        let mut retry = FIRST_RETRY;
        loop {
            let next = match read(&self.client).await {
                Err(blocked) => blocked.until.into(),
                Ok(call) => {
                    self.status.api.count(&call);
                    let now = Instant::now();
                    match call.outcome {
                        Ok(value) if value != D::default() => {
                            last_read.send_replace(Some((value, now + every * SHOWN_FOR_READS)));
                            billing_log.answered();
                            retry = FIRST_RETRY;
                            now + every
                        }
                        outcome => {
                            let failure = outcome.err();
                            billing_log.failed(call.trace_id, failure.as_ref());
                            let retry_after = failure.and_then(|failure| failure.retry_after);
                            let wait = retry.max(retry_after.unwrap_or_default());
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

/// Shows what was read last until its time is over, and then a value in which nothing is known.
async fn show<D: Copy + Default>(mut last_read: watch::Receiver<LastRead<D>>, set: impl Fn(D)) -> Infallible {
    loop {
        let last = *last_read.borrow_and_update();
        let changed = last_read.changed();
        // The sender exists as long as the task, so an end of the wait is a new value or the end of its time.
        if let Some((value, until)) = last.filter(|(_, until)| Instant::now() < *until) {
            set(value);
            let _ = timeout_at(until, changed).await;
        } else {
            set(D::default());
            let _ = changed.await;
        }
    }
}
