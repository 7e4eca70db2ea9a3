//! One batch: what is shown of its phones, and what is tracked in addition.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::phone::{BatchView, Freshness, ObservedStatus, Phone};
use super::target::Target;
use geelark_client::clock::Timestamp;
use geelark_client::phone::{BATCH_SIZE, PhoneId, Status};

/// What is tracked of a phone and not shown.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tracking {
    /// When a response last mentioned the phone.
    pub(super) answered: Option<Instant>,
    /// The last response did not mention the phone, or GeeLark rejects its id.
    pub(super) unanswered: bool,
    /// GeeLark rejects requests that contain the id. At this time it is requested again, alone.
    pub(super) invalid_until: Option<Instant>,
}

/// A batch. `view.phones` and `tracking` are parallel and never longer than [`BATCH_SIZE`].
#[derive(Debug)]
pub(super) struct Batch {
    /// Copied by the first change after it was shared, and changed in place by the next ones.
    pub(super) view: Arc<BatchView>,
    pub(super) tracking: Vec<Tracking>,
    /// No fresh phone was answered earlier. While this is recent, no phone can be stale.
    oldest: Option<Instant>,
    /// When a round last requested the batch.
    pub(super) requested: Option<Instant>,
}

/// What a response changed of one phone.
pub(super) struct AppliedAnswer {
    /// The view changed.
    pub(super) is_changed: bool,
    /// The phone is starting, or its status changed.
    pub(super) is_transient: bool,
}

impl Batch {
    /// A batch without phones.
    pub(super) fn new(account: Arc<str>) -> Self {
        let phones = Vec::new();
        Self {
            view: Arc::new(BatchView { account, phones }),
            tracking: Vec::new(),
            oldest: None,
            requested: None,
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.tracking.len() >= BATCH_SIZE
    }

    pub(super) fn push(&mut self, phone: Phone, tracking: Tracking) {
        Arc::make_mut(&mut self.view).phones.push(phone);
        self.tracking.push(tracking);
        self.oldest = self.oldest.into_iter().chain(tracking.answered).min();
    }

    pub(super) fn into_phones(self) -> impl Iterator<Item = (Phone, Tracking)> {
        Arc::unwrap_or_clone(self.view).phones.into_iter().zip(self.tracking)
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
        let phones = &mut Arc::make_mut(&mut self.view).phones;
        for (phone, target) in phones.iter_mut().zip(&targets) {
            phone.details = target.and_then(|target| target.details.clone());
        }
        let mut is_kept = targets.iter().map(Option::is_some);
        phones.retain(|_| is_kept.next() == Some(true));
        let mut is_kept = targets.iter().map(Option::is_some);
        self.tracking.retain(|_| is_kept.next() == Some(true));
        true
    }

    /// Applies an answer about the phone at `index`: its status, or `None` if it does not exist, and its name if there is
    /// one. An answer that changes nothing copies nothing.
    pub(super) fn apply(
        &mut self,
        index: usize,
        status: Option<Status>,
        name: Option<String>,
        now: Timestamp,
    ) -> AppliedAnswer {
        self.tracking[index] = Tracking {
            answered: Some(now.mono),
            ..Tracking::default()
        };
        self.oldest.get_or_insert(now.mono);
        let phone = &self.view.phones[index];
        let before = phone.last.map(|last| last.status);
        let name = name.filter(|name| phone.name.as_deref() != Some(name));
        let is_same = before == status && name.is_none() && phone.freshness == Freshness::Fresh;
        if !is_same {
            let phone = &mut Arc::make_mut(&mut self.view).phones[index];
            if before != status {
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
        }
        AppliedAnswer {
            is_changed: !is_same,
            // The first status of a phone may be as old as the phone: it is no change.
            is_transient: status == Some(Status::STARTING) || (before.is_some() && before != status),
        }
    }

    /// Marks phones as stale that were not answered for `stale_after`. True if the view changed.
    pub(super) fn expire(&mut self, stale_after: Duration, now: Instant) -> bool {
        let is_old = |answered: Instant| now.saturating_duration_since(answered) >= stale_after;
        if !self.oldest.is_some_and(is_old) {
            return false;
        }
        let mut is_changed = false;
        self.oldest = None;
        for (index, tracking) in self.tracking.iter().enumerate() {
            if self.view.phones[index].freshness != Freshness::Fresh {
                continue;
            }
            if tracking.answered.is_none_or(is_old) {
                Arc::make_mut(&mut self.view).phones[index].freshness = Freshness::Stale;
                is_changed = true;
            } else {
                self.oldest = self.oldest.into_iter().chain(tracking.answered).min();
            }
        }
        is_changed
    }
}
