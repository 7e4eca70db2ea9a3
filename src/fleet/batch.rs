//! One batch of phones.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use super::phone::{BatchView, Freshness, ObservedStatus, Phone};
use super::target::Target;
use geelark_client::clock::Timestamp;
use geelark_client::phone::{PhoneId, Status};

/// A batch, never longer than [`BATCH_SIZE`](geelark_client::phone::BATCH_SIZE).
#[derive(Debug)]
pub(super) struct Batch {
    /// Copied by the first change after it was shared, and changed in place by the next ones.
    pub(super) view: Arc<BatchView>,
    /// No fresh phone was answered earlier. While this is recent, no phone can be stale.
    pub(super) oldest: Option<Instant>,
    /// When a round last requested the batch.
    pub(super) requested: Option<Instant>,
}

impl Batch {
    pub(super) fn new(view: BatchView) -> Self {
        Self {
            view: Arc::new(view),
            oldest: None,
            requested: None,
        }
    }

    pub(super) fn into_phones(self) -> Vec<Phone> {
        Arc::unwrap_or_clone(self.view).phones
    }

    /// Removes phones that are not in `wanted`, updates the details of the others, and removes those from `wanted`. True if
    /// the view changed.
    pub(super) fn keep(&mut self, wanted: &mut HashMap<&PhoneId, &Target>) -> bool {
        let phones = &self.view.phones;
        let targets: Vec<Option<&Target>> = phones.iter().map(|phone| wanted.remove(&phone.id)).collect();
        let mut pairs = phones.iter().zip(&targets);
        if pairs.all(|(phone, target)| target.is_some_and(|target| target.details == phone.details)) {
            return false;
        }
        let mut targets = targets.into_iter();
        Arc::make_mut(&mut self.view).phones.retain_mut(|phone| {
            let target = targets.next().flatten();
            phone.details = target.and_then(|target| target.details.clone());
            target.is_some()
        });
        true
    }

    /// Applies an answer about the phone at `index`: its status, or `None` if it does not exist, and its name if there is
    /// one. True if the view changed. An answer that changes nothing copies nothing.
    pub(super) fn apply(&mut self, index: usize, status: Option<Status>, name: Option<String>, now: Timestamp) -> bool {
        self.oldest.get_or_insert(now.mono);
        let phone = &self.view.phones[index];
        let is_same_status = phone.last.map(|last| last.status) == status;
        let name = name.filter(|name| phone.name.as_deref() != Some(name));
        if is_same_status && name.is_none() && phone.freshness == Freshness::Fresh {
            return false;
        }
        let phone = &mut Arc::make_mut(&mut self.view).phones[index];
        if !is_same_status {
            let since = now.unix();
            phone.last = status.map(|status| ObservedStatus { status, since });
        }
        if status.is_some() {
            phone.freshness = Freshness::Fresh;
        } else {
            phone.freshness = Freshness::NotFound;
            phone.not_found_total += 1;
        }
        if let Some(name) = name {
            phone.name = Some(name.into());
        }
        true
    }

    /// Marks phones as stale whose last answer is old. True if the view changed.
    pub(super) fn expire(
        &mut self,
        answered: impl Fn(&PhoneId) -> Option<Instant>,
        is_old: impl Fn(Instant) -> bool,
    ) -> bool {
        if !self.oldest.is_some_and(&is_old) {
            return false;
        }
        let mut is_changed = false;
        self.oldest = None;
        for index in 0..self.view.phones.len() {
            let phone = &self.view.phones[index];
            if phone.freshness != Freshness::Fresh {
                continue;
            }
            let answered = answered(&phone.id);
            if answered.is_none_or(&is_old) {
                Arc::make_mut(&mut self.view).phones[index].freshness = Freshness::Stale;
                is_changed = true;
            } else {
                self.oldest = self.oldest.into_iter().chain(answered).min();
            }
        }
        is_changed
    }
}
