//! When to ask: one task an account, rounds that never overlap, calls spread over each round.
//!
//! The poller is the only writer of its account's [`Fleet`], and posts every batch that an answer changed. The budget and
//! the locks are not its business: the client it calls keeps them, whoever calls.
//!
//! Always true:
//! - a batch is asked about at most once a round, retries and the search for a refused id aside;
//! - retries are only scheduled before the next round is due;
//! - a closed account ends the round at once, and the next begins when it opens.

mod agenda;
mod backoff;
mod journal;
mod round;
mod schedule;
#[cfg(test)]
mod tests;

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::{Instant, Interval, MissedTickBehavior, interval, sleep_until};
use tokio_util::sync::CancellationToken;

pub use schedule::{effective_interval, effective_stale_after};

use crate::clock::Clock;
use crate::exposition::{AccountMetrics, Section};
use crate::fleet::Fleet;
use crate::geelark::{Client, Transport};
use journal::Journal;
use round::Finished;

/// How often statuses are checked for their age: the precision of `stale_after`.
const TICK: Duration = Duration::from_secs(1);

/// What the configuration says about rounds.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// How often every phone is to be asked about.
    pub interval: Duration,
    /// How old a status may be and still be shown.
    pub stale_after: Duration,
    /// Calls under way at once.
    pub max_in_flight: usize,
}

/// Watches one account.
pub struct Poller<T> {
    client: Arc<Client<T>>,
    fleet: Fleet,
    section: Section,
    metrics: AccountMetrics,
    settings: Settings,
    clock: Clock,
    first_round: Arc<AtomicBool>,
    journal: Journal,
    /// The end of the lock, as far as it is shown.
    locked: Option<std::time::Instant>,
}

impl<T: Transport> Poller<T> {
    /// A poller that has not asked yet. What `fleet` already knows is posted at once.
    ///
    /// `first_round` is set once a first round is over, even a failed one.
    pub fn new(
        client: Arc<Client<T>>,
        fleet: Fleet,
        section: Section,
        metrics: AccountMetrics,
        settings: Settings,
        clock: Clock,
        first_round: Arc<AtomicBool>,
    ) -> Self {
        for batch in 0..fleet.batches() {
            section.post(batch, fleet.view(batch));
        }
        let journal = Journal::new(fleet.account().clone());
        Self {
            client,
            fleet,
            section,
            metrics,
            settings,
            clock,
            first_round,
            journal,
            locked: None,
        }
    }

    /// Asks, round after round, until told to stop; gives back what is known.
    pub async fn run(mut self, stop: CancellationToken) -> Fleet {
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let budget = self.client.budget().requests_per_minute();
        let every = effective_interval(self.settings.interval, self.fleet.batches(), budget);
        self.journal
            .interval(self.settings.interval, every, self.fleet.batches(), budget.get());
        self.journal.stale_after(self.settings.stale_after, self.stale_after());
        self.metrics.poll_interval.set(every.as_secs_f64());
        self.metrics.budget.set(budget.get().into());

        let mut due = Instant::now();
        let mut spread = Duration::ZERO; // the first round goes as fast as the budget allows
        while self.idle_until(due, &mut tick, &stop).await.is_continue() {
            let start = Instant::now();
            let Some(finished) = self.round(spread, start + every, &mut tick, &stop).await else {
                break;
            };
            self.conclude(&finished, start);
            due = finished.held_until.unwrap_or(start + every);
            spread = every;
        }
        self.fleet
    }

    fn conclude(&mut self, finished: &Finished, start: Instant) {
        let took = start.elapsed();
        let complete = finished.unanswered == 0;
        self.metrics.up.set(complete.into());
        if complete {
            self.metrics.poll_last_success.set(self.clock.now().unix().0);
        }
        self.metrics.poll_last_duration.set(took.as_secs_f64());
        self.metrics
            .unanswered
            .set(self.fleet.unanswered().try_into().unwrap_or(i64::MAX));
        let first = !self.first_round.swap(true, Ordering::Release);
        self.journal
            .round(first, finished.unanswered, self.fleet.batches(), took);
    }

    async fn idle_until(&mut self, due: Instant, tick: &mut Interval, stop: &CancellationToken) -> ControlFlow<()> {
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => return ControlFlow::Break(()),
                () = sleep_until(due) => return ControlFlow::Continue(()),
                _ = tick.tick() => self.tick(),
            }
        }
    }

    /// What time alone changes: statuses grow stale, locks end.
    fn tick(&mut self) {
        for batch in self.fleet.expire(self.stale_after(), Instant::now().into_std()) {
            self.section.post(batch, self.fleet.view(batch));
        }
        self.show_lock();
    }

    fn show_lock(&mut self) {
        let until = self.client.gate().locked_until();
        if until == self.locked {
            return;
        }
        let now = self.clock.now();
        self.metrics
            .locked_until
            .set(until.map_or(0, |until| now.wall_at(until).0));
        if until.is_none() {
            self.journal.reopened();
        }
        self.locked = until;
    }

    fn stale_after(&self) -> Duration {
        let every = effective_interval(
            self.settings.interval,
            self.fleet.batches(),
            self.client.budget().requests_per_minute(),
        );
        effective_stale_after(self.settings.stale_after, every)
    }

    fn finished_first_round(&self) -> bool {
        self.first_round.load(Ordering::Acquire)
    }
}
