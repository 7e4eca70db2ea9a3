//! What follows from the end of a call: the fleet changes, or the request is sent again, split or given up.

use tokio::time::Instant;
use tracing::warn;
use uuid::Uuid;

use super::poller::Poller;
use super::round::{QueuedCall, Round};
use geelark_client::{Blocked, Call, Consequence, Failure, StatusResponse, Transport};

impl<T: Transport> Poller<T> {
    /// A call ended that `round` made; without `round` a call outside of rounds.
    pub(super) fn handle(
        &mut self,
        round: Option<&mut Round>,
        queued: QueuedCall,
        result: Result<Call<StatusResponse>, Blocked>,
    ) {
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
        match call.outcome {
            Ok(response) => {
                if let Some(round) = round {
                    round.answers += 1;
                }
                let now = self.parts.clock.now();
                let applied = self.parts.fleet.lock().apply(&queued.ids, response, now);
                self.publish(applied.changed);
                self.log.answered(queued.batch, &applied.anomalies);
            }
            Err(failure) => self.handle_failure(round, queued, call.trace_id, &failure),
        }
        self.show_lock();
    }

    fn handle_failure(&mut self, round: Option<&mut Round>, queued: QueuedCall, trace_id: Uuid, failure: &Failure) {
        let now = Instant::now();
        match (failure.consequence(), round) {
            (Consequence::Block(_), round) => {
                let blocked = self.parts.client.gate().check().err();
                let until = blocked.map_or(now, |blocked| blocked.until.into());
                self.log.blocked(trace_id, failure, until - now);
                if let Some(round) = round {
                    round.block(&queued, until);
                }
            }
            (Consequence::Split, Some(round)) if queued.ids.len() > 1 => {
                if !round.split(&queued, now) {
                    self.log.failed(&queued, trace_id, failure);
                }
            }
            (Consequence::Split, Some(_)) => {
                let id = &queued.ids[0];
                if self.parts.fleet.lock().set_invalid(id, now.into_std()) {
                    warn!(
                        account = %self.log.account, %id, %trace_id,
                        "GeeLark rejects this id as invalid (40004); correct it; it is left out of its batch and tried again every 10 minutes"
                    );
                }
            }
            (consequence, round) => {
                self.log.failed(&queued, trace_id, failure);
                match round {
                    Some(round) if consequence == Consequence::Retry => round.retry(queued, now),
                    Some(round) => round.give_up(&queued),
                    // The next round requests these phones too.
                    None => {}
                }
            }
        }
    }
}
