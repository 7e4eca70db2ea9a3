//! The poller of one account and its main loop.

use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::info;

use super::metrics::LastRound;
use super::parts::Parts;
use super::poll_log::PollLog;
use super::round::{NextRound, QueuedCall, Round};
use super::schedule::{PollSettings, spare_spacing};
use crate::condition::Condition;
use geelark_client::clock::UnixTime;
use geelark_client::phone::BATCH_SIZE;
use geelark_client::{Blocked, Call, StatusResponse, Transport};

/// How often the age of statuses is checked and transient phones are looked for: the precision of both.
const TICK: Duration = Duration::from_secs(1);

/// How often the progress of a long first round is logged.
const PROGRESS_EVERY: Duration = Duration::from_secs(10);

/// Polls one account.
pub struct Poller<T> {
    pub(super) parts: Parts<T>,
    pub(super) log: PollLog,
    /// The settings that are in effect with the present budget and number of batches.
    effective: PollSettings,
    /// The time between two calls outside of rounds; `None` if the rounds need the whole budget.
    spare_spacing: Option<Duration>,
    /// When the next call outside of rounds may be made.
    next_spare: Instant,
    /// The end of the lock that is shown.
    locked: Condition<std::time::Instant>,
}

/// A call in flight.
type InFlight = BoxFuture<'static, (QueuedCall, Result<Call<StatusResponse>, Blocked>)>;

impl<T: Transport> Poller<T> {
    /// A poller that has not called yet. It publishes at once what the fleet knows and is not stale.
    pub fn new(parts: Parts<T>) -> Self {
        let budget = parts.client.budget().limits().requests_per_minute;
        parts.status.metrics.budget.set(budget.get());
        let account = parts.fleet.lock().account().clone();
        let mut poller = Self {
            log: PollLog::new(account, parts.settings),
            effective: parts.settings,
            spare_spacing: None,
            next_spare: Instant::now(),
            locked: Condition::default(),
            parts,
        };
        poller.adapt_to_fleet();
        let now = Instant::now().into_std();
        poller.parts.fleet.lock().expire(poller.effective.stale_after, now);
        poller.publish_all();
        // The previous poller may have shown a lock that ended meanwhile.
        poller.parts.status.metrics.locked_until.set(UnixTime::default());
        poller.show_lock();
        poller
    }

    /// Polls round after round until `stop` is cancelled.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut round: Option<Round> = None;
        // The first round begins when there are targets.
        let mut next: Option<NextRound> = None;
        let mut in_flight: FuturesUnordered<InFlight> = FuturesUnordered::new();
        let mut outside: FuturesUnordered<InFlight> = FuturesUnordered::new();
        let mut progress_at = Instant::now() + PROGRESS_EVERY;
        loop {
            let now = Instant::now();
            if let Some(due) = next.take_if(|next| next.at <= now) {
                let requests = self.parts.fleet.lock().round_requests(now.into_std());
                round = Some(Round::new(requests, now, due.spread, self.effective.interval));
            }
            while in_flight.len() < self.width()
                && let Some(call) = round.as_mut().and_then(|round| round.pop_due(now))
            {
                if let Some(batch) = call.batch {
                    self.parts.fleet.lock().set_requested(batch, now.into_std());
                }
                in_flight.push(self.call(call));
            }
            if in_flight.is_empty()
                && let Some(finished) = round.take_if(|round| round.next_at().is_none())
            {
                self.finish(&finished);
                next = Some(finished.next);
            }
            if outside.is_empty()
                && let Some(call) = self.next_outside_round(now)
            {
                outside.push(self.call(call));
            }
            let call_at = round.as_ref().and_then(Round::next_at);
            let call_at = call_at.filter(|_| in_flight.len() < self.width());
            let wake_at = next.map(|next| next.at).or(call_at);
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                Some((call, result)) = in_flight.next() => self.handle(round.as_mut(), call, result),
                Some((call, result)) = outside.next() => self.handle(None, call, result),
                Ok(()) = self.parts.targets.changed() => {
                    let is_large = self.assign_targets() > BATCH_SIZE;
                    match &mut round {
                        Some(round) if is_large => round.next = NextRound::immediately(),
                        None if is_large || next.is_none() => next = Some(NextRound::immediately()),
                        _ => {}
                    }
                }
                _ = tick.tick() => {
                    let expired = self.parts.fleet.lock().expire(self.effective.stale_after, Instant::now().into_std());
                    self.publish(expired);
                    self.show_lock();
                    if let Some(round) = &round && !self.finished_first_round() && now >= progress_at {
                        progress_at += PROGRESS_EVERY;
                        let batches = self.parts.fleet.lock().batches();
                        info!(account = %self.log.account, answered = round.answers, batches, "first round in progress");
                    }
                }
                () = sleep_until(wake_at.unwrap_or(now)), if wake_at.is_some() => {}
                // Last, since a flood of hints is always ready.
                () = self.parts.fleet.hinted() => {}
            }
        }
    }

    /// How many calls of a round may be in flight. After a block one call probes whether it is over, and the others wait.
    fn width(&self) -> usize {
        if self.parts.client.gate().is_half_open() {
            1
        } else {
            self.parts.client.budget().limits().max_in_flight
        }
    }

    fn call(&self, call: QueuedCall) -> InFlight {
        let client = self.parts.client.clone();
        Box::pin(async move {
            let result = client.phone_status(&call.ids).await;
            (call, result)
        })
    }

    /// The next call outside of rounds, if phones are due and the rounds leave a call over.
    fn next_outside_round(&mut self, now: Instant) -> Option<QueuedCall> {
        let gate = self.parts.client.gate();
        let spacing = self.spare_spacing.filter(|_| now >= self.next_spare)?;
        if gate.is_half_open() || gate.check().is_err() {
            return None;
        }
        // A tick early, since noticing may take that long: the interval is the longest wait, not the shortest.
        let interval = self.parts.settings.transient_interval.saturating_sub(TICK);
        let ids = self.parts.fleet.lock().take_due(interval, now.into_std());
        if ids.is_empty() {
            return None;
        }
        self.next_spare = now + spacing;
        Some(QueuedCall::new(None, ids))
    }

    /// Adopts new targets and returns how many phones are new. A few new phones are requested outside of rounds.
    fn assign_targets(&mut self) -> usize {
        let targets = self.parts.targets.borrow_and_update().clone();
        let changes = self.parts.fleet.lock().assign(&targets);
        let added = changes.as_ref().map_or(0, Vec::len);
        if let Some(ids) = changes {
            self.publish_all();
            self.adapt_to_fleet();
            info!(account = %self.log.account, phones = targets.len(), added, "the watched phones changed");
            if added <= BATCH_SIZE && self.finished_first_round() {
                self.parts.fleet.lock().hint(&ids);
            }
        }
        self.parts.ownership.acknowledge(&targets);
        added
    }

    /// The number of batches decides how often the budget allows a round.
    fn adapt_to_fleet(&mut self) {
        let (settings, batches) = (self.parts.settings, self.parts.fleet.lock().batches());
        let budget = self.parts.client.budget().limits().requests_per_minute;
        self.effective = settings.effective(batches, budget);
        self.spare_spacing = spare_spacing(budget, batches, self.effective.interval);
        self.parts.status.metrics.interval.set(self.effective.interval);
        self.log.effective(settings, self.effective, batches, budget);
    }

    fn finish(&mut self, round: &Round) {
        let (batches, unanswered) = {
            let fleet = self.parts.fleet.lock();
            (fleet.batches(), fleet.unanswered())
        };
        let up = round.unanswered.is_empty();
        let last = LastRound {
            up,
            last_success: if up {
                self.parts.clock.now().unix()
            } else {
                self.parts.status.get().last_success
            },
            duration_ms: u64::try_from(round.start.elapsed().as_millis()).unwrap_or(u64::MAX),
            unanswered,
        };
        self.parts.status.set(last);
        let is_first = !self.parts.first_round.swap(true, Ordering::Release);
        let duration = Duration::from_millis(last.duration_ms);
        self.log.round(is_first, round.unanswered.len(), batches, duration);
    }

    pub(super) fn show_lock(&mut self) {
        let until = self.parts.client.gate().locked_until();
        if self.locked.set(until) {
            let now = self.parts.clock.now();
            let shown = until.map_or_else(UnixTime::default, |until| now.wall_at(until));
            self.parts.status.metrics.locked_until.set(shown);
            if until.is_none() {
                info!(account = %self.log.account, "account unlocked, calls resume");
            }
        }
    }

    /// Publishes batches that changed. The fleet is not locked while they are rendered.
    pub(super) fn publish(&self, batches: impl IntoIterator<Item = usize>) {
        for batch in batches {
            let view = self.parts.fleet.lock().view(batch);
            self.parts.store.update_batch(batch, view);
        }
    }

    fn publish_all(&self) {
        let views = self.parts.fleet.lock().views();
        self.parts.store.replace_batches(views.iter());
    }

    fn finished_first_round(&self) -> bool {
        self.parts.first_round.load(Ordering::Acquire)
    }
}
