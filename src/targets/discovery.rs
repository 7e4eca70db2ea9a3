//! One account's discovery: a task that looks for phones again and again, and publishes what is to be watched.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use super::book::Book;
use super::discovery_log::DiscoveryLog;
use super::listed_phones::ListedPhones;
use super::metrics::DiscoveryStatus;
use super::ownership::{LETTING_GO, OwnershipHandle};
use super::reader::{ListError, READINGS, Reader, Reading};
use crate::backoff;
use crate::config;
use geelark_client::clock::Clock;
use geelark_client::phone::{PhoneDetails, PhoneId, Target};
use geelark_client::{Client, ListedPhone, Transport};

/// After the first failure in a row the next attempt comes about this soon; the wait doubles up to the refresh interval.
const FIRST_RETRY: Duration = Duration::from_secs(5);

/// A flood of rumours costs a look this often at most.
const RUMOUR_PAUSE: Duration = Duration::from_secs(30);

/// Finds the phones of one account.
#[derive(Debug)]
pub(crate) struct Discovery<T> {
    client: Arc<Client<T>>,
    settings: config::Discovery,
    reader: Reader,
    book: Book,
    status: DiscoveryStatus,
    log: DiscoveryLog,
    clock: Clock,
    /// Attempts that failed in a row.
    failures: u32,
    targets: watch::Sender<Arc<[Target]>>,
    has_published: bool,
    /// Notified by whoever hears that there are other phones.
    rumours: Arc<Notify>,
}

impl<T: Transport> Discovery<T> {
    /// A discovery that has not looked yet. The configured phones are claimed at once and are the targets so far; the
    /// receiver sees it as changed after the first attempt, whatever that brought, and then whenever it is another.
    pub(crate) fn new(
        client: Arc<Client<T>>,
        settings: config::Discovery,
        configured: Vec<PhoneId>,
        claim: OwnershipHandle,
        account: Arc<str>,
        status: DiscoveryStatus,
        clock: Clock,
    ) -> (Self, watch::Receiver<Arc<[Target]>>) {
        claim.introduce(account.clone());
        let book = Book::new(configured, ListedPhones::all(&settings.filters), claim);
        let mut log = DiscoveryLog::new(account);
        let (targets, receiver) = watch::channel(book.targets(&mut log));
        let discovery = Self {
            client,
            settings,
            book,
            reader: Reader::new(Some(status.api.clone())),
            status,
            log,
            clock,
            failures: 0,
            targets,
            has_published: false,
            rumours: Arc::default(),
        };
        (discovery, receiver)
    }

    /// Lets phones that were watched before stand until everything was listed once: a discovery that fails after a reload
    /// or a restart takes none of them away. Whoever is among the configured ones is there anyway.
    #[must_use]
    pub(crate) fn remembering(mut self, members: impl IntoIterator<Item = Target>) -> Self {
        let details = |member: Target| (member.id, member.details.unwrap_or_default());
        self.book.remembered = members.into_iter().map(details).collect();
        // They are shown already, so they are claimed now; nobody is to be told before the first look.
        let targets = self.book.targets(&mut self.log);
        self.targets.send_if_modified(|known| {
            *known = targets;
            false
        });
        self
    }

    /// Looks sooner than planned when `rumours` is notified: at once, but not within half a minute of the last look.
    #[must_use]
    pub(crate) fn hearing(self, rumours: Arc<Notify>) -> Self {
        Self { rumours, ..self }
    }

    /// Looks for phones until told to stop.
    pub(crate) async fn run(self, stop: CancellationToken) {
        stop.run_until_cancelled_owned(self.look_for_ever()).await;
    }

    async fn look_for_ever(mut self) {
        if !self.targets.borrow().is_empty() {
            // What is known already need not wait for a list that may be long, or slow.
            self.publish();
        }
        loop {
            let start = Instant::now();
            let outcome = self.refresh().await;
            if outcome.is_ok() {
                self.book.remembered.clear();
            }
            self.publish();
            self.book.pool.tidy();
            match outcome {
                Ok(()) => {
                    let due = self.succeeded(start);
                    let sooner = due.min(start + RUMOUR_PAUSE);
                    self.idle_until(due, Some(sooner)).await;
                }
                // A rumour is no reason to bother a list that fails.
                Err(trouble) => {
                    let due = self.failed(&trouble);
                    self.idle_until(due, None).await;
                }
            }
        }
    }

    /// Reads every listed_phones until it is proven. What is not yet proven is published as it becomes known.
    async fn refresh(&mut self) -> Result<(), ListError> {
        let mut open: Vec<usize> = (0..self.book.listings.len()).collect();
        let mut troubles = BTreeMap::new();
        for reading in 1..=READINGS {
            for at in std::mem::take(&mut open) {
                match self.read(at).await {
                    Ok(pass) => {
                        troubles.remove(&at);
                        if !self.book.listings[at].take_in(pass) {
                            open.push(at);
                        }
                    }
                    Err(trouble) if trouble.is_general() => return Err(trouble),
                    Err(trouble) => {
                        if trouble.may_pass() {
                            open.push(at);
                        }
                        troubles.insert(at, trouble);
                    }
                }
            }
            self.publish();
            if open.is_empty() || reading == READINGS {
                break;
            }
            // What is new is known by now; the proof is in no hurry.
            self.reader.share(self.client.budget().spacing());
            sleep(backoff::delay(reading, fastrand::f64())).await;
        }
        troubles.into_values().next().map_or(Ok(()), Err)
    }

    async fn read(&mut self, at: usize) -> Result<Reading<Arc<PhoneDetails>>, ListError> {
        let Book { listings, pool, .. } = &mut self.book;
        let (listed_phones, shard) = (&listings[at], self.settings.shard);
        let keep = |phone: ListedPhone| {
            let id = listed_phones.id(&phone.id);
            shard.keeps(&id).then(|| (id, pool.details(&phone)))
        };
        self.reader.read(&self.client, &listed_phones.filter, keep).await
    }

    /// Tells whoever watches what is to be watched, if that is news.
    fn publish(&mut self) {
        let found = self.book.found().len();
        self.status.update(|summary| summary.phones = found);
        let targets = self.book.targets(&mut self.log);
        if !self.has_published || *self.targets.borrow() != targets {
            self.targets.send_replace(targets);
            self.has_published = true;
        }
    }

    /// Notes it, and says when to look again.
    fn succeeded(&mut self, start: Instant) -> Instant {
        self.failures = 0;
        let now = self.clock.now().unix();
        self.status.update(|summary| summary.last_success = now);
        self.log.found(self.book.found().len());
        self.reader.share(self.client.budget().spacing());
        start + self.settings.refresh_interval
    }

    /// Notes it, and says when to try again: when the account opens, or sooner than one would look again.
    fn failed(&mut self, trouble: &ListError) -> Instant {
        let now = Instant::now();
        if !matches!(trouble, ListError::Blocked(_)) {
            self.status.metrics.failures.inc();
            self.failures = self.failures.saturating_add(1);
        }
        let doubled = FIRST_RETRY.saturating_mul(1 << self.failures.saturating_sub(1).min(16));
        let wait = doubled
            .min(self.settings.refresh_interval)
            .mul_f64(0.5 + fastrand::f64() / 2.0);
        let due = match self.client.gate().check() {
            Err(held) => Instant::from(held.until),
            Ok(()) => now + wait,
        };
        self.log.failed(trouble, due - now);
        due
    }

    /// Waits, and meanwhile hands over what other accounts are to have and takes what has become free.
    /// With a rumour, until `sooner`.
    async fn idle_until(&mut self, mut due: Instant, sooner: Option<Instant>) {
        while Instant::now() < due {
            tokio::select! {
                () = sleep_until(due.min(Instant::now() + LETTING_GO)) => {}
                () = self.rumours.notified(), if sooner.is_some() => due = sooner.unwrap_or(due),
            }
            if self.book.claim.is_unsettled(Instant::now().into_std()) {
                self.publish();
            }
        }
    }
}
