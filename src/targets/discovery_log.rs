//! What the log is told of discovery: one line a change, not one a look.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tracing::{debug, info, warn};

use super::ListError;
use geelark_client::phone::PhoneId;

/// So many ids are named in one line; the rest is counted.
const NAMED_IDS: usize = 5;

/// The conditions of one account's discovery that were logged and still hold.
#[derive(Debug)]
pub(super) struct DiscoveryLog {
    account: Arc<str>,
    failing: bool,
    found: Option<usize>,
    others: BTreeMap<Arc<str>, BTreeSet<PhoneId>>,
}

impl DiscoveryLog {
    pub(super) fn new(account: Arc<str>) -> Self {
        Self {
            account,
            failing: false,
            found: None,
            others: BTreeMap::new(),
        }
    }

    /// The phones were listed in full.
    pub(super) fn found(&mut self, phones: usize) {
        if std::mem::take(&mut self.failing) {
            info!(account = %self.account, "discovery works again");
        }
        if self.found.replace(phones) != Some(phones) {
            info!(account = %self.account, phones, "discovery found the account's phones");
        }
    }

    /// They were not; the next attempt comes after `wait`.
    pub(super) fn failed(&mut self, trouble: &ListError, wait: Duration) {
        let retry_in = wait.as_secs_f32();
        if std::mem::replace(&mut self.failing, true) {
            debug!(account = %self.account, retry_in, "discovery still fails: {trouble}");
        } else {
            warn!(account = %self.account, retry_in, "discovery failed, the phones known before stay: {trouble}");
        }
    }

    /// Phones of this account that others have.
    pub(super) fn others(&mut self, others: BTreeMap<Arc<str>, BTreeSet<PhoneId>>) {
        if others == self.others {
            return;
        }
        for (other, ids) in &others {
            if self.others.get(other) == Some(ids) {
                continue;
            }
            let named: Vec<&str> = ids.iter().take(NAMED_IDS).map(PhoneId::as_str).collect();
            let more = ids.len().saturating_sub(NAMED_IDS);
            warn!(
                account = %self.account, %other, phones = ids.len(), ids = ?named, more,
                "phones are in another account too, which alone is asked about them"
            );
        }
        if others.is_empty() {
            info!(account = %self.account, "no phone is in another account any more");
        }
        self.others = others;
    }
}
