//! One account's discovery: a task that lists the phones at each refresh, and publishes the targets.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::details::Pool;
use super::list_reader::{ListError, ListReader};
use super::lists::Lists;
use super::metrics::{DiscoveryStatus, DiscoverySummary};
use super::ownership::OwnershipHandle;
use super::settings::DiscoverySettings;
use crate::backoff;
use crate::condition::Condition;
use crate::fleet::{PhoneDetails, Target};
use crate::metrics::CallMetrics;
use geelark_client::clock::Clock;
use geelark_client::phone::PhoneId;
use geelark_client::{Client, ListedPhone, Transport};

/// After the first failure in a row the next attempt comes about this soon; the wait doubles up to the refresh interval.
const FIRST_RETRY: Duration = Duration::from_secs(5);

/// Hints that the phones changed cause at most one refresh in this time.
const HINT_PAUSE: Duration = Duration::from_secs(30);

/// The targets of an account without discovery.
pub fn without_discovery(configured: &[PhoneId]) -> Arc<[Target]> {
    configured.iter().cloned().map(Target::from).collect()
}

/// Finds the phones of one account.
pub struct Discovery<T> {
    /// Calls GeeLark, within budget and locks.
    pub client: Arc<Client<T>>,
    /// The account's name, for the log.
    pub account: Arc<str>,
    /// What to find, and how often.
    pub settings: DiscoverySettings,
    /// Phones that are always watched.
    pub configured: Vec<PhoneId>,
    /// Phones that were watched before. They stay until all lists were read once, so that a failure after a reload or a
    /// restart removes none of them.
    pub remembered: BTreeMap<PhoneId, Arc<PhoneDetails>>,
    /// Where targets are published.
    pub handle: Arc<OwnershipHandle>,
    /// Counts calls.
    pub calls: CallMetrics,
    /// Where the result is shown.
    pub status: Arc<DiscoveryStatus>,
    /// Time.
    pub clock: Clock,
    /// Notified when the phones may have changed: discovery lists them sooner than planned.
    pub hints: Arc<Notify>,
}

impl<T: Transport> Discovery<T> {
    /// Publishes the configured and the remembered phones, which are known before a list is read.
    pub fn publish_initial(&self) {
        self.publish(&Lists::new(&[]));
    }

    /// Lists the phones until `stop` is cancelled.
    pub async fn run(self, stop: CancellationToken) {
        stop.run_until_cancelled_owned(self.run_for_ever()).await;
    }

    async fn run_for_ever(mut self) {
        let (client, account) = (self.client.clone(), self.account.clone());
        let mut reader = ListReader::new(&client, Some(self.calls.clone()));
        let mut lists = Lists::new(&self.settings.filters);
        let mut pool = Pool::default();
        let (mut failing, mut found) = (Condition::default(), Condition::default());
        let mut retry = FIRST_RETRY;
        loop {
            let start = Instant::now();
            let result = self.refresh(&mut lists, &mut pool, &mut reader).await;
            if result.is_ok() {
                self.remembered.clear();
            }
            let phones = self.publish(&lists);
            self.handle.announce();
            pool.drop_unused();
            if let Err(error) = result {
                if !matches!(error, ListError::Blocked(_)) {
                    self.status.metrics.failures.inc();
                }
                // A hint does not speed up a list that fails.
                let wait = match client.gate().check() {
                    Err(blocked) => Instant::from(blocked.until) - Instant::now(),
                    Ok(()) => backoff::jitter(retry, fastrand::f64()),
                };
                let retry_in = wait.as_secs_f32();
                if failing.begin(()) {
                    warn!(%account, retry_in, "discovery failed, the phones known before stay: {error}");
                } else {
                    debug!(%account, retry_in, "discovery still fails: {error}");
                }
                retry = (retry * 2).min(self.settings.refresh_interval);
                sleep(wait).await;
                continue;
            }
            let last_success = self.clock.now().unix();
            self.status.set(DiscoverySummary { last_success, phones });
            if failing.end() {
                info!(%account, "discovery works again");
            }
            if found.begin(phones) {
                info!(%account, phones, "discovery found the phones of the account");
            }
            retry = FIRST_RETRY;
            reader.slow_down();
            let due = start + self.settings.refresh_interval;
            tokio::select! {
                () = sleep_until(due) => {}
                () = self.hints.notified() => sleep_until(due.min(start + HINT_PAUSE)).await,
            }
        }
    }

    /// Reads every list until it is confirmed. New phones are published at once.
    async fn refresh(
        &self,
        lists: &mut Lists<Arc<PhoneDetails>>,
        pool: &mut Pool,
        reader: &mut ListReader<'_, T>,
    ) -> Result<(), ListError> {
        let shard = self.settings.shard;
        let keep = |phone: ListedPhone| shard.keeps(&phone.id.as_str().into()).then(|| pool.details(&phone));
        let after_reading = |lists: &Lists<_>, reader: &mut ListReader<'_, T>, goes_on| {
            self.publish(lists);
            if goes_on {
                // New phones are known by now; the confirmation is not urgent.
                reader.slow_down();
            }
        };
        lists.read(reader, keep, after_reading).await
    }

    /// Publishes the targets; returns how many phones discovery knows of.
    fn publish(&self, lists: &Lists<Arc<PhoneDetails>>) -> usize {
        let mut found: BTreeMap<_, _> = self.remembered.iter().chain(lists.phones()).collect();
        let phones = found.len();
        let summary = self.status.get();
        self.status.set(DiscoverySummary { phones, ..summary });
        let target = |id: &PhoneId, details: Option<&Arc<PhoneDetails>>| Target {
            id: id.clone(),
            details: details.cloned(),
        };
        let configured: Vec<Target> = self.configured.iter().map(|id| target(id, found.remove(id))).collect();
        let others = found.into_iter().map(|(id, details)| target(id, Some(details)));
        self.handle.publish(configured.into_iter().chain(others).collect());
        phones
    }
}
