//! What follows from the end of a call: the fleet changes, or the request is sent again, split or given up.

use tokio::time::Instant;
use uuid::Uuid;

use super::call_queue::{CallKind, QueuedCall};
use super::poller::Poller;
use super::round::Round;
use crate::fleet::Rejection;
use geelark_client::{Blocked, Call, Consequence, Failure, StatusResponse, Transport};

impl<T: Transport> Poller<T> {
    /// `round` is the current round; a call outside of a round may end between two of them.
    pub(super) fn handle(
        &mut self,
        mut round: Option<&mut Round>,
        queued: QueuedCall,
        result: Result<Call<StatusResponse>, Blocked>,
    ) {
        if queued.kind == CallKind::OutsideRound {
            self.spare_budget.end();
            round = None;
        }
        if let Some(round) = &mut round {
            round.end();
        }
        let call = match result {
            Ok(call) => call,
            Err(blocked) => {
                if let Some(round) = round {
                    round.block(&queued, blocked.until.into());
                }
                return;
            }
        };
        self.parts.calls.count(&call);
        match (call.outcome, round) {
            (Ok(response), round) => {
                if let Some(round) = round {
                    round.answered();
                }
                self.apply(&queued, response);
            }
            (Err(failure), Some(round)) => self.handle_failure(round, queued, call.trace_id, &failure),
            (Err(failure), None) if matches!(failure.consequence(), Consequence::Block(_)) => {
                self.blocked(call.trace_id, &failure);
            }
            // The next round requests these phones too, and logs what is wrong.
            (Err(failure), None) => self
                .log
                .outside_round_failed(queued.request.len(), call.trace_id, &failure),
        }
        self.show_lock();
    }

    fn apply(&mut self, queued: &QueuedCall, response: StatusResponse) {
        let now = self.parts.clock.now();
        let applied = self.parts.fleet.apply(&queued.request, response, now);
        for batch in &applied.changed {
            self.show(*batch);
        }
        match queued.kind {
            CallKind::OutsideRound => self.log.outside_round_answered(),
            CallKind::Round | CallKind::InvalidId => self.log.answered(queued.request.batch(), &applied.anomalies),
        }
    }

    /// A failure blocked the account: logs it, and returns until when.
    fn blocked(&mut self, trace_id: Uuid, failure: &Failure) -> Instant {
        let now = Instant::now();
        let blocked = self.parts.client.gate().check().err();
        let until = blocked.map_or(now, |blocked| blocked.until.into());
        self.log.blocked(trace_id, failure, until - now);
        until
    }

    fn handle_failure(&mut self, round: &mut Round, queued: QueuedCall, trace_id: Uuid, failure: &Failure) {
        let now = Instant::now();
        let (batch, attempt) = (queued.request.batch(), queued.attempts + 1);
        match failure.consequence() {
            Consequence::Block(_) => {
                let until = self.blocked(trace_id, failure);
                round.block(&queued, until);
            }
            Consequence::Retry => {
                self.log.failed(batch, attempt, trace_id, failure);
                round.retry(queued, now);
            }
            Consequence::GiveUp => {
                self.log.failed(batch, attempt, trace_id, failure);
                round.give_up(&queued);
            }
            Consequence::Split => match self.parts.fleet.reject(&queued.request, now.into_std()) {
                Rejection::InvalidId { id, is_new: true } => self.log.invalid_id(&id, trace_id),
                Rejection::InvalidId { is_new: false, .. } => {}
                Rejection::Split(left, right) => {
                    if !round.split(&queued, [left, right], now) {
                        self.log.failed(batch, attempt, trace_id, failure);
                    }
                }
            },
        }
    }
}
