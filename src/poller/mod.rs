//! When to ask: one task an account, rounds that never overlap, calls spread over each round.
//!
//! The poller is the only writer of its account's [`Fleet`], and posts every batch that an answer changed. The budget and
//! the locks are not its business: the client it calls keeps them, whoever calls.
//!
//! Always true:
//! - a batch is asked about at most once a round, retries and the search for a refused id aside;
//! - retries are only scheduled before the next round is due;
//! - questions out of turn spend only what the rounds leave of the budget;
//! - a closed account ends the round at once, and the next begins when it opens.

mod answers;
mod call_queue;
mod hints;
mod metrics;
mod poll_log;
mod round;
mod schedule;
mod snapshot_cell;
mod spare_budget;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};
use tokio_util::sync::CancellationToken;

pub use hints::Hints;
pub use metrics::LastRound;
pub(crate) use metrics::{PollMetrics, PollStatus};
pub use schedule::{effective_interval, effective_stale_after};
pub use snapshot_cell::SnapshotCell;

use crate::exposition::AccountStore;
use crate::fleet::Fleet;
use call_queue::{CallKind, QueuedCall};
use geelark_client::clock::Clock;
use geelark_client::phone::{BATCH_SIZE, PhoneId, StatusResponse, Target};
use geelark_client::{Blocked, Call, Client, Transport};
use poll_log::PollLog;
use round::Round;
use spare_budget::SpareBudget;

/// How often statuses are checked for their age and restless phones are looked for: the precision of both.
const TICK: Duration = Duration::from_secs(1);

/// How often the log hears of a first round that takes long.
const PROGRESS_EVERY: Duration = Duration::from_secs(10);

/// What the configuration says about rounds.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// How often every phone is to be asked about.
    pub interval: Duration,
    /// How often a phone that is starting or changed a moment ago is to be asked about.
    pub transient_interval: Duration,
    /// How old a status may be and still be shown.
    pub stale_after: Duration,
    /// Calls under way at once.
    pub max_in_flight: usize,
}

/// What a poller works with.
pub struct Parts<T> {
    /// Calls GeeLark, within budget and locks.
    pub client: Arc<Client<T>>,
    /// What is known already.
    pub fleet: Fleet,
    /// Which phones are to be watched. The first round begins when this is marked as changed for the first time.
    pub targets: watch::Receiver<Arc<[Target]>>,
    /// Phones that somebody says have changed.
    pub hints: Hints,
    /// Where the fleet is shown to whoever keeps a memory of it.
    pub snapshot_cell: SnapshotCell,
    /// Where batches are posted.
    pub section: AccountStore,
    /// Shows how polling goes.
    pub(crate) status: PollStatus,
    /// Time.
    pub clock: Clock,
    /// Set once a first round is over, even a failed one.
    pub first_round: Arc<AtomicBool>,
}

/// Watches one account.
pub struct Poller<T> {
    parts: Parts<T>,
    settings: Settings,
    poll_log: PollLog,
    /// From round to round, as far as the budget allows.
    every: Duration,
    spare_budget: SpareBudget,
    /// The end of the lock, as far as it is shown.
    locked: Option<std::time::Instant>,
}

/// A call under way.
type Asking = BoxFuture<'static, (QueuedCall, Result<Call<StatusResponse>, Blocked>)>;

/// When the next round begins, and how much time its calls are spread over.
struct Next {
    at: Instant,
    spread: Duration,
}

impl Next {
    /// As fast as the budget allows, so that what is new is seen soon.
    fn in_a_hurry(now: Instant) -> Self {
        Self {
            at: now,
            spread: Duration::ZERO,
        }
    }
}

impl<T: Transport> Poller<T> {
    /// A poller that has not asked yet. What its fleet already knows and is not too old is posted at once.
    pub fn new(parts: Parts<T>, settings: Settings) -> Self {
        let poll_log = PollLog::new(parts.fleet.account().clone());
        let budget = parts.client.budget().requests_per_minute();
        parts.status.metrics.budget.set(budget.get().into());
        let every = settings.interval;
        let mut poller = Self {
            parts,
            settings,
            poll_log,
            every,
            spare_budget: SpareBudget::new(budget, 0, every, Instant::now()),
            locked: None,
        };
        poller.adapt();
        poller
            .parts
            .fleet
            .expire(poller.stale_after(), Instant::now().into_std());
        poller.parts.section.replace_batches(poller.parts.fleet.views());
        // A predecessor may have shown a lock that ended while nobody looked.
        poller.parts.status.metrics.locked_until.set(0);
        poller.show_lock();
        poller.reflect();
        poller
    }

    /// Asks, round after round, until told to stop; gives back what is known.
    pub async fn run(mut self, stop: CancellationToken) -> Fleet {
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut asking: FuturesUnordered<Asking> = FuturesUnordered::new();
        let mut round: Option<Round> = None;
        let mut next: Option<Next> = None;
        // Many phones came during the round: the next one is not to wait.
        let mut hurry = false;
        let mut report_at = Instant::now() + PROGRESS_EVERY;
        loop {
            if let Some(finished) = round.take_if(|round| round.is_over()) {
                next = Some(self.conclude(&finished, hurry));
                hurry = false;
            }
            if let Some(question) = self.out_of_turn() {
                asking.push(self.ask(question));
            }
            // After a hold one call finds out whether it is over; the others wait for its answer.
            let is_half_open = self.parts.client.gate().is_half_open();
            let width = if is_half_open { 1 } else { self.settings.max_in_flight };
            let question_at = round.as_ref().and_then(|round| round.next_at(width));
            let round_at = next.as_ref().map(|next| next.at).filter(|_| round.is_none());
            tokio::select! {
                biased;
                () = stop.cancelled() => return self.parts.fleet,
                Some((entry, result)) = asking.next() => self.settle(round.as_mut(), entry, result),
                Ok(()) = self.parts.targets.changed() => {
                    let is_large = self.assign() > BATCH_SIZE;
                    if round.is_some() {
                        hurry |= is_large;
                    } else if is_large || next.is_none() {
                        next = Some(Next::in_a_hurry(Instant::now()));
                    }
                }
                () = self.parts.snapshot_cell.wanted() => self.reflect(),
                _ = tick.tick() => {
                    self.tick();
                    if let Some(round) = round.as_ref().filter(|_| !self.finished_first_round() && Instant::now() >= report_at) {
                        report_at += PROGRESS_EVERY;
                        self.poll_log.progress(round.answers(), self.parts.fleet.batches());
                    }
                }
                () = sleep_until(round_at.unwrap_or_else(Instant::now)), if round_at.is_some() => {
                    let spread = next.take().map_or(self.every, |next| next.spread);
                    let start = Instant::now();
                    round = Some(Round::plan(&self.parts.fleet, start, spread, start + self.every));
                }
                () = sleep_until(question_at.unwrap_or_else(Instant::now)), if question_at.is_some() => {
                    if let Some(entry) = round.as_mut().and_then(Round::begin) {
                        self.parts.fleet.set_asked(&entry.question, Instant::now().into_std());
                        asking.push(self.ask(entry));
                    }
                }
                // Last, since a flood of hints is always ready.
                hinted = self.parts.hints.take() => self.parts.fleet.hint(&hinted),
            }
        }
    }

    fn ask(&self, entry: QueuedCall) -> Asking {
        let client = self.parts.client.clone();
        let ids: Vec<PhoneId> = entry.question.ids().cloned().collect();
        Box::pin(async move {
            let result = client.phone_status(&ids).await;
            (entry, result)
        })
    }

    /// The next question out of turn, if there is something to ask and something to pay it with.
    fn out_of_turn(&mut self) -> Option<QueuedCall> {
        let now = Instant::now();
        let gate = self.parts.client.gate();
        if !self.spare_budget.is_free(now) || gate.is_half_open() || gate.check().is_err() {
            return None;
        }
        let fleet = &mut self.parts.fleet;
        // A tick early, since that is how long it may take to notice: asked at least so often, not at most.
        let interval = self.settings.transient_interval.saturating_sub(TICK);
        let question = fleet.out_of_turn(interval, now.into_std())?;
        self.spare_budget.begin(now);
        Some(QueuedCall {
            question,
            purpose: CallKind::OutOfTurn,
            attempts: 0,
        })
    }

    /// Takes in another targets; returns how many phones are new. A few of them are asked about out of turn.
    fn assign(&mut self) -> usize {
        let members = self.parts.targets.borrow_and_update().clone();
        let news = self.parts.fleet.assign(&members);
        if news.changed {
            self.parts.section.replace_batches(self.parts.fleet.views());
            self.adapt();
            self.poll_log.targets(members.len(), news.added.len());
        }
        if news.added.len() <= BATCH_SIZE && self.finished_first_round() {
            self.parts.fleet.hint(&news.added);
        }
        news.added.len()
    }

    /// The number of batches changed, and with it what the budget can do.
    fn adapt(&mut self) {
        let batches = self.parts.fleet.batches();
        let budget = self.parts.client.budget().requests_per_minute();
        self.every = effective_interval(self.settings.interval, batches, budget);
        self.spare_budget.resize(budget, batches, self.every);
        self.parts.status.metrics.interval.set(self.every.as_secs_f64());
        self.poll_log
            .interval(self.settings.interval, self.every, batches, budget.get());
        self.poll_log.stale_after(self.settings.stale_after, self.stale_after());
    }

    fn conclude(&mut self, round: &Round, hurry: bool) -> Next {
        let (now, took) = (Instant::now(), round.start.elapsed());
        let up = round.unanswered() == 0;
        let last_success = if up {
            self.parts.clock.now().unix()
        } else {
            self.parts.status.last_round.borrow().last_success
        };
        let last = LastRound {
            up,
            last_success,
            last_duration_ms: took.as_millis().try_into().unwrap_or(u64::MAX),
            unanswered: self.parts.fleet.unanswered(),
        };
        self.parts.status.set(last);
        let first = !self.parts.first_round.swap(true, Ordering::Release);
        self.poll_log
            .round(first, round.unanswered(), self.parts.fleet.batches(), took);
        match round.held_until() {
            None if hurry => Next::in_a_hurry(now),
            held_until => Next {
                at: held_until.unwrap_or(round.start + self.every).max(now),
                spread: self.every,
            },
        }
    }

    /// What time alone changes: statuses grow stale, locks end.
    fn tick(&mut self) {
        for batch in self.parts.fleet.expire(self.stale_after(), Instant::now().into_std()) {
            self.update_batch(batch);
        }
        self.show_lock();
    }

    fn reflect(&self) {
        self.parts
            .snapshot_cell
            .show(self.parts.fleet.snapshot(self.parts.clock.now()));
    }

    fn show_lock(&mut self) {
        let until = self.parts.client.gate().locked_until();
        if until == self.locked {
            return;
        }
        let now = self.parts.clock.now();
        let shown = until.map_or(0, |until| now.wall_at(until).0);
        self.parts.status.metrics.locked_until.set(shown);
        if until.is_none() {
            self.poll_log.reopened();
        }
        self.locked = until;
    }

    fn update_batch(&self, batch: usize) {
        self.parts.section.update_batch(batch, self.parts.fleet.view(batch));
    }

    fn stale_after(&self) -> Duration {
        effective_stale_after(self.settings.stale_after, self.every)
    }

    fn finished_first_round(&self) -> bool {
        self.parts.first_round.load(Ordering::Acquire)
    }
}
