//! What the log is told: one line a change of condition.

use std::sync::Arc;

use tracing::{debug, info, warn};
use uuid::Uuid;

use geelark_client::{Failure, Reason};

/// What was last logged about one kind of question.
#[derive(Debug)]
pub(super) struct BillingLog {
    account: Arc<str>,
    what: &'static str,
    failing: Option<Condition>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Condition {
    FailedPhone(Reason),
    /// GeeLark answered, and said nothing that is understood.
    Empty,
}

impl BillingLog {
    pub(super) fn new(account: Arc<str>, what: &'static str) -> Self {
        Self {
            account,
            what,
            failing: None,
        }
    }

    pub(super) fn answered(&mut self) {
        if self.failing.take().is_some() {
            info!(account = %self.account, "the {} can be read again", self.what);
        }
    }

    /// The question was not answered, or with nothing in it.
    pub(super) fn failed(&mut self, trace_id: Uuid, failure: Option<&Failure>) {
        let condition = failure.map_or(Condition::Empty, |failure| Condition::FailedPhone(failure.reason));
        let is_news = self.failing.replace(condition) != Some(condition);
        let (account, what) = (&self.account, self.what);
        let message = failure.map_or("the answer has no field that is known", |failure| &failure.message);
        if is_news {
            warn!(%account, %trace_id, "the {what} cannot be read: {message}; polling goes on, and billing.enabled turns these calls off");
        } else {
            debug!(%account, %trace_id, "the {what} still cannot be read: {message}");
        }
    }
}
