//! The poller of one account and its main loop.

use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};
use tokio_util::sync::CancellationToken;

use super::call_queue::{CallKind, QueuedCall};
use super::metrics::LastRound;
use super::parts::{Parts, PollSettings};
use super::poll_log::PollLog;
use super::round::Round;
use super::schedule::{effective_interval, effective_stale_after};
use super::spare_budget::SpareBudget;
use crate::fleet::Fleet;
use geelark_client::clock::UnixTime;
use geelark_client::phone::{BATCH_SIZE, PhoneId};
use geelark_client::{Blocked, Call, StatusResponse, Transport};

/// How often the age of statuses is checked and transient phones are looked for: the precision of both.
const TICK: Duration = Duration::from_secs(1);

/// How often the progress of a long first round is logged.
const PROGRESS_EVERY: Duration = Duration::from_secs(10);

/// Polls one account.
pub struct Poller<T> {
    pub(super) parts: Parts<T>,
    settings: PollSettings,
    pub(super) log: PollLog,
    /// The time between the beginnings of two rounds, as far as the budget allows.
    interval: Duration,
    pub(super) spare_budget: SpareBudget,
    /// The end of the lock, as it is shown.
    locked: Option<std::time::Instant>,
}

/// A call in flight.
type InFlight = BoxFuture<'static, (QueuedCall, Result<Call<StatusResponse>, Blocked>)>;

/// When the next round begins, and over how much time its calls are spread.
struct NextRound {
    at: Instant,
    spread: Duration,
}

impl NextRound {
    /// As fast as the budget allows, so that new phones are shown soon.
    fn immediately(now: Instant) -> Self {
        Self {
            at: now,
            spread: Duration::ZERO,
        }
    }
}

impl<T: Transport> Poller<T> {
    /// A poller that has not called yet. What its fleet knows and is not stale is shown at once.
    pub fn new(parts: Parts<T>, settings: PollSettings) -> Self {
        let log = PollLog::new(parts.fleet.account().clone());
        let requests_per_minute = parts.client.budget().limits().requests_per_minute.get();
        parts.status.metrics.budget.set(requests_per_minute);
        let mut poller = Self {
            parts,
            settings,
            log,
            interval: settings.interval,
            spare_budget: SpareBudget::new(Instant::now()),
            locked: None,
        };
        poller.adapt_to_fleet();
        poller
            .parts
            .fleet
            .expire(poller.stale_after(), Instant::now().into_std());
        poller.parts.store.replace_batches(poller.parts.fleet.views());
        // The poller before this one may have shown a lock that ended meanwhile.
        poller.parts.status.metrics.locked_until.set(UnixTime::default());
        poller.show_lock();
        poller.show_snapshot();
        poller
    }

    /// Polls round after round until `stop` is cancelled; returns what is known.
    pub async fn run(mut self, stop: CancellationToken) -> Fleet {
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut in_flight: FuturesUnordered<InFlight> = FuturesUnordered::new();
        let mut round: Option<Round> = None;
        let mut next: Option<NextRound> = None;
        // Many phones were added during the round, so the next one begins at once.
        let mut is_urgent = false;
        let mut progress_at = Instant::now() + PROGRESS_EVERY;
        loop {
            if let Some(finished) = round.take_if(|round| round.is_over()) {
                next = Some(self.finish(&finished, is_urgent));
                is_urgent = false;
            }
            if let Some(call) = self.next_outside_round() {
                in_flight.push(self.call(call));
            }
            // After a block one call probes whether it is over; the others wait for its result.
            let width = if self.parts.client.gate().is_half_open() {
                1
            } else {
                self.parts.max_in_flight
            };
            let call_at = round.as_ref().and_then(|round| round.next_at(width));
            let round_at = next.as_ref().map(|next| next.at).filter(|_| round.is_none());
            tokio::select! {
                biased;
                () = stop.cancelled() => return self.parts.fleet,
                Some((call, result)) = in_flight.next() => self.handle(round.as_mut(), call, result),
                () = self.parts.targets.changed() => {
                    let is_large = self.assign_targets() > BATCH_SIZE;
                    if round.is_some() {
                        is_urgent |= is_large;
                    } else if is_large || next.is_none() {
                        next = Some(NextRound::immediately(Instant::now()));
                    }
                }
                () = self.parts.snapshot_cell.wanted() => self.show_snapshot(),
                _ = tick.tick() => {
                    self.tick();
                    if let Some(round) = round.as_ref().filter(|_| !self.finished_first_round() && Instant::now() >= progress_at) {
                        progress_at += PROGRESS_EVERY;
                        self.log.progress(round.answers(), self.parts.fleet.batches());
                    }
                }
                () = sleep_until(round_at.unwrap_or_else(Instant::now)), if round_at.is_some() => {
                    let spread = next.take().map_or(self.interval, |next| next.spread);
                    let start = Instant::now();
                    round = Some(Round::plan(&self.parts.fleet, start, spread, start + self.interval));
                }
                () = sleep_until(call_at.unwrap_or_else(Instant::now)), if call_at.is_some() => {
                    if let Some(call) = round.as_mut().and_then(Round::begin) {
                        self.parts.fleet.set_requested(&call.request, Instant::now().into_std());
                        in_flight.push(self.call(call));
                    }
                }
                // Last, since a flood of hints is always ready.
                hinted = self.parts.hints.take() => self.parts.fleet.hint(&hinted),
            }
        }
    }

    fn call(&self, call: QueuedCall) -> InFlight {
        let client = self.parts.client.clone();
        let ids: Vec<PhoneId> = call.request.ids().cloned().collect();
        Box::pin(async move {
            let result = client.phone_status(&ids).await;
            (call, result)
        })
    }

    /// The next call outside of a round, if phones are due and the budget has a call to spare.
    fn next_outside_round(&mut self) -> Option<QueuedCall> {
        let now = Instant::now();
        let gate = self.parts.client.gate();
        if !self.spare_budget.is_available(now) || gate.is_half_open() || gate.check().is_err() {
            return None;
        }
        // A tick early, since noticing may take that long: the interval is the longest wait, not the shortest.
        let interval = self.settings.transient_interval.saturating_sub(TICK);
        let request = self.parts.fleet.take_due(interval, now.into_std())?;
        self.spare_budget.begin(now);
        Some(QueuedCall {
            request,
            kind: CallKind::OutsideRound,
            attempts: 0,
        })
    }

    /// Takes over another set of targets; returns how many phones are new. A few new ones are requested outside of rounds.
    fn assign_targets(&mut self) -> usize {
        let targets = self.parts.targets.latest();
        let changes = self.parts.fleet.assign(&targets);
        if changes.changed {
            self.parts.store.replace_batches(self.parts.fleet.views());
            self.adapt_to_fleet();
            self.log.targets(targets.len(), changes.added.len());
        }
        self.parts.targets.acknowledge(&targets);
        if changes.added.len() <= BATCH_SIZE && self.finished_first_round() {
            self.parts.fleet.hint(&changes.added);
        }
        changes.added.len()
    }

    /// The number of batches changed, and with it how often the budget can afford a round.
    fn adapt_to_fleet(&mut self) {
        let batches = self.parts.fleet.batches();
        let budget = self.parts.client.budget().limits().requests_per_minute;
        self.interval = effective_interval(self.settings.interval, batches, budget);
        self.spare_budget.resize(budget, batches, self.interval);
        self.parts.status.set_interval(self.interval);
        self.log
            .interval(self.settings.interval, self.interval, batches, budget.get());
        self.log.stale_after(self.settings.stale_after, self.stale_after());
    }

    fn finish(&mut self, round: &Round, is_urgent: bool) -> NextRound {
        let (now, duration) = (Instant::now(), round.start.elapsed());
        let up = round.unanswered() == 0;
        let before = self.parts.status.get();
        self.parts.status.set(LastRound {
            up,
            last_success: if up {
                self.parts.clock.now().unix()
            } else {
                before.last_success
            },
            duration_ms: u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
            unanswered: self.parts.fleet.unanswered(),
        });
        let first = !self.parts.first_round.swap(true, Ordering::Release);
        self.log
            .round(first, round.unanswered(), self.parts.fleet.batches(), duration);
        match round.blocked_until() {
            None if is_urgent => NextRound::immediately(now),
            blocked_until => NextRound {
                at: blocked_until.unwrap_or(round.start + self.interval).max(now),
                spread: self.interval,
            },
        }
    }

    /// What time alone changes: statuses become stale, locks end.
    fn tick(&mut self) {
        for batch in self.parts.fleet.expire(self.stale_after(), Instant::now().into_std()) {
            self.show(batch);
        }
        self.show_lock();
    }

    fn show_snapshot(&self) {
        let snapshot = self.parts.fleet.snapshot(self.parts.clock.now());
        self.parts.snapshot_cell.set(snapshot);
    }

    pub(super) fn show_lock(&mut self) {
        let until = self.parts.client.gate().locked_until();
        if until == self.locked {
            return;
        }
        let now = self.parts.clock.now();
        let shown = until.map_or_else(UnixTime::default, |until| now.wall_at(until));
        self.parts.status.metrics.locked_until.set(shown);
        if until.is_none() {
            self.log.unlocked();
        }
        self.locked = until;
    }

    pub(super) fn show(&self, batch: usize) {
        self.parts.store.update_batch(batch, self.parts.fleet.view(batch));
    }

    fn stale_after(&self) -> Duration {
        effective_stale_after(self.settings.stale_after, self.interval)
    }

    fn finished_first_round(&self) -> bool {
        self.parts.first_round.load(Ordering::Acquire)
    }
}
