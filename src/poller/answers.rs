//! What follows from the end of a call: the fleet learns, or the question is asked again, halved or given up.

use tokio::time::Instant;
use uuid::Uuid;

use super::Poller;
use super::call_queue::{CallKind, QueuedCall};
use super::round::Round;
use crate::fleet::Refused;
use geelark_client::phone::StatusResponse;
use geelark_client::{Blocked, Call, Consequence, Failure, Transport};

impl<T: Transport> Poller<T> {
    /// `round` is the round under way; a question out of turn may be answered between two of them.
    pub(super) fn settle(
        &mut self,
        mut round: Option<&mut Round>,
        entry: QueuedCall,
        result: Result<Call<StatusResponse>, Blocked>,
    ) {
        if entry.purpose == CallKind::OutOfTurn {
            self.spare_budget.end();
            round = None;
        }
        if let Some(round) = &mut round {
            round.end();
        }
        let call = match result {
            Ok(call) => call,
            Err(held) => {
                if let Some(round) = round {
                    round.hold(&entry, held.until.into());
                }
                return;
            }
        };
        self.parts.status.api.count(&call);
        match (call.outcome, round) {
            (Ok(answer), round) => {
                if let Some(round) = round {
                    round.answered();
                }
                self.take_in(&entry, answer);
            }
            (Err(failure), Some(round)) => self.cope(round, entry, call.trace_id, &failure),
            (Err(failure), None) if failure.consequence() == Consequence::Block => {
                self.closed(call.trace_id, &failure);
            }
            // The round asks about these phones too; it will find out and say what is wrong.
            (Err(failure), None) => self
                .poll_log
                .out_of_turn_failed(entry.question.len(), call.trace_id, &failure),
        }
        self.show_lock();
    }

    fn take_in(&mut self, entry: &QueuedCall, answer: StatusResponse) {
        let now = self.parts.clock.now();
        let applied = self.parts.fleet.apply(&entry.question, answer, now);
        for batch in &applied.changed {
            self.update_batch(*batch);
        }
        match entry.purpose {
            CallKind::OutOfTurn => self.poll_log.answered_out_of_turn(),
            CallKind::Round | CallKind::InvalidId => self.poll_log.answered(entry.question.batch(), applied),
        }
    }

    /// A failure closed the account: says so, and until when.
    fn closed(&mut self, trace_id: Uuid, failure: &Failure) -> Instant {
        let now = Instant::now();
        let held = self.parts.client.gate().check().err();
        let until = held.map_or(now, |held| held.until.into());
        self.poll_log.held(trace_id, failure, until - now);
        until
    }

    fn cope(&mut self, round: &mut Round, entry: QueuedCall, trace_id: Uuid, failure: &Failure) {
        let now = Instant::now();
        let (batch, attempt) = (entry.question.batch(), entry.attempts + 1);
        match failure.consequence() {
            Consequence::Block => {
                let until = self.closed(trace_id, failure);
                round.hold(&entry, until);
            }
            Consequence::Retry => {
                self.poll_log.failed(batch, attempt, trace_id, failure);
                round.retry(entry, now);
            }
            Consequence::GiveUp => {
                self.poll_log.failed(batch, attempt, trace_id, failure);
                round.give_up(&entry);
            }
            Consequence::Split => match self.parts.fleet.refuse(&entry.question, now.into_std()) {
                Refused::InvalidId { id, news: true } => self.poll_log.invalid_id(&id, trace_id),
                Refused::InvalidId { news: false, .. } => {}
                Refused::Split(left, right) => {
                    if !round.halve(&entry, [left, right], now) {
                        self.poll_log.failed(batch, attempt, trace_id, failure);
                    }
                }
            },
        }
    }
}
