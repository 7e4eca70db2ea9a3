//! What is logged of discovery: one line a change, not one a listing.

use std::sync::Arc;
use std::time::Duration;

use tracing::{debug, info, warn};

use super::list_reader::ListError;
use crate::condition::Condition;

/// The conditions of one account's discovery that were logged.
#[derive(Debug)]
pub(super) struct DiscoveryLog {
    account: Arc<str>,
    failing: Condition<()>,
    found: Condition<usize>,
}

impl DiscoveryLog {
    pub(super) fn new(account: Arc<str>) -> Self {
        Self {
            account,
            failing: Condition::default(),
            found: Condition::default(),
        }
    }

    /// The phones were listed in full.
    pub(super) fn found(&mut self, phones: usize) {
        let account = &self.account;
        if self.failing.end() {
            info!(%account, "discovery works again");
        }
        if self.found.begin(phones) {
            info!(%account, phones, "discovery found the phones of the account");
        }
    }

    /// They were not; the next attempt comes after `wait`.
    pub(super) fn failed(&mut self, error: &ListError, wait: Duration) {
        let (account, retry_in) = (&self.account, wait.as_secs_f32());
        if self.failing.begin(()) {
            warn!(%account, retry_in, "discovery failed, the phones known before stay: {error}");
        } else {
            debug!(%account, retry_in, "discovery still fails: {error}");
        }
    }
}
