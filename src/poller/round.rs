//! One round: every batch is asked once, failures are retried, refused batches are split.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::time::{Instant, Interval, sleep_until};
use tokio_util::sync::CancellationToken;

use super::agenda::{Agenda, Entry};
use super::{Poller, backoff, schedule};
use crate::fleet::{Fleet, Refused};
use crate::geelark::{Call, Consequence, Failure, Held, Transport};
use crate::phone::{Answer, PhoneId};

/// How many refused ids are tried again in one round. Each costs a call of its own, which must not slow down the healthy.
const CULPRITS_PER_ROUND: usize = 10;

/// How many questions are halved in one round: enough to isolate four culprits among a hundred at once, few enough that a
/// GeeLark that refuses everything does not eat the budget. What is left is searched in the next round.
const SPLITS_PER_ROUND: usize = 32;

/// How often the log hears of a first round that takes long.
const PROGRESS_EVERY: Duration = Duration::from_secs(10);

/// What a round came to.
pub(super) struct Finished {
    /// Batches that were not wholly answered.
    pub(super) unanswered: usize,
    /// The account was closed until then, so the rest was not asked.
    pub(super) held_until: Option<Instant>,
}

struct Round {
    agenda: Agenda,
    /// When the next round is due: no retry is scheduled beyond.
    deadline: Instant,
    unanswered: BTreeSet<usize>,
    answers: usize,
    splits: usize,
    held_until: Option<Instant>,
}

impl Round {
    /// Every batch once, spread over `spread`, and behind them the refused ids whose time has come.
    fn plan(fleet: &Fleet, start: Instant, spread: Duration, deadline: Instant) -> Self {
        let mut agenda = Agenda::default();
        let mut culprits = Vec::new();
        let entry = |question, probe| Entry {
            question,
            attempts: 0,
            probe,
        };
        for batch in 0..fleet.batches() {
            let at = start + schedule::offset(spread, batch, fleet.batches());
            let questions = fleet.questions(batch, start.into_std());
            agenda.push_all(at, questions.together.map(|question| entry(question, false)));
            culprits.extend(questions.alone);
        }
        for question in culprits.into_iter().take(CULPRITS_PER_ROUND) {
            agenda.push_last(start, entry(question, true));
        }
        Self {
            agenda,
            deadline,
            unanswered: BTreeSet::new(),
            answers: 0,
            splits: 0,
            held_until: None,
        }
    }

    fn give_up(&mut self, entry: &Entry) {
        if !entry.probe {
            self.unanswered.insert(entry.question.batch());
        }
    }

    fn retry(&mut self, entry: Entry) {
        let attempts = entry.attempts + 1;
        let at = Instant::now() + backoff::delay(attempts, fastrand::f64());
        if at < self.deadline {
            self.agenda.push(at, Entry { attempts, ..entry });
        } else {
            self.give_up(&entry);
        }
    }

    /// The account is closed: what was not asked yet is not asked in this round.
    fn hold(&mut self, entry: &Entry, until: Instant) {
        self.give_up(entry);
        self.unanswered.extend(self.agenda.abandon());
        self.held_until = self.held_until.max(Some(until));
    }
}

impl<T: Transport> Poller<T> {
    /// Asks about every batch. `None` if told to stop before the end.
    pub(super) async fn round(
        &mut self,
        spread: Duration,
        deadline: Instant,
        tick: &mut Interval,
        stop: &CancellationToken,
    ) -> Option<Finished> {
        let start = Instant::now();
        let mut round = Round::plan(&self.fleet, start, spread, deadline);
        let mut in_flight = FuturesUnordered::new();
        let mut report_at = start + PROGRESS_EVERY;
        while !(round.agenda.is_empty() && in_flight.is_empty()) {
            // After a hold one call finds out whether it is over; the others wait for its answer.
            let width = if self.client.gate().probing() {
                1
            } else {
                self.settings.max_in_flight
            };
            let next = round.agenda.next_at().filter(|_| in_flight.len() < width);
            tokio::select! {
                biased;
                () = stop.cancelled() => return None,
                Some((entry, result)) = in_flight.next() => self.settle(&mut round, entry, result),
                _ = tick.tick() => self.tick(),
                () = sleep_until(next.unwrap_or(start)), if next.is_some() => {
                    if let Some(entry) = round.agenda.pop() {
                        let ids: Vec<PhoneId> = entry.question.ids().cloned().collect();
                        let client = self.client.clone();
                        in_flight.push(async move { (entry, client.phone_status(&ids).await) });
                    }
                }
            }
            if !self.finished_first_round() && Instant::now() >= report_at {
                report_at += PROGRESS_EVERY;
                self.journal.progress(round.answers, self.fleet.batches());
            }
        }
        Some(Finished {
            unanswered: round.unanswered.len(),
            held_until: round.held_until,
        })
    }

    fn settle(&mut self, round: &mut Round, entry: Entry, result: Result<Call<Answer>, Held>) {
        let call = match result {
            Ok(call) => call,
            Err(held) => return round.hold(&entry, held.until.into()),
        };
        let failure = call.outcome.as_ref().err().map(|failure| failure.reason.to_string());
        self.metrics
            .request(call.endpoint.label(), call.elapsed, failure.as_deref());
        let trace_id = call.trace_id;
        match call.outcome {
            Ok(answer) => {
                round.answers += 1;
                self.take_in(&entry, answer);
            }
            Err(failure) => match failure.consequence() {
                Consequence::Split => self.split(round, &entry, trace_id, &failure),
                Consequence::Hold => {
                    let until = self
                        .client
                        .gate()
                        .check()
                        .err()
                        .map_or_else(Instant::now, |held| held.until.into());
                    self.journal.held(trace_id, &failure, until - Instant::now());
                    self.show_lock();
                    round.hold(&entry, until);
                }
                Consequence::Retry => {
                    self.journal
                        .failed(entry.question.batch(), entry.attempts + 1, trace_id, &failure);
                    round.retry(entry);
                }
                Consequence::GiveUp => {
                    self.journal
                        .failed(entry.question.batch(), entry.attempts + 1, trace_id, &failure);
                    round.give_up(&entry);
                }
            },
        }
    }

    fn take_in(&mut self, entry: &Entry, answer: Answer) {
        let applied = self.fleet.apply(&entry.question, answer, self.clock.now());
        for batch in &applied.changed {
            self.section.post(*batch, self.fleet.view(*batch));
        }
        self.journal.answered(entry.question.batch(), applied);
    }

    /// GeeLark refused the question: find out which id spoils it, behind everybody else.
    fn split(&mut self, round: &mut Round, entry: &Entry, trace_id: uuid::Uuid, failure: &Failure) {
        let now = Instant::now();
        match self.fleet.refuse(&entry.question, now.into_std()) {
            Refused::Culprit { id, news } => {
                if news {
                    self.journal.culprit(&id, trace_id);
                }
            }
            Refused::Split(left, right) if round.splits < SPLITS_PER_ROUND => {
                round.splits += 1;
                for question in [left, right] {
                    let half = Entry {
                        question,
                        attempts: 0,
                        probe: entry.probe,
                    };
                    round.agenda.push_last(now, half);
                }
            }
            Refused::Split(..) => {
                self.journal
                    .failed(entry.question.batch(), entry.attempts + 1, trace_id, failure);
                round.give_up(entry);
            }
        }
    }
}
