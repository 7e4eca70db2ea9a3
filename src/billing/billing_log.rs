//! What the log is told: one line a change of condition.

use std::sync::Arc;

use tracing::{debug, info, warn};
use uuid::Uuid;

use crate::condition::Condition;
use geelark_client::{Failure, Reason};

/// What was logged last about reading the wallet or the plan.
#[derive(Debug)]
pub(super) struct BillingLog {
    account: Arc<str>,
    what: &'static str,
    /// With the reason, or none: the answer had no field that is known.
    unreadable: Condition<Option<Reason>>,
}

impl BillingLog {
    pub(super) fn new(account: Arc<str>, what: &'static str) -> Self {
        Self {
            account,
            what,
            unreadable: Condition::default(),
        }
    }

    pub(super) fn answered(&mut self) {
        if self.unreadable.end() {
            info!(account = %self.account, "the {} can be read again", self.what);
        }
    }

    /// The call failed, or its answer had no field that is known.
    pub(super) fn failed(&mut self, trace_id: Uuid, failure: Option<&Failure>) {
        let (account, what) = (&self.account, self.what);
        let message = failure.map_or("the answer has no field that is known", |failure| &failure.message);
        if self.unreadable.begin(failure.map(|failure| failure.reason)) {
            warn!(%account, %trace_id, "the {what} cannot be read: {message}; polling goes on, and billing.enabled turns these calls off");
        } else {
            debug!(%account, %trace_id, "the {what} still cannot be read: {message}");
        }
    }
}
